"""Questions of which several options may be chosen: a variable an option, 1 chosen, 0 not, missing where not asked."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.cells import cell_text, plain_text
from loyalty_kit.core.messages import few, message
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.intake.numerals.columns import Cell
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.codebook_text import toml_key, toml_string
from loyalty_kit.survey.columns import RawColumn, raw_column
from loyalty_kit.survey.entries import Item
from loyalty_kit.survey.problems import Codes, Problem, tally

NOT_CHOSEN = frozenset(
    {"0", "false", "no", "n", "off", "-", "not selected", "not chosen", "not checked", "not quoted", "not mentioned"}
    | {"unselected", "unchecked", "否", "未选", "未选中", "未选择", "没有", "不选", "nein", "nicht gewählt", "non"}
)
"""What survey tools write for an option that was not chosen, beside nothing at all."""
CHOSEN = frozenset(
    {"1", "true", "yes", "y", "x", "on", "✓", "√", "✔", "selected", "chosen", "checked", "quoted", "mentioned"}
    | {"是", "选中", "已选", "ja", "gewählt", "ausgewählt", "oui"}
)
"""What they write for one that was, beside its own text."""
SEPARATORS = ("┋", "|", ";", "、", ",", "/")
"""What survey tools put between options, the least ambiguous first."""
_WRITTEN_IN = re.compile(r"〖[^〗]*〗")
"""What a respondent wrote beside an option, as 问卷星 exports it."""
_BLANK, _NO, _YES, _UNKNOWN = range(4)


class Ticks(NamedTuple):
    """Variables of a question of ticks, and what is wrong in its columns."""

    variables: pd.DataFrame
    problems: list[Problem]


def read_ticks(key: str, table: RawTable, book: Codebook) -> Ticks:
    """Variables of one question of the codebook, whose columns all stand in the table once."""
    question = book.ticks[key]
    if not question.columns:
        return _by_cell(key, question, raw_column(key, table, book))
    columns = {name: raw_column(name, table, book) for name in question.columns}
    states = {name: _states(column, question, question.labels_of(key)[name]) for name, column in columns.items()}
    held = np.column_stack([states[name][column.codes] for name, column in columns.items()])
    problems = _strange(key, columns, states) or _all_chosen(key, question, held)
    seen = np.isin(held, (_NO, _YES)).any(axis=1, keepdims=True)
    values = np.full(held.shape, np.nan)
    values[(held == _NO) | ((held == _BLANK) & seen)] = 0.0
    values[held == _YES] = 1.0
    return Ticks(pd.DataFrame(values, columns=list(columns)), problems)


def with_base(variables: pd.DataFrame, answered: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Variables in which all who answered anything have seen the question."""
    unseen = variables.isna().all(axis="columns").to_numpy() & answered
    return variables.mask(np.broadcast_to(unseen[:, None], variables.shape), 0.0)


def _states(column: RawColumn, question: Item, label: str) -> Codes:
    """Say what each distinct cell of an option's column means."""
    words = [_word(cell, column) for cell in column.cells]
    rest = {word for word in words if word} - NOT_CHOSEN
    if question.chosen is None:
        known = rest & (CHOSEN | {plain_text(label).casefold(), column.name.casefold()})
        chosen, against = (rest if len(rest) < 2 else known), set()
    else:
        mark = cell_text(question.chosen).casefold()
        chosen = rest if mark == "any" else {mark}
        against = rest - chosen if len(rest - chosen) < 2 else set()
    states = np.full(len(words), _UNKNOWN)
    for place, word in enumerate(words):
        if word in chosen:
            states[place] = _YES
        elif word in NOT_CHOSEN or word in against:
            states[place] = _NO
        elif column.texts[place] == "":
            states[place] = _BLANK
    return states


def _word(cell: Cell, column: RawColumn) -> str | None:
    """Text of a cell, by the file's own label where it has one; none where it is missing."""
    return None if cell is None else column.file_labels.get(cell, cell_text(cell)).casefold()


def _strange(key: str, columns: Mapping[str, RawColumn], states: Mapping[str, Codes]) -> list[Problem]:
    """Problem of each cell that may mean chosen or not, over all columns of the question."""
    found: dict[Cell, tuple[list[str], int, int]] = {}
    for name, column in columns.items():
        wrong = [state == _UNKNOWN and cell is not None for state, cell in zip(states[name], column.cells, strict=True)]
        for cell, count, first in tally(column.codes, column.cells, wrong):
            names, rows, place = found.get(cell, ([], 0, first))
            found[cell] = [*names, name], rows + count, min(place, first)
    problems = []
    for cell, (names, rows, first) in found.items():
        value = cell_text(cell) if isinstance(cell, float) else '"any"'
        allowed = message(
            "an option is chosen by one mark, or by 1, Yes or its own label; where this means chosen too, write "
            "items.{key}.chosen = {value}",
            key=key,
            value=value,
        )
        what = message("Ticks {columns} hold", columns=few(names, 2))
        problems.append(Problem(what, rows, first, allowed, cell))
    return problems


