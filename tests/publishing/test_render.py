"""One report: parameters and paths mean what they say, and a failure leaves the last good report."""

import json
import sys
from datetime import date
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_notebook
from small_notebooks import SCRIPT, names, write_notebook

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.publishing.cover.folder import page_facts
from loyalty_kit.publishing.notebooks.notebooks import find_notebook, read_notebook
from loyalty_kit.publishing.reports import outcomes, run_report
from loyalty_kit.publishing.running import execution
from loyalty_kit.publishing.running.execution import RunError, run_notebook

PARAMETERS = """from datetime import date
answers: str = "answers.csv"  # file of answers
since: date = date(2026, 1, 1)
code: str = ""
"""
ACCOUNT = """import json, os, sys
facts = {"folder": os.getcwd(), "answers": answers, "read": open(answers).read(), "day": since.day, "code": code}
facts |= {"python": sys.executable, "intruder": "intruder" in globals(), "hash": hash("loyalty")}
print(json.dumps(facts))"""


class Rendered:
    """A notebook rendered twice, on a machine whose user has registered things of his own."""

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch) -> None:
        kernel = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
        kernel.parent.mkdir(parents=True)
        kernel.write_text(json.dumps({"argv": ["false"], "display_name": "another", "language": "python"}))
        startup = folder / "ipython" / "profile_default" / "startup" / "a.py"
        startup.parent.mkdir(parents=True)
        startup.write_text("intruder = 1")
        environment.setenv("JUPYTER_PATH", str(folder / "jupyter"))
        environment.setenv("IPYTHONDIR", str(folder / "ipython"))
        environment.setenv("PYTHONSTARTUP", str(startup))
        self.base, self.output = folder / "base", folder / "reports"
        self.base.mkdir()
        self.output.mkdir()
        (self.output / "small.failed.html").write_text("an older failure")
        notebook = write_notebook(folder / "notebooks" / "small.ipynb", ACCOUNT, parameters=PARAMETERS)
        self.notebook = notebook
        (notebook.parent / "answers.csv").write_text("four")
        self.values = {"since": date(2026, 5, 17), "code": "007"}
        self.first = lk.render(notebook, self.output, self.values, base=self.base)
        self.again = lk.render(notebook, folder / "elsewhere" / "small.html", self.values, base=self.base)
        page = BeautifulSoup(self.first.path.read_text("utf-8"), "html.parser")
        self.account = json.loads(page.find("pre", string=lambda text: '"folder"' in (text or "")).get_text())
        self.facts = page_facts(self.first.path)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Rendered:
    with pytest.MonkeyPatch.context() as environment:
        return Rendered(tmp_path_factory.mktemp("render"), environment)


def test_the_result_tells_what_became_of_the_report(rendered):
    result = rendered.first
    assert (result.name, result.title, result.outcome, result.error) == ("small", "A small report", "rendered", None)
    assert result.path == rendered.output / "small.html"
    assert result.size == result.path.stat().st_size > 0
    assert result.seconds > 0


def test_given_parameters_reach_the_notebook_with_their_types(rendered):
    assert (rendered.account["day"], rendered.account["code"]) == (17, "007")


def test_the_notebook_runs_in_the_base_folder(rendered):
    assert Path(rendered.account["folder"]) == rendered.base.resolve()


def test_a_default_keeps_naming_the_file_beside_the_notebook(rendered):
    assert (rendered.account["answers"], rendered.account["read"]) == ("../notebooks/answers.csv", "four")


def test_the_kernel_is_this_interpreter(rendered):
    assert rendered.account["python"] == sys.executable


def test_startup_files_of_the_user_do_not_run(rendered):
    assert rendered.account["intruder"] is False


def test_the_same_notebook_and_parameters_give_the_same_bytes(rendered):
    assert rendered.first.path.read_bytes() == rendered.again.path.read_bytes()


def test_a_success_removes_the_failure_page_and_writes_the_index(rendered):
    assert names(rendered.output) == ["history.sqlite", "index.html", "small.html"]


def test_an_output_that_ends_in_html_names_the_file(rendered):
    assert names(rendered.again.path.parent) == ["history.sqlite", "index.html", "small.html"]


def test_the_report_carries_its_facts(rendered):
    assert rendered.facts == {
        "name": "small",
        "title": "A small report",
        "notebook": "small.ipynb",
        "parameters": '{"since": "2026-05-17", "code": "007"}',
        "language": "en",
        "outcome": "rendered",
        "key": rendered.first.key,
    }


def test_a_report_that_did_not_change_is_left_as_it_is(rendered):
    again = lk.render(rendered.notebook, rendered.output, rendered.values, base=rendered.base)
    assert (again.outcome, again.key, again.path) == ("unchanged", rendered.first.key, rendered.first.path)


