"""Parameters: read from the cell's syntax tree, typed; nothing in it is run."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from parameter_cells import PARAMETERS

from loyalty_kit.publishing.notebooks.parameters import notebook_parameters, other_lines, read_parameters


def test_every_line_of_the_form_is_a_parameter():
    assert [entry.name for entry in PARAMETERS] == [
        *("survey", "codebook", "channel", "wave", "confidence", "screen_out"),
        *("since", "weeks", "channels", "seed", "schema", "needed"),
        *("since_when", "limits", "bounds", "table", "pair"),
    ]


def test_type_default_and_help_are_as_written():
    lines = {entry.name: (entry.type, entry.default, entry.help) for entry in PARAMETERS}
    assert lines["survey"] == ("str", '"../a=b.csv"', "file of answers = one row a respondent")
    assert lines["codebook"] == ("Path", 'Path("codebook.toml")', "")
    assert lines["wave"] == ("int | None", "None", "")
    assert lines["weeks"][2] == "which"
    assert lines["seed"] == ("int", "20", "")
    assert lines["needed"] == ("float", None, "")
    assert lines["since_when"] == ("datetime.datetime", "datetime.datetime(2026, 3, 1, 9)", "")
    assert [lines[name][0] for name in ("limits", "bounds", "table")] == [
        "dict[str, float]",
        "tuple[int, float]",
        "dict",
    ]
    assert lines["pair"] == ("tuple[int, ...]", "(1, 2)", "")


def test_defaults_are_worth_what_python_makes_of_them():
    values = {entry.name: entry.value for entry in PARAMETERS}
    assert (values["since"], values["since_when"]) == (date(2026, 3, 1), datetime(2026, 3, 1, 9))
    assert (values["limits"], values["bounds"], values["pair"]) == ({"low": 1}, (0, 1.5), (1, 2))


@pytest.mark.parametrize(
    "hint",
    ["set", "set[int]", "dict[float, int]", "dict[str]", "tuple[..., int]", "tuple[int, ..., int]", "list[int, ...]"],
)
def test_a_line_of_another_type_is_told_and_no_parameter(hint):
    node = new_notebook(cells=[new_code_cell(f"a = 1\nb: {hint} = None", metadata={"tags": ["parameters"]})])
    assert ([entry.name for entry in notebook_parameters(node)], other_lines(node)) == (["a"], {"b": hint})


def test_dates_with_their_module_and_unions_are_parameters_and_times_are_told():
    """nteract/papermill 807 and 806: lines of `datetime.date` and `None|str` were not seen."""
    lines = [
        *("a: datetime.date = datetime.date.today()", "b: datetime.datetime = datetime.datetime.now()"),
        *("c: date = datetime.date.today()", "d: datetime.time = datetime.time(12, 30)", "e: None|str = None"),
    ]
    node = new_notebook(cells=[new_code_cell("\n".join(lines), metadata={"tags": ["parameters"]})])
    found = {entry.name: entry.type for entry in notebook_parameters(node)}
    assert found == {"a": "datetime.date", "b": "datetime.datetime", "c": "date", "e": "None | str"}
    assert other_lines(node) == {"d": "datetime.time"}


def test_a_notebook_without_tagged_cell_has_no_parameters():
    cells = [new_code_cell("a = 1"), new_markdown_cell("b = 2", metadata={"tags": ["parameters"]})]
    assert notebook_parameters(new_notebook(cells=cells)) == ()


@pytest.mark.parametrize("source", ["%matplotlib inline\na = 1", "a = ", "a: 'int |' = 1", "a: Literal[{}] = 1", "\0"])
def test_a_cell_that_is_not_of_the_form_has_none(source):
    assert read_parameters(source) == ()


@given(st.text(alphabet="ab:=|[]'\"#, \nint0", max_size=40))
def test_any_text_can_be_read(source):
    read_parameters(source)
