"""What Jupyter starts as the kernel 'loyalty-kit-warm': it stands for a kernel that a server has ready.

Where no server runs, or none answers, it becomes an ordinary kernel. It is run by its path, without the site's
packages, so that it starts in a moment; it may import nothing but the standard library.
"""

import json
import os
import runpy
import select
import signal
import site
import socket
import sys

SERVER = "LOYALTY_KIT_KERNELS"
"""Environment variable with the socket of the server; `fork_server` holds the other end."""

POLL_SECONDS = 0.25
LENGTH_BYTES = 8


def main() -> None:
    """Stand for a kernel until it ends, or be one."""
    parent = os.getppid()
    server = _connected(os.environ.pop(SERVER, "")) if hasattr(socket, "AF_UNIX") else None
    if server is None:
        _become_a_kernel()
        return
    signal.signal(signal.SIGINT, lambda *_: server.send(bytes([signal.SIGINT])))
    while True:
        readable, _, _ = select.select([server], [], [], POLL_SECONDS)
        if readable:
            status = server.recv(1)
            sys.exit(status[0] if status else 1)
        if os.getppid() != parent:
            sys.exit(1)


def _connected(place: str) -> socket.socket | None:
    """Line to a kernel that begins here and now; None where there is none to be had."""
    if not place:
        return None
    line = socket.socket(socket.AF_UNIX)
    request = {"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}
    content = json.dumps(request).encode()
    try:
        line.connect(place)
        socket.send_fds(line, [len(content).to_bytes(LENGTH_BYTES, "big")], [0, 1, 2])
        line.sendall(content)
        if line.recv(1):
            return line
    except OSError:
        pass
    line.close()
    return None


def _become_a_kernel() -> None:
    """Run an ordinary kernel in this process."""
    if os.name == "posix":
        command = [sys.executable, "-m", "ipykernel_launcher", *sys.argv[1:]]
        os.execv(sys.executable, command)
    # Elsewhere a process cannot be replaced; the packages left out at its start are brought in.
    site.main()
    runpy.run_module("ipykernel_launcher", run_name="__main__")


if __name__ == "__main__":
    main()
