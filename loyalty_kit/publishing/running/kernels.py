"""The kernel of a report: forked where a server runs, else an ordinary one; the same to a notebook."""

import asyncio
import os
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from papermill.exceptions import PapermillExecutionError
from traitlets import Type, Unicode

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.language import SPOKEN
from loyalty_kit.publishing.running.servers import ENVIRONMENT, KERNELS

STUB = Path(__file__).parent / "kernelspec" / "stub.py"
LOG = "kernel.log"
MOST_OUTPUT = 50_000_000
"""Bytes that all outputs of a run may have."""

# What the kernel finds set before its first import: the same input gives the same bytes, and a user's own startup
# code stays out.
_FIXED = {"PYTHONHASHSEED": "0", "PYTHONSTARTUP": ""}
# Libraries put sockets there, whose paths may not be long.
_LONGEST_FOLDER = 60
_REPLY_SECONDS = 1
_LISTEN_SECONDS = 60
_LOOK_SECONDS = 0.005
_STATUS_SECONDS = 0.2
_COUNT_SECONDS = 0.2


class _Outputs(AsyncZMQSocketChannel):
    """What a kernel tells of its cells: counted, since all of it is kept."""

    taken = 0
    source = ""

    async def _recv(self, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        _, parts = self.session.feed_identities(await self.socket.recv_multipart(**options))
        # Before these come a signature and headers, which are the kernel's own.
        self.taken += sum(map(len, parts[4:]))
        self.check()
        message: dict[str, Any] = self.session.deserialize(parts)
        if message["msg_type"] == "execute_input":
            self.source = message["content"]["code"]
        return message

    def check(self) -> None:
        """End the run where there are too many, as if the cell had raised an error of the kit's own."""
        if self.taken > MOST_OUTPUT:
            error = InputError(
                "A cell printed more than {most} MB, and the run was stopped.", most=MOST_OUTPUT // 1_000_000
            )
            name = InputError.__name__
            raise PapermillExecutionError(0, None, self.source, name, str(error), error.ending())


class _Replies(AsyncZMQSocketChannel):
    """What a kernel answers; who waits for it would learn of too many outputs only at the cell's end."""

    outputs: _Outputs | None = None

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """Wait for a message, as long as the outputs are not too many."""
        end = monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            try:
                return await super().get_msg(min(_COUNT_SECONDS, max(end - monotonic(), 0)))
            except Empty:
                if self.outputs is not None:
                    self.outputs.check()
                if monotonic() >= end:
                    raise


class ReportClient(AsyncKernelClient):
    """Client that takes a kernel for ready with its first answer, and does not wait for silence after it.

    It stops a run whose outputs are too many to keep.
    """

    shell_channel_class = Type(_Replies)
    iopub_channel_class = Type(_Outputs)

    def start_channels(self, *which: bool, **named: bool) -> None:
        """Open the lines to the kernel."""
        super().start_channels(*which, **named)
        self.shell_channel.outputs = self.iopub_channel

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers and its outputs arrive."""
        end = monotonic() + (float("inf") if timeout is None else timeout)
        while not await self._answers(self.kernel_info()):
            if not await self.is_alive():
                raise RuntimeError("it died before it was ready.")
            if monotonic() > end:
                raise RuntimeError(f"it was not ready within {timeout:g} seconds.")

    async def _answers(self, question: str) -> bool:
        """Whether a question was answered in time, its reply and the end of its outputs."""
        try:
            reply = await self.shell_channel.get_msg(timeout=_REPLY_SECONDS)
            status = None
            while status != (question, "idle"):
                message = await self.iopub_channel.get_msg(timeout=_STATUS_SECONDS)
                status = message["parent_header"].get("msg_id"), message["content"].get("execution_state")
        except Empty:
            return False
        self._handle_kernel_info_reply(reply)
        return True


class ReportKernel(AsyncKernelManager):
    """Kernel of this interpreter, whatever other Python has registered itself as 'python3'; or one of another language.

    What its process says beside the cells' outputs goes to a log by its connection file.
    """

    client_factory = Type(ReportClient)
    language = Unicode("en", help="Language of computed sentences.").tag(config=True)
    other = Unicode("", help="Installed kernel of another language, which then runs.").tag(config=True)

    @property
    def kernel_spec(self) -> KernelSpec:
        """How the kernel is started."""
        warm = [sys.executable, "-S", "-E", str(STUB), "-f", "{connection_file}"]
        folder = str(Path(self.connection_file).parent)
        # A kernel is killed when its outputs are in; what it has put aside goes with its other files.
        own = len(folder) < _LONGEST_FOLDER and folder.startswith(tempfile.gettempdir())
        passing = {"TMPDIR": folder} if own else {}
        environment = {**_FIXED, **ENVIRONMENT, **passing, SPOKEN: self.language}
        if self.other:
            spec: KernelSpec = KernelSpecManager().get_kernel_spec(self.other)
            spec.env = {**environment, **spec.env}
            return spec
        return KernelSpec(
            argv=warm if os.environ.get(KERNELS) else make_ipkernel_cmd(),
            env=environment,
            display_name="Python",
            language="python",
            name="python3",
        )

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        with Path(self.connection_file).with_name(LOG).open("ab") as log:
            await super()._async_launch_kernel(kernel_cmd, stdout=log, stderr=log, **options)
        await self._listens()

    async def _listens(self) -> None:
        """Wait for the kernel's sockets where they are files: who connects before tries again only after a while."""
        if self.transport != "ipc":
            return
        last, end = Path(f"{self.ip}-{self.hb_port}"), monotonic() + _LISTEN_SECONDS
        while not last.exists() and monotonic() < end and await self.is_alive():
            await asyncio.sleep(_LOOK_SECONDS)

    async def _async_kill_kernel(self, restart: bool = False) -> None:
        """Kill the kernel and what it started, and learn of its end at once."""
        process = getattr(self.provisioner, "process", None)
        if process is not None and os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        await super()._async_kill_kernel(restart=restart)
