"""SPSS and Stata files in other code pages than those that the library writes: its bytes, changed where they stand."""

import struct
from pathlib import Path

import pandas as pd
import pyreadstat

_INTEGERS = struct.pack("<iii", 7, 3, 4)
_ENCODING = struct.pack("<iii", 7, 20, 1)


def write_sav_as(
    path: Path,
    frame: pd.DataFrame,
    texts: dict[str, bytes],
    *,
    code: int | None = None,
    name: bytes | None = None,
    **options: object,
) -> Path:
    """A .sav in which stand-ins of ASCII are bytes of the same length, with a code page declared by number or name.

    Without a name the record that gives one is left out.
    """
    pyreadstat.write_sav(frame, path, row_compress=False, **options)
    data = bytearray(_replaced(path.read_bytes(), texts))
    at = data.find(_ENCODING)
    length = struct.unpack_from("<i", data, at + 12)[0]
    record = b"" if name is None else _ENCODING + struct.pack("<i", len(name)) + name
    data[at : at + 16 + length] = record
    if code is not None:
        struct.pack_into("<i", data, data.find(_INTEGERS) + 16 + 28, code)
    path.write_bytes(data)
    return path


def write_old_dta(path: Path, frame: pd.DataFrame, texts: dict[str, bytes], **options: object) -> Path:
    """A .dta of before Stata 14, which declares no code page, in which stand-ins are bytes of the same length."""
    pyreadstat.write_dta(frame, path, version=12, **options)
    path.write_bytes(_replaced(path.read_bytes(), texts))
    return path


def _replaced(data: bytes, texts: dict[str, bytes]) -> bytes:
    for stand_in, text in texts.items():
        assert len(stand_in) == len(text) and stand_in.encode() in data
        data = data.replace(stand_in.encode(), text)
    return data
