"""Files of a folder that others can write to, read so that nothing which only looks like a file can hold a run up."""

import errno
import os
import stat
from pathlib import Path


def is_regular(path: Path) -> bool:
    """Whether a path leads to an ordinary file, and to no pipe, device, socket or folder."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def read_regular(path: Path, most: int = -1) -> bytes:
    """Read an ordinary file, or its first bytes.

    Raises
    ------
    OSError
        If it cannot be read, or is something else: whoever opens a pipe waits until somebody writes into it.

    Examples
    --------
    >>> read_regular(Path(os.devnull))
    Traceback (most recent call last):
    ...
    OSError: [Errno 22] It is no ordinary file: '/dev/null'
    """
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(opened, "rb") as stream:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(errno.EINVAL, "It is no ordinary file", str(path))
        return stream.read(most)
