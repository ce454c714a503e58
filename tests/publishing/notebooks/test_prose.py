"""A notebook's text in another language: cell by cell, and never a section too many."""

import nbformat.v4 as v4
import pytest

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.notebooks.prose import with_prose


@pytest.fixture
def notebook():
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Loyal?", id="title"),
            v4.new_code_cell("1", id="figure", metadata={"caption": "Bars", "tags": ["x"]}),
            v4.new_markdown_cell("Limits.", id="limits"),
        ]
    )


def told(notebook, folder, text, language="zh"):
    if text is not None:
        (folder / "drivers.zh.md").write_text(text, encoding="utf-8")
    return with_prose(notebook, folder / "drivers.ipynb", language)


def test_cells_with_a_section_are_told_in_it(notebook, tmp_path):
    text = "<!-- cell: title -->\n# 忠诚吗？\n\n说明。\n\n<!-- cell: limits -->\n\n局限。\n"
    assert [cell.source for cell in told(notebook, tmp_path, text).cells] == ["# 忠诚吗？\n\n说明。", "1", "局限。"]


def test_a_cell_without_a_section_stays(notebook, tmp_path):
    assert told(notebook, tmp_path, "<!-- cell: title -->\n# 忠诚吗？").cells[2].source == "Limits."


def test_an_empty_section_leaves_the_original(notebook, tmp_path):
    assert told(notebook, tmp_path, "<!-- cell: title -->\n\n").cells[0].source == "# Loyal?"


def test_a_caption_is_told(notebook, tmp_path):
    cell = told(notebook, tmp_path, "<!-- caption: figure -->\n条形图").cells[1]
    assert (cell.source, cell.metadata) == ("1", {"caption": "条形图", "tags": ["x"]})


def test_the_notebook_given_is_left_as_it_was(notebook, tmp_path):
    before = [dict(cell) for cell in notebook.cells]
    told(notebook, tmp_path, "<!-- cell: title -->\n新\n<!-- caption: figure -->\n新")
    assert [dict(cell) for cell in notebook.cells] == before


@pytest.mark.parametrize(("text", "language"), [(None, "zh"), ("<!-- cell: title -->\n新", "en")])
def test_without_a_file_or_in_english_the_notebook_is_itself(notebook, tmp_path, text, language):
    assert told(notebook, tmp_path, text, language) is notebook


def test_comments_may_stand_before_the_first_section(notebook, tmp_path):
    assert (
        told(notebook, tmp_path, "<!-- for\ntranslators -->\n<!-- cell: limits -->\n局限。").cells[2].source == "局限。"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!-- cell: titel -->\nx", "'drivers.zh.md' has a section 'cell: titel', but .* did you mean 'title'?"),
        ("<!-- cell: zzz -->\nx", "no such markdown cell; there are 'title', 'limits'."),
        ("<!-- cell: figure -->\nx", "no such markdown cell"),
        ("<!-- caption: title -->\nx", "no such code cell"),
        ("<!-- cell: title -->\nx\n<!-- cell: title -->\ny", "two sections 'cell: title'; a cell has one"),
        ("text\n<!-- cell: title -->\nx", "begins with text of no cell"),
    ],
)
def test_a_section_of_no_cell_is_refused(notebook, tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        told(notebook, tmp_path, text)


def test_a_file_that_is_not_utf_8_is_refused_by_name(notebook, tmp_path):
    (tmp_path / "drivers.zh.md").write_bytes("<!-- cell: title -->\n忠诚".encode("gbk"))
    with pytest.raises(InputError, match="drivers.zh.md' is not UTF-8 text"):
        told(notebook, tmp_path, None)
