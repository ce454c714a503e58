"""Fork server: a process that has imported what reports need and gives each request a ready child of its own.

`python -m loyalty_kit.publishing.running.fork_server ROLE DESCRIPTOR` serves on a listening socket that its owner hands
down; its standard input is a pipe from the owner, whose end means the owner's. It runs on one thread. A request is its
length and its content, with the standard streams of a kernel; the answer begins with a byte once the child is there and
ends with the child's exit status. Where the requester hangs up, the child and all that it started are killed.
"""

import atexit
import gc
import os
import select
import selectors
import shutil
import signal
import socket
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from time import sleep

from loyalty_kit.publishing.files.publication import passing_place, sweep

ROLES = {
    "kernel": "loyalty_kit.publishing.running.forked_kernel",
    "report": "loyalty_kit.publishing.reports.forked_report",
}
"""Module that a server imports: its `prepare` comes before the first child, its `run` is what a child does."""

READY = b"+"
LENGTH_BYTES = 8
_REQUEST_SECONDS = 10
_POLL_SECONDS = 0.25
_OWNER = 0

Run = Callable[[socket.socket, bytes], None]


def main() -> None:
    """Serve until the owner is gone; a child leaves here when its work is done."""
    role, descriptor = sys.argv[1:]
    # As the docs of gc advise before a fork: nothing is collected here, children collect what is theirs.
    gc.disable()
    listener = socket.socket(fileno=int(descriptor))
    leave = partial(_leave, Path(listener.getsockname()).parent)
    with _watching_owner(leave):
        work = import_module(ROLES[role])
        work.prepare()
    gc.freeze()
    server, process = _Server(listener), os.getpid()
    try:
        request = server.serve()
    except Exception:
        traceback.print_exc()
        request = None
    server.close_sockets()
    if request is not None:
        gc.enable()
        os.setsid()
        _end_with(process)
        _work(work.run, *request)
    server.end()
    leave()


def _leave(sockets: Path) -> None:
    """End the server; nothing is left of it and of processes that were killed."""
    sweep(passing_place())
    shutil.rmtree(sockets, ignore_errors=True)
    os._exit(0)


@contextmanager
def _watching_owner(leave: Callable[[], None]) -> Iterator[None]:
    """Leave as soon as the owner is gone, though an import takes its time."""

    def look(*_: object) -> None:
        if select.select([_OWNER], [], [], 0)[0]:
            leave()

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _POLL_SECONDS, _POLL_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


@dataclass
class _Server:
    """Children at work and the line to whoever asked for each."""

    listener: socket.socket
    lines: dict[int, socket.socket] = field(default_factory=dict)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    wakeup: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)

    def serve(self) -> tuple[socket.socket, bytes, list[int]] | None:
        """Fork for each request; a child comes back with its own, the server with nothing, once it is alone."""
        for end in self.wakeup:
            end.setblocking(False)
        signal.set_wakeup_fd(self.wakeup[1].fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # A cell that signals its parent must not take the other reports along.
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for watched in (_OWNER, self.listener, self.wakeup[0]):
            self.selector.register(watched, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj == _OWNER:
                    return None
                if key.fileobj is self.listener:
                    request = self.fork()
                    if request is not None:
                        return request
                elif key.fileobj is self.wakeup[0]:
                    with suppress(BlockingIOError):
                        self.wakeup[0].recv(4096)
                    self.reap()
                elif key.data in self.lines:
                    self.interrupt_or_kill(key.data)

    def fork(self) -> tuple[socket.socket, bytes, list[int]] | None:
        """Take a request; None in the server, the request in its child."""
        line, _ = self.listener.accept()
        try:
            content, descriptors = _received(line)
            line.send(READY)
            process = _forked()
        except OSError:
            line.close()
            return None
        if process == 0:
            return line, content, descriptors
        for descriptor in descriptors:
            os.close(descriptor)
        self.lines[process] = line
        self.selector.register(line, selectors.EVENT_READ, process)
        return None

    def interrupt_or_kill(self, process: int) -> None:
        """Pass an interrupt on to a child, or end it when nobody waits for it any more."""
        line = self.lines[process]
        try:
            asked = line.recv(64)
        except OSError:
            asked = b""
        if not asked:
            self.selector.unregister(line)
            _send(process, signal.SIGKILL)
        elif signal.SIGINT in asked:
            _send(process, signal.SIGINT)

    def reap(self) -> None:
        """Tell of the children that have ended, and end what they left running."""
        while self.lines:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process, signal.SIGKILL)
            line = self.lines.pop(process)
            with suppress(KeyError):
                self.selector.unregister(line)
            code = os.waitstatus_to_exitcode(status)
            with suppress(OSError):
                line.send(bytes([code if code >= 0 else 128 - code]))
            line.close()

    def end(self) -> None:
        """Kill the children that are left."""
        for process in self.lines:
            _send(process, signal.SIGKILL)
        for process in self.lines:
            os.waitpid(process, 0)

    def close_sockets(self) -> None:
        """Let go of what is the server's own, so that no child holds another's line open."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.selector.close()
        for open_socket in (self.listener, *self.wakeup, *self.lines.values()):
            open_socket.close()


def _forked() -> int:
    """Fork; of the threads that Python warns of, those of Arrow's allocator, each process has its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _received(line: socket.socket) -> tuple[bytes, list[int]]:
    """One request: its content and the streams that came with it."""
    line.settimeout(_REQUEST_SECONDS)
    head, descriptors, _, _ = socket.recv_fds(line, LENGTH_BYTES, 3)
    try:
        head += _exactly(line, LENGTH_BYTES - len(head))
        content = _exactly(line, int.from_bytes(head, "big"))
    except OSError:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    line.settimeout(None)
    return content, list(descriptors)


def _exactly(line: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = line.recv(min(size, 1 << 20))
        if not part:
            raise ConnectionError("The request broke off.")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _send(process: int, number: signal.Signals) -> None:
    """Signal a child and all that it started; it leads a group of its own as soon as it begins to work."""
    for reach in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            reach(process, number)
            return


def _work(run: Run, line: socket.socket, content: bytes, streams: list[int]) -> None:
    """Do a child's work and end it, without the server's own way out."""
    status = 1
    try:
        if not streams:
            streams = [os.open(os.devnull, os.O_RDONLY)]
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
            os.close(descriptor)
        run(line, content)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _end_with(parent: int) -> None:
    """Have this process and what it starts killed when the server is gone, which would otherwise see to it."""

    def watch() -> None:
        while os.getppid() == parent:
            sleep(_POLL_SECONDS)
        os.killpg(0, signal.SIGKILL)

    Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
