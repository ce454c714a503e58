"""A folder that others write to: what they plant there neither holds a run up nor speaks in the kit's place."""

import os
import signal
import sqlite3

import pytest
from small_notebooks import write_notebook

import loyalty_kit as lk
from loyalty_kit.publishing.cover.folder import page_facts
from loyalty_kit.publishing.cover.index import write_index
from loyalty_kit.publishing.history.history import HISTORY, History

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX's")

ENDLESS = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r"
ESCAPE = "\x1b[2J\x1b]0;title\x07"


@pytest.fixture(autouse=True)
def limit():
    """End a test that waits for a pipe."""

    def late(*_):
        raise TimeoutError("It was held up.")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "out"
    place.mkdir()
    return place


def recorded(folder):
    """History with one good run."""
    with History(folder) as history:
        history.finish(history.begin("a", key="k"), outcome="rendered", seconds=1.0)
    return folder / HISTORY


def change(file, *statements):
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_page_and_an_index_that_are_pipes_are_passed_over_and_replaced(tmp_path, folder):
    for name in ("n.html", "index.html", "other.html", "n.failed.html"):
        os.mkfifo(folder / name)
    result = lk.render(write_notebook(tmp_path / "n.ipynb", "1"), folder)
    assert (result.outcome, result.path.is_file(), (folder / "index.html").is_file()) == ("rendered", True, True)
    assert "n.html" in (folder / "index.html").read_text("utf-8")
    assert page_facts(folder / "other.html") == {}


def test_a_failure_does_not_wait_for_a_good_page_that_is_a_pipe(tmp_path, folder):
    os.mkfifo(folder / "n.html")
    result = lk.render(write_notebook(tmp_path / "n.ipynb", "1 / 0"), folder)
    assert (result.outcome, result.path.name) == ("failed", "n.failed.html")


def test_a_page_that_is_a_device_is_passed_over(tmp_path, folder):
    (folder / "zero.html").symlink_to("/dev/zero")
    write_index(folder, scratch=tmp_path)
    assert "zero" not in (folder / "index.html").read_text("utf-8")


@pytest.mark.parametrize("ending", ["", "-wal", "-journal"])
def test_a_history_that_is_a_pipe_is_told_and_not_waited_for(folder, ending):
    recorded(folder) if ending else None
    os.mkfifo(folder / f"{HISTORY}{ending}")
    history = History(folder)
    assert (history.courses(), history.begin("a", key="k")) == ({}, None)
    assert f"'{HISTORY}{ending}' is no ordinary file" in history.warning


@pytest.mark.parametrize(
    "statements",
    [
        ("ALTER TABLE runs RENAME TO old", f"CREATE VIEW runs AS SELECT old.* FROM old, ({ENDLESS})"),
        (f"CREATE TRIGGER t BEFORE INSERT ON runs BEGIN SELECT ({ENDLESS}); END",),
        (f"CREATE TRIGGER t BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, '{ESCAPE}Batch approved'); END",),
    ],
    ids=["endless view", "endless trigger", "speaking trigger"],
)
def test_views_and_triggers_of_others_are_told_and_never_run(folder, statements):
    change(recorded(folder), *statements)
    history = History(folder)
    assert (history.begin("a", key="k"), history.courses(), history.recent()) == (None, {}, [])
    assert "it holds views or triggers, which the kit never makes; take them out" in history.warning
    assert "approved" not in history.warning


def test_work_on_a_history_that_takes_too_long_is_ended(folder, monkeypatch):
    monkeypatch.setattr("loyalty_kit.publishing.history.schema._WORK_SECONDS", 0.2)
    monkeypatch.setattr("loyalty_kit.publishing.history.schema.DURATIONS", ENDLESS)
    recorded(folder)
    history = History(folder)
    assert (history.durations(), "interrupted" in history.warning) == ({}, True)


def test_no_code_for_the_terminal_passes_through_a_warning(folder, monkeypatch):
    monkeypatch.setattr("loyalty_kit.publishing.history.schema.DURATIONS", f'SELECT 1 FROM "{ESCAPE}x"')
    recorded(folder)
    history = History(folder)
    history.durations()
    assert history.warning.isprintable()
    assert "cannot be used" in history.warning or "damaged" in history.warning
