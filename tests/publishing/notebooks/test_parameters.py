"""Parameters: read from the cell's syntax tree, typed; nothing in it is run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from parameter_cells import PARAMETERS

from loyalty_kit.publishing.notebooks.parameters import notebook_parameters, read_parameters


def test_every_line_of_the_form_is_a_parameter():
    assert [entry.name for entry in PARAMETERS] == [
        *("survey", "codebook", "channel", "wave", "confidence", "screen_out"),
        *("since", "weeks", "channels", "seed", "schema", "needed"),
    ]


def test_type_default_and_help_are_as_written():
    lines = {entry.name: (entry.type, entry.default, entry.help) for entry in PARAMETERS}
    assert lines["survey"] == ("str", '"../a=b.csv"', "file of answers = one row a respondent")
    assert lines["codebook"] == ("Path", 'Path("codebook.toml")', "")
    assert lines["wave"] == ("int | None", "None", "")
    assert lines["weeks"][2] == "which"
    assert lines["seed"] == ("int", "20", "")
    assert lines["needed"] == ("float", None, "")


def test_a_notebook_without_tagged_cell_has_no_parameters():
    cells = [new_code_cell("a = 1"), new_markdown_cell("b = 2", metadata={"tags": ["parameters"]})]
    assert notebook_parameters(new_notebook(cells=cells)) == ()


@pytest.mark.parametrize("source", ["%matplotlib inline\na = 1", "a = ", "a: 'int |' = 1", "a: Literal[{}] = 1", "\0"])
def test_a_cell_that_is_not_of_the_form_has_none(source):
    assert read_parameters(source) == ()


@given(st.text(alphabet="ab:=|[]'\"#, \nint0", max_size=40))
def test_any_text_can_be_read(source):
    read_parameters(source)
