"""What every notebook of the kit keeps to; that each runs is shown where its report is tested."""

import ast
from pathlib import Path
from statistics import median

import nbformat
import pytest

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
    parameters = lines(code_cells(notebook)[0])
    assert 3 <= len(parameters) <= 10
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
    assert max(lengths) <= 12


def test_defines_no_function_and_computes_in_no_loop(notebook):
    banned = ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.For | ast.While
    for cell in code_cells(notebook):
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, banned)]


def test_prose_explains_before_each_step(notebook):
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == "markdown"
    assert kinds[-1] == "code"
    assert kinds.count("markdown") >= 5
