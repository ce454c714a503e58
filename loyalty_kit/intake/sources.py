"""A file as its readers get it: its bytes, and what errors call it."""

import gzip
import os
import warnings
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.core.messages import Message, foreign, message
from loyalty_kit.intake.options import AS_IT_SAYS, FileOptions

T = TypeVar("T")
_GROWTH = 200
_SMALL = 50_000_000
_SAMPLE = 1000
_MOST = 2_000_000_000


class Row(NamedTuple):
    """A row that looks like no respondent: its number in the file, and why."""

    number: int
    reason: Message


@dataclass(frozen=True, eq=False)
class RawTable:
    """Cells of a file as they stand there.

    Attributes
    ----------
    frame : DataFrame of shape (rows, columns)
        Text, numbers or dates; missing where a cell is empty. A name that the reader asked for may
        stand more than once.
    value_labels : mapping of column to mapping of value to text
        The file's own labels (SPSS).
    decimal_comma : bool
        Whether '3,5' is a number in this file.
    column_labels : mapping of column to text
        The file's own wordings: variable labels of SPSS and Stata, Qualtrics' second row.
    missing : mapping of column to tuple
        Codes that the file declares missing: a value, or a pair of the lowest and highest one.
    left_out, doubtful : tuple of Row
        Rows that look like no respondent: those that `[file] rows` leaves out, and those that it has not decided on,
        which still stand in `frame`.
    options : FileOptions
        How the file was read, what was found out included.
    merged : mapping of column to tuple of int
        Columns in which cells are merged downwards, with the first and last row of these.
    row_numbers : array of int of shape (rows,)
        Row of the file of each row of `frame`.
    unasked : int
        Rows that the reader's conditions left out, which nobody then need decide on.
    """

    frame: pd.DataFrame
    value_labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    decimal_comma: bool = False
    column_labels: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    left_out: tuple[Row, ...] = ()
    doubtful: tuple[Row, ...] = ()
    options: FileOptions = AS_IT_SAYS
    merged: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    row_numbers: Sequence[int] | npt.NDArray[np.int64] = ()
    unasked: int = 0

    def renamed(self, names: Mapping[str, str]) -> "RawTable":
        """Table with other names for some of its columns.

        Examples
        --------
        >>> RawTable(pd.DataFrame({"How likely …?": [9]})).renamed({"How likely …?": "REC"}).frame
           REC
        0    9
        """
        if not names:
            return self
        return replace(
            self,
            frame=self.frame.rename(columns=names),
            value_labels={names.get(key, key): held for key, held in self.value_labels.items()},
            column_labels={names.get(key, key): held for key, held in self.column_labels.items()},
            missing={names.get(key, key): held for key, held in self.missing.items()},
            merged={names.get(key, key): held for key, held in self.merged.items()},
        )


@dataclass(frozen=True, eq=False)
class Source:
    """Bytes of a file, and what it is to the reader."""

    what: str
    name: str
    data: bytes
    options: FileOptions = AS_IT_SAYS

    @property
    def subject(self) -> Message:
        """Beginning of a sentence on the file, as in "The survey 'spring.csv'"."""
        return message("{what} '{name}'", what=self.what, name=self.name)

    def parsed(self, parse: Callable[[BytesIO], T], kind: str) -> T:
        """Hand the bytes to a library, its own errors and warnings kept away."""
        with warnings.catch_warnings():
            # openpyxl warns of styles and validations that it does not know; none holds an answer.
            warnings.simplefilter("ignore")
            try:
                return parse(BytesIO(self.data))
            except Exception:
                # A damaged file makes these parsers raise nearly anything, some of it with the cell where they stopped.
                raise UnreadableError(
                    "{file} is damaged, protected or no {format} file.", file=self.subject, format=kind
                ) from None


def opened(path: Path, what: str, options: FileOptions = AS_IT_SAYS) -> Source:
    """Bytes of a file that is there and holds something."""
    if not os.path.exists(path):
        raise UnreadableError("{what} '{path}' does not exist.", what=what, path=path)
    if path.is_dir():
        raise UnreadableError("{what} '{path}' is a folder; give the file itself.", what=what, path=path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(
            "{what} '{path}' cannot be read: {cause}.", what=what, path=path, cause=foreign(error.strerror or error)
        ) from None
    if not data[:_SAMPLE].strip() and not data.strip():
        raise UnreadableError("{what} '{name}' is empty.", what=what, name=path.name)
    return Source(what, path.name, data, options)


def unpacked(file: Source, endings: Collection[str]) -> Source:
    """Table in an archive: the one that it holds, or the one that `[file] sheet` names.

    Raises
    ------
    UnreadableError
        If it holds no table or several, is damaged or locked, or would grow beyond all measure.
    """
    if file.name.lower().endswith(".gz"):
        data = file.parsed(lambda data: _unzipped(gzip.GzipFile(fileobj=data), len(file.data)), "gzip")
        return _measured(file, file.name[: -len(".gz")], data)
    names = file.parsed(lambda data: _tables_in(data, endings), "zip")
    chosen = file.options.sheet
    name = chosen if chosen in names else names[0] if len(names) == 1 else None
    if name is None:
        raise UnreadableError(
            "{file} holds {n} tables, and one is needed{names}.",
            file=file.subject,
            n=len(names),
            names=message(
                "; to read the first of {tables}: {line}", tables=names, line=file.options.line("sheet", names[0])
            )
            if names
            else "",
        )
    data = file.parsed(lambda data: _unzipped(zipfile.ZipFile(data).open(name), len(file.data)), "zip")
    return _measured(file, Path(name).name, data, inner=chosen == name)


def _tables_in(data: BytesIO, endings: Collection[str]) -> list[str]:
    """Names of the tables in an archive, without what systems put beside them."""
    names = [entry.filename for entry in zipfile.ZipFile(data).infolist() if not entry.is_dir()]
    shown = [name for name in names if not name.startswith("__MACOSX/") and not Path(name).name.startswith(".")]
    return [name for name in shown if Path(name).suffix.lower() in endings]


def _unzipped(packed: IO[bytes] | gzip.GzipFile, size: int) -> bytes | None:
    """Contents of a packed file; none where they grow beyond what tables do."""
    most = min(_MOST, max(_SMALL, size * _GROWTH))
    data = packed.read(most + 1)
    return data if len(data) <= most else None


def _measured(file: Source, name: str, data: bytes | None, *, inner: bool = False) -> Source:
    if data is None:
        raise UnreadableError(
            "{file} holds more than {growth} times its own size; unpack it yourself if you trust it.",
            file=file.subject,
            growth=_GROWTH,
        )
    if not data[:_SAMPLE].strip() and not data.strip():
        raise UnreadableError("{what} '{name}' is empty.", what=file.what, name=name)
    options = file.options.model_copy(update={"sheet": None}) if inner else file.options
    return Source(file.what, name, data, options)