def test_force_renders_it_all_the_same(rendered):
    before = rendered.first.path.read_bytes()
    again = lk.render(rendered.notebook, rendered.output, rendered.values, base=rendered.base, force=True)
    assert again.outcome == "rendered"
    assert again.path.read_bytes() == before


class Failed:
    """A notebook that fails on its data, over a good report."""

    def __init__(self, folder: Path) -> None:
        (folder / "survey.csv").write_text("id,A1\nr-90210,1\nr-90210,2\nr-77345,9\n")
        (folder / "book.toml").write_text('respondent = "id"\nresponse = {min = 1, max = 5}\nitems.A1 = {}\n')
        read = f'lk.read_responses("survey.csv", lk.Codebook.read("book.toml"))  # {SCRIPT}'
        notebook = write_notebook(folder / "n.ipynb", "import loyalty_kit as lk", read, title=f"Trust {SCRIPT}")
        self.output = folder / "reports"
        self.output.mkdir()
        (self.output / "n.html").write_text("the last good report")
        self.result = lk.render(notebook, self.output, base=folder)
        self.text = (self.output / "n.failed.html").read_text("utf-8")
        self.page = BeautifulSoup(self.text, "html.parser")


@pytest.fixture(scope="module")
def failed(tmp_path_factory) -> Failed:
    return Failed(tmp_path_factory.mktemp("failed"))


def test_a_failure_leaves_the_last_good_report(failed):
    assert (failed.output / "n.html").read_text() == "the last good report"
    assert names(failed.output) == ["history.sqlite", "index.html", "n.failed.html", "n.html"]


def test_a_failure_is_an_outcome_with_a_sentence(failed):
    assert (failed.result.outcome, failed.result.path.name) == ("failed", "n.failed.html")
    assert "A1" in failed.result.error
    assert "Traceback" not in failed.result.error


def test_the_failure_page_shows_cell_sentence_and_traceback(failed):
    shown = [block.get_text() for block in failed.page.select("pre")]
    assert shown[0].startswith("lk.read_responses")
    assert "InputError" in failed.page.details.get_text()
    assert failed.result.error.splitlines()[0] in failed.page.main.get_text()


def test_no_respondent_is_named_in_what_a_failure_leaves(failed):
    left = failed.text + (failed.output / "index.html").read_text("utf-8") + failed.result.error
    assert "90210" not in left and "77345" not in left


def test_what_a_notebook_says_appears_as_text_in_the_failure_page_and_the_index(failed):
    listed = BeautifulSoup((failed.output / "index.html").read_text("utf-8"), "html.parser")
    assert failed.page.find("script") is None
    assert [SCRIPT in script.get_text() for script in listed.select("script")] == [False]
    assert SCRIPT in failed.page.main.get_text() and SCRIPT in listed.main.get_text()


def test_no_terminal_code_reaches_the_failure_page(failed):
    assert "\x1b" not in failed.text


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import sys; sys.exit(0)", "The cell ended the run by sys.exit; the cells below it did not run."),
        ("quit()", "The cell ended the run by quit or exit; the cells below it did not run."),
        ("exit", "The cell ended the run by quit or exit; the cells below it did not run."),
        ("get_ipython().ask_exit()", "The cell ended the run by quit or exit; the cells below it did not run."),
        ("raise ExceptionGroup('two', [ValueError(1), KeyError(2)])", "ExceptionGroup: two (2 sub-exceptions)"),
        ("%no_such_magic", "UsageError: Line magic function `%no_such_magic` not found."),
        ("import os; os._exit(0)", "The kernel died in this cell: its code ended the process, or memory ran out."),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_run_that_does_not_reach_its_end_has_failed(tmp_path, code, sentence):
    notebook = nbformat.read(write_notebook(tmp_path / "n.ipynb", "1", code, "2"), as_version=4)
    with pytest.raises(RunError) as failure:
        run_notebook(notebook, folder=tmp_path, scratch=tmp_path)
    assert (failure.value.failure.sentence, failure.value.failure.source) == (sentence, code)


