"""Fork servers as their owner sees them: started for as long as they are needed, and asked for children."""

import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "LOYALTY_KIT_ANONYMOUS": "1",
}
"""One thread for linear algebra, and errors that name rows in place of respondents."""

KERNELS = "LOYALTY_KIT_KERNELS"
"""Environment variable with the socket of the server of kernels; the stub of 'loyalty-kit-warm' reads it."""

_LONGEST_PLACE = 100
_WAITING = 128
_END_SECONDS = 10
_LOOK_SECONDS = 0.2
_FIXED = {"PYTHONHASHSEED": "0", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}


def can_fork(folder: Path) -> bool:
    """Whether servers can run here, with their sockets in a folder."""
    return hasattr(os, "fork") and hasattr(socket, "AF_UNIX") and len(os.fsencode(folder / "kernel")) < _LONGEST_PLACE


@contextmanager
def forking(folder: Path) -> Iterator[Path]:
    """Servers of kernels and of reports, which import at once; gives the socket of the second.

    Parameters
    ----------
    folder : Path
        Folder of their sockets, which only this user can enter; gone when the owner is.
    """
    with serving("kernel", folder) as kernels, serving("report", folder, {KERNELS: str(kernels)}) as reports:
        yield reports


def send_request(place: Path, content: bytes, *, given_up: Callable[[], bool] = lambda: False) -> socket.socket:
    """Line to a child of a server, once it is there; OSError where the server is gone or nobody waits any more."""
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(str(place))
        line.sendall(len(content).to_bytes(8, "big") + content)
        while not select.select([line], [], [], _LOOK_SECONDS)[0]:
            if given_up():
                raise ConnectionAbortedError("Nobody waits for the answer any more.")
        if not line.recv(1):
            raise ConnectionError(f"The server at {place} gave no answer.")
    except OSError:
        line.close()
        raise
    return line


@contextmanager
def serving(role: str, folder: Path, environment: Mapping[str, str] = MappingProxyType({})) -> Iterator[Path]:
    """Server of a role, 'kernel' or 'report', for as long as it is needed; gives its socket in the folder."""
    place = folder / role
    with socket.socket(socket.AF_UNIX) as listener, place.with_suffix(".log").open("wb") as log:
        listener.bind(str(place))
        # Requests wait here while the server is still importing.
        listener.listen(_WAITING)
        number = listener.fileno()
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "loyalty_kit.publishing.running.fork_server", role, str(number)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, **ENVIRONMENT, **_FIXED, **environment},
            pass_fds=[number],
            start_new_session=True,
        )
    try:
        yield place
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a server end itself and its children, which it does when its input ends."""
    with suppress(OSError, subprocess.TimeoutExpired):
        process.communicate(timeout=_END_SECONDS)
        return
    process.kill()
    process.wait()
