"""The key of a report: a hash of all that goes into it, so that what has not changed need not run again."""

import ast
import hashlib
import json
import os
import platform
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from html import unescape
from importlib.metadata import PackageNotFoundError, distribution
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from nbformat import NotebookNode

from loyalty_kit.core.drawing.font_files import cjk_font_files
from loyalty_kit.core.errors import InputError, read_toml
from loyalty_kit.core.messages import message
from loyalty_kit.publishing.notebooks.syntax import syntax_tree

PACKAGE = Path(__file__).parents[2]
COMPANION_FILES = ("truth.json",)
"""Files that tell of the table beside which they lie."""

_NOT_SHAPING = ("jupyterlab", "typer", "rich", "filelock")
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# What editors write of a cell beside its meaning.
_NOISE = (
    "collapsed",
    "deletable",
    "editable",
    "execution",
    "ExecuteTime",
    "jupyter",
    "papermill",
    "scrolled",
    "slideshow",
    "trusted",
    "vscode",
)
# Looks ahead only, so that what one start reaches over still counts as a start of its own.
_IMAGE = re.compile(
    r"""(?:\]\(\s*<?|\]:\s*<?|src\s*=\s*["']?)(?=([^\n]{1,1000}?\.(?:gif|jpe?g|png|svg|webp)))""", re.IGNORECASE
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
_RUN = re.compile(r"^[ \t]*%run[ \t]+(.+)$", re.MULTILINE)
_WORD = re.compile(r""""([^"]+)"|'([^']+)'|(\S+)""")
_LISTED = re.compile(r"(?:^|,)[\s(]*([\w.]+)")
_IMPORT = re.compile(r"(?:^|[;:])[ \t]*(?:from[ \t]+([\w.]+)[ \t]+)?import[ \t]+([^;#\n]+)", re.MULTILINE)
_QUOTED = re.compile(r"""(["'])([^"'\n]{1,250})\1""")
_VERSION, _NEEDED = (re.compile(rf"^{name}: *(.*)$", re.MULTILINE) for name in ("Version", "Requires-Dist"))
_MOST_FILES = 10_000


@dataclass(frozen=True)
class ReportKey:
    """What went into a report.

    Attributes
    ----------
    key : str
        SHA-256 of all of it, in hexadecimal digits.
    files : mapping of str to str
        SHA-256 of each input file that a parameter names, by its path as seen from the working folder.
    unseen : tuple of str
        Parameters that name what the key cannot know: a place on the network, or a folder of more than
        10,000 files. Such a report may have changed although its key has not.
    """

    key: str
    files: Mapping[str, str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


def report_key(
    notebook: NotebookNode,
    *,
    path: Path,
    values: Mapping[str, Any],
    folder: Path,
    language: str,
    words: Collection[str] = (),
    extra: Sequence[str] = (),
) -> ReportKey:
    """Hash all that goes into a report.

    Parameters
    ----------
    notebook : NotebookNode
        The notebook as it will run, its parameters set.
    path : Path
        Its file; images of its prose lie by it.
    values : mapping of str
        Every parameter's value.
    folder : Path
        Working folder of the kernel.
    language : str
        The report's language.
    words : collection of str
        Parameters that take one of a few words, which name no file, whatever lies in the folder.
    extra : list of str
        Whatever else the page shows, such as its title.

    Returns
    -------
    ReportKey
        Of cells (source, tags, attachments; no outputs), values, language, the content of every file
        that a parameter names (of a folder: of its files), that prose shows as an image or code names
        in quotation marks or imports from the working folder; the kit's own files; versions of Python
        and of the packages that shape a report; the font that Chinese labels are drawn in. Paths count
        only as the parameters spell them.
    """
    free = {name: value for name, value in values.items() if name not in words}
    named = {name: [_named(text, folder) for text in _texts(value)] for name, value in free.items()}
    found = (file for places in named.values() for place in places for file in place or ())
    files = {_label(file, folder): _digest(file) for one in found for file in (one, *_beside(one))}
    texts = [cell.source for cell in notebook.cells if cell.cell_type != "code"]
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    parts = {
        "cells": [_cell(cell) for cell in notebook.cells],
        "values": {name: _plain(value) for name, value in values.items()},
        "language": language,
        "extra": list(extra),
        "files": files,
        "images": {_label(file, path.parent): _digest(file) for file in _images(texts, path.parent)},
        "code": {_label(file, folder): _digest(file) for file in _used_by_code(code, folder)},
        "fonts": {file.name: file.stat().st_size for file in cjk_font_files() if file.is_file()},
        "kit": kit_digest(),
        "versions": versions(),
    }
    text = json.dumps(parts, ensure_ascii=True, sort_keys=True)
    unseen = tuple(name for name, places in named.items() if None in places)
    return ReportKey(hashlib.sha256(text.encode()).hexdigest(), files, unseen)


def changed_files(key: ReportKey, folder: Path) -> list[str]:
    """Input files that are no longer what they were when the key was made.

    Parameters
    ----------
    key : ReportKey
        The key.
    folder : Path
        Working folder that it was made for.
    """
    return [name for name, digest in key.files.items() if _digest(folder / name) != digest]


@cache
def kit_digest() -> str:
    """Hash of the kit's own files, so that a checkout that was edited counts as another version."""
    whole = hashlib.sha256()
    apart = (PACKAGE / "notebooks", PACKAGE / "starter")
    for file in sorted(_below(PACKAGE, skip=("__pycache__",))):
        if not any(file.is_relative_to(folder) for folder in apart):
            whole.update(f"{file.relative_to(PACKAGE).as_posix()}\0{_digest(file)}\n".encode())
    return whole.hexdigest()


@cache
def versions() -> Mapping[str, str]:
    """Versions of Python, the kit, the packages that it makes a report with, and those that they need."""
    found = {"python": platform.python_version()}
    waiting = ["loyalty-kit"]
    while waiting:
        name = waiting.pop()
        if name in found or name in _NOT_SHAPING:
            continue
        try:
            # Read by lines: the parser of e-mail behind `metadata` takes longer than all the rest of a key.
            about = (distribution(name).read_text("METADATA") or "").partition("\n\n")[0]
        except PackageNotFoundError:
            continue
        found[name] = _VERSION.findall(about)[0] if _VERSION.search(about) else ""
        needed = (line for line in _NEEDED.findall(about) if "extra ==" not in line)
        waiting += [re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", line, maxsplit=1)[0]).lower() for line in needed]
    return found


def _cell(cell: NotebookNode) -> list[Any]:
    metadata = {name: value for name, value in cell.metadata.items() if name not in _NOISE}
    return [cell.cell_type, cell.source, metadata, cell.get("attachments", {})]


def _plain(value: Any) -> Any:
    """Value with its type, as JSON knows it."""
    if isinstance(value, list | tuple):
        return [type(value).__name__, *(_plain(part) for part in value)]
    if isinstance(value, dict):
        return ["dict", *([_plain(name), _plain(part)] for name, part in value.items())]
    if isinstance(value, Path):
        return ["Path", value.as_posix()]
    return [type(value).__name__, value.isoformat() if isinstance(value, date) else repr(value)]


def _texts(value: Any) -> list[str]:
    """Texts that may name a file."""
    if isinstance(value, list | tuple | dict):
        parts = value.values() if isinstance(value, dict) else value
        return [text for part in parts for text in _texts(part)]
    return [str(value)] if isinstance(value, str | Path) and str(value).strip() else []


def _named(text: str, folder: Path) -> list[Path] | None:
    """Files that a text names, with what lies beside a table, or those of a folder; None where they cannot be known."""
    if _ELSEWHERE.match(text):
        return None
    place = folder / text
    if os.path.isfile(place):
        return [place, *filter(os.path.isfile, (place.with_name(name) for name in COMPANION_FILES))]
    if not os.path.isdir(place):
        return []
    around = folder.resolve().is_relative_to(place.resolve())
    # Of a folder around the working folder, which may hold the reports themselves, only the files right in it.
    held = list(islice(_below(place, deep=not around), _MOST_FILES + 1))
    return sorted(held) if len(held) <= _MOST_FILES else None


def _beside(file: Path) -> list[Path]:
    """Tables of experts that a codebook names, which lie beside it; none of other files."""
    if file.suffix.lower() != ".toml":
        return []
    with suppress(InputError):
        indices = read_toml(file, message("The codebook")).get("index", {})
        entries = indices.values() if isinstance(indices, dict) else ()
        named = [str(entry["experts"]) for entry in entries if isinstance(entry, dict) and entry.get("experts")]
        return [file.parent / name for name in named if (file.parent / name).is_file()]
    return []


def _below(folder: Path, *, deep: bool = True, skip: Sequence[str] = ()) -> Iterator[Path]:
    """Files of a folder and of those in it; hidden ones are no input."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if deep and name not in skip and not name.startswith(".")]
        found = (Path(place, name) for name in names if not name.startswith("."))
        yield from filter(os.path.isfile, found)


def _images(texts: Iterable[str], folder: Path) -> list[Path]:
    """Files of a folder that prose may show, however it spells their names.

    The page's reader of Markdown would tell them for certain, but takes longer to load than all the rest of a key.
    """
    found: dict[str, None] = {}
    for text in texts:
        plain = unquote(unescape(text))
        for spelt in (text, plain, _ESCAPED.sub(r"\1", plain)):
            found |= dict.fromkeys(_IMAGE.findall(spelt))
    return [folder / name for name in found if os.path.isfile(folder / name)]


def _used_by_code(code: Iterable[str], folder: Path) -> list[Path]:
    """Files of the working folder that code imports or runs, or names in quotation marks."""
    found: dict[Path, None] = {}
    read: set[Path] = set()
    waiting = [(source, folder) for source in code]
    while waiting:
        source, place = waiting.pop()
        named = [folder / text for _, text in _QUOTED.findall(source)]
        found |= dict.fromkeys(filter(os.path.isfile, named))
        imported = [file for level, name in sorted(_imported(source)) for file in _modules(level, name, folder, place)]
        for file in (*imported, *_run(source, folder)):
            found[file] = None
            if file not in read:
                read.add(file)
                with suppress(OSError):
                    waiting.append((file.read_text(encoding="utf-8", errors="replace"), file.parent))
    return list(found)


def _imported(source: str) -> set[tuple[int, str]]:
    """Modules that code imports: the dots before a name, and the name; 'from a import b' may mean a module 'a.b'."""
    tree = _tree(source) or _tree(_MAGIC.sub(r"\1pass", source))
    if tree is None:
        # Another language, or IPython's own: whatever looks like an import counts.
        lists = [(stem and f"{stem}.", _LISTED.findall(names)) for stem, names in _IMPORT.findall(source)]
        return {(0, f"{stem}{name}") for stem, names in lists for name in names}
    found: set[tuple[int, str]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(0, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            stem = f"{node.module}." if node.module else ""
            found |= {(node.level, f"{stem}{alias.name}") for alias in node.names}
    return found


def _tree(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return syntax_tree(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _modules(level: int, name: str, folder: Path, place: Path) -> list[Path]:
    """Files of a module of the working folder or, with dots before its name, of the code's own; none from elsewhere.

    A package counts whole; of a folder that is none, which may hold anything, only what is named.
    """
    first, *_ = parts = name.split(".")
    around = [place, *place.parents][level - 1 : level] if level else [folder]
    if not around or first == PACKAGE.name:  # its own files count already
        return []
    inside = around[0]
    for part in parts:
        single, inside = inside / f"{part}.py", inside / part
        files = [single] if os.path.isfile(single) else []
        files += sorted(inside.rglob("*.py") if os.path.isfile(inside / "__init__.py") else [])
        if files or not os.path.isdir(inside):
            return files
    return []


def _run(source: str, folder: Path) -> list[Path]:
    """Files that `%run` names, with their ending or without, as a path or as a module."""
    words = ["".join(word) for line in _RUN.findall(source) for word in _WORD.findall(line)]
    files = [file for word in words for file in (folder / word, *_modules(0, word, folder, folder))]
    return [file for file in files if os.path.isfile(file)]


def _label(file: Path, folder: Path) -> str:
    """Path as seen from a folder, where there is a way (on Windows not between drives)."""
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:
        return file.as_posix()


def _digest(file: Path) -> str:
    """SHA-256 of a file; where it cannot be read, why, since the report will say so."""
    try:
        status = file.stat()
        return _content(file, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
    except OSError as error:
        return f"unreadable: {error.strerror}"


@lru_cache(maxsize=4096)
def _content(file: Path, *_state: int) -> str:
    """Hash of a file in a state: reports that share their data read it once."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
