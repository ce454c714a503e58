"""Reports that live elsewhere: a folder at any address that fsspec knows, kept in step with one of this machine."""

import getpass
import hashlib
import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.files.locks import folder_lock
from loyalty_kit.publishing.files.publication import scratch_folder

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_address(output: str) -> bool:
    """Whether an output is an address such as 's3://bucket/reports' and no folder of this machine."""
    return _ADDRESS.match(output) is not None


@contextmanager
def locked(address: str, *, wait: bool) -> Iterator[None]:
    """Keep other batches of this user and machine from rendering to an address."""
    mark = hashlib.sha256(address.rstrip("/").encode()).hexdigest()[:16]
    place = Path(tempfile.gettempdir()) / f"loyalty-kit-lock-{getpass.getuser()}-{mark}"
    place.mkdir(mode=0o700, exist_ok=True)
    with folder_lock(place, wait=wait, warn_user=logging.getLogger("loyalty_kit").warning, name=address):
        yield


@contextmanager
def mirrored(address: str) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Folder of this machine with the files of an address.

    Parameters
    ----------
    address : str
        Any that fsspec knows: s3://, gs://, abfs://, memory:// …; its own package (s3fs, gcsfs, adlfs) must be there.

    Yields
    ------
    folder : Path
        A passing folder that holds what the address held.
    push : callable
        Brings to the address what has changed since; each file is put in its place whole.

    Raises
    ------
    InputError
        If fsspec or the address's package is not installed, or the address cannot be read or written.

    Notes
    -----
    The lock (`locked`) holds on one machine: two machines that write to one address at once may each
    miss the other's runs in the index until the next batch.
    """
    system, root = _opened(address)
    with scratch_folder() as folder:
        with _translated_errors(address):
            _pull(system, root, folder)
        known = _stamps(folder)

        def push() -> None:
            nonlocal known
            now = _stamps(folder)
            with _translated_errors(address):
                for name in sorted(now, key=lambda name: (name == "index.html", name)):
                    if known.get(name) != now[name]:
                        system.pipe_file(f"{root}/{name}", (folder / name).read_bytes())
                for name in known.keys() - now.keys():
                    system.rm_file(f"{root}/{name}")
            known = now

        yield folder, push
        push()


def _opened(address: str) -> tuple[Any, str]:
    try:
        system, root = import_module("fsspec").url_to_fs(address)
    except ImportError as error:
        raise InputError(
            "'{address}' needs the package {package}; install it beside the kit.",
            address=address,
            package=error.name or error,
        ) from None
    except ValueError as error:
        raise InputError("'{address}' is no address for reports: {cause}.", address=address, cause=error) from None
    return system, root.rstrip("/")


def _pull(system: Any, root: str, folder: Path) -> None:
    system.invalidate_cache()
    if not system.exists(root):
        system.makedirs(root, exist_ok=True)
        return
    for entry in system.ls(root, detail=True):
        name = entry["name"].rstrip("/").rpartition("/")[2]
        if entry["type"] == "file" and name == Path(name).name and not name.startswith("."):
            (folder / name).write_bytes(system.cat_file(entry["name"]))


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Change time and size of each file that is no lock, journal or passing file."""
    paths = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    passing = ("-wal", "-shm", "-journal")
    return {
        path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in paths if not path.name.endswith(passing)
    }


@contextmanager
def _translated_errors(address: str) -> Iterator[None]:
    """Errors of a store's own library, as one sentence."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            "'{address}' cannot be read or written ({kind}: {said}).",
            address=address,
            kind=type(error).__name__,
            said=error,
        ) from error
