"""One notebook run in a kernel of its own, by papermill; a failure is told in one sentence."""

import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Any

import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.core.messages import Message, foreign, joined, loads, message
from loyalty_kit.publishing.history.requests import Failure, too_late
from loyalty_kit.publishing.notebooks.languages import Kernel, notebook_kernel
from loyalty_kit.publishing.running.kernels import LOG, ReportKernel

PREPARATION = "from loyalty_kit.publishing.running.kernel import prepare; prepare()"
HIDDEN_TAG = "remove-cell"

_START_SECONDS = 60
_OUTPUT_SECONDS = 60
_LONGEST_SOCKET = 90
# Python's warnings name the cell's code so, by the kernel's process.
_CELL_FILE = re.compile(r"(?<!\S)\S*ipykernel_\d+[/\\]\d+\.py")
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]{6,16}(?=>|&gt;)")
_STYLED = re.compile(r'<table id="T_([0-9a-f]{5,32})"')
_LOST = re.compile(r"No such file or directory: '([^']+)'|'([^']+)' does not exist")
_CODES_AS_DATA = re.compile(r"\\u001b\[[0-?]*[ -/]*[@-~]")
_TERMINAL_CODES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")

REACHED: ContextVar[Callable[[str], None]] = ContextVar("REACHED", default=lambda source: None)
"""What is told the code of each cell as a run reaches it."""

