"""One notebook run in a kernel of its own, by papermill; a failure is told in one sentence."""

import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import papermill
from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

PREPARATION = "from loyalty_kit.reporting.kernel import prepare; prepare()"
HIDDEN_TAG = "remove-cell"

# What the kernel finds set before its first import: the same input gives the same bytes, and a user's own startup
# code stays out.
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONSTARTUP": ""}
_START_SECONDS = 120
_OUTPUT_SECONDS = 60
_LONGEST_SOCKET = 90
_LOG = "kernel.log"
_TERMINAL_CODES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")

# The libraries below speak through these; a handler that does nothing keeps them off the terminal.
for _name in ("papermill", "traitlets", "asyncio"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class RunError(Exception):
    """A notebook that did not run to its end.

    Parameters
    ----------
    sentence : str
        What went wrong, for the terminal.
    source : str
        Code of the cell that failed; empty where none had begun.
    traceback : str
        The kernel's own account, without terminal codes.
    public : str, optional
        The sentence for a page, where the first may name respondents; the account then stays off the page.
    """

    def __init__(self, sentence: str, *, source: str = "", traceback: str = "", public: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.source = source
        self.traceback = traceback
        self.public = sentence if public is None else public


class ReportKernel(AsyncKernelManager):
    """Kernel of this interpreter, whatever other Python has registered itself as 'python3'.

    What its process says beside the cells' outputs goes to a log by its connection file.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        """How the kernel is started."""
        return KernelSpec(
            argv=make_ipkernel_cmd(), env=_ENVIRONMENT, display_name="Python", language="python", name="python3"
        )

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        with Path(self.connection_file).with_name(_LOG).open("ab") as log:
            await super()._async_launch_kernel(kernel_cmd, stdout=log, stderr=log, **options)


@dataclass
class _Watch:
    """Code of the cell that a run has reached."""

    source: str = ""

    def __call__(self, cell: NotebookNode, cell_index: int) -> None:
        self.source = cell.source


def run_notebook(notebook: NotebookNode, *, folder: Path, scratch: Path) -> NotebookNode:
    """Notebook with the outputs of a run.

    Parameters
    ----------
    notebook : NotebookNode
        Cells to run, parameters set; left as it is.
    folder : Path
        Working folder of the kernel.
    scratch : Path
        Folder for the kernel's own files; the caller removes it.

    Returns
    -------
    NotebookNode
        A copy that begins with a hidden cell, which prepares the kernel.

    Raises
    ------
    RunError
        If a cell raises, ends the kernel, or the kernel dies or does not start.
    """
    first = new_code_cell(PREPARATION, id="preparation", metadata={"tags": [HIDDEN_TAG]})
    whole = NotebookNode({**notebook, "cells": [first, *notebook.cells]})
    watch = _Watch()
    with _quiet():
        try:
            done: NotebookNode = papermill.execute_notebook(
                whole,
                None,
                kernel_name="python3",
                progress_bar=False,
                request_save_on_cell_execute=False,
                start_timeout=_START_SECONDS,
                iopub_timeout=_OUTPUT_SECONDS,
                on_cell_execute=watch,
                **_kernel_options(folder, scratch),
            )
        except PapermillExecutionError as error:
            raise _cell_error(error) from error
        except DeadKernelError as error:
            sentence = "The kernel died in this cell: its code ended the process, or memory ran out."
            raise RunError(sentence, source=watch.source, traceback=_log(scratch)) from error
        except (RuntimeError, OSError) as error:
            raise RunError(f"The kernel did not run: {error}", traceback=_log(scratch)) from error
    _refuse_exit(done)
    return done


def _kernel_options(folder: Path, scratch: Path) -> dict[str, Any]:
    """Options of nbclient: where the kernel works and where its own files lie."""
    connection = {"connection_file": str(scratch / "kernel.json")}
    sockets = str(scratch / "kernel")
    if os.name == "posix" and len(sockets) < _LONGEST_SOCKET:
        connection |= {"transport": "ipc", "ip": sockets}
    return {
        "kernel_manager_class": ReportKernel,
        "config": Config({"ReportKernel": connection}),
        "extra_arguments": [f"--ipython-dir={scratch}"],
        "resources": {"metadata": {"path": str(folder)}},
    }


def _cell_error(error: PapermillExecutionError) -> RunError:
    if error.ename == "SystemExit":
        return _exit_error(error.source)
    known = error.ename in ("InputError", "UnreadableError")
    sentence = error.evalue if known else ": ".join(part for part in (error.ename, error.evalue) if part)
    # Messages of other libraries quote data: an index label may be a customer's address.
    public = None if known else f"{error.ename}; the message may name respondents and stands in the terminal only."
    account = _plain("\n".join(error.traceback))
    return RunError(_plain(sentence), source=error.source, traceback=account, public=public)


def _exit_error(source: str) -> RunError:
    return RunError("The cell ended the run by sys.exit; the cells below it did not run.", source=source)


def _refuse_exit(notebook: NotebookNode) -> None:
    """Refuse a run that a cell ended: papermill takes `sys.exit(0)` for success."""
    for cell in notebook.cells:
        if cell.metadata.get("papermill", {}).get("exception"):
            raise _exit_error(cell.source)


def _log(scratch: Path) -> str:
    """Last words of the kernel's process."""
    path = scratch / _LOG
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
