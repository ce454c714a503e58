"""Faults: killed in mid-run, rendered at once, fed with rubbish; no harm and no traceback."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import passing_files
from small_notebooks import names, write_notebook
from starter import FOLDER
from typer.testing import CliRunner

from loyalty_kit.__main__ import app
from loyalty_kit.publishing.files.publication import sweep

PATIENCE = 120
SLEEP = """import os, time
from pathlib import Path
Path(marker + ".part").write_text(str(os.getpid()))
os.rename(marker + ".part", marker)
time.sleep(600)"""
SURVEY, CODEBOOK = (FOLDER / name for name in ("survey.csv", "codebook.toml"))


@pytest.fixture
def passing() -> Iterator[Path]:
    """Folder for passing files of the runs below."""
    with passing_files() as folder:
        yield folder


def rendering(notebook: Path, output: Path, *parameters: str) -> subprocess.Popen:
    """A process that renders."""
    options = [part for text in parameters for part in ("-p", text)]
    return subprocess.Popen(
        [sys.executable, "-m", "loyalty_kit", "render", notebook, "-o", output, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(condition) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def running(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_killed_run_leaves_the_old_report_and_nothing_else(tmp_path, passing):
    output, marker = tmp_path / "reports", tmp_path / "marker"
    output.mkdir()
    (output / "sleepy.html").write_text("the old report")
    notebook = write_notebook(tmp_path / "sleepy.ipynb", SLEEP, parameters='marker: str = ""')
    process = rendering(notebook, output, f"marker={marker}")
    assert wait_until(marker.exists), process.communicate(timeout=1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [name for name in names(output) if not name.startswith("history")] == ["sleepy.html"]
    assert (output / "sleepy.html").read_text() == "the old report"
    assert wait_until(lambda: not running(int(marker.read_text()))), "the kernel outlived its run"
    sweep(passing)
    assert names(passing) == []


def test_an_interrupted_run_ends_its_kernel_and_leaves_nothing(tmp_path, passing):
    output, marker = tmp_path / "reports", tmp_path / "marker"
    notebook = write_notebook(tmp_path / "sleepy.ipynb", SLEEP, parameters='marker: str = ""')
    process = rendering(notebook, output, f"marker={marker}")
    assert wait_until(marker.exists), process.communicate(timeout=1)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaint) == (130, "Interrupted; nothing was left half-written.\n")
    assert not running(int(marker.read_text()))
    assert names(passing) == []
    assert [name for name in names(output) if not name.startswith("history")] == []


def test_two_renders_at_once_into_one_folder_both_land(tmp_path):
    output = tmp_path / "reports"
    notebooks = [write_notebook(tmp_path / f"{name}.ipynb", "1 + 1", title=f"Report {name}") for name in "ab"]
    processes = [rendering(notebook, output) for notebook in notebooks]
    told = [process.communicate(timeout=PATIENCE) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], told
    assert names(output) == ["a.html", "b.html", "history.sqlite", "index.html"]
    index = (output / "index.html").read_text("utf-8")
    assert "Report a" in index and "Report b" in index


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Content with pieces cut out and others put in."""
    piece = st.binary(max_size=12) | st.sampled_from([b"", b"\n", b",", b'"', b"[", b"=", b"\0", b"\xff", b"9" * 400])
    cut = st.tuples(st.integers(0, len(content)), st.integers(0, 60), piece)

    def apply(cuts: list[tuple[int, int, bytes]]) -> bytes:
        text = content
        for place, length, new in cuts:
            text = text[:place] + new + text[place + length :]
        return text

    return st.lists(cut, min_size=1, max_size=4).map(apply) | st.binary(max_size=200)


def check_is_a_sentence(survey: Path, codebook: Path) -> None:
    done = CliRunner().invoke(app, ["check", str(survey), str(codebook)])
    assert done.exit_code in (0, 1, 2)
    assert done.output.strip()
    assert "Traceback" not in done.output and "Unexpected" not in done.output
    # What is wrong is told in short; where nothing is, a table has a line for each column.
    assert len(done.output if done.exit_code else done.stderr) <= 1501


fuzzed = settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzzed
@given(content=damaged(CODEBOOK.read_bytes()))
def test_a_damaged_codebook_gives_a_sentence(tmp_path, content):
    (tmp_path / "codebook.toml").write_bytes(content)
    check_is_a_sentence(SURVEY, tmp_path / "codebook.toml")


@fuzzed
@given(content=damaged(SURVEY.read_bytes()))
def test_a_damaged_survey_gives_a_sentence(tmp_path, content):
    (tmp_path / "survey.csv").write_bytes(content)
    check_is_a_sentence(tmp_path / "survey.csv", CODEBOOK)
