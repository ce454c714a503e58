"""Damaged files end in a sentence or in a table that has every row of the file, whatever is wrong with them."""

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from loyalty_kit.core.errors import InputError
from loyalty_kit.intake.encodings import decoded
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.intake.sources import Source
from loyalty_kit.intake.tables import read_table
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.reading import read_responses

BOOK = Codebook.parse('respondent = "id"\nresponse = { min = 1, max = 5 }\nscales.s.items = ["q1", "q2", "q3"]')
BITS = [
    b",",
    b";",
    b'"',
    b"\n",
    b"\r",
    b"\x00",
    b"\xff",
    b"\xc4\xe3",
    "é".encode(),
    b"Total",
    b" ",
    b"9" * 30,
    b"{",
    b"<",
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, bytes]:
    """Contents of a small sound survey in each kind of file."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.integers(1, 6, (30, 3)), columns=["q1", "q2", "q3"]).astype(float)
    table.insert(0, "id", [f"r{at}" for at in range(30)])
    table["note"] = ["", 'said "so", twice', "北京", "two\nlines", "x"] * 6
    folder = tmp_path_factory.mktemp("whole")
    table.to_csv(folder / "survey.csv", index=False)
    table.to_excel(folder / "survey.xlsx", index=False)
    pyreadstat.write_sav(table, folder / "survey.sav")
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Bytes after one to four accidents."""
    held = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        at, size = int(rng.integers(0, max(len(held), 1))), int(rng.integers(1, 40))
        kind = rng.integers(0, 6)
        if kind == 0:
            held[at : at + 1] = bytes([int(rng.integers(0, 256))])
        elif kind == 1:
            del held[at : at + size]
        elif kind == 2:
            held[at:at] = held[at : at + size * 10]
        elif kind == 3:
            held[at:at] = BITS[int(rng.integers(0, len(BITS)))]
        elif kind == 4:
            del held[at:]
        else:
            other = int(rng.integers(0, max(len(held), 1)))
            held[at : at + size], held[other : other + size] = held[other : other + size], held[at : at + size]
    return bytes(held)


def repacked(data: bytes, rng: np.random.Generator) -> bytes:
    """Workbook with damage within one of its parts, or as a file."""
    if rng.random() < 0.3:
        return damaged(data, rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(packed, "w") as out:
        names = book.namelist()
        chosen = names[int(rng.integers(0, len(names)))] if rng.random() < 0.5 else "xl/worksheets/sheet1.xml"
        for name in names:
            part = book.read(name)
            out.writestr(name, damaged(part, rng) if name == chosen else part)
    return packed.getvalue()


def rows_of(path: Path, first: int) -> int:
    """Rows of a file from the given one on that hold something, counted by another reader."""
    if path.suffix == ".sav":
        return len(pyreadstat.read_sav(path, encoding="ISO-8859-1")[0])
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True).worksheets[0]
        sheet.reset_dimensions()
        rows = list(sheet.values)
    else:
        text, _ = decoded(Source("The survey", path.name, path.read_bytes()))
        rows = list(csv.reader(io.StringIO(text, newline="")))
    return sum(any(cell not in (None, "") for cell in row) for row in rows[first - 1 :])


def check(path: Path) -> bool:
    """Whether a file is read; where it is, all of its rows are there."""
    for options in (FileOptions(), FileOptions(rows="leave_out"), FileOptions(rows="keep")):
        try:
            table = read_table(path, BOOK.columns, what="The survey", options=options, answers=BOOK.item_names)
        except InputError as error:
            assert "\n" not in str(error).strip() and len(str(error)) < 2000
            continue
        if table.options.delimiter in (None, ","):
            header = int(np.max(table.options.header or 0))
            assert len(table.frame) + len(table.left_out) == rows_of(path, table.options.first_row or header + 1)
        assert len(table.frame) == len(table.row_numbers)
    try:
        read_responses(path, BOOK.model_copy(update={"file": FileOptions(rows="leave_out")}), invalid="missing")
    except InputError:
        return False
    return True


def fuzz(whole: dict[str, bytes], folder: Path, ending: str, seeds: range) -> None:
    damage = repacked if ending == ".xlsx" else damaged
    read = 0
    for seed in seeds:
        path = folder / f"survey{ending}"
        path.write_bytes(damage(whole[ending], np.random.default_rng(seed)))
        read += check(path)
    assert 0 < read < len(seeds)


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".sav"])
def test_sixty_damaged_files_end_in_a_sentence_or_keep_all_rows(whole, tmp_path, ending):
    fuzz(whole, tmp_path, ending, range(60))


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".sav"])
def test_five_hundred_damaged_files_end_in_a_sentence_or_keep_all_rows(whole, tmp_path, ending):
    fuzz(whole, tmp_path, ending, range(1000, 1500))
