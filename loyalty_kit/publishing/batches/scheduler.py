"""A batch carried out: what changed is rendered, what failed is tried again, what needs another waits for it."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path

from loyalty_kit.core.messages import message
from loyalty_kit.publishing.cover.index import write_index
from loyalty_kit.publishing.files.locks import folder_lock
from loyalty_kit.publishing.files.publication import scratch_folder, sweep
from loyalty_kit.publishing.history.history import History
from loyalty_kit.publishing.history.requests import Failure, RenderRequest, RenderResponse
from loyalty_kit.publishing.reports.jobs import Job
from loyalty_kit.publishing.reports.outcomes import (
    RenderResult,
    StartedRun,
    begin,
    is_unchanged,
    settle,
    unchanged,
    warn,
)

_WARN = logging.getLogger("loyalty_kit").warning

CarryOut = Callable[[Iterable[RenderRequest]], Iterator[tuple[int, RenderResponse, float]]]
"""Makes pages of requests, and tells each by its place, with the seconds that it took, as it is done."""


@dataclass(frozen=True)
class _Place:
    """Where reports go, and how they are made."""

    folder: Path
    scratch: Path
    history: History
    carry_out: CarryOut
    force: bool


def results(
    jobs: Sequence[Job],
    folder: Path,
    *,
    carry_out: CarryOut,
    force: bool = False,
    fail_fast: bool = False,
    wait: bool = True,
    keep: int | None = None,
) -> Iterator[RenderResult]:
    """Render reports into a folder, each told as soon as it is settled.

    Parameters
    ----------
    jobs : sequence of Job
        The reports; names that they need and that are not among them are taken to be there.
    folder : Path
        Where they go.
    carry_out : callable
        Makes pages of requests.
    force, fail_fast : bool
        Whether to run unchanged reports too; whether the first failure ends the batch.
    wait : bool
        Whether to wait for another batch that writes into the folder.
    keep : int, optional
        Runs a report that history keeps; all where not given.

    Yields
    ------
    RenderResult

    Raises
    ------
    InputError
        If another batch writes into the folder and is not to be waited for.
    """
    with folder_lock(folder, wait=wait, warn_user=_WARN):
        sweep(folder)
        with scratch_folder() as scratch, History(folder, keep=keep) as history:
            yield from _rounds(list(jobs), _Place(folder, scratch, history, carry_out, force), fail_fast)
            warn(history)


def _rounds(waiting: list[Job], place: _Place, fail_fast: bool) -> Iterator[RenderResult]:
    """Render those that wait for nothing, then those that waited for them; what fails is tried again."""
    tries = {job.name: job.retries for job in waiting}
    failed: set[str] = set()

    def again(job: Job, result: RenderResult) -> bool:
        """Whether a report failed and has a try left, which is then taken."""
        left = result.outcome == "failed" and tries[job.name] > 0 and not failed.intersection(job.needs)
        tries[job.name] -= left
        return left

    while waiting:
        names = {job.name for job in waiting}
        ready = [job for job in waiting if not names.intersection(job.needs)]
        waiting = [job for job in waiting if names.intersection(job.needs)]
        for job, result in _round(ready, place, failed):
            # Where the first failure ends the batch, whether this is one is found out at once.
            while fail_fast and again(job, result):
                [(_, result)] = _round([job], place, failed)
            if again(job, result):
                waiting.append(job)
                continue
            yield result
            if result.outcome == "failed":
                failed.add(job.name)
                if fail_fast:
                    return


def _round(jobs: Sequence[Job], place: _Place, failed: set[str]) -> Iterator[tuple[Job, RenderResult]]:
    """Render those of some reports that have changed; those that need a failed one fail with it."""
    started: list[StartedRun] = []
    ready = []
    for job in jobs:
        if missed := sorted(failed.intersection(job.needs)):
            sentence = message("It needs {reports}, which failed.", reports=list(missed))
            yield job, _settled(_begin(job, place), RenderResponse(failure=Failure(sentence)), 0.0, place)
        elif not place.force and is_unchanged(job, place.folder, job.key()):
            yield job, unchanged(job, place.folder, job.key())
        else:
            ready.append(job)

    def requests() -> Iterator[RenderRequest]:
        for job in _longest_first(ready, place.history.durations()):
            started.append(_begin(job, place))
            yield started[-1].request

    for number, response, took in place.carry_out(requests()) if ready else ():
        yield started[number].job, _settled(started[number], response, took, place)


def _longest_first(jobs: Sequence[Job], seconds: Mapping[str, float]) -> list[Job]:
    """Order in which no worker is left alone with a long report at the end; those that never ran go by their data."""

    def weight(job: Job) -> tuple[float, int]:
        files = (job.folder / name for name in job.key().files)
        return seconds.get(job.name, inf), sum(file.stat().st_size for file in files if file.is_file())

    return sorted(jobs, key=weight, reverse=True)


def _begin(job: Job, place: _Place) -> StartedRun:
    return begin(job, job.key(), place.history)


def _settled(started: StartedRun, response: RenderResponse, seconds: float, place: _Place) -> RenderResult:
    result = settle(started, response, seconds, folder=place.folder, scratch=place.scratch, history=place.history)
    with suppress(OSError):
        write_index(place.folder, scratch=place.scratch)
    return result
