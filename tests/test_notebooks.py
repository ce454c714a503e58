"""What every notebook of the kit keeps to; that each runs is shown where its report is tested."""

import ast
import re
from pathlib import Path
from statistics import median

import nbformat
import pytest

from loyalty_kit.publishing.notebooks.parameters import notebook_parameters

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def lines(cell: nbformat.NotebookNode) -> list[str]:
    return [line for line in cell.source.splitlines() if line.strip()]


def test_is_committed_without_outputs(notebook):
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(notebook))


def test_opens_with_a_question_as_its_only_title(notebook):
    titles = [
        line for cell in notebook.cells if cell.cell_type == "markdown" for line in lines(cell) if line[:2] == "# "
    ]
    assert len(titles) == 1
    assert notebook.cells[0].source.startswith(titles[0])
    assert titles[0].endswith("?")


def test_goes_from_parameters_over_setup_to_provenance(notebook):
    tags = [cell.metadata.get("tags", []) for cell in code_cells(notebook)]
    assert (tags[0], tags[1], tags[-1]) == (["parameters"], ["setup"], ["provenance"])
    assert sum(map(bool, tags)) == 3


def test_every_parameter_is_typed_and_explained_on_one_line(notebook):
    first, *parameters = lines(code_cells(notebook)[0])
    assert first == "from typing import Literal"
    assert 3 <= len(parameters) <= 20
    for line in parameters:
        (node,) = ast.parse(line).body
        assert isinstance(node, ast.AnnAssign)
        ast.literal_eval(node.value)
        assert line.count("=") == 1
        assert "  # " in line


def test_cells_are_few_and_short(notebook):
    lengths = [len(lines(cell)) for cell in code_cells(notebook)]
    assert 10 <= len(lengths) <= 25
    assert median(lengths) <= 4
    assert max(lengths[1:]) <= 12  # the first holds an import and up to 20 parameters


def test_defines_no_function_and_computes_in_no_loop(notebook):
    banned = ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.For | ast.While
    for cell in code_cells(notebook):
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, banned)]


def test_prose_explains_before_each_step(notebook):
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == "markdown"
    assert kinds[-1] == "code"
    assert kinds.count("markdown") >= 5


def test_takes_the_language_and_the_rows_that_it_is_about(notebook):
    source = "\n".join(cell.source for cell in code_cells(notebook))
    known = {parameter.name: parameter.type for parameter in notebook_parameters(notebook)}
    assert known["language"].startswith("Literal['en', 'zh']")
    assert known["only"] == "list[str]"
    assert source.index("lk.speak(") < source.index("lk.describe(")
    assert re.search(r"lk\.describe\(lk\.Selection\(only\)\)|= lk\.Selection\.of\(\S+, only\)", source)


def test_records_the_estimates_that_the_next_run_is_compared_by(notebook):
    assert any("lk.record(" in cell.source for cell in code_cells(notebook))


def chinese(path: Path) -> dict[str, str]:
    """Chinese prose of each markdown cell, by the cell's id."""
    text = path.with_name(f"{path.stem}.zh.md").read_text(encoding="utf-8")
    _, *parts = re.split(r"(?m)^<!-- cell: (\S+) -->\n", text)
    return dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def prose(request) -> list[tuple[str, str]]:
    """English and Chinese of each markdown cell."""
    cells = [cell for cell in nbformat.read(request.param, as_version=4).cells if cell.cell_type == "markdown"]
    told = chinese(request.param)
    assert [cell.id for cell in cells] == list(told), "the side file has a section for each cell, in their order"
    return [(cell.source, told[cell.id]) for cell in cells]


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(r"(?m)^#+ ", id="headings"),
        pytest.param(r"(?m)^- ", id="points of a list"),
        pytest.param(r"`[^`]+`", id="names of parameters"),
        pytest.param(r"\*[^*]+\*", id="titles of journals"),
        pytest.param(r"(?<![A-Za-z\d.])\d[\d.]*(?!\w)", id="numbers"),
    ],
)
def test_the_chinese_prose_has_the_same(prose, part):
    for english, told in prose:
        found = [
            [match.strip(".") for match in re.findall(part, re.sub(r"([\u4e00-\u9fff])", r" \1 ", text))]
            for text in (english, told)
        ]
        assert sorted(found[0]) == sorted(found[1])


def test_the_chinese_prose_is_written_in_chinese(prose):
    for _, told in prose:
        own = "\n".join(line for line in told.splitlines() if "*" not in line)
        assert len(re.findall(r"[\u4e00-\u9fff]", own)) > 0.5 * len(re.sub(r"\s", "", own))
        assert not re.search(r"[\u4e00-\u9fff][,;:!?.]", own)
