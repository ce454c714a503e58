"""Requests carried out side by side, each in a process of its own that can be stopped, killed or lost without harm."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from threading import Event, Lock, Timer
from time import monotonic
from typing import IO

from pydantic import ValidationError

from loyalty_kit.core.messages import message
from loyalty_kit.publishing.files.publication import passing_place, scratch_folder, sweep
from loyalty_kit.publishing.history.requests import REQUEST, RESPONSE, Failure, RenderRequest, RenderResponse, too_late
from loyalty_kit.publishing.running.servers import can_fork, forking, send_request

PROCESS_ENDED = message("The process that made the report ended before it answered: it was killed, or memory ran out.")

Answer = tuple[int, RenderResponse, float]

_Kill = Callable[[], None]
_Process = tuple[IO[bytes], _Kill]


def carry_out(requests: Iterable[RenderRequest], *, workers: int) -> Iterator[Answer]:
    """Carry requests out, so many at a time, and give each answer as soon as it is there.

    Parameters
    ----------
    requests : iterable of RenderRequest
        Taken one by one, each when a worker is free.
    workers : int
        How many reports are made at a time.

    Yields
    ------
    (int, RenderResponse, float)
        The request's number in the iterable, what became of it, and the seconds that it took. Whatever
        happens to its process (killed, out of memory, too long) is a failure of this request alone.

    Notes
    -----
    Where the generator is closed before its end, whatever still runs is killed.
    """
    with worker_pool(workers) as run_requests:
        yield from run_requests(requests)


@contextmanager
def worker_pool(workers: int) -> Iterator[Callable[[Iterable[RenderRequest]], Iterator[Answer]]]:
    """Workers for several calls: what `carry_out` does, by servers that start with the first request and then stay."""
    with ExitStack() as stack:

        @cache
        def server() -> Path | None:
            return stack.enter_context(_opened())

        yield partial(_run_requests, workers=workers, server=server)


def _run_requests(
    requests: Iterable[RenderRequest], *, workers: int, server: Callable[[], Path | None]
) -> Iterator[Answer]:
    coming = enumerate(requests)
    running: dict[Future[tuple[RenderResponse, float]], int] = {}
    with ThreadPoolExecutor(workers) as pool, closing(_Processes(server)) as processes:
        while True:
            while len(running) < workers:
                number, request = next(coming, (-1, None))
                if request is None:
                    break
                server()
                running[pool.submit(_supervise, request, processes)] = number
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                number = running.pop(future)
                yield number, *future.result()


@dataclass
class _Processes:
    """Processes at work, and how they are ended."""

    server: Callable[[], Path | None]
    kills: set[_Kill] = field(default_factory=set)
    closed: bool = False
    lock: Lock = field(default_factory=Lock)

    @contextmanager
    def process(self, content: bytes, *, apart: bool = False) -> Iterator[_Process]:
        """Process for a request: forked where a server answers and it need not be apart, else started for it."""
        with ExitStack() as stack:
            try:
                server = None if apart else self.server()
                stream, kill = stack.enter_context(_forked(content, server, lambda: self.closed))
            except OSError:
                if self.closed:
                    raise
                stream, kill = stack.enter_context(_started(content))
            with self.lock:
                self.kills.add(kill)
                if self.closed:
                    kill()
            try:
                yield stream, kill
            finally:
                with self.lock:
                    self.kills.remove(kill)

    def died_with_server(self, response: RenderResponse | None) -> bool:
        """Whether a request failed for no fault of its own: its server, or that of its kernel, is gone."""
        server = self.server()
        if self.closed or server is None:
            return False
        if response is None:
            return _gone(server)
        # With its server every kernel ends.
        died = response.failure is not None and response.failure.kernel_died
        return died and _gone(server.with_name("kernel"))

    def close(self) -> None:
        """End the processes at work, and those that begin from now on."""
        with self.lock:
            self.closed = True
            for kill in self.kills:
                kill()


@contextmanager
def _opened() -> Iterator[Path | None]:
    """Server of reports, where there can be one; at its end nothing of its processes is left."""
    try:
        with scratch_folder() as folder, ExitStack() as stack:
            server = None
            if can_fork(folder):
                with suppress(OSError):
                    server = stack.enter_context(forking(folder))
            yield server
    finally:
        sweep(passing_place())


@contextmanager
def _forked(content: bytes, server: Path | None, given_up: Callable[[], bool]) -> Iterator[_Process]:
    if server is None:
        raise FileNotFoundError("No server runs.")
    with send_request(server, content, given_up=given_up) as line, line.makefile("rb") as stream:
        yield stream, partial(_disconnect, line)


def _disconnect(line: socket.socket) -> None:
    """Disconnect; the server then kills the process, and the stream ends when it is dead."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_WR)


@contextmanager
def _started(content: bytes) -> Iterator[_Process]:
    command = [sys.executable, "-m", "loyalty_kit.publishing.reports.forked_report"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing) as process:
        if process.stdin is None or process.stdout is None:
            raise BrokenPipeError("The process has no pipes.")
        with suppress(BrokenPipeError):
            process.stdin.write(content + b"\n")
            process.stdin.flush()
        try:
            yield process.stdout, process.kill
        finally:
            process.kill()


def _gone(server: Path) -> bool:
    """Whether nobody listens where a server did."""
    with socket.socket(socket.AF_UNIX) as line:
        # A server with much to do is there, though it lets wait.
        line.setblocking(False)
        try:
            line.connect(str(server))
        except BlockingIOError:
            return False
        except OSError:
            return True
    return False


def _supervise(request: RenderRequest, processes: _Processes) -> tuple[RenderResponse, float]:
    """See one request through, and time it; where a cell beside it ended its server, a second time and apart."""
    began, late = monotonic(), Event()
    response, reached = _run_once(request, processes, late)
    if not late.is_set() and processes.died_with_server(response):
        response, reached = _run_once(request, processes, late, apart=True)
    if response is None and late.is_set():
        response = RenderResponse(failure=Failure(too_late(request.timeout or 0), source=reached))
    return response or RenderResponse(failure=Failure(PROCESS_ENDED, source=reached)), monotonic() - began


def _run_once(
    request: RenderRequest, processes: _Processes, late: Event, *, apart: bool = False
) -> tuple[RenderResponse | None, str]:
    """Answer to a request, if there was one, and the code of the last cell that it reached."""
    try:
        with processes.process(REQUEST.dump_json(request), apart=apart) as (stream, kill):
            with _deadline(request.timeout, kill, late):
                return _read_response(stream)
    except OSError as error:
        return RenderResponse(
            failure=Failure(message("No process could be started for the report: {said}", said=error))
        ), ""


@contextmanager
def _deadline(seconds: float | None, kill: _Kill, late: Event) -> Iterator[None]:
    """Kill a process when its time is over."""
    if seconds is None:
        yield
        return

    def stop() -> None:
        late.set()
        kill()

    timer = Timer(seconds, stop)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read_response(stream: IO[bytes]) -> tuple[RenderResponse | None, str]:
    """Answer of a process, if it gave one, and the code of the last cell that it reached."""
    response, reached = None, ""
    with suppress(OSError):
        for line in stream:
            try:
                message = json.loads(line)
                if "response" in message:
                    response = RESPONSE.validate_python(message["response"])
                else:
                    reached = str(message["reached"])
            except (ValueError, LookupError, TypeError, ValidationError):
                # Nothing but what the process says by these two words counts; the rest is noise on its line.
                continue
    return response, reached
