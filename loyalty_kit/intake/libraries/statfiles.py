"""Files of SPSS and Stata: codes, labels, declared missing values and dates, whatever code page they are in."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat

from loyalty_kit.intake.libraries.codepages import in_page

RAW = "LATIN1"
"""Code page in which every byte is a character, so that none is lost before the right one is known."""
ZLIB_MOST = 1032
_SPSS_DAY = re.compile(r"(?:[AESJ]?DATE|DATETIME|YMDHMS|MOYR|QYR|WKYR)\d", re.IGNORECASE)
_SPSS_BEGIN = np.datetime64("1582-10-14", "s")
_STATA = re.compile(r"%-?\d*(t[cCdmqhy]|d)")
_STATA_MONTHS = {"tm": 1, "tq": 3, "th": 6}
_YEARS = (np.datetime64("1000-01-01", "s"), np.datetime64("9999-12-31", "s"))

Values = Mapping[Any, str]


@dataclass(frozen=True, eq=False)
class StatFile:
    """Contents of such a file.

    Attributes
    ----------
    frame : DataFrame of shape (rows, columns)
        Codes, texts and dates; missing where a cell is empty or holds a value that is declared missing.
    column_labels : mapping of column to text
    value_labels : mapping of column to mapping of value to text
    missing : mapping of column to tuple
        Values that are declared missing, or pairs of a lowest and a highest one.
    declared : str, optional
        Code page that the file names.
    """

    frame: pd.DataFrame
    column_labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Values] = field(default_factory=dict)
    missing: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    declared: str | None = None

    def texts(self) -> set[str]:
        """Names, labels and distinct texts of cells, of which columns of nothing but ASCII have none."""
        labels = [entry for labels in self.value_labels.values() for pair in labels.items() for entry in pair]
        cells = [text for name in _marked_columns(self.frame) for text in self.frame[name].dropna().unique()]
        return {text for text in (*self.frame, *self.column_labels.values(), *labels, *cells) if isinstance(text, str)}

    def in_page(self, page: str) -> "StatFile":
        """Contents with all texts, which are bytes as characters, as they read in a code page."""

        def read(value: Any) -> Any:
            return in_page(value.encode("latin-1"), page) if isinstance(value, str) else value

        frame = self.frame.copy(deep=False)
        for name in _marked_columns(frame):
            codes, values = pd.factorize(frame[name])
            texts = np.array([*map(read, values), None], dtype=object)
            frame[name] = pd.Series(texts[codes], index=frame.index, dtype="str")
        return replace(
            self,
            frame=frame.set_axis([read(name) for name in frame], axis=1),
            column_labels={read(name): read(label) for name, label in self.column_labels.items()},
            value_labels={
                read(name): {read(value): read(label) for value, label in labels.items()}
                for name, labels in self.value_labels.items()
            },
            missing={
                read(name): tuple(tuple(map(read, one)) if isinstance(one, tuple) else read(one) for one in declared)
                for name, declared in self.missing.items()
            },
        )


def read_sav(data: BytesIO) -> StatFile:
    """Contents of a .sav or .zsav file, its texts as bytes: characters below 256."""
    _, meta = _again(data, pyreadstat.read_sav, metadataonly=True, user_missing=True, encoding=RAW)
    # A cell takes a byte at least, before zlib: a damaged count of rows must not be granted its memory.
    packed = data.getvalue().startswith(b"$FL3")
    _check_size(meta, data.getbuffer().nbytes * (ZLIB_MOST if packed else 1))
    frame, _ = _again(data, pyreadstat.read_sav, encoding=RAW, disable_datetime_conversion=True)
    return replace(_spss(frame, meta), declared=_declared(data))


def read_por(data: BytesIO) -> StatFile:
    """Contents of a .por file; characters that are not ASCII are lost there, as '�'."""
    frame, meta = _again(data, pyreadstat.read_por, disable_datetime_conversion=True)
    return _spss(frame, meta)


def read_dta(data: BytesIO) -> StatFile:
    """Contents of a .dta file, its texts as bytes: characters below 256; .a to .z are missing."""
    _, meta = _again(data, pyreadstat.read_dta, metadataonly=True, encoding=RAW)
    _check_size(meta, data.getbuffer().nbytes)
    frame, meta = _again(data, pyreadstat.read_dta, encoding=RAW, disable_datetime_conversion=True)
    days = {name: _stata_dates(frame[name], form) for name, form in meta.original_variable_types.items()}
    found = frame.assign(**{name: dates for name, dates in days.items() if dates is not None})
    numeric = [str(name) for name in found if pd.api.types.is_numeric_dtype(found[name])]
    letters = {
        name: tuple(f".{code}" for code in meta.variable_value_labels.get(name, {}) if isinstance(code, str))
        for name in numeric
    }
    missing = {name: codes for name, codes in letters.items() if codes}
    return StatFile(found, _labels(meta), meta.variable_value_labels, missing)


def _again(data: BytesIO, read: Callable[..., tuple[pd.DataFrame, Any]], **options: Any) -> tuple[pd.DataFrame, Any]:
    data.seek(0)
    return read(data, **options)


def _check_size(meta: Any, most: int) -> None:
    if (meta.number_rows or 0) * (meta.number_columns or 0) > most:
        raise ValueError("more cells than the file has room for")


def _declared(data: BytesIO) -> str | None:
    """Code page that the file names; none where it names none that is known, or its own names are in another."""
    try:
        _, meta = _again(data, pyreadstat.read_sav, metadataonly=True)
    except Exception:
        # What this raises depends on where the wrong bytes stand.
        return None
    return str(meta.file_encoding) if meta.file_encoding else None


def _spss(frame: pd.DataFrame, meta: Any) -> StatFile:
    days = [name for name, form in meta.original_variable_types.items() if _SPSS_DAY.match(form) and name in frame]
    found = frame.assign(**{name: _dates(frame[name], _SPSS_BEGIN, 1) for name in days})
    missing = {
        name: tuple(one["lo"] if one["lo"] == one["hi"] else (one["lo"], one["hi"]) for one in ranges)
        for name, ranges in meta.missing_ranges.items()
    }
    return StatFile(found, _labels(meta), meta.variable_value_labels, missing)


def _labels(meta: Any) -> dict[str, str]:
    return {name: label for name, label in meta.column_names_to_labels.items() if label}


def _marked_columns(frame: pd.DataFrame) -> list[str]:
    """Columns of text in which a cell is not all ASCII."""
    texts = [str(name) for name in frame if pd.api.types.is_string_dtype(frame[name])]
    return [name for name in texts if not frame[name].dropna().astype("str").str.isascii().all()]


def _dates(column: pd.Series, begin: np.datetime64, seconds: float) -> pd.Series:
    """Numbers since a day as dates; left alone where one of them is of no year that a calendar has."""
    if not pd.api.types.is_numeric_dtype(column):
        return column
    numbers = column.to_numpy(dtype=float) * seconds
    if not (np.abs(numbers[~np.isnan(numbers)]) < 1e12).all():
        return column
    dates = begin + np.where(np.isnan(numbers), 0, np.round(numbers)).astype("timedelta64[s]")
    if ((dates < _YEARS[0]) | (dates > _YEARS[1])).any():
        return column
    dates[np.isnan(numbers)] = np.datetime64("NaT")
    return pd.Series(dates, index=column.index, name=column.name)


def _stata_dates(column: pd.Series, form: str) -> pd.Series | None:
    """Dates of a column with such a format; none where it has another."""
    found = _STATA.match(form or "")
    if found is None or not pd.api.types.is_numeric_dtype(column):
        return None
    unit = found[1]
    if unit in ("tc", "tC"):
        return _dates(column, np.datetime64("1960-01-01", "s"), 0.001)
    if unit in ("td", "d"):
        return _dates(column, np.datetime64("1960-01-01", "s"), 86400)
    if unit not in _STATA_MONTHS:
        return None
    numbers = column.to_numpy(dtype=float)
    months = np.where(np.isnan(numbers), 0, numbers * _STATA_MONTHS[unit]).astype("timedelta64[M]")
    dates = (np.datetime64("1960-01", "M") + months).astype("datetime64[s]")
    dates[np.isnan(numbers)] = np.datetime64("NaT")
    return pd.Series(dates, index=column.index, name=column.name)
