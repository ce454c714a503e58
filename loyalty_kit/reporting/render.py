"""One report: a notebook with parameters, run, turned into a page, and published only when whole."""

import json
import os
import re
import time
import traceback
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from loyalty_kit.errors import InputError, UnreadableError, listing, nearest
from loyalty_kit.reporting.execution import RunError, run_notebook
from loyalty_kit.reporting.failure import failure_page
from loyalty_kit.reporting.index import FAILURE, REPORT, write_index
from loyalty_kit.reporting.page import report_page
from loyalty_kit.reporting.parameters import (
    check_parameters,
    injected_source,
    is_parameters_cell,
    notebook_parameters,
)
from loyalty_kit.reporting.publication import check_report_name, output_folder, publish, scratch_folder, sweep

NOTEBOOK = ".ipynb"

_PACKAGE = Path(__file__).parents[1]
# In a wheel the notebooks lie in the package, in a checkout beside it.
_SHIPPED = (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks")


@dataclass(frozen=True)
class RenderResult:
    """What became of a report.

    Attributes
    ----------
    name, title : str
        File name without its ending; title in the index.
    outcome : str
        'rendered' or 'failed'.
    path : Path or None
        The report or, where it failed, the page that tells why; None where not even that could be written.
    seconds : float
        Time from start to publication.
    size : int
        Bytes of that file.
    error : str or None
        What went wrong, in a sentence without respondents.
    traceback : str
        The long account of it.
    """

    name: str
    title: str
    outcome: Literal["rendered", "failed"]
    path: Path | None
    seconds: float
    size: int
    error: str | None = None
    traceback: str = ""


@dataclass(frozen=True)
class Job:
    """A report to be rendered: its notebook read and its parameters checked.

    Attributes
    ----------
    name, title : str
        File name without its ending; title in the index.
    path : Path
        The notebook's file.
    notebook : NotebookNode
        The notebook with its parameters set.
    given : mapping
        Parameters that were given.
    folder : Path
        Working folder of the kernel, which relative paths start from.
    """

    name: str
    title: str
    path: Path
    notebook: NotebookNode
    given: Mapping[str, Any]
    folder: Path


def render(
    notebook: str | Path,
    output: str | Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    base: str | Path | None = None,
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

    Returns
    -------
    RenderResult
        A notebook that fails is an outcome and no exception: the last good report stays, and
        NAME.failed.html tells what happened.

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
    target = Path(output)
    single = target.suffix == REPORT and not target.is_dir()
    job = prepare_job(notebook, parameters or {}, base=Path(base or "."), name=target.stem if single else None)
    return render_job(job, target.parent if single else target)


def prepare_job(
    notebook: str | Path,
    parameters: Mapping[str, Any] = MappingProxyType({}),
    *,
    base: Path,
    name: str | None = None,
    title: str | None = None,
) -> Job:
    """Find and read a notebook, check its parameters and set them."""
    path = find_notebook(notebook, base)
    name = path.stem if name is None else name
    check_report_name(name, f"Report of '{path.name}'")
    node = read_notebook(path)
    declared = notebook_parameters(node)
    given = check_parameters(parameters, declared, path.stem)
    defaults = {entry.name: entry.value for entry in declared if entry.name not in given}
    folder = base.resolve()
    return Job(
        name=name,
        title=title or _heading(node) or name,
        path=path,
        notebook=_with_values(node, {**_kept_paths(defaults, path, folder), **given}),
        given=given,
        folder=folder,
    )


def render_job(job: Job, output: Path) -> RenderResult:
    """Render a prepared report into a folder."""
    began = time.monotonic()
    folder = output_folder(output)
    sweep(folder)
    report, failure = folder / f"{job.name}{REPORT}", folder / f"{job.name}{FAILURE}"
    facts = {
        "name": job.name,
        "title": job.title,
        "notebook": job.path.name,
        "parameters": json.dumps(dict(job.given), default=str, ensure_ascii=False),
        "outcome": "rendered",
    }
    with scratch_folder() as scratch:
        error = _attempt(job, report, failure, facts, scratch)
        if error is not None:
            last_good = report.name if report.exists() else None
            page = failure_page(error, facts=facts | {"outcome": "failed"}, last_good=last_good)
            with suppress(OSError):
                publish(page, failure, scratch=scratch)
                write_index(folder, scratch=scratch)
    written = report if error is None else failure
    return RenderResult(
        name=job.name,
        title=job.title,
        outcome="rendered" if error is None else "failed",
        path=written if written.exists() else None,
        seconds=time.monotonic() - began,
        size=written.stat().st_size if written.exists() else 0,
        error=None if error is None else error.sentence,
        traceback="" if error is None else error.traceback,
    )


def find_notebook(notebook: str | Path, base: Path) -> Path:
    """File of a notebook named by a path relative to a folder or, where the kit ships it, by its name."""
    path = base / notebook
    if path.is_file():
        return path.absolute()
    name = str(notebook).removesuffix(NOTEBOOK)
    shipped = {file.stem: file for folder in reversed(_SHIPPED) for file in sorted(folder.glob(f"*{NOTEBOOK}"))}
    if name in shipped:
        return shipped[name]
    if path.is_dir():
        raise UnreadableError(f"'{notebook}' is a folder; give a notebook or a reports.toml.")
    hint = nearest(name, shipped) or f"; the kit ships {listing(sorted(shipped))}."
    raise UnreadableError(f"The notebook '{notebook}' does not exist{hint}")


def read_notebook(path: Path) -> NotebookNode:
    """Notebook of a file, every cell with an id that is the same each time it is read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node: NotebookNode = nbformat.v4.upgrade(nbformat.read(path, as_version=4))
    except OSError as error:
        raise UnreadableError(f"The notebook '{path}' cannot be read: {error.strerror}.") from None
    except Exception as error:
        # nbformat raises whatever its readers of each version happen to meet in a damaged file.
        raise UnreadableError(f"The notebook '{path}' is not a Jupyter notebook ({type(error).__name__}).") from error
    for number, cell in enumerate(node.cells):
        cell.id = f"cell-{number}"
    return node


def _attempt(job: Job, report: Path, failure: Path, facts: Mapping[str, str], scratch: Path) -> RunError | None:
    """Run the notebook and publish its page; what went wrong, if anything did."""
    try:
        done = run_notebook(job.notebook, folder=job.folder, scratch=scratch)
        publish(report_page(done, facts=facts, folder=job.path.parent), report, scratch=scratch)
        failure.unlink(missing_ok=True)
        write_index(report.parent, scratch=scratch)
    except RunError as error:
        return error
    except InputError as error:
        return RunError(error.anonymous, traceback=traceback.format_exc())
    except OSError as error:
        place = error.filename2 or error.filename or report
        sentence = f"'{place}' cannot be written: {error.strerror or error}."
        return RunError(sentence, traceback=traceback.format_exc())
    except Exception as error:
        # Whatever else a page can fail from must not stop the reports after it.
        return RunError(f"{type(error).__name__}: {error}", traceback=traceback.format_exc())
    return None


def _kept_paths(defaults: Mapping[str, Any], notebook: Path, folder: Path) -> dict[str, Any]:
    """Defaults that name a file beside the notebook, as paths that name it from the kernel's folder."""
    kept: dict[str, Any] = {}
    for name, value in defaults.items():
        if isinstance(value, str | Path) and os.path.isfile(notebook.parent / value):
            found = (notebook.parent / value).resolve()
            if found != (folder / value).resolve():
                kept[name] = type(value)(_relative(found, folder))
    return kept


def _relative(path: Path, folder: Path) -> str:
    """Path as seen from a folder, where there is a way (on Windows not between drives)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def _with_values(notebook: NotebookNode, values: Mapping[str, Any]) -> NotebookNode:
    """Notebook with a cell below its parameters that sets them."""
    if not values:
        return notebook
    place = next(number for number, cell in enumerate(notebook.cells, 1) if is_parameters_cell(cell))
    cell = new_code_cell(injected_source(values), id="injected", metadata={"tags": ["injected-parameters"]})
    return NotebookNode({**notebook, "cells": [*notebook.cells[:place], cell, *notebook.cells[place:]]})


def _heading(notebook: NotebookNode) -> str | None:
    """Text of the first heading of level 1."""
    for cell in notebook.cells:
        found = re.search(r"^# +(.+?) *$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return re.sub(r"[*`]", "", found[1])
    return None
