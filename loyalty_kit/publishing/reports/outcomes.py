"""What becomes of a report: published whole, left as it is because nothing changed, or failed and said to be."""

import logging
import os
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from loyalty_kit.core.messages import foreign, message
from loyalty_kit.core.tables import TableData
from loyalty_kit.publishing.cover.folder import FAILURE, REPORT, page_facts
from loyalty_kit.publishing.files.publication import publish
from loyalty_kit.publishing.files.reading import is_regular, read_regular
from loyalty_kit.publishing.history.history import History
from loyalty_kit.publishing.history.requests import Failure, RenderRequest, RenderResponse
from loyalty_kit.publishing.pages.failure import BANNER_TAG, failure_page, with_banner
from loyalty_kit.publishing.reports.jobs import Job
from loyalty_kit.publishing.reports.keys import ReportKey, changed_files

Outcome = Literal["rendered", "unchanged", "failed"]

_WARN = logging.getLogger("loyalty_kit").warning

ATTACHMENTS = (".pdf", ".xlsx")
"""Endings of files that are made of a report and lie beside it."""


@dataclass(frozen=True)
class RenderResult:
    """What became of a report.

    Attributes
    ----------
    name, title : str
        File name without its ending; title in the index.
    outcome : str
        'rendered', 'unchanged' (all that goes into it is as it was, so nothing ran) or 'failed'.
    path : Path or None
        The report or, where it failed, the page that tells why; None where not even that could be written.
    seconds : float
        Time from start to publication.
    size : int
        Bytes of that file.
    key : str
        Hash of all that goes into the report.
    error : str or None
        What went wrong, in a sentence without respondents.
    traceback : str
        The long account of it.
    terminal_message : str
        The sentence for the terminal of whoever ran it, which may name respondents.
    tables : tuple of TableData
        Data behind the tables of a report that ran, for a workbook beside it.
    language : str
        Language of the report.
    left_out : tuple of str
        What its page names and does not show, such as interactive figures, in sentences.
    """

    name: str
    title: str
    outcome: Outcome
    path: Path | None
    seconds: float
    size: int
    key: str = ""
    error: str | None = None
    traceback: str = field(default="", repr=False)
    terminal_message: str = field(default="", repr=False)
    tables: tuple[TableData, ...] = field(default=(), repr=False)
    language: str = "en"
    left_out: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Fields as JSON knows them, without those that may name respondents."""
        left_out = ("terminal_message", "traceback", "tables", "language")
        fields = {name: value for name, value in self.__dict__.items() if name not in left_out}
        return fields | {"path": None if self.path is None else str(self.path), "seconds": round(self.seconds, 3)}


@dataclass(frozen=True)
class StartedRun:
    """A report that is about to run: what goes into it, and its place in history.

    Attributes
    ----------
    job : Job
        The report.
    key : ReportKey
        Hash of all that goes into it.
    request : RenderRequest
        What whoever makes it must know.
    run : int or None
        Its row in history; None where history cannot be written.
    """

    job: Job
    key: ReportKey
    request: RenderRequest
    run: int | None


def is_unchanged(job: Job, folder: Path, key: ReportKey) -> bool:
    """Whether the report in the folder is what this job would give, and its last run did not fail."""
    report = folder / f"{job.name}{REPORT}"
    known = not key.unseen and page_facts(report).get("key") == key.key
    whole = all(report.with_suffix(ending).exists() for ending in job.beside)
    return known and whole and not (folder / f"{job.name}{FAILURE}").exists() and _is_good(report)


def _is_good(report: Path) -> bool:
    """Whether a page stands whole, and under no banner of a failed run."""
    page = read_regular(report)
    return page.rstrip().endswith(b"</html>") and BANNER_TAG.encode() not in page


def unchanged(job: Job, folder: Path, key: ReportKey) -> RenderResult:
    """Say that a report is left as it is."""
    path = folder / f"{job.name}{REPORT}"
    return RenderResult(job.name, job.title, "unchanged", path, 0.0, path.stat().st_size, key.key)


def begin(job: Job, key: ReportKey, history: History) -> StartedRun:
    """Enter a run in history and write its request."""
    run = history.begin(
        job.name,
        key=key.key,
        parameters=job.facts(outcome="running")["parameters"],
        files=key.files,
        seed=job.values.get("seed"),
    )
    return StartedRun(job, key, job.request(key.key, history.past(job.name, key.key)), run)


def settle(
    started: StartedRun, response: RenderResponse, seconds: float, *, folder: Path, scratch: Path, history: History
) -> RenderResult:
    """Publish what a response gave, or its failure; then history knows."""
    job = started.job
    report, failed = folder / f"{job.name}{REPORT}", folder / f"{job.name}{FAILURE}"
    failure = response.failure or _altered(started)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)  # a cell may have removed it
    if failure is None:
        failure = _published(response.page, report, scratch)
    if failure is None:
        _remove_companions(report, failed)
    else:
        with suppress(OSError):
            _publish_failure(started, failure, report, failed, scratch=scratch, history=history)
    written, outcome = _what_became(failure, report, failed)
    error = None if failure is None else failure.public or failure.sentence
    size = written.stat().st_size if written.exists() else 0
    for sentence in response.left_out if failure is None else ():
        _WARN("%s: %s", job.name, sentence)
    history.finish(
        started.run,
        outcome=outcome,
        seconds=seconds,
        size=size,
        error=error,
        parameters=job.facts(outcome=outcome)["parameters"],
        estimates=response.estimates if failure is None else (),
    )
    return RenderResult(
        name=job.name,
        title=job.title,
        outcome=outcome,
        path=written if size else None,
        seconds=seconds,
        size=size,
        key=started.key.key,
        error=error,
        traceback="" if failure is None else failure.traceback,
        terminal_message="" if failure is None else failure.sentence,
        tables=response.tables if failure is None else (),
        language=job.language,
        left_out=response.left_out if failure is None else (),
    )


def _what_became(failure: Failure | None, report: Path, failed: Path) -> tuple[Path, Literal["rendered", "failed"]]:
    """Page that was written, and the word for it."""
    return (report, "rendered") if failure is None else (failed, "failed")


def _remove_companions(report: Path, failed: Path) -> None:
    """Remove what tells of the report before: its failure and the files beside it."""
    for old in (failed, *map(report.with_suffix, ATTACHMENTS)):
        with suppress(OSError):
            old.unlink(missing_ok=True)


def _altered(started: StartedRun) -> Failure | None:
    """Failure of a run whose input was written while it read."""
    altered = changed_files(started.key, started.job.folder)
    if not altered:
        return None
    names = ", ".join(f"'{name}'" for name in altered)
    return Failure(
        message(
            "The input {files} was changed during the run, so the report may mix old and new; run it again.",
            files=names,
        )
    )


def _published(page: str, report: Path, scratch: Path) -> Failure | None:
    try:
        publish(page, report, scratch=scratch)
    except OSError as error:
        place = error.filename2 or error.filename or report
        cause = foreign(error.strerror or error)
        sentence = message("'{path}' cannot be written: {cause}.", path=place, cause=cause)
        return Failure(sentence, traceback=traceback.format_exc())
    return None


def _publish_failure(
    started: StartedRun, failure: Failure, report: Path, failed: Path, *, scratch: Path, history: History
) -> None:
    """Write the failure page, and a banner over the last good report."""
    job = started.job
    good = report.name if is_regular(report) else None
    facts = job.facts(started.key.key, "failed")
    publish(failure_page(failure, facts=facts, last_good=good, language=job.language), failed, scratch=scratch)
    if good is None or report.is_symlink():
        return
    status = report.stat()
    changed = datetime.fromtimestamp(status.st_mtime).astimezone()
    times = history.times(job.name)
    page = with_banner(
        read_regular(report).decode("utf-8"),
        failed=failed.name,
        good=times.get("rendered", changed),
        run=times.get("started", datetime.now().astimezone()),
        language=job.language,
    )
    publish(page, report, scratch=scratch)
    # The banner is news of the failed run: the good report stays as old as it is.
    os.utime(report, ns=(status.st_atime_ns, status.st_mtime_ns))


def warn(history: History) -> None:
    """Tell what is wrong with the history, if anything is: reports do not suffer from it."""
    if history.warning:
        _WARN(history.warning)


def forecast(job: Job, folder: Path) -> str:
    """Say what a run would do with a report, and why."""
    report = folder / f"{job.name}{REPORT}"
    if not report.exists():
        return "render: new"
    if (folder / f"{job.name}{FAILURE}").exists():
        return "render: failed last time"
    if missing := [ending for ending in job.beside if not report.with_suffix(ending).exists()]:
        return f"render: no {job.name}{missing[0]}"
    return "unchanged" if is_unchanged(job, folder, job.key()) else "render: changed"