# The libraries below speak through these; a handler that does nothing keeps them off the terminal.
for _name in ("papermill", "traitlets", "asyncio"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class RunError(Exception):
    """A notebook that did not run to its end.

    Parameters
    ----------
    failure : Failure
        Why.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


@dataclass
class _Watch:
    """Code of the cell that a run has reached, told to whoever asked, and what the kernel last replied."""

    on_cell: Callable[[str], None]
    source: str = ""
    reply: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, cell: NotebookNode, cell_index: int) -> None:
        self.source = cell.source
        self.on_cell(cell.source)

    def replied(self, cell: NotebookNode, cell_index: int, execute_reply: Mapping[str, Any]) -> None:
        """Keep a cell's reply; end the run where the cell asked for it, before the kernel has stopped."""
        self.reply = execute_reply["content"]
        if any(payload.get("source") == "ask_exit" for payload in self.reply.get("payload", ())):
            raise RunError(_exit_failure(cell.source, by_quit=True))


def run_notebook(
    notebook: NotebookNode, *, folder: Path, scratch: Path, language: str = "en", timeout: float | None = None
) -> NotebookNode:
    """Notebook with the outputs of a run.

    Parameters
    ----------
    notebook : NotebookNode
        Cells to run, parameters set; left as it is.
    folder : Path
        Working folder of the kernel.
    scratch : Path
        Folder for the kernel's own files; the caller removes it.
    language : str
        Language of computed sentences, 'en' or 'zh'.
    timeout : float, optional
        Seconds that the run may take.

    Returns
    -------
    NotebookNode
        A copy that begins with a hidden cell, which prepares a kernel of Python. No time stands in it.

    Raises
    ------
    RunError
        If a cell raises, ends the kernel, or the kernel dies or does not start.
    """
    kernel = notebook_kernel(notebook)
    first = [new_code_cell(PREPARATION, id="preparation", metadata={"tags": [HIDDEN_TAG]})] if kernel.is_python else []
    whole = NotebookNode({**notebook, "cells": [*first, *notebook.cells]})
    watch = _Watch(REACHED.get())
    with _quiet():
        try:
            done = _executed(whole, watch, {**_kernel_options(folder, scratch, language, kernel), **_limit(timeout)})
        except CellTimeoutError as error:
            raise RunError(Failure(too_late(timeout or 0), source=watch.source)) from error
        except PapermillExecutionError as error:
            raise RunError(_cell_failure(error, watch.reply, folder)) from error
        except DeadKernelError as error:
            raise RunError(_died(watch.source, _log(scratch))) from error
        except (RuntimeError, OSError) as error:
            raise RunError(_not_run(error, _log(scratch))) from error
    _refuse_exit(done)
    return _timeless(done)


def _executed(notebook: NotebookNode, watch: _Watch, options: dict[str, Any]) -> NotebookNode:
    """Notebook executed; where its kernel talks by ports and never answered, another is tried."""

    def execute() -> NotebookNode:
        done: NotebookNode = papermill.execute_notebook(
            notebook,
            None,
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
            start_timeout=_START_SECONDS,
            iopub_timeout=_OUTPUT_SECONDS,
            on_cell_execute=watch,
            on_cell_executed=watch.replied,
            **options,
        )
        return done

    try:
        return execute()
    except RuntimeError:
        # Ports are chosen before the kernel opens them: in between another process may take one.
        if watch.source or options["config"].ReportKernel.get("transport") == "ipc":
            raise
    return execute()


def _kernel_options(folder: Path, scratch: Path, language: str, kernel: Kernel) -> dict[str, Any]:
    """Options of nbclient: where the kernel works and where its own files lie."""
    connection = {"connection_file": str(scratch / "kernel.json")}
    sockets = str(scratch / "kernel")
    if not kernel.is_python:
        # Not every kernel talks by sockets that are files.
        connection |= {"other": kernel.name}
    elif os.name == "posix" and len(sockets) < _LONGEST_SOCKET:
        connection |= {"transport": "ipc", "ip": sockets}
    return {
        "kernel_manager_class": ReportKernel,
        "config": Config({"ReportKernel": {**connection, "language": language}}),
        "extra_arguments": [f"--ipython-dir={scratch}", "--HistoryManager.enabled=False"] if kernel.is_python else [],
        # Its outputs are in; nothing that it would do at its leisure reaches the report.
        "shutdown_kernel": "immediate",
        "resources": {"metadata": {"path": str(folder)}},
    }


def _limit(timeout: float | None) -> dict[str, Any]:
    """Option of nbclient that leaves each cell the time that is left of all."""
    if timeout is None:
        return {}
    end = monotonic() + timeout
    # Its clock counts whole seconds, and takes zero for no limit.
    return {"timeout_func": lambda _: max(ceil(end - monotonic()), 1)}


def _cell_failure(error: PapermillExecutionError, reply: Mapping[str, Any], folder: Path) -> Failure:
    if error.ename == "SystemExit":
        return _exit_failure(error.source, by_quit=False)
    kind, text = error.ename, error.evalue
    if not error.traceback:
        # IPython has no account of a group of exceptions, and papermill then no name.
        kind, text = reply.get("ename", kind), reply.get("evalue", text)
    lines, own = own_message(error.traceback, kind, text)
    account = _CELL_FILE.sub("cell", _plain("\n".join(lines)))
    if own is not None:
        return Failure(_with_folder(own, kind, folder), source=error.source, traceback=account)
    sentence = _with_folder(_plain(": ".join(part for part in (kind, text) if part)), kind, folder)
    # Messages of other libraries quote data: an index label may be a customer's address.
    public = message("{kind}; the message may name respondents and stands in the terminal only.", kind=kind)
    return Failure(sentence, source=error.source, traceback=account, public=public)


def _with_folder(sentence: str, kind: str, folder: Path) -> str:
    """Say where relative paths start, of an error that did not find one."""
    found = _LOST.search(sentence)
    if (
        found is None
        or kind not in ("FileNotFoundError", UnreadableError.__name__)
        or os.path.isabs(found[1] or found[2])
    ):
        return sentence
    told = message(
        "Relative paths start from the folder '{folder}'; --working-folder gives another.", folder=folder.name
    )
    return joined(sentence if isinstance(sentence, Message) else foreign(sentence), told)


def own_message(account: list[str], kind: str, text: str) -> tuple[list[str], str | None]:
    """Account of an error without the data that it ends with, and the message that it carries if it is the kit's own.

    Only the kit's errors have their full name in the account; a notebook may call its own the same.
    """
    *lines, said, data = ["", *account] if account else ["", "", ""]
    found = loads(data)
    if isinstance(found, Message) and said == f"{InputError.__module__}.{kind}: {text}" and found == text:
        return [*lines[1:], said], loads(_CODES_AS_DATA.sub("", data))
    return account, None


def _exit_failure(source: str, *, by_quit: bool) -> Failure:
    if by_quit:
        sentence = message("The cell ended the run by quit or exit; the cells below it did not run.")
    else:
        sentence = message("The cell ended the run by sys.exit; the cells below it did not run.")
    return Failure(sentence, source=source)


def _died(source: str, log: str) -> Failure:
    public = message("The kernel died in this cell: its code ended the process, or memory ran out.")
    return Failure(_with_hint(public, log), source=source, traceback=log, public=public, kernel_died=True)


def _not_run(error: Exception, log: str) -> Failure:
    public = message("The kernel did not run: {said}", said=foreign(error))
    return Failure(_with_hint(public, log), traceback=log, public=public, kernel_died=True)


def _with_hint(public: Message, log: str) -> Message:
    """Say where the process's last words stand: cells write there too, so that the log is no part of a page."""
    return message("{sentence} What its process said stands under --debug.", sentence=public) if log else public


def _refuse_exit(notebook: NotebookNode) -> None:
    """Refuse a run that a cell ended: papermill takes `sys.exit(0)` for success."""
    for cell in notebook.cells:
        if cell.metadata.get("papermill", {}).get("exception"):
            raise RunError(_exit_failure(cell.source, by_quit=False))


def _timeless(notebook: NotebookNode) -> NotebookNode:
    """Notebook without what tells one run from another: times, passing files, places in memory, ids by chance."""
    styled: dict[str, str] = {}
    for part in (notebook, *notebook.cells):
        for name in ("papermill", "execution"):
            part.metadata.pop(name, None)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                output.text = _ADDRESS.sub("0x…", _CELL_FILE.sub("cell", output.text))
            data = output.get("data", {})
            for kind in data.keys() & {"text/plain", "text/html"}:
                data[kind] = _ADDRESS.sub("0x…", _numbered(data[kind], styled))
    return notebook


def _numbered(html: str, styled: dict[str, str]) -> str:
    """HTML with the tables that pandas styled numbered, where pandas draws their ids by chance."""
    for drawn in _STYLED.findall(html):
        number = styled.setdefault(drawn, f"{len(styled) + 1:05}")
        html = html.replace(f"T_{drawn}", f"T_{number}")
    return html


def _log(scratch: Path) -> str:
    """Last words of the kernel's process."""
    path = scratch / LOG
    return _plain(path.read_text(encoding="utf-8", errors="replace")) if path.exists() else ""


def _plain(text: str) -> str:
    """Text without the colours and movements that a terminal takes."""
    return _TERMINAL_CODES.sub("", text)


@contextmanager
def _quiet() -> Iterator[None]:
    """No warning of the libraries below reaches the terminal, unless Python was asked for warnings."""
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        yield
