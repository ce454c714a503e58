"""The tables of a report as a workbook: each as the page shows it, and no text that becomes a formula."""

import zipfile

import pandas as pd
import pytest
from great_tables import GT
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.exports.excel import write_workbook

SCALES = pd.DataFrame({"scale": ["Image", "忠诚"], "alpha": ["0.72", "−0.47"], "share": ["27\xa0%", "8.5 %"]})


def page(*parts, title="Report", language="en"):
    return (
        f'<html lang="{language}"><head><title>{title}</title></head><body><main>{"".join(parts)}</main></body></html>'
    )


def one(text, tag="td"):
    return f"<table><tbody><tr><{tag}>{text}</{tag}></tr></tbody></table>"


@pytest.fixture
def written(tmp_path):
    """Function that writes a page's tables and opens the workbook again."""

    def write(html):
        target = tmp_path / "tables.xlsx"
        write_workbook(html, target)
        return load_workbook(target)

    return write


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("excel")


def cells(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_every_table_is_a_sheet_named_by_its_caption(written):
    parts = [f"<table><caption>{name}</caption><tr><td>1</td></tr></table>" for name in ("Scales", "Items")]
    assert written(page(*parts)).sheetnames == ["Scales", "Items"]


def test_a_table_without_caption_is_named_by_the_heading_above(written):
    assert written(page("<h2>Weak items</h2>", one("1"))).sheetnames == ["Weak items"]


def test_names_are_such_as_excel_allows_and_all_different(written):
    captions = ["A/B: [x]*?\\", "A B x", "Do the items of each scale belong together?", "History", "", "'quoted'"]
    parts = [f"<table><caption>{text}</caption><tr><td>1</td></tr></table>" for text in [*captions, captions[2]]]
    names = written(page(*parts)).sheetnames
    assert (names[:2], max(map(len, names)) <= 31, len({name.casefold() for name in names})) == (
        ["A B x", "A B x (2)"],
        True,
        len(names),
    )


def test_a_sheet_has_caption_headings_figures_and_notes(written):
    table = GT(SCALES, rowname_col="scale").tab_header("Reliability", "by scale").tab_source_note("250 customers")
    html = table.as_raw_html().replace('<tr class="gt_heading">', '<tr class="gt_heading" hidden>')
    rows = cells(written(page(html)).active)
    assert [["Image", 0.72, 0.27], ["忠诚", -0.47, 0.085], ["250 customers", None, None]] == rows[-3:]


def test_the_title_and_the_subtitle_stand_above(written):
    caption = '<caption><span class="title">Scales</span><span class="subtitle">of 2025</span></caption>'
    sheet = written(page(f"<table>{caption}<tr><td>1</td></tr></table>")).active
    assert (cells(sheet), sheet["A1"].font.bold, sheet["A2"].font.bold) == (
        [["Scales"], ["of 2025"], [None], [1]],
        True,
        False,
    )


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("0.72", 0.72, "0.00"),
        ("−0.30", -0.3, "0.00"),
        ("-3", -3, "0"),
        ("+2.5", 2.5, "+0.0;-0.0;0.0"),
        (".031", 0.031, "0.000"),
        ("12,400", 12400, "#,##0"),
        ("1\u202f234.5", 1234.5, "#,##0.0"),
        ("27\xa0%", 0.27, "0%"),
        ("8.5%", 0.085, "0.0%"),
        ("€1,250.00", 1250, '"€"#,##0.00'),
        ("−¥3", -3, '"¥"0'),
        ("1.5e-05", 1.5e-05, "0.0E+00"),
        ("0", 0, "0"),
    ],
)
def test_what_is_a_number_on_the_page_is_one_in_the_sheet(written, text, value, shown):
    cell = written(page(one(text))).active["A1"]
    assert (cell.data_type, cell.value, cell.number_format) == ("n", pytest.approx(value), shown)


@pytest.mark.parametrize(
    "text",
    [
        "0.66 to 0.77",
        "< .001",
        "007",
        "1,23",
        "12E3",
        "1.2.3",
        "–",
        "−",
        "%",
        "2026-11-22",
        "5 of 6",
        "1234567890123456789",
    ],
)
def test_all_else_stays_text_as_it_stood(written, text):
    cell = written(page(one(text.replace("<", "&lt;")))).active["A1"]
    assert (cell.data_type, cell.value) == ("s", text)


def test_a_label_of_a_row_stays_text(written):
    assert (
        written(page(one("2025", tag='th scope="row"').replace('</th scope="row">', "</th>"))).active["A1"].value
        == "2025"
    )


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", '=HYPERLINK("https://example.org")', "=cmd|'/c calc'!A1", " =1+1"],
)
@pytest.mark.parametrize("tag", ["td", "th", "caption"])
def test_text_cannot_become_a_formula(written, text, tag):
    table = f"<table><caption>{text}</caption><tr><td>x</td></tr></table>" if tag == "caption" else one(text, tag)
    cell = written(page(table)).active["A1"]
    assert (cell.data_type, cell.quotePrefix, cell.value) == ("s", True, text.strip())


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_no_text_makes_a_formula_or_a_damaged_file(folder, text):
    frame = pd.DataFrame({text: [text]}, index=[text])
    target = folder / "any.xlsx"
    write_workbook(page(frame.to_html()), target)
    kinds = {cell.data_type for sheet in load_workbook(target) for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n"}


def test_cells_over_several_columns_and_rows_keep_their_place(written):
    head = (
        '<thead><tr><th rowspan="2">scale</th><th colspan="2">alpha</th></tr><tr><th>low</th><th>high</th></tr></thead>'
    )
    sheet = written(page(f"<table>{head}<tbody><tr><th>Image</th><td>1</td><td>2</td></tr></tbody></table>")).active
    assert (cells(sheet), sorted(map(str, sheet.merged_cells.ranges)), sheet.freeze_panes) == (
        [["scale", "alpha", None], [None, "low", "high"], ["Image", 1, 2]],
        ["A1:A2", "B1:C1"],
        "A3",
    )


@pytest.mark.parametrize("span", ["0", "-1", "x", "999999999", "²"])
def test_senseless_spans_do_no_harm(written, span):
    html = f'<table><tr><td colspan="{span}" rowspan="{span}">1</td><td>2</td></tr></table>'
    assert written(page(html)).active["A1"].value == 1


def test_lines_of_a_cell_stay_apart(written):
    assert written(page(one("a<br>b"))).active["A1"].value == "a\nb"


@pytest.mark.parametrize(("language", "said"), [("en", "This report has no table."), ("zh-Hans", "本报告没有表格。")])
def test_a_report_without_tables_says_so(written, language, said):
    assert cells(written(page("<p>x</p>", title="Trust", language=language)).active) == [["Trust"], [said]]


def test_the_same_page_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_workbook(page(one("1")), tmp_path / f"{name}.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_the_workbook_tells_no_time(tmp_path):
    write_workbook(page(one("1")), tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2


def test_a_file_is_read_and_nothing_passing_is_left(tmp_path):
    (tmp_path / "a.html").write_text(page(one("忠诚")), encoding="utf-8")
    write_workbook(tmp_path / "a.html", tmp_path / "a.xlsx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.xlsx"]


def test_an_absent_report_is_refused(tmp_path):
    with pytest.raises(InputError, match="absent.html' cannot be read"):
        write_workbook(tmp_path / "absent.html", tmp_path / "a.xlsx")
