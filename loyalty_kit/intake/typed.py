"""Files that know the types of their columns: SPSS, with its value labels, and Parquet."""

from collections.abc import Collection
from io import BytesIO
from typing import Any

import pandas as pd
import pyreadstat

from loyalty_kit.intake.header import column_names
from loyalty_kit.intake.sources import RawTable, Source

ZLIB_MOST = 1032


def read_spss(file: Source, known: Collection[str]) -> RawTable:
    """Codes of an SPSS file and its value labels."""
    frame, meta = file.parsed(_sav, "SPSS")
    columns = column_names(list(frame.columns), known)
    labels = {new: meta.variable_value_labels.get(old, {}) for old, new in zip(frame.columns, columns, strict=True)}
    return RawTable(frame.set_axis(columns, axis=1), value_labels=labels)


def _sav(data: BytesIO) -> tuple[pd.DataFrame, Any]:
    _, meta = pyreadstat.read_sav(data, metadataonly=True)
    # A cell takes a byte at least, before zlib: a damaged count of rows must not be granted its memory.
    size = data.getbuffer().nbytes * (ZLIB_MOST if data.getvalue().startswith(b"$FL3") else 1)
    if (meta.number_rows or 0) * (meta.number_columns or 0) > size:
        raise ValueError("more cells than the file has room for")
    data.seek(0)
    frame, meta = pyreadstat.read_sav(data)
    return frame, meta


def read_parquet(file: Source, known: Collection[str]) -> RawTable:
    """Columns of a Parquet file; an index with a name is one of them."""
    frame = file.parsed(_indexless, "Parquet")
    return RawTable(frame.set_axis(column_names([str(column) for column in frame.columns], known), axis=1))


def _indexless(data: BytesIO) -> pd.DataFrame:
    frame = pd.read_parquet(data)
    return frame.reset_index(drop=all(level is None for level in frame.index.names))
