"""A batch of reports, described by a TOML file: all of it is checked before the first kernel starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from loyalty_kit.errors import InputError, UnreadableError, nearest, plain_faults, read_toml
from loyalty_kit.reporting.render import Job, RenderResult, prepare_job, render_job

BATCH_FILE = "reports.toml"

Text = Annotated[str, Field(strict=True, min_length=1)]


class _Report(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    notebook: Text
    name: Text | None = None
    title: Text | None = None
    parameters: dict[str, Any] = {}


class _BatchFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    output: Text = "reports"
    report: tuple[_Report, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Batch:
    """Reports to be rendered, checked.

    Attributes
    ----------
    output : Path
        Folder that the file names for them.
    jobs : tuple of Job
        The reports in the file's order.
    """

    output: Path
    jobs: tuple[Job, ...]


def run(path: str | Path = BATCH_FILE, *, output: str | Path | None = None) -> tuple[RenderResult, ...]:
    """Render every report of a batch.

    Parameters
    ----------
    path : str or Path
        The batch's file. Relative paths in it start from its folder, which is also where the
        notebooks run.
    output : str or Path, optional
        Folder of the reports, in place of the one that the file names.

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
    batch = read_batch(path)
    return tuple(results(batch, output=output))


def results(batch: Batch, *, output: str | Path | None = None) -> Iterator[RenderResult]:
    """Render a batch's reports, one with each step."""
    folder = batch.output if output is None else Path(output)
    for job in batch.jobs:
        yield render_job(job, folder)


def read_batch(path: str | Path = BATCH_FILE) -> Batch:
    """Batch of a TOML file, every report's notebook found and its parameters checked."""
    path = Path(path)
    file = _parsed(path)
    jobs: dict[str, Job] = {}
    faults: list[str] = []
    for number, report in enumerate(file.report, 1):
        where = f"{path.name}, report " + (f"'{report.name}'" if report.name else str(number))
        try:
            job = prepare_job(
                report.notebook, report.parameters, base=path.parent, name=report.name, title=report.title
            )
        except InputError as error:
            faults += [f"{where}: {line}" for line in str(error).splitlines()]
            continue
        if job.name.casefold() in jobs:
            faults.append(f"{where}: a report before it is named '{job.name}' already; give each a name of its own.")
        jobs[job.name.casefold()] = job
    if faults:
        raise InputError("\n".join(faults))
    return Batch(output=path.parent / file.output, jobs=tuple(jobs.values()))


def _parsed(path: Path) -> _BatchFile:
    if not path.exists():
        raise UnreadableError(
            f"The batch '{path}' does not exist; `loyalty-kit new FOLDER` makes a study that has one."
        )
    values = read_toml(path, "The batch")
    try:
        return _BatchFile.model_validate(values)
    except ValidationError as error:
        faults = [f"{path.name}, {_fault(*fault)}" for fault in plain_faults(error.errors(include_url=False))]
        raise InputError("\n".join(faults)) from None


def _fault(detail: ErrorDetails, said: str) -> str:
    """One validation fault, with its report's number and its key."""
    model: type[BaseModel]
    match detail["loc"]:
        case ("report", int(number), *keys):
            where, model = f"report {number + 1}, ", _Report
        case keys:
            where, model = "", _BatchFile
    key = f"{where}key '{'.'.join(map(str, keys))}'" if keys else where.rstrip(", ")
    if detail["type"] == "extra_forbidden":
        return f"{key}: no such key{nearest(keys[-1], model.model_fields) or '.'}"
    if detail["loc"] == ("report",) and detail["type"] in ("missing", "too_short"):
        return f"{key}: at least one [[report]] is needed."
    if detail["loc"] == ("report",) and isinstance(detail["input"], dict):
        return f"{key}: write [[report]] with two brackets."
    got = "" if isinstance(detail["input"], dict) else f"; got {detail['input']!r}"
    return f"{key}: {said}{got}."
