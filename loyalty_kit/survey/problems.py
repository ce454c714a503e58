"""What is wrong in a column of a survey: a problem a wrong cell, told with and without what only few have."""

from collections import Counter
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.messages import Message, few, message
from loyalty_kit.core.selection import FEWEST, cell_texts
from loyalty_kit.intake.numerals.columns import Cell, Written

C = TypeVar("C")
Codes = npt.NDArray[np.intp]
LOOKS_MISSING = (-1, -2, -3, -7, -8, -9, -77, -88, -97, -98, -99, -999, 77, 88, 97, 98, 99, 997, 998, 999)
"""What survey tools write for no answer."""
_MANY = 3
_NUMBERS = 8


class Rare(Enum):
    """What a page says in place of cells that few respondents have, which may be anything about them."""

    TEXTS = message("text")
    NUMBERS = message("other numbers")


Held = Cell | Rare


class Problem(NamedTuple):
    """What is wrong, how often, in which row first, what is allowed; the cell, its items, its flaw and advice.

    Where there is a cell, `what` ends before it: "Item 'A1' holds".
    """

    what: Message
    rows: int
    first: int
    allowed: Message
    cell: Held = None
    items: tuple[str, ...] = ()
    reason: Message | None = None
    advice: Message | None = None


def distinct(column: pd.Series) -> tuple[Codes, list[str]]:
    """Position of each row's cell among the distinct texts, and these; an empty cell is ''."""
    if column.dtype == object:
        # As text first: True equals 1 otherwise, and a list cannot be looked up.
        column = column.map(cell_text, na_action="ignore")
    codes, values = pd.factorize(column)
    spelled = cell_texts(pd.Series(values))
    if spelled.is_unique and "" not in spelled.to_numpy():
        # As ids are: none of so many has to be looked up again.
        return np.where(codes < 0, len(spelled), codes), [*spelled, ""]
    merged, texts = pd.factorize(np.array([*spelled, ""], dtype=object))
    return merged[codes], list(texts)


def tally(codes: Codes, cells: Sequence[C], wrong: Sequence[bool] | npt.NDArray[np.bool_]) -> list[tuple[C, int, int]]:
    """Wrong cells with number of rows and first row, the most frequent first."""
    if not np.any(wrong):
        return []
    counts = np.bincount(codes, minlength=len(cells))
    firsts = np.zeros(len(cells), dtype=int)
    firsts[codes[::-1]] = np.arange(len(codes))[::-1]
    found: dict[C, tuple[int, int]] = {}
    for position in np.flatnonzero(np.asarray(wrong) & (counts > 0)).tolist():
        count, first = found.get(cells[position], (0, len(codes)))
        found[cells[position]] = count + int(counts[position]), min(first, int(firsts[position]))
    return sorted(((cell, *where) for cell, where in found.items()), key=lambda fault: -fault[1])


def merged(problems: list[Problem]) -> list[Problem]:
    """Problems with those of one answer in many items as one, in the place of the first of them."""
    alike: dict[tuple[Held, str, str | None], list[Problem]] = {}
    for problem in problems:
        alike.setdefault((problem.cell, problem.allowed, problem.advice), []).append(problem)
    told = []
    for problem in problems:
        same = alike[problem.cell, problem.allowed, problem.advice]
        if len(same) < _MANY or not problem.items:
            told.append(problem)
        elif problem is same[0]:
            items = tuple(item for other in same for item in other.items)
            what, advice = message("Items {items} hold", items=few(items, 2)), problem.advice
            if isinstance(problem.cell, str) and advice is None:
                advice = message("add it to response.labels")
            count, first = sum(other.rows for other in same), min(other.first for other in same)
            united = problem._replace(what=what, rows=count, first=first, items=items, advice=advice)
            told.append(united)
    return told


def unnamed(problems: list[Problem]) -> list[Problem]:
    """Problems as a page may tell them: what few rows have in a column is one problem that quotes no cell.

    It may be ids that stand there by mistake. An item then holds text or, where there are many, holds other numbers;
    several items hold text or hold other numbers.
    """
    shared = {None, *LOOKS_MISSING} | {problem.cell for problem in problems if problem.rows >= FEWEST}
    rare = Counter(
        (problem.what, isinstance(problem.cell, float)) for problem in problems if problem.cell not in shared
    )
    united: dict[tuple[str, Held], Problem] = {}
    for problem in problems:
        cell = problem.cell
        if cell not in shared and isinstance(cell, str):
            cell = Rare.TEXTS
        elif cell not in shared and rare[problem.what, True] > _NUMBERS:
            cell = Rare.NUMBERS
        same = united.get((problem.what, cell), problem._replace(rows=0, cell=cell))
        first = min(same.first, problem.first)
        united[problem.what, cell] = same._replace(rows=same.rows + problem.rows, first=first)
    return list(united.values())


def sentence(problem: Problem, ids: list[str]) -> Message:
    """Say a problem: what, how often, where first, by the respondents' ids where given, and what is allowed."""
    name = ids[problem.first] if ids else ""
    told = {
        "what": problem.what,
        "often": message("{n} times", n=problem.rows) if len(problem.items) > 1 else _in_rows(problem.rows),
        "place": message("respondent {id}", id=short(name))
        if name
        else message("data row {row}", row=problem.first + 1),
        "allowed": problem.allowed,
    }
    if problem.advice and not isinstance(problem.cell, Rare):
        told["allowed"] = message("{allowed}; {advice}", allowed=problem.allowed, advice=problem.advice)
    if problem.cell is None:
        return message("{what} {often} (first: {place}); {allowed}.", **told)
    held = _held(problem.cell, is_answer=bool(problem.items))
    if problem.reason and not isinstance(problem.cell, Rare):
        held = message("{held}, {reason},", held=held, reason=problem.reason)
    return message("{what} {held} {often} (first: {place}); {allowed}.", held=held, **told)


def _in_rows(count: int) -> Message:
    return message("in 1 row") if count == 1 else message("in {n} rows", n=count)


def _held(cell: float | str | Rare, *, is_answer: bool) -> Message:
    if isinstance(cell, Rare):
        return cell.value
    if isinstance(cell, str | Written):
        text = short(cell if isinstance(cell, str) else cell.text)
        return message("'{answer}'", answer=text) if is_answer else message("'{value}'", value=text)
    number = cell_text(cell)
    return message("{answer}", answer=number) if is_answer else message("{value}", value=number)


def short(text: str) -> str:
    """Cut a text that is long."""
    return text if len(text) <= 40 else f"{text[:39]}…"
