"""Columns of a survey as its codebook means them: groups, weights, times and answers, and what is wrong there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from loyalty_kit.core.cells import cell_text, plain_text
from loyalty_kit.core.messages import Message, foreign, message
from loyalty_kit.intake.numbers import distinct_cells, doubt, marks_of, meaning
from loyalty_kit.intake.numerals.columns import Cell, Column, Figures, figures, reason
from loyalty_kit.intake.numerals.durations import seconds_of
from loyalty_kit.intake.numerals.truths import truth_values
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.codebook_text import toml_string
from loyalty_kit.survey.problems import LOOKS_MISSING, Codes, Problem, distinct, short, tally

_FEW = 20
NO_ANSWER = re.compile(
    r"^[\W_]*(?:n[./]?a\.?|null!?|none|nan|nil|missing|empty|skip(?:ped)?|dk|ref|k\.?\s?a\.?)?[\W_]*$"
    r"|don.?t know|do not know|refus|no answer|not answered|not applicable|no opinion|prefer not|unsure|not sure"
    r"|keine angabe|wei(?:ß|ss) nicht|ne sait pas|no sabe|不知道|不清楚|不适用|不了解|说不清"
    r"|拒答|拒绝|跳过|^\W*空\W*$|未回答|未作答|缺失",
    re.IGNORECASE,
)
"""What survey tools and questionnaires write where there is no answer."""
_PAIR = re.compile(r"(\d{1,2}),(\d{1,2})", re.ASCII)


class RawColumn(NamedTuple):
    """Column as it stands in the file: its distinct cells, and which each row has.

    Attributes
    ----------
    name : str
        What the codebook calls it.
    codes : array of shape (rows,)
        Place of each row's cell among the distinct ones.
    texts, cells : list of shape (distinct,)
        Text of each and what it means; the meaning is None where it is empty or one of the codebook's missing codes.
    file_labels : mapping of cell to text
        The file's own labels.
    """

    name: str
    codes: Codes
    texts: list[str]
    cells: list[Cell]
    file_labels: Mapping[Cell, str]


def raw_column(name: str, table: RawTable, book: Codebook) -> RawColumn:
    """Column of texts with what the file's labels and the codebook's missing codes say of its cells."""
    file_labels, missing = _codes_of(name, table, book)
    absent = missing | {cell for cell, text in file_labels.items() if text in missing}
    codes, texts = distinct(table.frame[name])
    cells = [None if (cell := meaning(text)) in absent else cell for text in texts]
    return RawColumn(name, codes, texts, cells, file_labels)


def _codes_of(name: str, table: RawTable, book: Codebook) -> tuple[dict[Cell, str], set[Cell]]:
    """Labels of the file's own for a column, and the codebook's missing codes."""
    file_labels = {meaning(cell_text(code)): cell_text(text) for code, text in table.value_labels.get(name, {}).items()}
    file_labels.pop(None, None)
    return file_labels, {meaning(cell_text(code)) for code in book.missing} - {None}


def read_column(name: str, table: RawTable, book: Codebook) -> tuple[pd.Series, list[Problem]]:
    """Group, weight, duration or item column as the codebook means it, and what is wrong in it."""
    if name in book.groups:
        raw = raw_column(name, table, book)
        pairs = zip(raw.cells, raw.texts, strict=True)
        labels = {**raw.file_labels, **{meaning(code): label for code, label in book.levels(name).items()}}
        groups = [None if cell is None else labels.get(cell, text) for cell, text in pairs]
        column = pd.Series(np.array(groups, dtype=object)[raw.codes], dtype="str")
        return column, _unshared_values(column, name)
    file_labels, missing = _codes_of(name, table, book)
    absent = missing | {cell for cell, text in file_labels.items() if text in missing}
    held = _figures(name, table, book, missing)
    held = replace(held, figures=replace(held.figures, cells=[None if cell in absent else cell for cell in held.cells]))
    if name == book.weight:
        return _weights(name, held)
    if name == book.duration:
        return _durations(name, held)
    if name in book.price_columns.values():
        return _prices(name, held, book)
    return _answers(name, held, file_labels, missing, book)


@dataclass(frozen=True)
class _Held:
    """Column of numbers: the position of each row's cell among the distinct ones, and what these mean."""

    codes: Codes
    figures: Figures
    options: FileOptions

    @property
    def cells(self) -> list[Cell]:
        return self.figures.cells

    def problem(self, what: Message, found: tuple[Cell, int, int], allowed: Message, *items: str) -> Problem:
        """Problem of a cell, with what else it could be or why it is no number."""
        cell, count, first = found
        at = int(self.codes[first])
        if at in self.figures.doubtful:
            return Problem(what, count, first, doubt(self.figures.doubtful[at], self.options), cell, items)
        return Problem(what, count, first, allowed, cell, items, reason(cell, unlike=at in self.figures.unlike))


