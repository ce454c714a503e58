"""History of the runs of a folder's reports: what each was made of, what became of it, which figures it recorded."""

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar

from loyalty_kit.core.cells import plain_text
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.machine import commit, versions
from loyalty_kit.core.messages import dumps, loads
from loyalty_kit.publishing.files.publication import MACHINE, alive
from loyalty_kit.publishing.history import schema
from loyalty_kit.publishing.history.requests import PastRun

HISTORY = "history.sqlite"

Outcome = Literal["running", "rendered", "failed", "interrupted"]
Answer = TypeVar("Answer")

RUNS = 12
"""Earlier runs that a report is compared with and that its lines are drawn over."""


@dataclass(frozen=True)
class Course:
    """How a report has gone so far, for the index.

    Attributes
    ----------
    outcome, started, error : str, datetime, str
        Of the last run that ended.
    rendered : datetime or None
        When the last good run was.
    figure : tuple of Estimate
        The first figure that the report records, over its last good runs, oldest first.
    """

    outcome: Outcome
    started: datetime
    error: str
    rendered: datetime | None
    figure: tuple[Estimate, ...]


class History:
    """The history kept in a folder of reports.

    Reports do without it: where it cannot be read or written every answer is empty, nothing is recorded and
    `warning` says why. The file is opened for each call alone, so that processes may be forked in between.

    Parameters
    ----------
    folder : Path
        Folder of the reports; the file is made at the first run.
    keep : int, optional
        Runs a report that are kept when the history is closed, beside as many good ones; all where not given.
    """

    def __init__(self, folder: Path, *, keep: int | None = None) -> None:
        self.path = folder / HISTORY
        self.keep = keep
        self.warning = ""
        self._usable = True

    @cached_property
    def _commit(self) -> str | None:
        return commit()

    def __enter__(self) -> "History":
        """Nothing is opened yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget what is older than is to be kept."""
        if self.keep is not None:
            self.prune(self.keep)

    def begin(
        self,
        report: str,
        *,
        key: str,
        parameters: str | Mapping[str, object] = "{}",
        files: object = (),
        seed: object = None,
    ) -> int | None:
        """Enter a run that begins.

        Parameters
        ----------
        report, key : str
            The report's name; the hash of all that goes into it.
        parameters : str or mapping
            What was given, as JSON or to be written as such.
        files : mapping of str to str
            Hash of each input file.
        seed : object
            Seed of chance, where the notebook has one.

        Returns
        -------
        int or None
            What `finish` knows the run by; None where it cannot be recorded.
        """
        entry = {
            "report": report,
            "key": key,
            "parameters": parameters if isinstance(parameters, str) else _json(parameters),
            "files": _json(files),
            "versions": _json(versions()),
            "commit": self._commit,
            "seed": None if seed is None else str(seed),
            "started": _now().isoformat(timespec="seconds"),
            "outcome": "running",
            "machine": MACHINE,
            "process": os.getpid(),
        }

        def enter(connection: sqlite3.Connection) -> int | None:
            abandoned = [row["id"] for row in connection.execute(schema.RUNNING) if _is_abandoned(row, report)]
            connection.executemany(
                "UPDATE runs SET outcome = 'interrupted' WHERE id = ?", ((run,) for run in abandoned)
            )
            return connection.execute(
                schema.ENTER, {name: schema.text(value) for name, value in entry.items()}
            ).lastrowid

        return self._answer(enter, None, create=True)

    def finish(
        self,
        run: int | None,
        *,
        outcome: Outcome,
        seconds: float,
        size: int = 0,
        error: str | None = None,
        parameters: str | None = None,
        estimates: Sequence[Estimate] = (),
    ) -> None:
        """Enter what became of a run.

        Parameters
        ----------
        run : int or None
            As `begin` gave it.
        outcome : {'rendered', 'failed', 'interrupted'}
            What became of it.
        seconds, size : float, int
            Time that it took; bytes of the page.
        error : str, optional
            What went wrong, in the sentence that may be published: it is kept for good.
        parameters : str, optional
            What was given, where now more of it may be told than when the run began.
        estimates : sequence of Estimate
            What the notebook recorded.
        """

        def enter(connection: sqlite3.Connection) -> None:
            said = schema.text(None if error is None else dumps(error))
            result = (outcome, seconds, size, said, schema.text(parameters), run)
            found = connection.execute(schema.FINISH, result).rowcount
            figures = enumerate(estimates if found else ())
            connection.executemany(schema.RECORD, ((run, place, *schema.fields(figure)) for place, figure in figures))

        if run is not None:
            self._answer(enter, None)

    def past(self, report: str, key: str, runs: int = RUNS) -> tuple[PastRun, ...]:
        """Find earlier good runs that another key went into, oldest first; of neighbours with one key the last.

        A report that is rendered again with the same key is so compared with the same runs.
        """

        def find(connection: sqlite3.Connection) -> tuple[PastRun, ...]:
            rows = connection.execute(schema.GOOD, (schema.text(report), schema.text(key)))
            chosen = [row for row in _collapsed(rows, runs) if _moment(row["started"])]
            return tuple(
                PastRun(row["key"], row["started"], _estimates(connection, row["id"]), str(row["parameters"]))
                for row in chosen
            )

        return self._answer(find, ())

    def recent(self, report: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
        """List the last runs of a report, or of all, newest first, each with the estimates that it recorded."""

        def find(connection: sqlite3.Connection) -> list[dict[str, Any]]:
            rows = connection.execute(
                schema.RECENT, {"report": schema.text(report), "limit": min(limit, schema.MOST)}
            ).fetchall()
            return [_shown(row, _estimates(connection, row["id"])) for row in rows]

        return self._answer(find, [])

    def times(self, report: str) -> dict[str, datetime]:
        """Find when the last run of a report 'started' and when the last good one did ('rendered')."""

        def find(connection: sqlite3.Connection) -> dict[str, datetime]:
            row = connection.execute(schema.TIMES, {"report": schema.text(report)}).fetchone()
            return {name: moment for name in ("started", "rendered") if (moment := _moment(row[name]))}

        return self._answer(find, {})

    def durations(self) -> dict[str, float]:
        """Find how many seconds the last good run of each report took."""

        def find(connection: sqlite3.Connection) -> dict[str, float]:
            return {row["report"]: float(row["seconds"] or 0) for row in connection.execute(schema.DURATIONS)}

        return self._answer(find, {})

    def courses(self, runs: int = RUNS) -> dict[str, Course]:
        """Find how each report has gone so far."""

        def find(connection: sqlite3.Connection) -> dict[str, Course]:
            figures: dict[str, list[sqlite3.Row]] = {}
            for row in connection.execute(schema.FIRST_FIGURES, (3 * runs,)):
                figures.setdefault(row["report"], []).append(row)
            last = connection.execute(schema.LAST).fetchall()
            return {
                row["report"]: _course(row, moment, figures.get(row["report"], []), runs)
                for row in last
                if (moment := _moment(row["started"]))
            }

        return self._answer(find, {})

    def prune(self, keep: int) -> int:
        """Forget all but the last runs of each report and as many good ones; how many are gone is returned."""

        def forget(connection: sqlite3.Connection) -> int:
            return connection.execute(schema.PRUNE, {"keep": keep}).rowcount

        return self._answer(forget, 0)

    def _answer(self, work: Callable[[sqlite3.Connection], Answer], empty: Answer, *, create: bool = False) -> Answer:
        """Do the work in one transaction; `empty` where there is no history or it cannot be used."""
        if not self._usable:
            return empty
        for attempt in (1, 2):
            if not create and not os.path.lexists(self.path):
                return empty
            node = _node(self.path)
            try:
                with schema.opened(self.path) as connection:
                    return work(connection)
            except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
                if attempt == 2 or not schema.is_damaged(error) or not self._set_aside(node):
                    self._usable = False
                    self.warning = (
                        f"The history '{self.path}' cannot be used, so nothing is recorded: {plain_text(str(error))}."
                    )
                    return empty
        return empty

    def _set_aside(self, node: int | None) -> bool:
        """Move a damaged file out of the way, unless another process has done so by now."""
        if node != _node(self.path):
            return True
        stem = self.path.with_suffix("")
        aside = next(path for number in count(1) if not (path := Path(f"{stem}.damaged-{number}.sqlite")).exists())
        try:
            # The file itself last: while it is there, nobody begins a new one beside these.
            for ending in ("-wal", "-shm", ""):
                with suppress(FileNotFoundError):
                    os.rename(f"{self.path}{ending}", f"{aside}{ending}")
        except OSError:
            return False
        self.warning = f"The history was damaged; it is kept as '{aside.name}', and a new one is begun."
        return True


def _now() -> datetime:
    return datetime.now().astimezone()


def _node(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _json(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _moment(text: object) -> datetime | None:
    """Time of an ISO text with its offset; None for anything else."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _is_abandoned(row: sqlite3.Row, report: str | None = None) -> bool:
    """Whether nobody works on an unfinished run: its process is dead, or its report begins anew here."""
    if row["machine"] == MACHINE and row["process"] != os.getpid():
        return not alive(row["process"])
    return bool(row["report"] == report)


def _collapsed(rows: Iterable[sqlite3.Row], runs: int) -> list[sqlite3.Row]:
    """Of rows newest first the last ones with different keys, oldest first."""
    chosen: list[sqlite3.Row] = []
    for row in rows:
        if not chosen or chosen[-1]["key"] != row["key"]:
            chosen.append(row)
        if len(chosen) > runs:
            break
    return chosen[:runs][::-1]


def _estimates(connection: sqlite3.Connection, run: int) -> tuple[Estimate, ...]:
    return tuple(map(schema.estimate, connection.execute(schema.FIGURES, (run,))))


def _shown(row: sqlite3.Row, estimates: tuple[Estimate, ...]) -> dict[str, Any]:
    """Run as the command line shows it."""
    run = {name: row[name] for name in row.keys() if name not in ("machine", "process")}
    if row["outcome"] == "running" and _is_abandoned(row):
        run["outcome"] = "interrupted"
    run["error"] = None if row["error"] is None else str(loads(row["error"]))
    for name in ("parameters", "files", "versions"):
        with suppress(ValueError):
            run[name] = json.loads(run[name])
    return run | {"estimates": [dict(figure.__dict__) for figure in estimates]}


def _course(row: sqlite3.Row, started: datetime, figures: Iterable[sqlite3.Row], runs: int) -> Course:
    chosen = _collapsed(figures, runs)
    same = (figure for figure in chosen if figure["name"] is not None and figure["name"] == chosen[-1]["name"])
    return Course(
        outcome=row["outcome"],
        started=started,
        error=loads(row["error"] or ""),
        rendered=_moment(row["rendered"]),
        figure=tuple(map(schema.estimate, same)),
    )
