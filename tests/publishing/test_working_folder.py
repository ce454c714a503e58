"""Where a notebook runs: in its own folder, as in JupyterLab, or in that which is named (nteract/papermill 316)."""

import pytest
from bs4 import BeautifulSoup
from small_notebooks import write_notebook
from typer.testing import CliRunner

import loyalty_kit as lk
from loyalty_kit.__main__ import app
from loyalty_kit.core.errors import InputError

READS = "print(open('../data/teams.csv').read())"


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The layout of the report: data and notebooks side by side, the command above both."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "teams.csv").write_text("a,b")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(study, name="n"):
    page = BeautifulSoup((study / "reports" / f"{name}.html").read_text("utf-8"), "html.parser")
    return page.select_one("main pre.text").get_text()


def test_a_relative_path_in_code_starts_from_the_notebooks_folder(study):
    write_notebook(study / "notebooks" / "n.ipynb", READS)
    assert CliRunner().invoke(app, ["render", "notebooks/n.ipynb"]).exit_code == 0
    assert printed(study) == "a,b"


def test_a_path_on_the_command_line_starts_from_where_the_command_is_given(study):
    write_notebook(study / "notebooks" / "n.ipynb", "print(open(file).read())", parameters='file: str = "x"')
    assert CliRunner().invoke(app, ["render", "notebooks/n.ipynb", "-p", "file=data/teams.csv"]).exit_code == 0
    assert printed(study) == "a,b"


def test_another_working_folder_can_be_named(study):
    write_notebook(study / "notebooks" / "n.ipynb", "print(open('data/teams.csv').read())")
    assert CliRunner().invoke(app, ["render", "notebooks/n.ipynb", "--working-folder", "."]).exit_code == 0
    assert printed(study) == "a,b"


def test_a_path_that_is_not_found_is_told_with_the_folder_that_it_starts_from(study):
    write_notebook(study / "notebooks" / "n.ipynb", "open('data/teams.csv')")
    done = CliRunner().invoke(app, ["render", "notebooks/n.ipynb"])
    said = "Relative paths start from the folder 'notebooks'; --working-folder gives another."
    assert (done.exit_code, said in " ".join(done.output.split())) == (1, True)


@pytest.mark.parametrize("code", ["open('/nowhere/x')", "raise FileNotFoundError('gone')", "1 / 0"])
def test_of_other_errors_no_folder_is_told(study, code):
    result = lk.render(write_notebook(study / "n.ipynb", code), study / "out")
    assert "working-folder" not in result.terminal_message


def test_a_working_folder_that_is_not_there_is_refused(study):
    path = write_notebook(study / "n.ipynb", "1")
    with pytest.raises(InputError, match="The working folder 'absent' does not exist or is no folder"):
        lk.render(path, study / "out", base="absent")


@pytest.mark.parametrize("option", [("--working-folder", "."), ("--timeout", "5")])
def test_options_of_one_notebook_are_refused_for_a_batch(study, option):
    done = CliRunner().invoke(app, ["render", *option])
    assert (done.exit_code, f"'{option[0]}' is for one notebook" in done.output) == (2, True)