def test_what_a_dead_kernel_said_stands_under_debug_and_on_no_page(tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", "import os; os.system('echo $((90000 + 210)) >&2'); os._exit(1)")
    result = lk.render(notebook, tmp_path / "reports")
    page = BeautifulSoup((tmp_path / "reports" / "n.failed.html").read_text("utf-8"), "html.parser")
    assert result.traceback.strip() == "90210"
    assert result.terminal_message == f"{result.error} What its process said stands under --debug."
    assert "90210" not in page.get_text() and page.details is None


@pytest.mark.parametrize(("length", "starts"), [(1, 1), (100, 2)], ids=["sockets", "ports"])
def test_a_kernel_that_never_answers_is_started_again_where_another_may_have_taken_its_port(
    tmp_path, monkeypatch, length, starts
):
    tried = []

    def silent(*_, **__):
        tried.append(1)
        raise RuntimeError("it was not ready within 60 seconds.")

    monkeypatch.setattr(execution.papermill, "execute_notebook", silent)
    with pytest.raises(RunError, match="The kernel did not run: it was not ready"):
        run_notebook(new_notebook(), folder=tmp_path, scratch=Path("/", "s" * length))
    assert len(tried) == starts


@pytest.fixture
def no_kernel(monkeypatch):
    """Fail where a kernel would start."""
    monkeypatch.setattr(run_report, "run_notebook", lambda *_, **__: pytest.fail("a kernel was started"))


@pytest.mark.parametrize("values", [{"answer": "a"}, {"since": "May"}, {"code": 7}])
def test_parameters_are_refused_before_a_kernel_starts(tmp_path, no_kernel, values):
    notebook = write_notebook(tmp_path / "n.ipynb", parameters=PARAMETERS)
    with pytest.raises(InputError):
        lk.render(notebook, tmp_path / "reports", values)
    assert names(tmp_path) == ["n.ipynb"]


def test_an_output_that_is_a_file_is_refused_before_a_kernel_starts(tmp_path, no_kernel):
    with pytest.raises(InputError, match="a file is in its place"):
        lk.render(write_notebook(tmp_path / "n.ipynb"), tmp_path / "n.ipynb")


def test_a_report_cannot_take_the_place_of_the_index(tmp_path, no_kernel):
    with pytest.raises(InputError, match="'index' cannot name a report"):
        lk.render(write_notebook(tmp_path / "n.ipynb"), tmp_path / "index.html")


def test_whatever_else_goes_wrong_is_a_failed_report(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise KeyError("template")

    monkeypatch.setattr(run_report, "run_notebook", lambda *_, **__: new_notebook())
    monkeypatch.setattr(run_report, "report_page", refuse)
    result = lk.render(write_notebook(tmp_path / "n.ipynb"), tmp_path / "reports")
    assert (result.outcome, result.error, result.terminal_message) == ("failed", "KeyError", "KeyError: 'template'")
    assert names(tmp_path / "reports") == ["history.sqlite", "index.html", "n.failed.html"]


def test_a_full_disk_is_a_failed_report_and_leaves_the_old_one(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "n.html")

    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "n.html").write_text("old")
    monkeypatch.setattr(run_report, "run_notebook", lambda *_, **__: new_notebook())
    monkeypatch.setattr(outcomes, "publish", full)
    result = lk.render(write_notebook(tmp_path / "n.ipynb"), tmp_path / "reports")
    assert (result.outcome, result.path, result.size) == ("failed", None, 0)
    assert result.error == "'n.html' cannot be written: No space left on device."
    assert (tmp_path / "reports" / "n.html").read_text() == "old"


@pytest.mark.parametrize("name", ["10-scale-quality", "10-scale-quality.ipynb"])
def test_a_shipped_notebook_is_found_by_its_name(tmp_path, name):
    assert find_notebook(name, tmp_path).name == "10-scale-quality.ipynb"


def test_a_file_of_the_folder_goes_before_a_shipped_notebook(tmp_path):
    own = write_notebook(tmp_path / "10-scale-quality.ipynb")
    assert find_notebook("10-scale-quality.ipynb", tmp_path) == own


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("10-scale-qualty", "did you mean '10-scale-quality'"), ("x/y", "does not exist"), (".", "is a folder")],
)
def test_a_notebook_that_is_not_there_is_told(tmp_path, name, sentence):
    with pytest.raises(UnreadableError, match=sentence):
        find_notebook(name, tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"nbformat": 4, "cells": 3}', b"print(1)"])
def test_a_file_that_is_no_notebook_is_told(tmp_path, content):
    (tmp_path / "n.ipynb").write_bytes(content)
    with pytest.raises(UnreadableError, match=r"'.*n\.ipynb' is not a Jupyter notebook"):
        read_notebook(tmp_path / "n.ipynb")


def test_a_notebook_of_an_older_format_has_the_same_cell_ids_each_time(tmp_path):
    old = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [
        {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}
    ]}  # fmt: skip
    (tmp_path / "n.ipynb").write_text(json.dumps(old))
    first, again = (read_notebook(tmp_path / "n.ipynb") for _ in range(2))
    assert first == again
