"""One report: a notebook with parameters, run in a kernel of its own, and published only when whole."""

import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing import reports
from loyalty_kit.publishing.cover.folder import REPORT
from loyalty_kit.publishing.cover.index import write_index
from loyalty_kit.publishing.files.publication import output_folder, scratch_folder, sweep
from loyalty_kit.publishing.files.stores import is_address
from loyalty_kit.publishing.history.history import History
from loyalty_kit.publishing.reports.jobs import Job, prepare_job
from loyalty_kit.publishing.reports.outcomes import RenderResult, begin, is_unchanged, settle, unchanged, warn


def render(
    notebook: str | Path,
    output: str | Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    base: str | Path | None = None,
    force: bool = False,
    beside: Collection[str] = (),
    timeout: float | None = None,
) -> RenderResult:
    """Render one report.

    Parameters
    ----------
    notebook : str or Path
        File of the notebook or, of those that the kit ships, its name.
    output : str or Path
        Folder of the report, made where it is absent; or its file, which ends in '.html'.
    parameters : mapping, optional
        Values for the notebook's parameters; checked by type before anything runs.
    base : str or Path, optional
        Folder that relative paths start from, the notebook's and those in its code, but not the
        output's; the current folder where not given.
    force : bool
        Whether to run also where nothing changed since the report was made: neither notebook,
        parameters, files that parameters name, versions nor the kit itself. A file that only the
        notebook's code names is not seen.
    beside : collection of str
        Endings of files that the caller writes from the result, such as '.xlsx': where one is not beside the
        report, it runs also where nothing changed.
    timeout : float, optional
        Seconds that the report may take; 3,600, an hour, where not given.

    Returns
    -------
    RenderResult
        A notebook that fails is an outcome and no exception: the last good report stays under a
        banner, and NAME.failed.html tells what happened.

    Raises
    ------
    UnreadableError
        If there is no such notebook or it cannot be read.
    InputError
        If a parameter is unknown or has the wrong type, or nothing can be written to the output.

    Notes
    -----
    The report is put in its place at one stroke when it is whole, then the folder's index is
    rebuilt. A default that names a file by a path relative to the notebook keeps meaning that file.

    Examples
    --------
    >>> render("10-scale-quality", "reports", {"survey": "survey.csv"})  # doctest: +SKIP
    """
    if is_address(str(output)):
        raise InputError(
            "'output' must be a folder or a file; got the address '{output}', where only a batch writes.", output=output
        )
    target = Path(output)
    single = target.suffix == REPORT and not target.is_dir()
    work = Path(base or ".")
    if not work.is_dir():
        raise InputError("The working folder '{folder}' does not exist or is no folder.", folder=work)
    if timeout is not None and not 0 < timeout < inf:
        raise InputError("'timeout' must be more than 0 seconds; got {given}.", given=timeout)
    job = prepare_job(notebook, parameters or {}, base=work, name=target.stem if single else None, timeout=timeout)
    return render_job(replace(job, beside=tuple(beside)), target.parent if single else target, force=force)


def render_job(job: Job, output: Path, *, force: bool = False) -> RenderResult:
    """Render a prepared report into a folder, in this process."""
    folder = output_folder(output)
    key = job.key()
    if not force and is_unchanged(job, folder, key):
        return unchanged(job, folder, key)
    sweep(folder)
    began = time.monotonic()
    with scratch_folder() as scratch, History(folder) as history:
        started = begin(job, key, history)
        response = reports.run_report.run_report(started.request)
        result = settle(started, response, time.monotonic() - began, folder=folder, scratch=scratch, history=history)
        with suppress(OSError):
            write_index(folder, scratch=scratch)
        warn(history)
    return result