def _figures(name: str, table: RawTable, book: Codebook, missing: set[Cell]) -> _Held:
    """Column of numbers as its codebook allows them."""
    codes, cells = distinct_cells(table.frame[name])
    is_item = name in book.item_names
    said = book.item(name).labels if is_item else _price_labels(name, book)
    labels = {meaning(plain_text(text)) for text in said}
    texts = {cell.casefold() for cell in labels | missing if isinstance(cell, str)}
    column = Column(texts, [cell for cell in missing if isinstance(cell, float)])
    if is_item:
        low, high = book.range(name)
        if (low, high) == (0, 1):
            cells = _truths(cells, texts)
        known = labels | missing
        column = replace(
            column,
            allows=lambda value: low <= value <= high or value in known,
            several=lambda text: _may_be_two(text, low, high),
        )
    return _Held(codes, figures(cells, marks_of(book.file, decimal_comma=table.decimal_comma), column), book.file)


def _truths(cells: list[float | str], texts: set[str]) -> list[float | str]:
    """Cells of an item from 0 to 1, truth values in words as these numbers."""
    words = ["" if str(cell).casefold() in texts else str(cell) for cell in cells]
    found = truth_values(words)
    if found is None:
        return cells
    return [cell if truth is None else float(truth) for cell, truth in zip(cells, found, strict=True)]


def _may_be_two(text: str, low: float, high: float) -> bool:
    """Whether a text may be two of an item's answers, in their order: '3,5' of 1 to 5."""
    found = _PAIR.fullmatch(text)
    return found is not None and low <= int(found[1]) < int(found[2]) <= high


def _unshared_values(column: pd.Series, name: str) -> list[Problem]:
    """Problem of a group in which most respondents have a level of their own, as addresses and dates have."""
    lone = ~column.duplicated(keep=False) & column.notna()
    answered = int(column.notna().sum())
    if answered <= _FEW or lone.sum() <= answered / 2:
        return []
    held = message("Group '{group}' holds a value that stands nowhere else", group=name)
    allowed = message("a group is a level that several respondents share")
    return [Problem(held, int(lone.sum()), int(lone.argmax()), allowed)]


def _weights(name: str, held: _Held) -> tuple[pd.Series, list[Problem]]:
    numbers = [cell if isinstance(cell, float) and 0 <= cell < np.inf else np.nan for cell in held.cells]
    values = np.array(numbers, dtype=float)[held.codes]
    problems = []
    allowed = message("every weight is a number of zero or more")
    for found in tally(held.codes, held.cells, np.isnan(numbers)):
        holds = message("Weight '{weight}' holds", weight=name)
        what = message("Weight '{weight}' is missing", weight=name) if found[0] is None else holds
        problems.append(held.problem(what, found, allowed))
    if not values.any():
        what, allowed = message("Weight '{weight}' is 0", weight=name), message("at least one must be more")
        problems.append(Problem(what, len(values), 0, allowed))
    return pd.Series(values), problems


