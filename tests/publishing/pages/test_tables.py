"""A table's data are taken from the page itself, with all their digits, and are no program of a spreadsheet's."""

import base64
import csv
import io
from types import SimpleNamespace

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from loyalty_kit.core.results import of_frame
from loyalty_kit.core.tables import MIME
from loyalty_kit.publishing.pages.outputs import output_html


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
