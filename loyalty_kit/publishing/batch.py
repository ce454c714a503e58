"""A batch of reports, described by a TOML file: all of it is checked before the first kernel starts."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message, together
from loyalty_kit.publishing import batches, running
from loyalty_kit.publishing.batches.batch_file import PlannedReport, read_plan
from loyalty_kit.publishing.batches.needs import fits
from loyalty_kit.publishing.batches.scheduler import CarryOut, results
from loyalty_kit.publishing.files.publication import output_folder
from loyalty_kit.publishing.files.stores import is_address, locked, mirrored
from loyalty_kit.publishing.reports.jobs import Job, prepare_job
from loyalty_kit.publishing.reports.outcomes import RenderResult, forecast

BATCH_FILE = "reports.toml"


@dataclass(frozen=True)
class Batch:
    """Reports to be rendered, checked.

    Attributes
    ----------
    output : Path or str
        Folder, or address, that the file names for them.
    jobs : tuple of Job
        The reports in the file's order, each behind those that it needs.
    keep : int or None
        Runs a report that history keeps; None for all.
    """

    output: Path | str
    jobs: tuple[Job, ...]
    keep: int | None = None

    def with_files(self, endings: Collection[str]) -> "Batch":
        """Batch of the same reports, of which those run too beside which a file of such an ending is missing."""
        return replace(self, jobs=tuple(replace(job, beside=tuple(endings)) for job in self.jobs))


def run(
    path: str | Path = BATCH_FILE,
    *,
    output: str | Path | None = None,
    only: str | None = None,
    force: bool = False,
    workers: int | None = None,
) -> tuple[RenderResult, ...]:
    """Render the reports of a batch.

    Parameters
    ----------
    path : str or Path
        The batch's file. Relative paths in it start from its folder, which is also where the
        notebooks run.
    output : str or Path, optional
        Folder of the reports, in place of the one that the file names.
    only : str, optional
        Pattern such as 'quality-*' of the names of reports to render.
    force : bool
        Whether to run reports that have not changed too.
    workers : int, optional
        Reports that run at the same time; one more than this machine has cores where not given.

    Returns
    -------
    tuple of RenderResult
        One a report, in the file's order; a report that fails does not stop those after it.

    Raises
    ------
    UnreadableError
        If the file cannot be read or is not TOML.
    InputError
        If a key is unknown, a notebook does not exist, a parameter is unknown or has the wrong
        type, a name is taken twice, or nothing can be written; before any notebook runs.

    Examples
    --------
    >>> run("reports.toml")  # doctest: +SKIP
    """
    batch = chosen(read_batch(path), only)
    order = [job.name for job in batch.jobs]
    done = render_batch(batch, batch.output if output is None else output, workers=workers, force=force)
    return tuple(sorted(done, key=lambda result: order.index(result.name)))


def read_batch(path: str | Path = BATCH_FILE) -> Batch:
    """Batch of a TOML file, every report's notebook found and its parameters checked."""
    path = Path(path)
    plan = read_plan(path)
    jobs: list[Job] = []
    faults: list[Message] = []
    for report in plan.reports:
        try:
            jobs.append(_job(report, path.parent))
        except InputError as error:
            for fault in error.said.lines:
                located = message("{where}: {fault}", where=report.where, fault=fault)
                faults.append(message("{file}, {fault}", file=path.name, fault=located))
    if faults:
        raise InputError(together(dict.fromkeys(faults)))
    output = plan.output if is_address(plan.output) else path.parent / plan.output
    return Batch(output=output, jobs=tuple(jobs), keep=plan.keep)


def _job(report: PlannedReport, base: Path) -> Job:
    return prepare_job(
        report.notebook,
        report.parameters,
        base=base,
        name=report.name,
        title=report.title,
        labels=report.labels,
        language=report.language,
        timeout=report.timeout,
        retries=report.retries,
        needs=report.needs,
    )


def chosen(batch: Batch, only: str | None) -> Batch:
    """Batch of the reports whose names fit a pattern; what they need besides is taken to be there."""
    if only is None:
        return batch
    jobs = tuple(job for job in batch.jobs if fits(job.name, only))
    if not jobs:
        raise InputError(
            "No report's name fits '{only}'; there are {names}.", only=only, names=[job.name for job in batch.jobs]
        )
    return Batch(batch.output, jobs, batch.keep)


def render_batch(
    batch: Batch,
    output: str | Path,
    *,
    workers: int | None = None,
    executor: str | None = None,
    force: bool = False,
    fail_fast: bool = False,
    wait: bool = True,
) -> Iterator[RenderResult]:
    """Render a batch's reports into a folder, each told as soon as it is settled.

    Parameters
    ----------
    batch : Batch
        The reports.
    output : str or Path
        Where they go: a folder, or an address that fsspec knows, such as 's3://bucket/reports'.
    workers : int, optional
        Reports at a time; one more than this machine has cores where not given.
    executor : str, optional
        Cluster that runs them, 'dask=ADDRESS'; this machine where not given.
    force, fail_fast, wait : bool
        Whether to run unchanged reports too; whether the first failure ends the batch; whether to
        wait for another batch that writes into the folder.

    Yields
    ------
    RenderResult
    """
    with _place(str(output), wait) as (folder, push), _made_by(executor, workers) as carry_out:
        for result in results(
            batch.jobs, folder, carry_out=carry_out, force=force, fail_fast=fail_fast, wait=wait, keep=batch.keep
        ):
            push()
            yield result


def dry_run_plan(batch: Batch, output: str | Path, *, force: bool = False) -> list[tuple[str, str]]:
    """Say what a batch would do: each report's name, and 'unchanged' or 'render' with the reason; write nothing."""
    place = mirrored(str(output)) if is_address(str(output)) else nullcontext((Path(output), None))
    with place as (folder, _):
        return [(job.name, "render: forced" if force else forecast(job, folder)) for job in batch.jobs]


@contextmanager
def _place(output: str, wait: bool) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Folder to write into, and what brings its files to where they belong."""
    if is_address(output):
        with locked(output, wait=wait), mirrored(output) as mirror:
            yield mirror
    else:
        yield output_folder(Path(output)), lambda: None


@contextmanager
def _made_by(executor: str | None, workers: int | None) -> Iterator[CarryOut]:
    """Who makes the pages: processes of this machine, or a cluster."""
    if executor is not None:
        with batches.executors.connected(executor) as carry_out:
            yield carry_out
    else:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        with ExitStack() as stack:

            @cache
            def pool() -> CarryOut:
                # One more than cores: while a report waits for its kernel to start, another can compute.
                return stack.enter_context(running.workers.worker_pool(workers or cores + 1))

            # Where nothing has changed, no pool is opened, and what that takes is not even loaded.
            yield lambda requests: pool()(requests)
