"""A table's data can be taken from the page, with all their digits; a picture's values and method stand below it."""

import base64
import csv
import io
from types import SimpleNamespace

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from loyalty_kit.core.results import of_frame
from loyalty_kit.core.tables import METHOD, MIME, PictureValues
from loyalty_kit.publishing.pages.outputs import output_html
from loyalty_kit.publishing.pages.tables import drop_doubled


def taken(frame: pd.DataFrame, *, title: str = "Scales", language: str = "en") -> tuple[BeautifulSoup, list[list[str]]]:
    """Link below a table, and the rows of the file in it."""
    payload = of_frame(frame, title=title).to_dict()
    output = _output({"text/html": frame.to_html(), MIME: payload})
    link = BeautifulSoup(output_html(output, "", language=language), "html.parser").select_one("a[download]")
    encoded = link["href"].removeprefix("data:text/csv;charset=utf-8;base64,")
    text = base64.b64decode(encoded).decode("utf-8-sig")
    return link, list(csv.reader(io.StringIO(text)))


def _output(data: dict[str, object]) -> SimpleNamespace:
    return SimpleNamespace(output_type="execute_result", data=data, metadata={})


def test_the_file_has_every_digit_and_the_headings():
    _, rows = taken(pd.DataFrame({"scale": ["信任", "价值"], "alpha": [0.123456789012345, None]}))
    assert rows == [["scale", "alpha"], ["信任", "0.123456789012345"], ["价值", ""]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@A1", "＝1", "\t=1"])
def test_text_that_a_spreadsheet_would_run_stands_behind_an_apostrophe(text):
    _, rows = taken(pd.DataFrame({"a": [text], "b": [-1.5]}))
    assert rows[1] == [f"'{text}", "-1.5"]


def test_the_link_is_named_by_its_table():
    link, _ = taken(pd.DataFrame({"a": [1]}), title="Items: 1/2 <b>")
    assert link["download"].endswith(".csv")
    assert not set('/<>:"') & set(link["download"])
    assert link["aria-label"] == "Download data: Items: 1/2 <b>"


def test_an_output_that_is_no_table_has_no_link():
    html = output_html(_output({"text/html": "<p>1</p>", MIME: {"rows": "none"}}), "")
    assert "download" not in html


PICTURE = PictureValues(
    "Reliability", ("", "alpha", "from"), (0, 2, 2), (("Image", 0.7149, -0.001), ("<b>", 1234.5, None))
)


def picture(*, values: object = (), method: object = (), language: str = "en") -> str:
    about = {"image/svg+xml": {"values": values, "method": method}}
    output = SimpleNamespace(output_type="display_data", data={"image/svg+xml": "<svg/>"}, metadata=about)
    return output_html(output, "", language=language)


def section(*parts: str) -> BeautifulSoup:
    soup = BeautifulSoup(f"<main><h2>Section</h2>{''.join(parts)}</main>", "html.parser")
    drop_doubled(soup.main)
    return soup


def row(*cells: str) -> str:
    return f"<table><tbody><tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr></tbody></table>"


def test_what_stands_behind_a_picture_is_folded_and_reached_by_keyboard():
    soup = BeautifulSoup(picture(values=[PICTURE.to_dict()], method=["n = <5>"]), "html.parser")
    values, method = soup.select(".behind > details")
    assert [part.summary.get_text() for part in (values, method)] == [
        "Values in this picture",
        "How was this computed?",
    ]
    assert "open" not in values.attrs
    cells = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in values.select("tr")]
    assert cells == [["", "alpha", "from"], ["Image", "0.71", "0.00"], ["<b>", "1,234.50", "–"]]
    assert method.p.get_text() == "n = <5>"


@pytest.mark.parametrize("payload", [{"a": 1}, [1], "text", [{"columns": ["a"], "rows": [[1, 2]]}], [None]])
def test_what_is_no_table_of_values_is_passed_over(payload):
    assert "details" not in picture(values=payload, method={"a": 1})


def test_values_that_a_table_of_the_section_tells_are_not_told_twice():
    one = PictureValues("", ("", "alpha", "from", "to"), (0, 2, 2, 2), (("Image", 0.714, 0.65, 0.77),))
    drawn = picture(values=[one.to_dict()])
    assert section(drawn).select_one("details.values") is not None
    assert section(drawn, row("Image", "0.71", "0.65 to 0.77")).select_one(".behind") is None
    assert section(row("Images", "0.7", "0.65 to 0.77, n = 5"), drawn).select_one(".behind") is None
    assert section(drawn, row("Image", "0.71", "0.65 to 0.78")).select_one("details.values") is not None
    assert section(drawn, "<h3>Further</h3>", row("Image", "0.71", "0.65 to 0.77")).select_one(".behind") is not None


def test_a_single_number_is_told_by_a_row_of_its_name_alone():
    drawn = picture(values=[PictureValues("", ("", "r"), (0, 2), (("IMAG1", 0.5),)).to_dict()])
    assert section(drawn, row("IMAG2", "0.50")).select_one("details.values") is not None
    assert section(drawn, row("IMAG1", "0.50", "3")).select_one("details.values") is None


def test_a_method_is_told_once_a_section_below_the_last():
    data = {"text/html": "<table><tr><td>1</td></tr></table>", METHOD: ["by t", "n = 5"]}
    soup = section(picture(method=["by t", "n = 5"]), output_html(_output(data), ""), picture(method=["by z"]))
    told = soup.select("details.method")
    assert [part.p.get_text() for part in told] == ["by t", "by z"]
    assert told[0].find_parent("div", class_="output") is not None
