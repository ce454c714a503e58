"""The file of the history: its tables, its statements, and how it is opened."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

from loyalty_kit.core.estimates import Estimate
from loyalty_kit.publishing.files.reading import is_regular

VERSION = 1
"""Version of the tables; a file that says a higher one comes from a newer kit and is left alone."""

MOST = 2**63 - 1
"""The largest whole number that SQLite knows."""

_PATIENCE = 2.0
_WORK_SECONDS, _STEPS = 10.0, 10_000
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_LACKING = ("no such table", "no such column", "has no column named", "values were supplied")
_UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)

# Runs are ordered by id and never by time: clocks are set back.
_TABLES = (
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, report TEXT NOT NULL, key TEXT NOT NULL, parameters TEXT NOT NULL,
        files TEXT NOT NULL, versions TEXT NOT NULL, "commit" TEXT, seed TEXT, started TEXT NOT NULL, seconds REAL,
        outcome TEXT NOT NULL CHECK (outcome IN ('running', 'rendered', 'failed', 'interrupted')), error TEXT,
        size INTEGER, machine TEXT NOT NULL, process INTEGER NOT NULL)""",
    """CREATE TABLE estimates (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, place INTEGER NOT NULL, name TEXT NOT NULL,
        label TEXT NOT NULL, estimate REAL NOT NULL, ci_low REAL, ci_high REAL, n INTEGER, PRIMARY KEY (run, place))
        WITHOUT ROWID""",
    "CREATE INDEX runs_by_report ON runs (report, outcome, id)",
    "CREATE INDEX runs_by_outcome ON runs (outcome)",
)

FOREIGN = "SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index') LIMIT 1"
ENTER = """INSERT INTO runs
    (report, key, parameters, files, versions, "commit", seed, started, outcome, machine, process) VALUES
    (:report, :key, :parameters, :files, :versions, :commit, :seed, :started, :outcome, :machine, :process)"""
RUNNING = "SELECT id, report, machine, process FROM runs WHERE outcome = 'running'"
DURATIONS = "SELECT report, seconds, MAX(id) FROM runs WHERE outcome = 'rendered' GROUP BY report"
FINISH = """UPDATE runs SET outcome = ?, seconds = ?, size = ?, error = ?, parameters = COALESCE(?, parameters)
    WHERE id = ?"""
RECORD = "INSERT OR REPLACE INTO estimates VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
FIGURES = "SELECT name, label, estimate, ci_low, ci_high, n FROM estimates WHERE run = ? ORDER BY place"
GOOD = """SELECT id, key, started, parameters FROM runs WHERE report = ? AND outcome = 'rendered' AND key != ?
    ORDER BY id DESC"""
RECENT = "SELECT * FROM runs WHERE :report IS NULL OR report = :report ORDER BY id DESC LIMIT :limit"
TIMES = """SELECT
    (SELECT started FROM runs WHERE report = :report ORDER BY id DESC LIMIT 1) AS started,
    (SELECT started FROM runs WHERE report = :report AND outcome = 'rendered' ORDER BY id DESC LIMIT 1) AS rendered"""
LAST = """SELECT report, outcome, started, error,
    (SELECT started FROM runs AS good WHERE good.report = runs.report AND good.outcome = 'rendered'
        ORDER BY id DESC LIMIT 1) AS rendered
    FROM runs WHERE id IN (SELECT max(id) FROM runs WHERE outcome != 'running' GROUP BY report)"""
FIRST_FIGURES = """SELECT good.report, good.key, name, label, estimate, ci_low, ci_high, n
    FROM (SELECT id, report, key, row_number() OVER (PARTITION BY report ORDER BY id DESC) AS place
        FROM runs WHERE outcome = 'rendered') AS good
    LEFT JOIN estimates ON run = good.id AND estimates.place = 0
    WHERE good.place <= ? ORDER BY good.report, good.id DESC"""
PRUNE = """DELETE FROM runs WHERE outcome != 'running' AND id NOT IN (
    SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY report ORDER BY id DESC) AS place FROM runs)
        WHERE place <= :keep
    UNION SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY report ORDER BY id DESC) AS place
        FROM runs WHERE outcome = 'rendered') WHERE place <= :keep)"""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction on the file, made with its tables where it is absent; read only where no more is allowed.

    Raises
    ------
    sqlite3.Error
        If the file cannot be read or written, is damaged, comes from a newer kit, or stays locked.
    """
    _check_files(path)
    connection = _begun(path)
    try:
        connection.row_factory = sqlite3.Row
        try:
            _check_own(connection)
            _lay_out(connection)
            yield connection
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    finally:
        connection.close()


def _check_files(path: Path) -> None:
    """Refuse what is no ordinary file: a link could lead to any file of this user, a pipe would be waited for."""
    if path.is_symlink():
        raise sqlite3.OperationalError("it is a link to another place")
    for ending in ("", "-wal", "-shm", "-journal"):
        place = Path(f"{path}{ending}")
        if os.path.lexists(place) and not is_regular(place):
            raise sqlite3.OperationalError(f"'{place.name}' is no ordinary file")


def _check_own(connection: sqlite3.Connection) -> None:
    """Refuse what the kit never makes, and what could run without end or speak in its place."""
    if connection.execute(FOREIGN).fetchone():
        raise sqlite3.OperationalError("it holds views or triggers, which the kit never makes; take them out")


def _limited(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Let a connection end what takes too long, and nothing risky run that the file itself defines."""
    end = monotonic() + _WORK_SECONDS
    connection.set_progress_handler(lambda: monotonic() > end, _STEPS)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _begun(path: Path) -> sqlite3.Connection:
    """Begin a transaction; where nothing may be written, on a file that is taken not to change meanwhile."""
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        _limited(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        # Where the file system cannot do it the journal of old serves as well.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        return connection
    except sqlite3.Error as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in _UNWRITABLE or not path.exists():
            raise
    connection = _limited(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None))
    connection.execute("BEGIN")
    return connection


def is_damaged(error: Exception) -> bool:
    """Whether an error says that the file is no whole database, or lacks what its version has."""
    if not isinstance(error, sqlite3.Error):
        return False
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return kind in _DAMAGE or (kind == sqlite3.SQLITE_ERROR and any(words in str(error) for words in _LACKING))


def text(value: Any) -> Any:
    """Text that the file can hold; anything else as it is."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value


def fields(figure: Estimate) -> tuple[Any, ...]:
    """Estimate as the table has it, from its name on."""
    return (text(figure.name), text(figure.label), figure.estimate, figure.ci_low, figure.ci_high, figure.n)


def estimate(row: sqlite3.Row) -> Estimate:
    """Estimate of a row of the table."""
    low, high = (None if row[end] is None else float(row[end]) for end in ("ci_low", "ci_high"))
    n = None if row["n"] is None else int(row["n"])
    return Estimate(str(row["name"]), float(row["estimate"]), low, high, n, str(row["label"]))


def _lay_out(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        raise sqlite3.NotSupportedError("it was written by a newer loyalty_kit")
    if found < VERSION:
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
