"""The answers that columns share: their range, what answers in words are worth, and what stands for no answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.messages import Message, message
from loyalty_kit.survey.drafting.looks.columns import Column
from loyalty_kit.survey.drafting.looks.label_sets import (
    coded,
    end,
    known_set,
    missing_codes,
    ordered,
    own_number,
    stands_for_missing,
)

USUAL = (
    (1, 5),
    (1, 7),
    (1, 10),
    (0, 10),
    (1, 4),
    (1, 6),
    (1, 9),
    (0, 4),
    (0, 5),
    (0, 6),
    (1, 11),
    (1, 8),
    (1, 3),
    (0, 3),
)
SYMMETRIC = ((-2, 2), (-3, 3))
SLIDERS = ((0, 100), (1, 100))
FEWEST_STEPS = 3
LONGEST = 11
"""Highest answer of a question by itself; a slider to 100 is told from an age where several share it."""
_ROOM = ((1, 5), (1, 7), (0, 10), (1, 10), (0, 100))
"""Ranges that are tried, in turn, where the answers found fill none of the usual ones."""


@dataclass(frozen=True)
class Answers:
    """Range of answers, and the value of those in words.

    Attributes
    ----------
    low, high : float
        Lowest and highest answer.
    labels : dict of str to float
        Answers in words, from low to high.
    missing : dict of code to str
        What stands for no answer: number or text, with the file's own label where it has one.
    notes : tuple of Message
        What is not sure.
    in_words : bool
        Whether the words tell the order, so that even one such column is surely a question.
    """

    low: float
    high: float
    labels: dict[str, float] = field(default_factory=dict)
    missing: dict[float | str, str] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()
    in_words: bool = False

    def value(self, text: str, number: float | None) -> float | None:
        """Value of a cell; none where it is missing or no such answer."""
        if text in self.missing or number in self.missing:
            return None
        known = self.labels.get(text, number)
        return known if known is not None and self.low <= known <= self.high else None

    def values(self, column: Column) -> dict[str, float]:
        """Value of each of a column's texts that is an answer."""
        meant = {text: self.value(text, number) for text, number in zip(column.texts, column.numbers, strict=True)}
        return {text: value for text, value in meant.items() if value is not None}

    @property
    def key(self) -> tuple[float, float, tuple[tuple[str, float], ...]]:
        """What two questions of one kind have in common."""
        return self.low, self.high, tuple(sorted(self.labels.items()))


def answers_of(columns: Sequence[Column]) -> Answers | None:
    """Answers that columns share; none where they are no answers on one scale.

    Parameters
    ----------
    columns : sequence of Column
        Questions of one block, or a single one.
    """
    if any(column.kind in ("dates", "empty") or column.distinct > len(column.texts) for column in columns):
        return None
    found = _found(columns)
    return None if found is not None and found.high > LONGEST and len(columns) < 2 else found


def _found(columns: Sequence[Column]) -> Answers | None:
    found = {text: number for column in columns for text, number in zip(column.texts, column.numbers, strict=True)}
    labels = {number: text for column in columns for number, text in column.value_labels.items()}
    missing = _declared(columns, found)
    missing |= {number: text for number, text in labels.items() if stands_for_missing(text)}
    words = [text for text, number in found.items() if number is None and text not in missing]
    numbers = sorted({number for number in found.values() if number is not None and number not in missing})
    if not words:
        return _of_numbers(numbers, labels, missing)
    kept = words if known_set(words) else [word for word in words if not stands_for_missing(word)]
    missing |= {word: "" for word in words if word not in kept}
    if len(columns) > 1 and not numbers and (codes := coded(kept)):
        return _of_codes(codes, missing)
    return _of_words(kept, numbers, missing) if kept else _of_numbers(numbers, labels, missing)


def _declared(columns: Iterable[Column], found: dict[str, float | None]) -> dict[float | str, str]:
    """Codes that the file declares missing, and holds: single ones, and those within a pair of ends."""
    missing: dict[float | str, str] = {}
    for column in columns:
        for code in column.declared:
            ends = code if isinstance(code, tuple) else (code, code)
            for text, number in found.items():
                if text == cell_text(code) or (number is not None and _within(number, ends)):
                    held: float | str = text if number is None else number
                    missing[held] = column.value_labels.get(number, "") if number is not None else ""
    return missing


def _within(number: float, ends: Sequence[object]) -> bool:
    return all(isinstance(one, int | float) for one in ends) and ends[0] <= number <= ends[-1]  # type: ignore[operator]


def _of_numbers(numbers: list[float], labels: dict[float, str], missing: dict[float | str, str]) -> Answers | None:
    named = {number: text for number, text in labels.items() if number not in missing}
    sure, unsure = missing_codes(sorted({*numbers, *named} - {number for number in sure_steps(named)}))
    unsure = [code for code in unsure if code not in named]
    missing = {**missing, **{code: labels.get(code, "") for code in sure}, **dict.fromkeys(unsure, "")}
    left = [number for number in numbers if number not in missing]
    span = sorted({*left, *(number for number in named if number not in missing)})
    if not left or any(number != round(number) for number in span):
        return None
    span_named = bool(named) and min(span) in named and max(span) in named
    ends, notes = ((span[0], span[-1]), []) if span_named else _range(left)
    if ends is None or ends[1] - ends[0] + 1 < FEWEST_STEPS or (len(span) < FEWEST_STEPS and not span_named):
        return None
    notes += [
        message(
            "{code} is taken as no answer, for nothing lies between it and {high}",
            code=_shown(code),
            high=_shown(ends[1]),
        )
        for code in unsure
    ]
    turned = _turned({number: text for number, text in named.items() if number not in missing})
    known = bool(turned) or _labelled_in_order(named, missing)
    return Answers(*ends, labels=turned or {}, missing=missing, notes=tuple(notes), in_words=known)


