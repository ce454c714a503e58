"""Files that know the types of their columns: SPSS and Stata, with their labels and missing values, and Parquet."""

from collections.abc import Callable, Collection
from io import BytesIO

import pandas as pd

from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.intake.header import column_names
from loyalty_kit.intake.libraries.codepages import code_page, python_name
from loyalty_kit.intake.libraries.statfiles import StatFile, read_dta, read_por, read_sav
from loyalty_kit.intake.sources import RawTable, Source

_LOST = "\ufffd"


def read_spss(file: Source, known: Collection[str]) -> RawTable:
    """Codes of an SPSS file (.sav, .zsav), its labels and what it declares missing."""
    return _table(_in_its_page(file, read_sav, "SPSS"), file, known)


def read_portable(file: Source, known: Collection[str]) -> RawTable:
    """Codes of an SPSS portable file (.por), its labels and what it declares missing."""
    found = file.parsed(read_por, "SPSS")
    if file.options.encoding is None and any(_LOST in text for text in found.texts()):
        raise UnreadableError(
            "{file} holds characters that are not ASCII, which a portable file does not name: save it as .sav, or "
            "read them as '{lost}': {line}.",
            file=file.subject,
            lost=_LOST,
            line=file.options.line("encoding", "ascii"),
        )
    return _table(found, file, known)


def read_stata(file: Source, known: Collection[str]) -> RawTable:
    """Codes of a Stata file (.dta) and its labels; .a to .z are missing."""
    return _table(_in_its_page(file, read_dta, "Stata"), file, known)


def read_parquet(file: Source, known: Collection[str]) -> RawTable:
    """Columns of a Parquet file; an index with a name is one of them."""
    frame = file.parsed(_indexless, "Parquet")
    return RawTable(
        frame.set_axis(column_names([str(column) for column in frame.columns], known), axis=1), options=file.options
    )


def _in_its_page(file: Source, read: Callable[[BytesIO], StatFile], kind: str) -> StatFile:
    """Contents with texts in the code page that a person named, or that the file's texts and itself tell."""
    raw = file.parsed(read, kind)
    name = file.options.encoding
    if name is None:
        texts = [text.encode("latin-1") for text in raw.texts()]
        return raw.in_page(code_page(texts, raw.declared))
    page = python_name(name)
    if page is None:
        raise UnreadableError(
            "'{name}' is no encoding that Python knows: {line}.",
            name=name,
            line=file.options.line("encoding", "gb18030"),
        )
    return raw.in_page(page)


def _table(found: StatFile, file: Source, known: Collection[str]) -> RawTable:
    columns = column_names(list(found.frame.columns), known)
    pairs = list(zip(found.frame.columns, columns, strict=True))
    return RawTable(
        found.frame.set_axis(columns, axis=1),
        value_labels={new: found.value_labels.get(old, {}) for old, new in pairs},
        column_labels={new: found.column_labels[old] for old, new in pairs if old in found.column_labels},
        missing={new: found.missing[old] for old, new in pairs if old in found.missing},
        options=file.options,
    )


def _indexless(data: BytesIO) -> pd.DataFrame:
    frame = pd.read_parquet(data)
    return frame.reset_index(drop=all(level is None for level in frame.index.names))
