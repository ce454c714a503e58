"""What tests of processes share: a short folder for passing files, requests, and a look at who still runs."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from loyalty_kit.publishing.history.requests import RenderRequest
from loyalty_kit.publishing.running.servers import KERNELS, serving

PATIENCE = 60


@contextmanager
def passing_files() -> Iterator[Path]:
    """Folder that this process and its children take for the system's own; its path leaves room for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="lk", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder
    shutil.rmtree(folder)


@contextmanager
def served_kernels() -> Iterator[psutil.Process]:
    """Server that kernels of this process come from."""
    with passing_files() as passing, pytest.MonkeyPatch.context() as patch:
        (passing / "sockets").mkdir()
        before = psutil.Process().children()
        with serving("kernel", passing / "sockets") as place:
            patch.setenv(KERNELS, str(place))
            (process,) = (child for child in psutil.Process().children() if child not in before)
            yield process


def request(folder: Path, *code: str, name: str = "small", timeout: float | None = None) -> RenderRequest:
    """Request for a report with a title and cells of code."""
    cells = [new_markdown_cell("# A small report", id="title")]
    cells += [new_code_cell(source, id=f"code-{number}") for number, source in enumerate(code)]
    facts = {"name": name, "title": name}
    place = str(folder)
    return RenderRequest(name, writes(new_notebook(cells=cells)), place, place, facts=facts, timeout=timeout)


def asleep(marker: Path) -> str:
    """Code that leaves its process in a file, then sleeps."""
    return f"""import os, time
open({str(marker)!r} + '.part', 'w').write(str(os.getpid()))
os.rename({str(marker)!r} + '.part', {str(marker)!r})
time.sleep(600)"""


def comes_true(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def running(process: int) -> bool:
    """Whether a process does anything yet."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def command_line(process: psutil.Process) -> list[str]:
    """Command line of a process; empty where it has ended, be it that nobody has asked yet how."""
    try:
        return process.cmdline()
    except (psutil.Error, OSError):
        return []


def users(folder: Path) -> list[list[str]]:
    """Command lines of processes that name a folder, in their arguments or as the place of passing files."""
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            told = [*line, process.environ().get("TMPDIR", "")]
        except (psutil.Error, OSError):
            continue
        if process.pid != psutil.Process().pid and any(str(folder) in part for part in told):
            found.append(line)
    return found
