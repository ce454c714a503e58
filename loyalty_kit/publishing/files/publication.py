"""Files of a report: a scratch folder that leaves nothing behind, and publication all at once or not at all."""

import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, foreign, shown
from loyalty_kit.publishing.files.naming import fits_windows

# Machine and process stand in the name of every passing file, so that those of dead processes can be told.
MACHINE = re.sub(r"\W", "", platform.node())
# A machine's name can be long, and sockets lie below such a file, whose paths may not be.
_PREFIX = f"loyalty-kit-{hashlib.sha256(MACHINE.encode()).hexdigest()[:8]}-"
_OWNER = re.compile(rf"\.?{re.escape(_PREFIX)}(\d{{1,9}})-")
_LONGEST_NAME = 200
_LONGEST_PLACE = 44
_SHORT_PLACE = Path("/tmp")
# What steers a terminal or a path, or turns the text around it about.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def check_report_name(name: str, where: Message) -> None:
    """Refuse a report's name that cannot be a file's name, or that the kit uses itself."""
    if not name or name.startswith(".") or _UNFIT.search(name) or name != name.strip():
        raise InputError(
            "{where}: {name} cannot name a report; allowed is text without slashes and control characters "
            "that begins with no dot.",
            where=where,
            name=shown(name),
        )
    if os.name == "nt" and not fits_windows(name):
        raise InputError("{where}: Windows knows no file '{name}'; give another name.", where=where, name=name)
    if name.casefold() == "index" or name.casefold().endswith(".failed"):
        raise InputError(
            "{where}: '{name}' cannot name a report; the kit writes 'index' and '….failed' itself.",
            where=where,
            name=name,
        )
    if len(name.encode(errors="surrogateescape")) > _LONGEST_NAME:
        raise InputError(
            "{where}: '{name}…' is too long to name a report; {most} bytes are allowed.",
            where=where,
            name=name[:20],
            most=_LONGEST_NAME,
        )


def output_folder(path: Path) -> Path:
    """Folder for reports, made where it is absent; refused where nothing can be written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError("The output '{path}' cannot be a folder; a file is in its place.", path=path) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(
            "The output folder {path} cannot be made: {cause}.", path=shown(str(path)), cause=foreign(why)
        ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise InputError("The output folder '{path}' cannot be written to; give another with -o.", path=path)
    return path


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Folder for passing files, gone afterwards; those of killed processes are removed first."""
    place = passing_place()
    sweep(place)
    prefix = f"{_PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def passing_place() -> Path:
    """Where passing files go: the system's folder for them, or /tmp where that one's path leaves sockets no room."""
    usual = Path(tempfile.gettempdir())
    fits = os.name != "posix" or len(os.fsencode(usual)) <= _LONGEST_PLACE
    return usual if fits or not os.access(_SHORT_PLACE, os.W_OK | os.X_OK) else _SHORT_PLACE


def sweep(folder: Path) -> None:
    """Remove passing files whose process is dead."""
    for path in folder.glob(f"*{_PREFIX}*"):
        owner = _OWNER.match(path.name)
        if owner and not alive(int(owner[1])):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def publish(text: str, target: Path, *, scratch: Path) -> None:
    """Put a text in a file's place at one stroke; before, the old file is there, after, the new.

    The text is written in the scratch folder and renamed; where that lies on another file system, a
    hidden copy beside the target is.
    """
    data = text.encode(errors="backslashreplace")
    whole = scratch / f"{secrets.token_hex(4)}.html"
    _write(whole, data)
    try:
        os.replace(whole, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        publish_bytes(data, target)


def publish_bytes(data: bytes, target: Path) -> None:
    """Put bytes in a file's place at one stroke, by way of a hidden file beside it."""
    beside = target.with_name(f".{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}")
    try:
        _write(beside, data)
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def alive(process: int) -> bool:
    """Whether a process of this machine still runs; true where that cannot be told."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
