"""The command line: exit codes, one sentence for an error, and a study that renders at once."""

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_notebooks import names, write_notebook
from starter import FOLDER, starter_survey
from typer.testing import CliRunner, Result

import loyalty_kit as lk
from loyalty_kit.__main__ import app
from loyalty_kit.publishing import render
from loyalty_kit.publishing.history.history import History
from loyalty_kit.publishing.terminal import shortened

PARAMETERS = 'survey: str = "a.csv"  # file of answers\nscreen_out: bool = False\nwaves: list[int] = []  # 哪些\nn: int'


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def study(tmp_path: Path, monkeypatch) -> Path:
    """A starter study as the current folder."""
    assert call("new", tmp_path / "study").exit_code == 0
    monkeypatch.chdir(tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def answered(monkeypatch) -> list[tuple[str, dict]]:
    """Reports that would have been rendered; those named 'bad' fail."""
    asked = []

    def answer(job, output, **_):
        asked.append((job.name, dict(job.given)))
        outcome, error = ("failed", "Item 'A' is bad.") if job.name == "bad" else ("rendered", None)
        output.mkdir(exist_ok=True)
        place = output / job.name
        return lk.results.RenderResult(job.name, job.title, outcome, place, 1.25, 52_000, "key", error, "the traceback")

    monkeypatch.setattr(render, "render_job", answer)
    monkeypatch.setattr(lk.batch, "results", lambda jobs, folder, **_: (answer(job, folder) for job in jobs))
    return asked


def test_a_starter_study_renders_at_once(study):
    done = subprocess.run(
        [sys.executable, "-m", "loyalty_kit", "render"], capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    line, index = done.stdout.splitlines()
    assert re.fullmatch(r"scale-quality +\d+\.\d s +\d+ kB  rendered", line)
    assert index == os.path.join("reports", "index.html")
    assert names(study / "reports") == [
        ".loyalty-kit.lock",
        "history.sqlite",
        "index.html",
        "scale-quality.html",
    ]


def test_a_starter_study_passes_its_check(study):
    done = call("check", "survey.csv", "codebook.toml")
    assert done.exit_code == 0
    assert done.output.splitlines()[:3] == [
        "120 respondents, 11 items; scales: service, satisfaction, loyalty.",
        "Missing answers: 3.0%; most in 'SATI3' (5.0%), 'SERV1' (4.2%), 'SERV2' (4.2%).",
        "Group 'channel': 3 levels; 0 respondents without one.",
    ]


def test_check_tells_that_nothing_is_missing_and_the_range_of_the_weights(tmp_path):
    (tmp_path / "a.csv").write_text("q1,w\n1,0.5\n3,2\n", "utf-8")
    (tmp_path / "a.toml").write_text('weight = "w"\nresponse = { min = 1, max = 5 }\nscales.a.items = ["q1"]', "utf-8")
    assert call("check", tmp_path / "a.csv", tmp_path / "a.toml").output.splitlines()[:3] == [
        "2 respondents, 1 items; scales: a.",
        "No answer is missing.",
        "Weight 'w': 0.5 to 2.",
    ]


def test_check_names_what_nobody_answered(tmp_path):
    (tmp_path / "a.csv").write_text("q1,q2\n1,\n3,\n", "utf-8")
    (tmp_path / "a.toml").write_text('response = { min = 1, max = 5 }\nscales.a.items = ["q1", "q2"]', "utf-8")
    assert "Nobody answered 'q2'." in call("check", tmp_path / "a.csv", tmp_path / "a.toml").output.splitlines()


def test_the_starter_survey_is_what_its_seed_gives():
    assert (FOLDER / "survey.csv").read_text("utf-8") == starter_survey()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").touch()
    done = call("new", tmp_path)
    assert (done.exit_code, names(tmp_path)) == (2, ["notes.txt"])
    assert "is there already and not empty" in done.output


def test_an_empty_folder_will_do_for_a_study(tmp_path):
    assert call("new", tmp_path).exit_code == 0


def test_a_file_in_the_place_of_a_study_is_left_alone(tmp_path):
    (tmp_path / "study").write_text("mine")
    assert call("new", tmp_path / "study").exit_code == 2
    assert (tmp_path / "study").read_text() == "mine"


def test_a_batch_with_a_failed_report_ends_with_1_and_its_sentence(tmp_path, answered):
    write_notebook(tmp_path / "n.ipynb")
    reports = "".join(f'[[report]]\nnotebook = "n.ipynb"\nname = "{name}"\n' for name in ("bad", "忠诚"))
    (tmp_path / "reports.toml").write_text(reports, "utf-8")
    done = call("render", tmp_path / "reports.toml", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "bad      1.2 s     52 kB  failed",
        "忠诚     1.2 s     52 kB  rendered",
        str(tmp_path / "out" / "index.html"),
        "bad: Item 'A' is bad.",
    ]


def test_a_report_with_a_file_name_of_its_own_is_not_called_absent(tmp_path):
    path = write_notebook(tmp_path / "n.ipynb", "1")
    done = call("render", path, "-o", tmp_path / "out" / "solo.html", "--json")
    told = json.loads(done.stdout)
    assert (told["not_started"], [report["name"] for report in told["reports"]]) == ([], ["solo"])


def test_debug_shows_the_traceback_of_a_failed_report(tmp_path, answered):
    path = write_notebook(tmp_path / "bad.ipynb")
    assert "the traceback" in call("render", path, "-o", tmp_path / "out", "--debug").output
    assert "the traceback" not in call("render", path, "-o", tmp_path / "out").output


def test_parameters_are_converted_by_their_types(tmp_path, answered):
    path = write_notebook(tmp_path / "n.ipynb", parameters=PARAMETERS)
    given = ("survey=007=x", "screen_out=true", "waves=1,2", "n=3")
    assert call("render", path, "-o", tmp_path, *(part for text in given for part in ("-p", text))).exit_code == 0
    assert answered == [("n", {"survey": "007=x", "screen_out": True, "waves": [1, 2], "n": 3})]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["n.ipynb", "-p", "n=1", "-p", "surve=a"], "'n' has no parameter 'surve'; did you mean 'survey'?"),
        (["n.ipynb", "-p", "n=many"], "Parameter 'n' of 'n' must be int; got 'many'."),
        (["n.ipynb"], "Parameter 'n' of 'n' must be given: int."),
        (["n.ipynb", "-p", "n"], "'-p' must be NAME=VALUE; got 'n'."),
        (["n.ipynb", "-p", "n=1", "-p", "n=2"], "'-p n=…' is given twice; give it once."),
        (["m.ipynb"], "The notebook 'm.ipynb' does not exist"),
        (["."], "'.' is a folder; give a notebook or a reports.toml."),
        (["n.ipynb", "-p", "n=1", "-o", "n.ipynb"], "The output 'n.ipynb' cannot be a folder; a file is in its place."),
        ([], "The batch 'reports.toml' does not exist; `loyalty-kit new FOLDER`"),
        (["x.toml", "-p", "n=1"], "'-p' is for one notebook; a batch has its parameters in its file."),
        (["x.toml", "-o", "a.html"], "'-o' must be a folder for a batch; got 'a.html'."),
        (["--no-such-option"], "No such option"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_sentence(tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    write_notebook(tmp_path / "n.ipynb", parameters=PARAMETERS)
    done = call("render", *arguments)
    assert done.exit_code == 2
    assert sentence in done.output
    assert names(tmp_path) == ["n.ipynb"]


@pytest.fixture
def two(tmp_path, answered, monkeypatch) -> Path:
    """Folder of a batch of two reports, one of which fails."""
    write_notebook(tmp_path / "n.ipynb")
    reports = "".join(f'[[report]]\nnotebook = "n.ipynb"\nname = "{name}"\n' for name in ("bad", "good"))
    (tmp_path / "reports.toml").write_text(reports, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_only_renders_what_fits_a_pattern(two, answered):
    assert call("render", "--only", "go*").exit_code == 0
    assert answered == [("good", {})]


def test_a_pattern_that_fits_nothing_is_refused(two, answered):
    done = call("render", "--only", "x*")
    assert (done.exit_code, answered) == (2, [])
    assert "No report's name fits 'x*'; there are 'bad', 'good'." in done.output


def test_a_dry_run_says_what_would_happen_and_writes_nothing(two, answered):
    before = names(two)
    done = call("render", "--dry-run")
    assert (done.exit_code, answered) == (0, [])
    assert done.output.splitlines() == ["bad   render: new", "good  render: new"]
    assert names(two) == before


def test_json_is_all_that_is_printed(two):
    done = CliRunner().invoke(app, ["render", "--json"])
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert {name: told[name] for name in ("output", "rendered", "unchanged", "failed")} == {
        "output": "reports",
        "rendered": 1,
        "unchanged": 0,
        "failed": 1,
    }
    fields = ("name", "outcome", "path", "seconds", "size", "key", "error")
    assert [told["reports"][1][name] for name in fields] == [
        "good", "rendered", os.path.join("reports", "good"), 1.25, 52_000, "key", None
    ]  # fmt: skip


def test_a_command_gets_the_summary_of_a_failure(two):
    assert call("render", "--on-failure", "cat > told.json; exit 3").exit_code == 1
    assert json.loads((two / "told.json").read_text("utf-8"))["failed"] == 1


def test_a_command_hears_of_a_batch_that_is_refused(two):
    (two / "reports.toml").write_text("reprot = 3", "utf-8")
    assert call("render", "--on-failure", "cat > told.json").exit_code == 2
    assert "no such key; did you mean 'report'" in json.loads((two / "told.json").read_text("utf-8"))["error"]


def test_reports_that_were_not_started_are_named(two, monkeypatch):
    first = lk.batch.results
    monkeypatch.setattr(lk.batch, "results", lambda *given, **options: itertools.islice(first(*given, **options), 1))
    done = call("render", "--fail-fast")
    assert "Not rendered: good." in done.output.splitlines()


def test_no_command_runs_where_nothing_failed(two):
    assert call("render", "--only", "good", "--on-failure", "touch told.json").exit_code == 0
    assert "told.json" not in names(two)


@pytest.mark.parametrize("option", ["--dry-run", "--fail-fast", "--only=*", "--executor=dask=x"])
def test_what_is_for_a_batch_is_refused_for_one_notebook(two, option):
    done = call("render", "n.ipynb", option)
    assert (done.exit_code, done.output.strip()) == (
        2, f"'{option.partition('=')[0]}' is for a batch; 'n.ipynb' is one notebook."
    )  # fmt: skip


def test_history_lists_the_runs_of_a_report_newest_first(tmp_path):
    with History(tmp_path) as history:
        for outcome in ("rendered", "failed"):
            run = history.begin("spring", key="k" * 64)
            history.finish(run, outcome=outcome, seconds=1.5, error="It broke." if outcome == "failed" else None)
    lines = call("history", "spring", "-o", tmp_path).output.splitlines()
    assert [line.split()[3] for line in lines] == ["outcome", "failed", "rendered"]
    assert lines[1].endswith("It broke.")
    assert [run["outcome"] for run in json.loads(call("history", "-o", tmp_path, "--json").output)] == [
        "failed", "rendered"
    ]  # fmt: skip


def test_history_of_what_never_ran_is_a_sentence(tmp_path):
    assert call("history", "-o", tmp_path).output == f"No run of a report is on record in '{tmp_path}'.\n"


@pytest.mark.parametrize(
    ("kind", "held"), [("cron", "--no-wait"), ("systemd", "[Timer]"), ("github", "jobs:"), ("airflow", "DAG")]
)
def test_schedule_prints_a_unit_for_the_batch(study, kind, held):
    done = call("schedule", f"--{kind}")
    assert done.exit_code == 0
    assert held in done.output


def test_schedule_wants_one_kind(study):
    assert call("schedule").exit_code == call("schedule", "--cron", "--systemd").exit_code == 2


def test_params_as_json_says_what_a_form_needs(tmp_path):
    path = write_notebook(tmp_path / "n.ipynb", parameters='missing: Literal["listwise", "fiml"] = "fiml"  # gaps')
    (entry,) = json.loads(call("params", path, "--json").output)
    assert (entry["name"], entry["choices"], entry["default"], entry["required"], entry["help"]) == (
        "missing", ["listwise", "fiml"], "fiml", False, "gaps"
    )  # fmt: skip


def test_params_lists_name_type_default_and_help(tmp_path):
    path = write_notebook(tmp_path / "n.ipynb", parameters=PARAMETERS)
    assert call("params", path).output.splitlines() == [
        "name        type       default   help",
        'survey      str        "a.csv"   file of answers',
        "screen_out  bool       False",
        "waves       list[int]  []        哪些",
        "n           int        required",
    ]


def test_a_survey_with_something_wrong_ends_with_1_and_a_line_a_problem(study):
    survey = (study / "survey.csv").read_text("utf-8").replace("1001,store,3,3", "1001,store,9,x", 1)
    (study / "survey.csv").write_text(survey, "utf-8")
    done = call("check", "survey.csv", "codebook.toml")
    assert done.exit_code == 1
    assert ["SERV1" in line or "SERV2" in line for line in done.output.splitlines()] == [True, True]


def test_a_codebook_with_something_wrong_ends_with_1(study):
    (study / "codebook.toml").write_text("scales.a.items = []", "utf-8")
    assert call("check", "survey.csv", "codebook.toml").exit_code == 1


@pytest.mark.parametrize("files", [("no.csv", "codebook.toml"), ("survey.csv", "no.toml"), (".", "codebook.toml")])
def test_a_file_that_cannot_be_read_ends_with_2(study, files):
    done = call("check", *files)
    assert (done.exit_code, len(done.output.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (PermissionError(13, "Permission denied", "a.csv"), 2, "'a.csv': Permission denied."),
        (OSError(28, "No space left on device"), 2, "No space left on device."),
        (KeyError("x"), 1, "Unexpected KeyError: 'x' (--debug shows where)"),
        (KeyboardInterrupt(), 130, "Interrupted; nothing was left half-written."),
        (lk.InputError("Bad \x1b[2J text."), 1, "Bad \ufffd[2J text."),
    ],
)
def test_any_error_is_a_sentence_and_a_code(monkeypatch, error, code, sentence):
    def fail(*_):
        raise error

    monkeypatch.setattr(lk, "read_responses", fail)
    done = call("check", FOLDER / "survey.csv", FOLDER / "codebook.toml")
    assert (done.exit_code, done.output) == (code, f"{sentence}\n")


def test_debug_shows_the_traceback_of_an_error(monkeypatch):
    done = call("check", "no.csv", "no.toml", "--debug")
    assert "Traceback (most recent call last)" in done.output


@pytest.mark.parametrize("lines", [["word " * 50] * 40, ["x" * 5000], ["x" * 5000, "y"], ["a"] * 3])
def test_complaints_keep_to_their_room(lines):
    text = shortened(lines)
    shown = [line for line in text.splitlines() if not line.startswith("and ")]
    assert len(text) <= 1500
    assert len(shown) == len(lines) or text.endswith(f"and {len(lines) - len(shown)} more")


def test_help_loads_no_heavy_library():
    heavy = ("pandas", "numpy", "papermill", "nbconvert", "matplotlib", "pydantic")
    code = f"""
import sys
from typer.testing import CliRunner
from loyalty_kit.__main__ import app
done = CliRunner().invoke(app, ["--help"])
assert done.exit_code == 0 and "render" in done.output
assert not set({heavy!r}) & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_batch_without_changes_loads_no_library_of_figures(tmp_path):
    write_notebook(tmp_path / "n.ipynb", "1 + 1", parameters="number: int = 1")
    (tmp_path / "reports.toml").write_text('[[report]]\nnotebook = "n.ipynb"\n')
    assert call("render", tmp_path / "reports.toml", "-o", tmp_path / "out").exit_code == 0
    code = f"""
import sys
from typer.testing import CliRunner
from loyalty_kit.__main__ import app
done = CliRunner().invoke(app, ["render", {str(tmp_path / "reports.toml")!r}, "-o", {str(tmp_path / "out")!r}])
assert done.exit_code == 0 and "unchanged" in done.output, done.output
assert not {{"pandas", "numpy", "matplotlib"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_version_is_told():
    assert call("--version").output == f"loyalty-kit {lk.__version__}\n"
