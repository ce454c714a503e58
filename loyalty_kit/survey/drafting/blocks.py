"""Questions that belong together by their names or headings, and the answers that they share."""

from collections import Counter
from collections.abc import Sequence

from loyalty_kit.survey.drafting.looks.answers import Answers, answers_of
from loyalty_kit.survey.drafting.looks.columns import Column
from loyalty_kit.survey.drafting.looks.names import Place
from loyalty_kit.survey.ticks import CHOSEN, NOT_CHOSEN, SEPARATORS

_MANY_ROWS = 30
_MOST_OPTIONS = 25
_LONGEST_OPTION = 60


def named_blocks(columns: Sequence[Column], places: dict[str, Place]) -> list[list[Column]]:
    """Columns of two or more that names or headings put together, in the file's order."""
    found: dict[str, list[Column]] = {}
    for column in columns:
        if block := places[column.name].block:
            found.setdefault(block, []).append(column)
    return [members for members in found.values() if len(members) > 1]


def shared_answers(columns: Sequence[Column]) -> tuple[list[Column], Answers] | None:
    """Columns of a block that are answered alike, and how; none where fewer than two are.

    Those that reach beyond the range of most, or use only its lower half, are asked for something else.
    """
    alone = {column.name: answers_of([column]) for column in columns}
    worded = [column for column in columns if (held := alone[column.name]) is not None and held.labels]
    if len(worded) > len(columns) / 2 or all(held is None for held in alone.values()):
        return _shared_words(columns)
    ranges = Counter((held.low, held.high) for held in alone.values() if held is not None and not held.labels)
    if not ranges:
        return None
    most = max(ranges.values())
    low, high = max((ends for ends, times in ranges.items() if times == most), key=lambda ends: ends[1] - ends[0])
    alike = [column for column in columns if _fits(column, low, high)]
    together = answers_of(alike) if len(alike) > 1 else None
    return (alike, together) if together is not None else None


def _shared_words(columns: Sequence[Column]) -> tuple[list[Column], Answers] | None:
    together = answers_of(columns)
    if together is not None:
        return list(columns), together
    tried = [(other, answers_of([first, other])) for first in columns[:1] for other in columns[1:]]
    alike = [columns[0], *(other for other, held in tried if held is not None)]
    together = answers_of(alike) if len(alike) > 1 else None
    return (alike, together) if together is not None else None


def _fits(column: Column, low: float, high: float) -> bool:
    held = answers_of([column])
    texts = column.texts if held is None else [text for text in column.texts if text not in held.missing]
    numbers = [
        number
        for text, number in zip(column.texts, column.numbers, strict=True)
        if text in texts and number is not None
    ]
    if held is not None:
        numbers = [number for number in numbers if number not in held.missing]
    if len(numbers) < 2 or not low <= min(numbers) <= max(numbers) <= high:
        return bool(numbers) and held is None and all(low <= number <= high for number in numbers)
    return column.rows < _MANY_ROWS or max(numbers) > (low + high) / 2 or min(numbers) > (low + high) / 2


def are_ticks(columns: Sequence[Column]) -> bool:
    """Whether columns are options of one question: chosen or not, as 1 and 0, yes and no, or as text and blank."""
    chosen = any(column.missing or column.distinct > 1 for column in columns)
    return len(columns) > 1 and chosen and all(column.distinct and _is_tick(column) for column in columns)


def _is_tick(column: Column) -> bool:
    if column.distinct == 1:
        return True
    return column.distinct == 2 and {text.casefold() for text in column.texts} <= CHOSEN | NOT_CHOSEN


def several_in_a_cell(column: Column) -> tuple[str, tuple[str, ...]] | None:
    """Delimiter and options of a column whose cells hold several; none for other columns."""
    if column.kind not in ("words", "text") or column.distinct > len(column.texts):
        return None
    for mark in SEPARATORS:
        parts = [[part.strip() for part in text.split(mark) if part.strip()] for text in column.texts]
        times: Counter[str] = Counter()
        for several, count in zip(parts, column.counts, strict=True):
            times.update(dict.fromkeys(several, count))
        joined = sum(len(several) > 1 for several in parts)
        most = max((len(part) for part in times), default=0)
        few = 2 <= len(times) <= _MOST_OPTIONS and len(times) < len(column.texts) + 3
        if joined >= 2 and few and most <= _LONGEST_OPTION and min(times.values()) >= 2:
            return mark, tuple(times)
    return None
