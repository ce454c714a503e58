"""History: keeps every run; whatever happens to its file costs the history and nothing else."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from small_notebooks import names

from loyalty_kit.core.estimates import Estimate
from loyalty_kit.publishing.history import history as module
from loyalty_kit.publishing.history import schema
from loyalty_kit.publishing.history.history import HISTORY, History

LOYALTY = Estimate("loyalty", 61.25, 59.0, 63.5, 412, "忠诚度")
NPS = Estimate("nps", 23.0)


def run(history: History, report: str = "a", key: str = "1", outcome: str = "rendered", **more) -> int | None:
    number = history.begin(report, key=key, parameters={"bootstrap": 100})
    history.finish(number, outcome=outcome, seconds=1.5, **{"estimates": (LOYALTY, NPS), **more})
    return number


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def test_a_run_is_kept_whole(history):
    number = history.begin("a", key="k", parameters='{"wave": 2}', files={"数据.csv": "abc"}, seed=7)
    history.finish(number, outcome="rendered", seconds=1.5, size=900, estimates=(LOYALTY, NPS))
    (kept,) = history.recent("a")
    assert datetime.fromisoformat(kept["started"]).tzinfo
    assert {"loyalty-kit", "numpy", "Python"} <= set(kept["versions"])
    assert {name: kept[name] for name in ("report", "key", "parameters", "files", "seed", "seconds", "outcome")} == {
        "report": "a",
        "key": "k",
        "parameters": {"wave": 2},
        "files": {"数据.csv": "abc"},
        "seed": "7",
        "seconds": 1.5,
        "outcome": "rendered",
    }
    assert [figure["label"] for figure in kept["estimates"]] == ["忠诚度", ""]


def test_past_gives_good_runs_with_another_key_oldest_first(history):
    for key, outcome in [("1", "rendered"), ("2", "failed"), ("3", "rendered"), ("4", "rendered")]:
        run(history, key=key, outcome=outcome)
    run(history, report="b", key="5")
    past = history.past("a", "4")
    assert [earlier.key for earlier in past] == ["1", "3"]
    assert past[0].estimates == (LOYALTY, NPS)
    assert json.loads(past[0].parameters) == {"bootstrap": 100}


def test_neighbours_with_one_key_are_one_run(history):
    for key in ("1", "1", "2", "now", "2", "1"):
        run(history, key=key)
    assert [earlier.key for earlier in history.past("a", "now")] == ["1", "2", "1"]


def test_the_same_key_again_has_the_same_past(history):
    for key in ("1", "2"):
        run(history, key=key)
    before = history.past("a", "3")
    for _ in range(3):
        run(history, key="3")
    assert history.past("a", "3") == before


def test_past_is_no_longer_than_asked(history):
    for key in range(5):
        run(history, key=str(key))
    assert [earlier.key for earlier in history.past("a", "x", 2)] == ["3", "4"]


def test_a_clock_set_back_does_not_change_the_order(history, monkeypatch):
    for day in range(3):
        moment = datetime.now().astimezone() - timedelta(days=day)
        monkeypatch.setattr(module, "_now", lambda moment=moment: moment)
        run(history, key=str(day))
    assert [earlier.key for earlier in history.past("a", "x")] == ["0", "1", "2"]
    assert [kept["key"] for kept in history.recent()] == ["2", "1", "0"]
    assert history.times("a")["rendered"] == moment.replace(microsecond=0)


def test_the_run_of_a_dead_process_becomes_interrupted(tmp_path, history):
    code = f"from loyalty_kit.publishing.history.history import *; History(Path({str(tmp_path)!r})).begin('b', key='1')"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert [kept["outcome"] for kept in history.recent()] == ["interrupted"]
    run(history)
    with sqlite3.connect(tmp_path / HISTORY) as connection:
        assert connection.execute("SELECT outcome FROM runs ORDER BY id").fetchall() == [
            ("interrupted",),
            ("rendered",),
        ]
    connection.close()


def test_the_run_of_a_living_process_stays(tmp_path, history):
    code = (
        "import time; from loyalty_kit.publishing.history.history import *; "
        f"History(Path({str(tmp_path)!r})).begin('b', key='1'); print(1, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
        other.stdout.read(1)
        run(history)
        assert [kept["outcome"] for kept in history.recent("b")] == ["running"]
        other.kill()


def test_a_run_that_never_ended_is_interrupted_when_its_report_begins_again(history):
    history.begin("a", key="1")
    history.begin("b", key="1")
    history.begin("a", key="2")
    assert [kept["outcome"] for kept in history.recent()] == ["running", "running", "interrupted"]


def test_retention_keeps_the_last_runs_and_as_many_good_ones(tmp_path):
    with History(tmp_path, keep=2) as history:
        for key, outcome in enumerate(["rendered", "rendered", "rendered", "failed", "failed", "failed"]):
            run(history, key=str(key), outcome=outcome)
        run(history, report="b")
    assert [kept["key"] for kept in history.recent("a")] == ["5", "4", "2", "1"]
    with sqlite3.connect(tmp_path / HISTORY) as connection:
        assert connection.execute("SELECT count(DISTINCT run) FROM estimates").fetchone() == (5,)
    connection.close()


def test_a_number_is_never_given_twice(history):
    first = run(history)
    history.prune(0)
    assert run(history) != first


def test_nothing_is_made_by_asking(tmp_path, history):
    assert (history.past("a", "1"), history.recent(), history.times("a"), history.courses()) == ((), [], {}, {})
    assert history.prune(3) == 0
    assert names(tmp_path) == []
    assert history.warning == ""


def test_nothing_is_left_beside_the_file(tmp_path, history):
    run(history)
    history.recent()
    assert names(tmp_path) == [HISTORY]


def test_the_file_is_written_ahead(tmp_path, history):
    run(history)
    with sqlite3.connect(tmp_path / HISTORY) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def spoil_header(path: Path) -> None:
    path.write_bytes(b"no database " * 400)


def spoil_pages(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + bytes(reversed(whole[4096:])))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


@pytest.mark.parametrize("spoil", [spoil_header, spoil_pages, cut])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path, spoil):
    for key in range(20):
        run(History(tmp_path), key=str(key))
    spoil(tmp_path / HISTORY)
    damaged = (tmp_path / HISTORY).read_bytes()
    history = History(tmp_path)
    run(history, key="new")
    assert "history.damaged-1.sqlite" in history.warning
    assert [kept["key"] for kept in History(tmp_path).recent()] == ["new"]
    assert (tmp_path / "history.damaged-1.sqlite").read_bytes() == damaged
    assert names(tmp_path) == ["history.damaged-1.sqlite", HISTORY]


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder in which nobody may write; for root a mount, since no mode binds it."""
    if os.geteuid():
        folder.chmod(0o500)
        (folder / HISTORY).chmod(0o400)
        yield
        folder.chmod(0o700)
        return
    for options in (["--bind", folder, folder], ["-o", "remount,ro,bind", folder]):
        mounted = subprocess.run(["mount", *options], capture_output=True, text=True)
        if mounted.returncode:
            pytest.skip(f"no folder may be mounted: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.skipif(os.name != "posix", reason="modes and mounts of POSIX")
def test_a_history_that_may_not_be_written_can_be_read(tmp_path):
    folder = tmp_path / "read only?"
    folder.mkdir()
    run(History(folder))
    with read_only(folder), History(folder) as history:
        assert [row["report"] for row in history.recent()] == ["a"]
        assert history.warning == ""
        assert history.begin("b", key="1") is None
        assert "cannot be used" in history.warning
    assert names(folder) == [HISTORY]


def test_damaged_files_do_not_replace_each_other(tmp_path):
    for _ in range(2):
        (tmp_path / HISTORY).write_bytes(b"no database " * 400)
        run(History(tmp_path))
    assert names(tmp_path) == ["history.damaged-1.sqlite", "history.damaged-2.sqlite", HISTORY]


@pytest.mark.parametrize(
    "spoil",
    [
        "DROP TABLE estimates",
        "DROP TABLE runs",
        "ALTER TABLE estimates RENAME COLUMN label TO other",
        "ALTER TABLE runs RENAME COLUMN seed TO other",
        "ALTER TABLE estimates DROP COLUMN n",
    ],
)
def test_a_file_that_lacks_a_table_or_a_column_is_set_aside(tmp_path, history, spoil):
    run(history)
    with sqlite3.connect(tmp_path / HISTORY) as connection:
        connection.execute(spoil)
    connection.close()
    history = History(tmp_path)
    for _ in range(2):  # the run that comes upon it may go with it
        history.courses()
        run(history)
    assert names(tmp_path) == ["history.damaged-1.sqlite", HISTORY]
    assert "history.damaged-1.sqlite" in history.warning
    assert history.recent()


def test_no_number_is_too_large_to_ask_for(history):
    run(history)
    assert len(history.recent(limit=10**20)) == 1
    assert history.warning == ""


def test_damage_during_a_batch_costs_the_runs_so_far(tmp_path, history):
    number = history.begin("a", key="1")
    (tmp_path / HISTORY).write_bytes(b"no database " * 400)
    history.finish(number, outcome="rendered", seconds=1.0, estimates=(LOYALTY,))
    run(history, key="2")
    assert [kept["key"] for kept in history.recent()] == ["2"]


def unusable(history: History) -> None:
    """Every answer is empty, one sentence says why, and nothing is waited for twice."""
    began = time.monotonic()
    assert run(history) is None
    assert (history.past("a", "1"), history.recent(), history.times("a"), history.courses()) == ((), [], {}, {})
    assert history.prune(1) == 0
    assert history.warning.endswith(".")
    assert time.monotonic() - began < 5


def test_a_file_of_a_newer_kit_is_left_alone(tmp_path, history):
    run(history)
    with sqlite3.connect(tmp_path / HISTORY) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    before = (tmp_path / HISTORY).read_bytes()
    unusable(History(tmp_path))
    assert (tmp_path / HISTORY).read_bytes() == before


def test_a_locked_file_is_not_waited_for_long(tmp_path, history, monkeypatch):
    monkeypatch.setattr(schema, "_PATIENCE", 0.2)
    run(history)
    connection = sqlite3.connect(tmp_path / HISTORY, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    unusable(History(tmp_path))
    connection.close()
    assert len(History(tmp_path).recent()) == 1


def test_a_folder_in_its_place_costs_only_the_history(tmp_path, history):
    (tmp_path / HISTORY).mkdir()
    unusable(history)


def test_a_file_with_other_tables_costs_only_the_history(tmp_path, history):
    with sqlite3.connect(tmp_path / HISTORY) as connection:
        connection.execute("CREATE TABLE runs (x)")
    connection.close()
    unusable(history)


def test_a_folder_that_cannot_be_written_costs_only_the_history(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o500)
    unusable(History(tmp_path))
    tmp_path.chmod(0o700)


def test_a_missing_folder_costs_only_the_history(tmp_path):
    assert History(tmp_path / "none").begin("a", key="1") is None


class Poor(sqlite3.Connection):
    """A file system that cannot share memory between processes, as many networks' cannot."""

    def execute(self, statement, *more):
        if "journal_mode = WAL" in statement:
            raise sqlite3.OperationalError("locking protocol")
        return super().execute(statement, *more)


def test_where_writing_ahead_is_impossible_the_journal_of_old_serves(tmp_path, history, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(schema.sqlite3, "connect", lambda *given, **named: connect(*given, factory=Poor, **named))
    run(history)
    assert len(history.recent()) == 1
    assert (history.warning, names(tmp_path)) == ("", [HISTORY])


class Full(sqlite3.Connection):
    """A disk without room."""

    def execute(self, statement, *more):
        if statement.startswith("INSERT"):
            raise sqlite3.OperationalError("database or disk is full")
        return super().execute(statement, *more)


def test_a_full_disk_costs_only_the_history(tmp_path, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(schema.sqlite3, "connect", lambda *given, **named: connect(*given, factory=Full, **named))
    unusable(History(tmp_path))


def test_a_damaged_file_is_set_aside_once_by_processes_at_once(tmp_path):
    (tmp_path / HISTORY).write_bytes(b"no database " * 400)
    code = (
        "from loyalty_kit.publishing.history.history import *\n"
        f"history = History(Path({str(tmp_path)!r}))\n"
        "history.finish(history.begin('a', key='1'), outcome='rendered', seconds=1.0)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(History(tmp_path).recent()) == 3
    assert names(tmp_path) == ["history.damaged-1.sqlite", HISTORY]


def test_values_that_no_run_can_have_cost_only_the_history(tmp_path, history):
    run(history)
    with sqlite3.connect(tmp_path / HISTORY) as connection:
        connection.execute("UPDATE estimates SET estimate = 'text'")
        connection.execute("UPDATE runs SET started = 'once'")
    connection.close()
    assert (history.past("a", "2"), history.times("a"), history.courses()) == ((), {}, {})
    assert history.recent() == []
    assert history.warning


def test_text_that_is_no_unicode_is_kept(history):
    run(history, report="\udcff", error="no \udcff")
    assert history.recent("\udcff")[0]["error"] == "no \\udcff"


def test_processes_write_at_once(tmp_path):
    code = (
        "from loyalty_kit.publishing.history.history import *\n"
        f"history = History(Path({str(tmp_path)!r}))\n"
        "for key in range(15):\n"
        "    history.finish(history.begin('a', key=str(key)), outcome='rendered', seconds=1.0)\n"
        "assert not history.warning, history.warning"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    kept = History(tmp_path).recent(limit=100)
    assert len(kept) == 45
    assert {one["outcome"] for one in kept} == {"rendered"}
    assert names(tmp_path) == [HISTORY]


def test_a_killed_writer_leaves_a_whole_file(tmp_path, history):
    run(history, key="before")
    code = (
        "import itertools; from loyalty_kit.publishing.history.history import *\n"
        f"history = History(Path({str(tmp_path)!r})); print(1, flush=True)\n"
        "for key in itertools.count():\n"
        "    history.finish(history.begin('b', key=str(key)), outcome='rendered', seconds=1.0)"
    )
    for wait in (0.01, 0.03, 0.06):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as writer:
            writer.stdout.read(1)
            time.sleep(wait)
            writer.kill()
        after = History(tmp_path)
        run(after, key="after")
        assert after.warning == ""
    assert [kept["key"] for kept in history.recent("a")] == ["after", "after", "after", "before"]
    assert names(tmp_path) == [HISTORY]


def test_a_course_has_the_last_outcome_and_the_first_figure(history):
    for key, value in enumerate((1.0, 1.0, 2.0, 3.0)):
        run(history, key=str(max(key, 1)), estimates=(Estimate("first", value), NPS))
    run(history, key="9", outcome="failed", error="No.", estimates=())
    history.begin("a", key="10")
    course = history.courses()["a"]
    assert (course.outcome, course.error) == ("failed", "No.")
    assert [figure.estimate for figure in course.figure] == [1, 2, 3]
    assert course.rendered <= course.started


def test_a_course_leaves_out_what_was_first_before(history):
    run(history, key="1", estimates=(NPS,))
    run(history, key="2", estimates=(LOYALTY,))
    run(history, report="b", estimates=())
    courses = history.courses()
    assert [figure.name for figure in courses["a"].figure] == ["loyalty"]
    assert courses["b"].figure == ()


def test_a_copy_in_another_folder_is_a_history(tmp_path, history):
    run(history)
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / HISTORY, tmp_path / "copy")
    assert len(History(tmp_path / "copy").recent()) == 1


def test_the_time_of_the_last_good_run_is_known(tmp_path):
    history = History(tmp_path)
    for name, outcome, seconds in (
        ("a", "rendered", 9.0),
        ("a", "rendered", 2.0),
        ("a", "failed", 5.0),
        ("b", "failed", 1.0),
    ):
        history.finish(history.begin(name, key="k"), outcome=outcome, seconds=seconds)
    assert history.durations() == {"a": 2.0}


def test_what_was_given_may_be_told_whole_once_a_run_has_ended(history):
    told, untold = '{"only": ["channel = web"]}', '{"only": ["channel = …"]}'
    good, bad = (history.begin(name, key="k", parameters=untold) for name in ("good", "bad"))
    history.finish(good, outcome="rendered", seconds=1.0, parameters=told)
    history.finish(bad, outcome="failed", seconds=1.0)
    kept = {run["report"]: run["parameters"] for run in history.recent()}
    assert kept == {"good": {"only": ["channel = web"]}, "bad": {"only": ["channel = …"]}}
