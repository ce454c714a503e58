"""The tables of a report as a workbook: the numbers behind them, and no text that becomes a formula."""

import zipfile

import nbformat
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output
from openpyxl import load_workbook

from loyalty_kit.core.results import of_frame
from loyalty_kit.core.tables import MIME, TableColumn, TableData
from loyalty_kit.publishing.exports.excel import write_workbook
from loyalty_kit.publishing.pages.tables import tables_of
from loyalty_kit.publishing.render import render
from loyalty_kit.publishing.reports.attachments import with_attachments, writers
from tests.helpers.shipped import ROOT
from tests.helpers.small_notebooks import names, write_notebook

SCALES = TableData(
    "scales",
    "Reliability",
    (
        TableColumn("Scale"),
        TableColumn("Alpha", "", "number"),
        TableColumn("95 % interval, low", "", "number"),
        TableColumn("95 % interval, high", "", "number"),
        TableColumn("Share", "%", "number"),
    ),
    (("Image", 0.7158485, 0.66, 0.77, 28.5), ("忠诚", -0.47, None, None, "fewer than 30")),
    ("250 customers",),
)


def one(text="x", title="", heading="a", note=""):
    return TableData("t", title, (TableColumn(heading),), ((text,),), (note,))


@pytest.fixture
def written(tmp_path):
    """Function that writes tables and opens the workbook again."""

    def write(*tables, **about):
        target = tmp_path / "tables.xlsx"
        write_workbook(tables, target, **about)
        return load_workbook(target)

    return write


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("excel")


def cells(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_every_table_is_a_sheet_named_by_its_title(written):
    assert written(one(title="Scales"), one(title="Items")).sheetnames == ["Scales", "Items"]


@pytest.mark.parametrize(("language", "name"), [("en", "Table 1"), ("zh", "表 1")])
def test_a_table_without_title_is_named_by_its_number(written, language, name):
    assert written(one(), language=language).sheetnames == [name]


def test_names_are_such_as_excel_allows_and_all_different(written):
    titles = ["A/B: [x]*?\\", "A B x", "Do the items of each scale belong together?", "History", "", "'quoted'"]
    found = written(*(one(title=text) for text in [*titles, titles[2]])).sheetnames
    assert (found[:2], max(map(len, found)) <= 31, len({name.casefold() for name in found})) == (
        ["A B x", "A B x (2)"],
        True,
        len(found),
    )


def test_a_sheet_has_title_headings_numbers_in_full_and_notes(written):
    sheet = written(SCALES).active
    assert cells(sheet) == [
        ["Reliability", None, None, None, None],
        [None] * 5,
        ["Scale", "Alpha", "95 % interval, low", "95 % interval, high", "Share (%)"],
        ["Image", 0.7158485, 0.66, 0.77, 28.5],
        ["忠诚", -0.47, None, None, "fewer than 30"],
        [None] * 5,
        ["250 customers", None, None, None, None],
    ]
    assert (sheet["A1"].font.bold, sheet["B3"].font.bold, sheet.freeze_panes) == (True, True, "A4")


def test_units_stand_in_chinese_brackets_in_a_chinese_report(written):
    assert cells(written(SCALES, language="zh").active)[2][4] == "Share（%）"


def test_a_whole_number_with_more_digits_than_excel_keeps_stays_text(written):
    assert written(one(1234567890123456789)).active["A2"].value == "1234567890123456789"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", '=HYPERLINK("https://example.org")', "=cmd|'/c calc'!A1", " =1+1"],
)
@pytest.mark.parametrize("place", ["text", "heading", "title", "note"])
def test_text_cannot_become_a_formula(written, text, place):
    sheet = written(one(**{place: text})).active
    [cell] = [cell for row in sheet.iter_rows() for cell in row if cell.value == text.strip()]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_no_text_makes_a_formula_or_a_damaged_file(folder, text):
    frame = of_frame(pd.DataFrame({text: [text]}, index=[text]), title=text, index=True)
    target = folder / "any.xlsx"
    write_workbook([frame], target)
    kinds = {cell.data_type for sheet in load_workbook(target) for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n"}


@pytest.mark.parametrize(("language", "said"), [("en", "This report has no table."), ("zh", "本报告没有表格。")])
def test_a_report_without_tables_says_so(written, language, said):
    assert cells(written(title="Trust", language=language).active) == [["Trust"], [said]]


def test_the_same_tables_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_workbook([SCALES], tmp_path / f"{name}.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_the_workbook_tells_no_time_and_nothing_passing_is_left(tmp_path):
    write_workbook([SCALES], tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2
    assert names(tmp_path) == ["a.xlsx"]


def notebook(payload, **about):
    output = new_output("display_data", data={MIME: payload})
    return new_notebook(cells=[new_code_cell("1", outputs=[output], metadata=about)])


@pytest.mark.parametrize(
    "payload",
    [None, 1, "{", {"title": "x"}, SCALES.to_dict() | {"rows": [["Image"]]}, SCALES.to_dict() | {"columns": []}],
)
def test_what_is_no_table_of_data_is_passed_over(payload):
    assert tables_of(notebook(payload)) == ()


def test_tables_of_a_notebook_are_found_unless_their_cell_is_removed():
    read = nbformat.reads(nbformat.writes(notebook(SCALES.to_dict())), as_version=4)
    assert tables_of(read) == (SCALES,)
    assert tables_of(notebook(SCALES.to_dict(), tags=["remove-cell"])) == ()


def test_a_frame_at_the_end_of_a_cell_is_a_sheet_and_a_long_one_is_not(tmp_path):
    code = "import pandas as pd\npd.DataFrame({'share': [1 / 3]})", "pd.DataFrame({'member': range(1000)})"
    result = render(write_notebook(tmp_path / "n.ipynb", *code), tmp_path / "reports", beside=[".xlsx"])
    with_attachments(result, writers(excel=True))
    sheets = list(load_workbook(tmp_path / "reports" / "n.xlsx"))
    assert [cells(sheet) for sheet in sheets] == [[["share"], [1 / 3]]]


def test_a_report_whose_workbook_is_gone_runs_again_where_one_is_wanted(tmp_path):
    path = write_notebook(tmp_path / "n.ipynb", "1")
    outcomes = [render(path, tmp_path / "r", beside=beside).outcome for beside in ((), (), [".xlsx"])]
    assert outcomes == ["rendered", "unchanged", "rendered"]


@pytest.mark.parametrize(
    ("language", "ends"),
    [
        ("en", ["95\xa0% interval, low", "95\xa0% interval, high"]),
        pytest.param("zh", ["95% 置信区间，下限", "95% 置信区间，上限"], marks=pytest.mark.slow),
    ],
)
def test_the_workbook_of_a_shipped_notebook_has_what_the_page_rounds(tmp_path, language, ends):
    notebook = ROOT / "notebooks" / "10-scale-quality.ipynb"
    values = {"bootstrap": 50, "language": language}
    result = render(notebook, tmp_path, values, base=ROOT, beside=[".xlsx"])
    assert with_attachments(result, writers(excel=True)).error is None
    book = load_workbook(tmp_path / "10-scale-quality.xlsx")
    table = next(rows for rows in map(cells, book) if ends[0] in rows[2] and len(rows[2]) > 9)
    place = table[2].index(ends[0])
    alpha, low, high = table[3][place - 1 : place + 2]
    assert table[2][place + 1] == ends[1]
    assert low < alpha < high
    page = (tmp_path / "10-scale-quality.html").read_text("utf-8")
    assert f"{alpha:.2f}" in page
    assert repr(alpha) not in page
    assert MIME not in page