def _all_chosen(key: str, question: Item, held: Codes) -> list[Problem]:
    """Problem of a question of which everybody would have chosen everything: its 1 may mean not chosen."""
    if len(held) < FEWEST or held.shape[1] < 2 or question.chosen is not None or not (held == _YES).all():
        return []
    what = message("Ticks {columns} are all chosen", columns=few(list(question.columns), 2))
    allowed = message("where this means 'not chosen', write what means 'chosen' as items.{key}.chosen = 2", key=key)
    return [Problem(what, len(held), 0, allowed)]


def _by_cell(key: str, question: Item, column: RawColumn) -> Ticks:
    """Variables of a column whose cells hold all options that were chosen, and what is wrong there."""
    texts = [
        None if cell is None else _WRITTEN_IN.sub("", text)
        for cell, text in zip(column.cells, column.texts, strict=True)
    ]
    separator = question.separator or found_separator([text for text in texts if text], tuple(question.options))
    if not question.options:
        return Ticks(pd.DataFrame(index=range(len(column.codes))), [_unlisted(key, column, texts, separator)])
    parts = [None if text is None else parts_of(text, tuple(question.options), separator) for text in texts]
    strange = [[part for part in found or () if part not in question.options] for found in parts]
    problems = [] if question.other else _no_options(key, column, strange)
    rows = [
        [
            np.nan if found is None else float(name in found or (name == question.other and bool(odd)))
            for name in question.options
        ]
        for found, odd in zip(parts, strange, strict=True)
    ]
    values = np.array(rows, dtype=float).reshape(-1, len(question.options))[column.codes]
    return Ticks(pd.DataFrame(values, columns=list(question.labels_of(key))), problems)


def parts_of(text: str, options: tuple[str, ...], separator: str) -> list[str]:
    """Options that a cell names, each as the codebook spells it; other parts as they stand.

    An option may hold the separator itself: the longest run of parts that is one option counts as it.

    Examples
    --------
    >>> parts_of("1, 3", ("1", "2", "3"), ","), parts_of("Food, drinks,Other ", ("Food, drinks", "Toys"), ",")
    (['1', '3'], ['Food, drinks', 'Other'])
    """
    spelled = {_plain(option, separator): option for option in options}
    pieces = _pieces(text, separator)
    found, start = [], 0
    while start < len(pieces):
        ends = range(len(pieces), start, -1)
        runs = ((end, spelled.get(_plain(separator.join(pieces[start:end]), separator))) for end in ends)
        end, option = next(((end, option) for end, option in runs if option is not None), (start + 1, pieces[start]))
        found.append(option)
        start = end
    return found


def found_separator(texts: Iterable[str], options: tuple[str, ...] = ()) -> str:
    """Separator by which cells fall into known options; without these, the first that stands in one of the cells.

    Examples
    --------
    >>> found_separator(["A┋B", "B"]), found_separator(["Tea, hot;Milk"], ("Tea, hot", "Milk"))
    ('┋', ';')
    """
    held = list(dict.fromkeys(texts))
    there = [mark for mark in SEPARATORS if any(mark in text for text in held)] or [SEPARATORS[0]]
    if not options:
        return there[0]
    strange = {
        mark: sum(part not in options for text in held for part in parts_of(text, options, mark)) for mark in there
    }
    return min(there, key=lambda mark: strange[mark])


def _pieces(text: str, separator: str) -> list[str]:
    return [piece for part in text.split(separator) if (piece := cell_text(part))]


def _plain(text: str, separator: str) -> str:
    return separator.join(_pieces(plain_text(text), separator)).casefold()


def _no_options(key: str, column: RawColumn, strange: list[list[str]]) -> list[Problem]:
    """Problem of each part that is no option."""
    problems = []
    for part in dict.fromkeys(part for found in strange for part in found):
        ((_, count, first),) = tally(column.codes, [part] * len(strange), [part in found for found in strange])
        allowed = message(
            "it is none of the options; add it to items.{key}.options, or name the option that it counts as in "
            "items.{key}.other",
            key=key,
        )
        problems.append(Problem(message("Ticks {columns} hold", columns=[column.name]), count, first, allowed, part))
    return sorted(problems, key=lambda problem: -problem.rows)


def _unlisted(key: str, column: RawColumn, texts: list[str | None], separator: str) -> Problem:
    """Problem of a question whose options the codebook does not list, with the line that does."""
    counts: Counter[str] = Counter()
    rows = np.bincount(column.codes, minlength=len(texts))
    for text, count in zip(texts, rows.tolist(), strict=True):
        counts.update({part: count for part in parts_of(text or "", (), separator)})
    # Parts that hardly anybody has may be what people wrote; they are told one by one once the others are listed.
    shared = [part for part, count in counts.items() if count >= FEWEST]
    line = f"items.{toml_key(key)}.options = [{', '.join(toml_string(part) for part in shared)}]"
    there = int(rows[[text is not None for text in texts]].sum())
    first = next((int(np.flatnonzero(column.codes == place)[0]) for place, text in enumerate(texts) if text), 0)
    told = message("write {line}, of those that {least} or more chose", line=line, least=FEWEST)
    return Problem(message("Ticks {columns} lack their options", columns=[column.name]), there, first, told)
