"""Spreadsheets that no library of the project writes: OpenDocument (.ods) and old Excel (.xls), byte by byte."""

import struct
import zipfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

Rows = Sequence[Sequence[object]]
_SECTOR = 512
_LEAST = 4096


def write_ods(path: Path, sheets: dict[str, Rows]) -> Path:
    """OpenDocument of sheets of numbers, truth values and texts; empty cells are None."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    tables = "".join(
        f'<table:table table:name="{escape(name)}">'
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", kind)
        book.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
        )
        book.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
    return path


def _ods_cell(cell: object) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, bool):
        value = str(cell).lower()
        return f'<table:table-cell office:value-type="boolean" office:boolean-value="{value}"/>'
    if isinstance(cell, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
    text = escape(str(cell))
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def write_xls(path: Path, sheets: dict[str, Rows]) -> Path:
    """Excel 97 workbook of sheets of numbers and texts ([MS-XLS] in [MS-CFB]); empty cells are None."""
    parts = [_sheet(rows) for rows in sheets.values()]
    names = [_record(0x85, struct.pack("<IBB", 0, 0, 0) + _text(name, "<B")) for name in sheets]
    opening, end = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)), _record(0x0A, b"")
    place = len(opening) + sum(map(len, names)) + len(end)
    placed = b""
    for name, part in zip(names, parts, strict=True):
        placed += name[:4] + struct.pack("<I", place) + name[8:]
        place += len(part)
    path.write_bytes(_compound(opening + placed + end + b"".join(parts)))
    return path


def _sheet(rows: Rows) -> bytes:
    cells = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    cells += _record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows), default=0), 0))
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            place = struct.pack("<HHH", at, column, 0)
            if isinstance(cell, int | float):
                cells += _record(0x203, place + struct.pack("<d", cell))
            elif cell is not None:
                cells += _record(0x204, place + _text(str(cell), "<H"))
    return cells + _record(0x0A, b"")


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _text(text: str, length: str) -> bytes:
    return struct.pack(length, len(text)) + b"\x01" + text.encode("utf-16-le")


def _compound(stream: bytes) -> bytes:
    """Compound file that holds one stream, of the workbook."""
    stream = stream.ljust(_LEAST, b"\x00")
    sectors = -(-len(stream) // _SECTOR)
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(_SECTOR, b"\xff")
    assert len(table) == _SECTOR
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, _LEAST, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    root = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0)
    directory = (root + _entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))).ljust(_SECTOR, b"\x00")
    return header.ljust(_SECTOR, b"\xff") + table + directory + stream.ljust(sectors * _SECTOR, b"\x00")


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    written = (name + "\x00").encode("utf-16-le")
    entry = written.ljust(64, b"\x00") + struct.pack("<HBB", len(written), kind, 1)
    return entry + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36) + struct.pack("<IQ", start, size)
