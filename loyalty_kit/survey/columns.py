"""Columns of a survey as its codebook means them: groups, weights, times and answers, and what is wrong there."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from loyalty_kit.core.cells import cell_text, plain_text
from loyalty_kit.core.messages import message
from loyalty_kit.intake.numbers import Cell, meaning
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.problems import LOOKS_MISSING, Codes, Problem, distinct, tally

_FEW = 20
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d\d(?:\.\d+)?)", re.ASCII)


def read_column(name: str, table: RawTable, book: Codebook) -> tuple[pd.Series, list[Problem]]:
    """Group, weight, duration or item column as the codebook means it, and what is wrong in it."""
    codes, texts = distinct(table.frame[name])
    file_labels = {meaning(cell_text(code)): cell_text(text) for code, text in table.value_labels.get(name, {}).items()}
    file_labels.pop(None, None)
    missing = {meaning(cell_text(code)) for code in book.missing} - {None}
    cells = [meaning(text, decimal_comma=table.decimal_comma) for text in texts]
    cells = [None if cell in missing or file_labels.get(cell) in missing else cell for cell in cells]
    if name in book.groups:
        groups = [
            None if cell is None else file_labels.get(cell, text) for cell, text in zip(cells, texts, strict=True)
        ]
        column = pd.Series(np.array(groups, dtype=object)[codes], dtype="str")
        return column, _unshared_values(column, name)
    if name == book.weight:
        return _weights(name, codes, cells)
    if name == book.duration:
        return _durations(name, codes, cells)
    return _answers(name, codes, cells, file_labels, missing, book)


def _unshared_values(column: pd.Series, name: str) -> list[Problem]:
    """Problem of a group in which most respondents have a level of their own, as addresses and dates have."""
    lone = ~column.duplicated(keep=False) & column.notna()
    answered = int(column.notna().sum())
    if answered <= _FEW or lone.sum() <= answered / 2:
        return []
    held = message("Group '{group}' holds a value that stands nowhere else", group=name)
    allowed = message("a group is a level that several respondents share")
    return [Problem(held, int(lone.sum()), int(lone.argmax()), allowed)]


def _weights(name: str, codes: Codes, cells: list[Cell]) -> tuple[pd.Series, list[Problem]]:
    numbers = [cell if isinstance(cell, float) and 0 <= cell < np.inf else np.nan for cell in cells]
    values = np.array(numbers)[codes]
    problems = []
    for cell, count, first in tally(codes, cells, np.isnan(numbers)):
        held = message("Weight '{weight}' holds", weight=name)
        what = message("Weight '{weight}' is missing", weight=name) if cell is None else held
        problems.append(Problem(what, count, first, message("every weight is a number of zero or more"), cell))
    if not values.any():
        what, allowed = message("Weight '{weight}' is 0", weight=name), message("at least one must be more")
        problems.append(Problem(what, len(values), 0, allowed))
    return pd.Series(values), problems


def _durations(name: str, codes: Codes, cells: list[Cell]) -> tuple[pd.Series, list[Problem]]:
    """Seconds, of numbers and of times as 3:25 or 00:03:25; missing where a cell is empty."""
    seconds = np.array([_seconds(cell) for cell in cells])
    wrong = np.isnan(seconds) & np.array([cell is not None for cell in cells])
    what, allowed = message("Duration '{duration}' holds", duration=name), message("it is a number of seconds, or 3:25")
    problems = [Problem(what, count, first, allowed, cell) for cell, count, first in tally(codes, cells, wrong)]
    return pd.Series(seconds[codes]), problems


def _seconds(cell: Cell) -> float:
    """Seconds that a cell says; NaN where it says none."""
    if isinstance(cell, str) and (parts := _CLOCK.fullmatch(cell)):
        hours, minutes, seconds = (float(part or 0) for part in parts.groups())
        return 3600 * hours + 60 * minutes + seconds
    return cell if isinstance(cell, float) and 0 <= cell < np.inf else np.nan


def _answers(
    item: str, codes: Codes, cells: list[Cell], file_labels: Mapping[Cell, str], missing: set[Cell], book: Codebook
) -> tuple[pd.Series, list[Problem]]:
    labels = {_folded(meaning(plain_text(text))): value for text, value in book.item(item).labels.items()}
    cells = _by_label(cells, file_labels, labels, missing)
    low, high = book.range(item)
    numbers, wrong = [], []
    for cell in cells:
        number = None if cell is None else labels.get(_folded(cell), cell)
        valid = isinstance(number, float) and low <= number <= high and number not in missing
        numbers.append(number if valid else np.nan)
        wrong.append(not valid and number is not None and number not in missing)
    span = {"low": cell_text(low), "high": cell_text(high), "labels": message(" and its labels") if labels else ""}
    problems = []
    for cell, count, first in tally(codes, cells, wrong):
        missing_too = message("; if it means missing, add it to 'missing'") if cell in LOOKS_MISSING else ""
        allowed = message("the codebook allows {low} to {high}{labels}{missing}", missing=missing_too, **span)
        problems.append(Problem(message("Item '{item}' holds", item=item), count, first, allowed, cell, (item,)))
    return pd.Series(np.array(numbers, dtype=float)[codes]), problems


def _by_label(
    cells: list[Cell], file_labels: Mapping[Cell, str], labels: Mapping[Cell, float], missing: set[Cell]
) -> list[Cell]:
    """Cells by the file's value labels where the codebook numbers any of these otherwise, else as they are."""
    meant = {cell: labels[_folded(text)] for cell, text in file_labels.items() if _folded(text) in labels}
    cells = [None if meant.get(cell) in missing else cell for cell in cells]
    if all(cell in missing or number in missing or cell == number for cell, number in meant.items()):
        return cells
    # From here on only the texts count: a code without one could mean anything.
    return [
        file_labels.get(cell, f"{cell_text(cell)} (no label)" if isinstance(cell, float) else cell) for cell in cells
    ]


def _folded(cell: Cell) -> Cell:
    return cell.casefold() if isinstance(cell, str) else cell