def _durations(name: str, held: _Held) -> tuple[pd.Series, list[Problem]]:
    """Seconds, of numbers and of times as 3:25 or 2分5秒; missing where a cell is empty."""
    seconds = [
        np.nan if cell is None or at in held.figures.doubtful else seconds_of(cell)
        for at, cell in enumerate(held.cells)
    ]
    wrong = np.isnan(seconds) & np.array([cell is not None for cell in held.cells])
    what, allowed = message("Duration '{duration}' holds", duration=name), message("it is a number of seconds, or 3:25")
    problems = [held.problem(what, found, allowed) for found in tally(held.codes, held.cells, wrong)]
    return pd.Series(np.array(seconds, dtype=float)[held.codes]), problems


def _prices(name: str, held: _Held, book: Codebook) -> tuple[pd.Series, list[Problem]]:
    """Prices of zero or more, in figures or by the codebook's labels; missing where a cell is empty."""
    labels = {_folded(meaning(plain_text(text))): value for text, value in _price_labels(name, book).items()}
    numbers, wrong = [], []
    for at, cell in enumerate(held.cells):
        price = None if cell is None else labels.get(_folded(cell), cell)
        valid = isinstance(price, float) and 0 <= price < np.inf and at not in held.figures.doubtful
        numbers.append(price if valid else np.nan)
        wrong.append(not valid and price is not None)
    problems = []
    for found in tally(held.codes, held.cells, wrong):
        allowed = message("a price is a number of zero or more, or a text to which [price] labels gives one")
        problem = held.problem(message("Price '{price}' holds", price=name), found, allowed)
        problems.append(problem._replace(advice=_price_advice(found[0]) if problem.allowed == allowed else None))
    return pd.Series(np.array(numbers, dtype=float)[held.codes]), problems


def _price_labels(name: str, book: Codebook) -> Mapping[str, float]:
    """Prices of answers in words, where the column is one of prices."""
    return book.price.labels if book.price and name in book.price_columns.values() else {}


def _price_advice(cell: Cell) -> Message | None:
    """Say the line that gives a price in words its number."""
    if not isinstance(cell, str):
        return None
    line = foreign(f"[price] labels = {{ {toml_string(short(cell))} = … }}")
    return message("say which with {line}, or add it to 'missing'", line=line)


def _answers(
    item: str, held: _Held, file_labels: Mapping[Cell, str], missing: set[Cell], book: Codebook
) -> tuple[pd.Series, list[Problem]]:
    labels = {_folded(meaning(plain_text(text))): value for text, value in book.item(item).labels.items()}
    cells = _by_label(held.cells, file_labels, labels, missing)
    low, high = book.range(item)
    numbers, wrong = [], []
    for cell in cells:
        number = None if cell is None else labels.get(_folded(cell), cell)
        valid = isinstance(number, float) and low <= number <= high and number not in missing
        numbers.append(number if valid else np.nan)
        wrong.append(not valid and number is not None and number not in missing)
    span = {"low": cell_text(low), "high": cell_text(high), "labels": message(" and its labels") if labels else ""}
    problems = []
    for found in tally(held.codes, cells, wrong):
        allowed = message("the codebook allows {low} to {high}{labels}", **span)
        problem = held.problem(message("Item '{item}' holds", item=item), found, allowed, item)
        problems.append(problem._replace(advice=_advice(found[0], file_labels)))
    return pd.Series(np.array(numbers, dtype=float)[held.codes], copy=False), problems


def _advice(cell: Cell, file_labels: Mapping[Cell, str]) -> Message | None:
    """Say what to do about a cell, by what the file calls it, else by what it looks like."""
    label = file_labels.get(cell)
    if label and NO_ANSWER.search(label):
        return message("the file calls it '{label}': if it means missing, add it to 'missing'", label=short(label))
    if label:
        return message(
            "the file calls it '{label}': add it to 'missing' if it is no answer, else give its place as "
            'response.labels = {{ "{code}" = … }}',
            label=short(label),
            code=cell_text(cell),
        )
    if cell in LOOKS_MISSING or (isinstance(cell, str) and NO_ANSWER.search(cell)):
        return message("if it means missing, add it to 'missing'")
    return None


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
