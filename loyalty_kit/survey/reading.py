"""Reading a survey file: its columns checked and converted by the codebook, all its faults told at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.cells import cell_text, plain_text
from loyalty_kit.core.checks import check_choice, check_path
from loyalty_kit.core.errors import InputError, UnreadableError, anonymous, nearest
from loyalty_kit.core.messages import MOST, Message, few, message, together
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.intake.numbers import Cell, meaning
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.intake.tables import read_table
from loyalty_kit.survey.codebook import Codebook


class _Rare(Enum):
    """What a page says in place of cells that few respondents have, which may be anything about them."""

    TEXTS = message("text")
    NUMBERS = message("other numbers")


C = TypeVar("C")
Held = Cell | _Rare
Codes = npt.NDArray[np.intp]


# What survey tools write for no answer.
_LOOKS_MISSING = (-99, -9, 99, 999)
_MANY = 3
_FEW = 20
_NUMBERS = 8


class _Problem(NamedTuple):
    """What is wrong, how often, in which row first, what is allowed; the wrong cell, an answer's items.

    Where there is a cell, `what` ends before it: "Item 'A1' holds".
    """

    what: Message
    rows: int
    first: int
    allowed: Message
    cell: Held = None
    items: tuple[str, ...] = ()


def read_responses(
    path: str | Path, codebook: Codebook | str | Path, *, invalid: Literal["error", "missing"] = "error"
) -> pd.DataFrame:
    r"""Answers of a survey file, checked against its codebook.

    Parameters
    ----------
    path : str or Path
        CSV (.csv, .tsv, .txt; UTF-8, GB18030, or UTF-16 with a byte-order mark; delimiter , ; tab
        or |; a decimal comma where it is ';'), Excel (.xlsx, .xlsm: the first sheet that holds the
        codebook's columns), SPSS (.sav, .zsav) or Parquet (.parquet). Qualtrics' two extra header
        rows are skipped.
    codebook : Codebook, str or Path
        Meaning of the columns, or the file that holds it.
    invalid : {'error', 'missing'}
        What becomes of an item's answer that is neither in range nor one of its labels.

    Returns
    -------
    DataFrame of shape (respondents, columns)
        Rows and columns in the file's order; respondents as index where the codebook names their
        column. Items and the weight are numbers, groups are text, all with NaN where an answer is
        missing; columns that the codebook does not name are as they stand in the file, which in a
        CSV is text. While a report is rendered the index is the row's number, so that no cell can
        show who answered.

    Raises
    ------
    UnreadableError
        If the file is absent, damaged, empty or of another kind.
    InputError
        If it lacks columns, holds answers that the codebook does not allow, respondents twice, a
        group in which over half of more than 20 respondents have a level of their own, or weights that
        are missing or negative: a line each, with value, count and first respondent. One wrong answer
        in three items or more is one line. A report names rows in place of respondents, and neither
        the file's own columns nor texts that fewer than 5 rows share: those of a column are one line.

    Notes
    -----
    An empty cell is missing, and so is one of the codebook's `missing` codes, as number or as
    text. A text answer among the item's `labels` becomes its number; blanks, case and full-width
    characters make no difference. Nothing else is guessed: 'NA' is missing only where the
    codebook says so. SPSS items are read by their codes, and by their value labels where these
    stand in `labels` with other numbers; SPSS groups by their value labels.

    Examples
    --------
    >>> import tempfile
    >>> codebook = Codebook.parse('''
    ... response = { min = 1, max = 5, labels = { "Strongly agree" = 5 } }
    ... scales.loyalty.items = ["q1", "q2"]
    ... ''')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     survey = Path(folder, "survey.csv")
    ...     _ = survey.write_text("q1;q2\n4;strongly agree\n;2")
    ...     read_responses(survey, codebook)
        q1   q2
    0  4.0  5.0
    1  NaN  2.0
    """
    check_choice(invalid, "invalid", ("error", "missing"))
    check_path(path, "path")
    if not isinstance(codebook, Codebook):
        check_path(codebook, "codebook")
    book = codebook if isinstance(codebook, Codebook) else Codebook.read(codebook)
    table = _read_survey(Path(path), book)
    columns = list(table.frame.columns)
    once = [name for name in columns if name in book.columns and columns.count(name) == 1]
    faults = _column_faults(columns, book, Path(path).name)
    ids: list[str] = []
    if book.respondent in once:
        ids, id_faults = _ids(table.frame[book.respondent])
        faults += id_faults
    converted: dict[str, pd.Series] = {}
    found: list[_Problem] = []
    for name in (name for name in once if name != book.respondent):
        converted[name], problems = _column(name, table, book)
        if invalid == "error" or name not in book.item_names:
            found += problems
    told = [text for text, _ in faults] + [_sentence(problem, ids) for problem in _joined(found)]
    if told:
        unnamed = [text for _, text in faults] + [_sentence(problem, []) for problem in _joined(_unnamed(found))]
        raise InputError(together(told), anonymous=together(unnamed))
    frame = table.frame.assign(**converted)
    if not ids:
        return frame
    # In a report respondents are rows, so that no output of a cell can show who they are.
    names = pd.RangeIndex(1, len(ids) + 1, name="row") if anonymous() else pd.Index(ids, name=book.respondent)
    return frame.drop(columns=[book.respondent]).set_axis(names)


def read_columns(path: Path, book: Codebook, names: Sequence[str]) -> pd.DataFrame:
    """Columns of a survey file, where there, as `read_responses` gives them; faults are left for it to tell."""
    table = _read_survey(path, book)
    held = table.frame.loc[:, ~table.frame.columns.duplicated()]
    there = [name for name in dict.fromkeys(names) if name in held and name != book.respondent]
    single = RawTable(held, table.value_labels, table.decimal_comma)
    return held[there].assign(**{name: _column(name, single, book)[0] for name in there if name in book.columns})


def _read_survey(path: Path, book: Codebook) -> RawTable:
    table = read_table(path, [book.in_file(name) for name in book.columns], what=message("The survey"))
    if table.frame.empty:
        raise UnreadableError("The survey '{file}' holds no respondents.", file=path.name)
    return table.renamed({column: name for name, column in book.names.items()})


def _column_faults(columns: list[str], book: Codebook, file: str) -> list[tuple[Message, Message]]:
    """Sentences, with and without the file's names, on the codebook's columns that it lacks or holds repeatedly."""
    if not set(columns) & set(book.columns):
        # In a file without a header the first respondent stands in its place.
        own, count = few(tuple(map(_short, columns)), MOST), len(columns)
        named = "The survey '{file}' has none of the codebook's columns; its own are {columns}."
        unnamed = "The survey '{file}' has none of the codebook's columns; columns of its own: {n}."
        return [(message(named, file=file, columns=own), message(unnamed, file=file, n=count))]
    strangers = [name for name in columns if name not in book.columns]
    absent = [name for name in book.columns if name not in columns]
    twice = [name for name in book.columns if columns.count(name) > 1]
    faults = [
        message(
            "The survey '{file}' lacks the column '{column}'{hint}",
            file=file,
            column=book.in_file(name),
            hint=nearest(book.in_file(name), strangers) or message("."),
        )
        for name in absent
    ] + [
        message(
            "The survey '{file}' has {n} columns '{column}'; the codebook means one.",
            file=file,
            n=columns.count(name),
            column=book.in_file(name),
        )
        for name in twice
    ]
    return [(fault, fault) for fault in faults]


def _ids(column: pd.Series) -> tuple[list[str], list[tuple[Message, Message]]]:
    """Respondents by row, and sentences, with and without ids, on those that are empty or stand twice."""
    codes, ids = _distinct(column)
    repeated = np.bincount(codes, minlength=len(ids)) > 1
    wrong = [name == "" or twice for name, twice in zip(ids, repeated, strict=True)]
    faults = []
    for name, count, first in _tally(codes, ids, wrong):
        allowed = message("every respondent needs an id of their own")
        where = {"column": column.name, "id": _short(name)}
        named = (
            message("Column '{column}' holds {id}", **where) if name else message("Column '{column}' is empty", **where)
        )
        unnamed = message("Column '{column}' holds the same id", column=column.name) if name else named
        faults.append(
            (
                _sentence(_Problem(named, count, first, allowed), []),
                _sentence(_Problem(unnamed, count, first, allowed), []),
            )
        )
    return [ids[code] for code in codes], faults


def _column(name: str, table: RawTable, book: Codebook) -> tuple[pd.Series, list[_Problem]]:
    """Group, weight or item column as the codebook means it, and what is wrong in it."""
    codes, texts = _distinct(table.frame[name])
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
    return _answers(name, codes, cells, file_labels, missing, book)


def _unshared_values(column: pd.Series, name: str) -> list[_Problem]:
    """Problem of a group in which most respondents have a level of their own, as addresses and dates have."""
    lone = ~column.duplicated(keep=False) & column.notna()
    answered = int(column.notna().sum())
    if answered <= _FEW or lone.sum() <= answered / 2:
        return []
    held = message("Group '{group}' holds a value that stands nowhere else", group=name)
    allowed = message("a group is a level that several respondents share")
    return [_Problem(held, int(lone.sum()), int(lone.argmax()), allowed)]


def _weights(name: str, codes: Codes, cells: list[Cell]) -> tuple[pd.Series, list[_Problem]]:
    numbers = [cell if isinstance(cell, float) and 0 <= cell < np.inf else np.nan for cell in cells]
    values = np.array(numbers)[codes]
    problems = []
    for cell, count, first in _tally(codes, cells, np.isnan(numbers)):
        held = message("Weight '{weight}' holds", weight=name)
        what = message("Weight '{weight}' is missing", weight=name) if cell is None else held
        problems.append(_Problem(what, count, first, message("every weight is a number of zero or more"), cell))
    if not values.any():
        what, allowed = message("Weight '{weight}' is 0", weight=name), message("at least one must be more")
        problems.append(_Problem(what, len(values), 0, allowed))
    return pd.Series(values), problems


def _answers(
    item: str, codes: Codes, cells: list[Cell], file_labels: Mapping[Cell, str], missing: set[Cell], book: Codebook
) -> tuple[pd.Series, list[_Problem]]:
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
    for cell, count, first in _tally(codes, cells, wrong):
        missing_too = message("; if it means missing, add it to 'missing'") if cell in _LOOKS_MISSING else ""
        allowed = message("the codebook allows {low} to {high}{labels}{missing}", missing=missing_too, **span)
        problems.append(_Problem(message("Item '{item}' holds", item=item), count, first, allowed, cell, (item,)))
    return pd.Series(np.array(numbers, dtype=float)[codes]), problems


def _unnamed(problems: list[_Problem]) -> list[_Problem]:
    """Problems as a page may tell them: what few rows have in a column is one problem that quotes no cell.

    It may be ids that stand there by mistake. An item then holds text or, where there are many, holds other numbers;
    several items hold text or hold other numbers.
    """
    shared = {None, *_LOOKS_MISSING} | {problem.cell for problem in problems if problem.rows >= FEWEST}
    rare = Counter((problem.what, type(problem.cell)) for problem in problems if problem.cell not in shared)
    merged: dict[tuple[str, Held], _Problem] = {}
    for problem in problems:
        cell = problem.cell
        if cell not in shared and isinstance(cell, str):
            cell = _Rare.TEXTS
        elif cell not in shared and rare[problem.what, float] > _NUMBERS:
            cell = _Rare.NUMBERS
        same = merged.get((problem.what, cell), problem._replace(rows=0, cell=cell))
        first = min(same.first, problem.first)
        merged[problem.what, cell] = same._replace(rows=same.rows + problem.rows, first=first)
    return list(merged.values())


def _joined(problems: list[_Problem]) -> list[_Problem]:
    """Problems with those of one answer in many items as one, in the place of the first of them."""
    alike: dict[tuple[Held, str], list[_Problem]] = {}
    for problem in problems:
        alike.setdefault((problem.cell, problem.allowed), []).append(problem)
    joined = []
    for problem in problems:
        same = alike[problem.cell, problem.allowed]
        if len(same) < _MANY or not problem.items:
            joined.append(problem)
        elif problem is same[0]:
            items = tuple(item for other in same for item in other.items)
            what, allowed = message("Items {items} hold", items=few(items, 2)), problem.allowed
            if isinstance(problem.cell, str):
                allowed = message("{allowed}; add it to response.labels", allowed=allowed)
            count, first = sum(other.rows for other in same), min(other.first for other in same)
            joined.append(_Problem(what, count, first, allowed, problem.cell, items))
    return joined


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


def _distinct(column: pd.Series) -> tuple[Codes, list[str]]:
    """Position of each row's cell among the distinct texts, and these; an empty cell is ''."""
    if column.dtype == object:
        # As text first: True equals 1 otherwise, and a list cannot be looked up.
        column = column.map(cell_text, na_action="ignore")
    codes, values = pd.factorize(column)
    merged, texts = pd.factorize(np.array([*map(cell_text, values), ""], dtype=object))
    return merged[codes], list(texts)


def _folded(cell: Cell) -> Cell:
    return cell.casefold() if isinstance(cell, str) else cell


def _tally(codes: Codes, cells: Sequence[C], wrong: Sequence[bool] | npt.NDArray[np.bool_]) -> list[tuple[C, int, int]]:
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


def _sentence(problem: _Problem, ids: list[str]) -> Message:
    name = ids[problem.first] if ids else ""
    told = {
        "what": problem.what,
        "often": message("{n} times", n=problem.rows) if len(problem.items) > 1 else _in_rows(problem.rows),
        "place": message("respondent {id}", id=_short(name))
        if name
        else message("data row {row}", row=problem.first + 1),
        "allowed": problem.allowed,
    }
    if problem.cell is None:
        return message("{what} {often} (first: {place}); {allowed}.", **told)
    held = _held(problem.cell, is_answer=bool(problem.items))
    return message("{what} {held} {often} (first: {place}); {allowed}.", held=held, **told)


def _in_rows(count: int) -> Message:
    return message("in 1 row") if count == 1 else message("in {n} rows", n=count)


def _held(cell: float | str | _Rare, *, is_answer: bool) -> Message:
    if isinstance(cell, _Rare):
        return cell.value
    if isinstance(cell, str):
        text = _short(cell)
        return message("'{answer}'", answer=text) if is_answer else message("'{value}'", value=text)
    number = cell_text(cell)
    return message("{answer}", answer=number) if is_answer else message("{value}", value=number)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
