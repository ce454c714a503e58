"""Where a table's header stands and what its columns are called."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from loyalty_kit.core.cells import cell_text, plain_text
from loyalty_kit.intake.numerals.forms import readings

LOOKED_AT = 20
"""Rows among which the header is looked for."""
RESPONSES = frozenset(
    ("response", "open-ended response", "回答", "答复", "开放式回答", "réponse", "respuesta", "antwort", "resposta")
)
"""What stands under a question of one column where a second header row names the options of others."""
_ENOUGH = 0.8
_NUMERIC = re.compile(r"[\d\s.,:/+\-%eE]*\d[\d\s.,:/+\-%]*")
_IMPORT = re.compile(r"\{\s*.ImportId")

Titles = Sequence[str]


class Header(NamedTuple):
    """Rows of a header, as positions in a table, and the columns' names as they stand there."""

    rows: tuple[int, ...]
    titles: list[str]


def find_header(head: Sequence[Titles], known: Collection[str]) -> Header:
    """Rows that name most of the known columns, or without any the first that look like a header.

    Parameters
    ----------
    head : sequence of sequence of str
        Titles of the first rows, as `titles` gives them.
    known : collection of str
        Columns that the reader asks for.

    Examples
    --------
    >>> find_header([["A survey", ""], ["id", "q1"], ["1", "5"]], ["q1"])
    Header(rows=(1,), titles=['id', 'q1'])
    """
    found = [_joined(head, (at, at + 1), known) for at in range(len(head) - 1) if _two_rows(head[at], head[at + 1])]
    firsts = {header.rows[0] for header in found}
    found += [Header((at,), list(row)) for at, row in enumerate(head) if any(row) and at not in firsts]
    found.sort(key=lambda header: header.rows)
    scores = [shown(header.titles, known) for header in found]
    if not any(scores):
        scores = [_likeness(header.titles) for header in found]
        scores = [min(score, round(max(scores) * _ENOUGH + 0.49)) for score in scores]
    return found[scores.index(max(scores))] if found else Header((), [])


def header_of(head: Sequence[Titles], rows: Sequence[int], known: Collection[str]) -> Header:
    """Header of the rows that a person named."""
    return _joined(head, tuple(rows), known) if len(rows) > 1 else Header(tuple(rows), list(head[rows[0]]))


def titles(row: Sequence[object]) -> list[str]:
    """Texts of a row's cells."""
    return [title(cell) for cell in row]


def column_names(header: Sequence[object], known: Collection[str]) -> list[str]:
    """Column names: the spelling that is asked for where it is known, else the file's.

    'Q1#2' asks for the second of the columns 'Q1', as does 'Q1.1', which pandas and R call it; 'Q1' is then the
    first. Where nobody asks, columns of one name are all numbered so.

    Examples
    --------
    >>> column_names([" Ｑ1", "note", None, "note"], ["Q1"])
    ['Q1', 'note#1', 'column 3', 'note#2']
    >>> column_names(["Q1", "Q1"], ["Q1", "Q1#2"])
    ['Q1', 'Q1#2']
    """
    spelling = {plain_text(name): name for name in known}
    spelling.update({name: name for name in known})
    plains = [title(cell) or f"column {position}" for position, cell in enumerate(header, 1)]
    sizes = Counter(plains)
    times: Counter[str] = Counter()
    names = []
    for plain in plains:
        times[plain] += 1
        one = sizes[plain] == 1
        names.append(spelling.get(plain, plain) if one else _one_of(plain, times[plain], sizes, spelling))
    return names


def _one_of(plain: str, time: int, sizes: Counter[str], spelling: dict[str, str]) -> str:
    """Name of a column among several of one title."""
    asked = {
        at: spelling[alias]
        for at in range(1, sizes[plain] + 1)
        for alias in (f"{plain}.{at - 1}", f"{plain}#{at}")
        if alias in spelling and alias not in sizes
    }
    if time in asked:
        return asked[time]
    if plain in spelling and (time == 1 or not asked):
        return spelling[plain]
    name = f"{plain}#{time}"
    while name in sizes:
        name += "#"
    return name


def title(cell: object) -> str:
    """Text of a header's cell; none where it is empty."""
    if isinstance(cell, str):
        return plain_text(cell)
    return "" if cell is None or cell != cell else cell_text(cell)


