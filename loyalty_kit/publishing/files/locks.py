"""One batch at a time in a folder of reports; the system lets go of the lock when its holder dies."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import foreign

LOCK = ".loyalty-kit.lock"

_WITHOUT_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
_POLL_SECONDS = 0.2


@contextmanager
def folder_lock(
    folder: Path, *, wait: bool, warn_user: Callable[[str], object] = lambda sentence: None, name: str | None = None
) -> Iterator[None]:
    """Keep other batches from rendering into a folder.

    Parameters
    ----------
    folder : Path
        Folder of reports, which is there.
    wait : bool
        Whether to wait while another batch renders into it.
    warn_user : callable, optional
        Gets a sentence where another batch is waited for, or where the folder's file system has no locks.
    name : str, optional
        What sentences call the place; the folder where not given.

    Raises
    ------
    InputError
        If another batch renders into the folder and is not waited for, or its lock file cannot be written.

    Notes
    -----
    The lock is the system's, on an open file, and ends with the process that holds it, however that
    ends: the hidden file stays and is no lock by itself, and forked processes do not hold on to it.
    """
    lock = FileLock(folder / LOCK, thread_local=False, fallback_to_soft=False)
    try:
        _acquire(lock, name or str(folder), wait=wait, warn_user=warn_user)
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            raise InputError(
                "The folder '{folder}' cannot be locked: {cause}; give another with -o.",
                folder=folder,
                cause=foreign(error.strerror),
            ) from None
        warn_user(f"The file system of '{folder}' has no locks, so nothing keeps two batches apart there.")
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: FileLock, name: str, *, wait: bool, warn_user: Callable[[str], object]) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not wait:
            template = "Another batch renders into '{name}'; without --no-wait this one waits for it."
            raise InputError(template, name=name) from None
        warn_user(f"Another batch renders into '{name}'; this one waits for it.")
        lock.acquire(poll_interval=_POLL_SECONDS)