def sure_steps(named: dict[float, str]) -> set[float]:
    """Numbers that the file labels as steps of a known set of words, so that none of them is a missing code."""
    return set(named) if known_set(named.values()) else set()


def _labelled_in_order(named: dict[float, str], missing: dict[float | str, str]) -> bool:
    texts = [text for number, text in sorted(named.items()) if number not in missing]
    return bool(texts) and (known_set(texts) is not None or (end(texts[0]) == -1 and end(texts[-1]) == 1))


def _turned(named: dict[float, str]) -> dict[str, float] | None:
    """Values of the file's own labels where its numbers run against their order or skip one."""
    order = ordered(named.values()) if len(named) > 2 else None
    if order is None or len(order) < max(order.values()):
        return None
    if [order[text] for _, text in sorted(named.items())] == sorted(order.values()):
        return None if sorted(named) == list(range(int(min(named)), int(min(named)) + len(named))) else order
    return dict(sorted(order.items(), key=lambda pair: pair[1]))


def _of_words(words: list[str], numbers: list[float], missing: dict[float | str, str]) -> Answers | None:
    own = {word: own_number(word) for word in words}
    if all(number is not None for number in own.values()):
        values = {word: number for word, number in own.items() if number is not None}
        if len(set(values.values())) == len(values):
            ends, notes = _range(sorted({*values.values(), *numbers}))
            ends_named = any(end(_unnumbered(word)) for word in words)
            return ends and _in_words(values, ends, missing, notes, sure=ends_named)
    if numbers:
        return _endpoints(words, numbers, missing)
    order = ordered(words)
    steps = known_set(words)
    if order is None or steps is None or len(steps) < FEWEST_STEPS:
        return None
    unused = [step for step in steps if step not in _plain(words)]
    notes = [message("nobody answered {answers}", answers=unused)] if unused else []
    return _in_words(order, (1, len(steps)), missing, notes, sure=True)


def _of_codes(codes: dict[str, float], missing: dict[float | str, str]) -> Answers | None:
    """Answers by the numbers of their codes, which a survey tool wrote in the place of their words."""
    ends, notes = _range(sorted(codes.values()))
    first, *_, last = sorted(codes, key=lambda code: codes[code])
    told = message("the codes {first} to {last} are taken in the order of their numbers", first=first, last=last)
    return ends and _in_words(codes, ends, missing, [told, *notes], sure=False)


def _plain(words: Iterable[str]) -> set[str]:
    steps = known_set(list(words)) or ()
    order = ordered(list(words)) or {}
    return {steps[int(value) - 1] for value in order.values()}


def _unnumbered(word: str) -> str:
    return word.strip("()[]（）0123456789-–—=:.：、分星 ")


def _endpoints(words: list[str], numbers: list[float], missing: dict[float | str, str]) -> Answers | None:
    """Words at the ends of a row of numbers: 'Not at all', 2, 3, 4, 'Completely'."""
    ends = {end(word): word for word in words}
    if len(words) > 2 or len(ends) < len(words) or 0 in ends or any(number != round(number) for number in numbers):
        return None
    low, high = numbers[0] - (-1 in ends), numbers[-1] + (1 in ends)
    if high - low + 1 < FEWEST_STEPS or high > 11:
        return None
    labels = {ends[-1]: low} if -1 in ends else {}
    labels |= {ends[1]: high} if 1 in ends else {}
    told = message("the words at the ends are taken as {low} and {high}", low=_shown(low), high=_shown(high))
    return _in_words(labels, (low, high), missing, [told], sure=True)


def _in_words(
    values: dict[str, float],
    ends: tuple[float, float],
    missing: dict[float | str, str],
    notes: list[Message],
    *,
    sure: bool,
) -> Answers:
    labels = dict(sorted(values.items(), key=lambda pair: pair[1]))
    return Answers(*ends, labels=labels, missing=missing, notes=tuple(notes), in_words=sure)


def _range(numbers: list[float]) -> tuple[tuple[float, float] | None, list[Message]]:
    """Usual range that the numbers fill, or the first that has room for them, which is then said."""
    low, high = numbers[0], numbers[-1]
    if (low, high) in (*USUAL, *SYMMETRIC, *SLIDERS):
        unused = [_shown(step) for step in range(int(low), int(high) + 1) if step not in numbers] if high <= 11 else []
        return (low, high), [message("nobody answered {answers}", answers=unused)] if unused else []
    for start, stop in _ROOM:
        if start <= low and high <= stop and (stop <= 11 or high > 20):
            found = {"low": _shown(low), "high": _shown(high), "start": _shown(start), "stop": _shown(stop)}
            note = message("the answers go from {low} to {high}; the range is taken as {start} to {stop}", **found)
            return (start, stop), [note]
    return None, []


def _shown(number: float) -> str:
    return cell_text(float(number))