def shown(header: Sequence[object], known: Collection[str]) -> int:
    """Count the columns asked for that a row would name if it were the header."""
    return len(set(column_names(header, known)) & set(known))


def is_import_row(row: Sequence[object]) -> bool:
    """Whether it is the row of import ids that Qualtrics writes under its header."""
    return any(isinstance(cell, str) and _IMPORT.match(cell) for cell in row)


def is_numeric(text: str) -> bool:
    """Whether a title is a number, a date or a time.

    Examples
    --------
    >>> is_numeric("2026-03-01 10:00"), is_numeric("Q1")
    (True, False)
    """
    return bool(_NUMERIC.fullmatch(text))


def are_wordings(row: Titles, names: Titles, below: Sequence[Titles]) -> bool:
    """Whether a row under the header words its columns: texts of their own where only numbers follow.

    Parameters
    ----------
    row : sequence of str
        Row under the header.
    names : sequence of str
        The header.
    below : sequence of sequence of str
        Rows under that row.

    Examples
    --------
    >>> are_wordings(["Staff are kind", "Prices are fair"], ["Q1", "Q2"], [["5", "4"], ["3", ""]])
    True
    """
    numbers = [at for at in range(len(row)) if _all_numbers([line[at] for line in below if line[at]])]
    said = [row[at] for at in numbers if row[at] and not _is_number(row[at]) and row[at] != names[at]]
    return len(numbers) > 1 and len(said) >= _ENOUGH * len(numbers) and len(set(said)) >= _ENOUGH * len(said)


def _is_number(text: str) -> bool:
    """Whether a text is a number as people write it, as '¥25' or '30 min'."""
    return is_numeric(text) or bool(readings(text))


def _all_numbers(texts: Sequence[str]) -> bool:
    return bool(texts) and all(map(is_numeric, texts))


def _likeness(row: Titles) -> int:
    """How many different texts a row holds that are no numbers."""
    return len({text for text in row if text and not is_numeric(text)})


def _two_rows(upper: Titles, lower: Titles) -> bool:
    """Whether the lower row goes on where the upper one is blank or repeats: options under a question.

    Under a name of its own stands nothing, or 'Response'; under a question of several columns stand texts.
    """
    under = {text.casefold() for text in lower if text}
    if under and under <= RESPONSES:
        return any(upper)
    runs = _runs(upper)
    if sum(1 for text in upper if text) < 2 or all(len(run) == 1 for run in runs):
        return False
    if all(lower) and len(set(lower)) == len(lower):
        return False
    for run in runs:
        below = [lower[at] for at in run]
        if len(run) == 1 and upper[run[0]]:
            if below[0] and below[0].casefold() not in RESPONSES:
                return False
        elif any(below) and not (all(below) and not any(map(is_numeric, below)) and len(set(below)) == len(below)):
            return False
    return any(len(run) > 1 and any(lower[at] for at in run) for run in runs)


def _runs(upper: Titles) -> list[list[int]]:
    """Columns from each name to the next: blank cells and repetitions belong to the name before them."""
    runs: list[list[int]] = []
    for at, text in enumerate(upper):
        if runs and (not text or text == upper[runs[-1][0]]):
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _joined(head: Sequence[Titles], rows: tuple[int, ...], known: Collection[str]) -> Header:
    """Header of several rows; a column bears the name among its own that is asked for."""
    spelling = {plain_text(name) for name in known}
    upper = list(head[rows[0]])
    for at in rows[1:]:
        lower = head[at]
        over = [upper[run[0]] for run in _runs(upper) for _ in run]
        wholes = [_whole(name, option) for name, option in zip(over, lower, strict=True)]
        upper = [
            next((name for name in names if name in spelling), names[0])
            for names in zip(wholes, lower, upper, strict=True)
        ]
    return Header(rows, upper)


def _whole(over: str, under: str) -> str:
    """Name of a question and its option.

    Examples
    --------
    >>> _whole("Our staff", "is kind"), _whole("Your age", "Response")
    ('Our staff - is kind', 'Your age')
    """
    if not under or under.casefold() in RESPONSES or under == over:
        return over
    return f"{over} - {under}" if over else under
