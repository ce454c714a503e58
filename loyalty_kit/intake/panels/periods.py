"""Periods in the order of time: dates, months, numbers and numbered labels, in days, weeks or months where too many."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.core.cells import plain_text
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.numerals.dates import ways

MOST_PERIODS = 100
"""Periods up to which each value is one."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True, eq=False)
class Periods:
    """Periods of a column in the order of time.

    Attributes
    ----------
    codes : array of shape (rows,)
        Number of each row's period; −1 where it is missing.
    labels : list
        The periods, in order.
    notes : tuple of Message
        What was binned, and which periods hold nobody.
    """

    codes: np.ndarray[Any, np.dtype[np.intp]]
    labels: list[Any]
    notes: tuple[Message, ...]


def ordered_levels(frame: Any, name: str | None) -> list[Any]:
    """Levels of a pandas column that is an ordered category; none where the order is to be found."""
    kind = frame[name].dtype if isinstance(frame, pd.DataFrame) and name is not None else None
    return list(kind.categories) if isinstance(kind, pd.CategoricalDtype) and kind.ordered else []


def periods_of(column: pd.Series, name: str) -> Periods:
    """Put the values of a column of periods in the order of time.

    Parameters
    ----------
    column : Series of shape (rows,)
        Dates, numbers, or labels that hold a date, a month or numbers, as 'W1'; an ordered category has its order.
    name : str
        What the column is called.

    Returns
    -------
    Periods

    Raises
    ------
    InputError
        If labels have no order that can be told, or there are too many values and they are no dates.

    Examples
    --------
    >>> periods_of(pd.Series(["W10", "W2", "W1"]), "week").labels
    ['W1', 'W2', 'W10']
    """
    keys, levels, codes = _keyed(column, name)
    order = sorted(range(len(levels)), key=lambda i: keys[i])
    place = np.empty(len(levels) + 1, dtype=np.intp)
    place[order], place[-1] = np.arange(len(levels)), -1
    kept, labels = place[codes], [levels[i] for i in order]
    told: list[Message] = []
    ordered = [keys[i] for i in order]
    if len(labels) > MOST_PERIODS:
        kept, labels, ordered, unit = _binned(kept, ordered, name)
        told.append(message("'{column}' holds many times; they are read by {unit}.", column=name, unit=unit))
    return Periods(kept, labels, (*told, *_gaps(ordered, labels, name)))


def since(column: pd.Series, name: str, start: Any) -> Any:
    """Whether each row's period is `start` or a later one, in the same order; in days and times to the moment.

    Raises
    ------
    InputError
        If no period is `start`, and it is no date or number among dates or numbers.
    """
    keys, levels, codes = _keyed(column, name)
    first = next((key for key, level in zip(keys, levels, strict=True) if _same(level, start)), None)
    if first is None:
        first = _between(start, keys)
    if first is None:
        raise InputError(
            "No period of '{column}' is '{start}'; name the first after the treatment, as '{example}'.",
            column=name,
            start=str(start),
            example=str(levels[keys.index(max(keys))]),
        )
    later = np.array([key >= first for key in keys] + [False])
    return later[codes]


def _same(level: Any, start: Any) -> bool:
    return bool(level == start) or plain_text(str(level)) == plain_text(str(start))


def _between(start: Any, keys: list[Any]) -> Any:
    """Sort key of a date or number that is no period itself, among keys of its kind; none where it is neither."""
    if all(isinstance(key, pd.Timestamp) for key in keys):
        try:
            return _stamp(start)
        except (ValueError, TypeError):
            return None
    numbers = all(isinstance(key, int | float | np.number) for key in keys)
    return start if numbers and isinstance(start, int | float | np.number) and not isinstance(start, bool) else None


def _keyed(column: pd.Series, name: str) -> tuple[list[Any], list[Any], Any]:
    """Give what each level is sorted by, the levels, and the level of each row (−1 where missing)."""
    if isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        present = column.cat.remove_unused_categories()
        return list(range(len(present.cat.categories))), list(present.cat.categories), present.cat.codes.to_numpy()
    codes, found = pd.factorize(column)
    levels = pd.Index(found).tolist()
    if pd.api.types.is_datetime64_any_dtype(column) or all(isinstance(v, date | datetime | pd.Period) for v in levels):
        return [_stamp(level) for level in levels], levels, codes
    if all(isinstance(level, int | float | np.number) and not isinstance(level, bool) for level in levels):
        return levels, levels, codes
    return _text_keys([plain_text(str(level)) for level in levels], name), levels, codes


def _stamp(value: Any) -> pd.Timestamp:
    stamp = value.start_time if isinstance(value, pd.Period) else pd.Timestamp(value)
    return stamp.tz_convert("UTC").tz_localize(None) if stamp.tzinfo is not None else stamp


def _text_keys(texts: Sequence[str], name: str) -> list[Any]:
    """Sort keys of labels: dates, months, or the numbers that they hold, a year before the others."""
    for keys in (_iso(texts), _written(texts), _months(texts)):
        if keys is not None:
            return keys
    if not all(re.search(r"\d", text) for text in texts):
        raise InputError(
            "The periods of '{column}' have no order that can be told; number them, as '1 early', or give dates or an "
            "ordered category.",
            column=name,
        )
    numbers = [[float(part) for part in re.findall(r"\d+(?:\.\d+)?", text)] for text in texts]
    years = [_YEAR.search(text) for text in texts]
    for own, year in zip(numbers, years, strict=True):
        if all(years) and year is not None:
            own.remove(float(year[0]))
            own.insert(0, float(year[0]))
    if len({len(own) for own in numbers}) > 1 or len(set(map(tuple, numbers))) < len(texts):
        return [[own, text] for own, text in zip(numbers, texts, strict=True)]
    return numbers if len(numbers[0]) > 1 else [own[0] for own in numbers]


def _iso(texts: Sequence[str]) -> list[Any] | None:
    try:
        return [_stamp(datetime.fromisoformat(text)) for text in texts] if all("-" in text for text in texts) else None
    except ValueError:
        return None


def _written(texts: Sequence[str]) -> list[Any] | None:
    """Dates in whatever order of day and month the whole column allows; where it allows two, nothing is guessed."""
    found = ways(pd.Series(texts, dtype="str")) if all(len(re.findall(r"\d+", text)) > 2 for text in texts) else []
    if len(found) > 1:
        raise InputError(
            "Whether '{text}' has day or month first cannot be told; write dates as 2026-01-31.", text=texts[0]
        )
    return [_stamp(time) for time in found[0]] if found else None


def _months(texts: Sequence[str]) -> list[Any] | None:
    """Months by name, with a year or without; a winter over the turn of the year begins after the longest gap."""
    found, years = [], [_YEAR.search(text) for text in texts]
    for text in texts:
        match = re.fullmatch(r"([a-z]{3})[a-z]*\.?", re.sub(r"[\d\s,'./-]+", "", text.lower()))
        number = re.fullmatch(r"(?:\d{4}年)?(\d{1,2})月", text)
        if match is not None and match[1] in MONTHS:
            found.append(MONTHS.index(match[1]) + 1)
        elif number is not None:
            found.append(int(number[1]))
    if len(found) < len(texts):
        return None
    if all(years):
        return [12 * int(year[0]) + month for year, month in zip(years, found, strict=True) if year]
    held = sorted(set(found))
    gaps = [(held[(i + 1) % len(held)] - month) % 12 for i, month in enumerate(held)]
    first = held[(int(np.argmax(gaps)) + 1) % len(held)] if {1, 12} <= set(held) and len(held) < 12 else 1
    return [(month - first) % 12 for month in found]


def _binned(codes: Any, keys: list[Any], name: str) -> tuple[Any, list[Any], list[Any], Message]:
    """Days, weeks or months in place of so many times."""
    if not all(isinstance(key, pd.Timestamp) for key in keys):
        raise InputError(
            "'{column}' holds {n} different periods; at most {most} can be followed. Round it to weeks or months.",
            column=name,
            n=len(keys),
            most=MOST_PERIODS,
        )
    stamps = pd.Series(keys)
    units = {"h": message("hour"), "D": message("day"), "W": message("week"), "M": message("month")}
    hours = stamps.max() - stamps.min() <= pd.Timedelta(days=2)
    chosen = next((u for u in list(units)[0 if hours else 1 :] if _fits(stamps, u)), "M")
    bins, word = stamps.dt.to_period(chosen), units[chosen]
    at, found = pd.factorize(bins)
    starts = [period.start_time for period in found]
    labels = [f"{start:%Y-%m-%d %H:00}" if chosen == "h" else f"{start:%Y-%m-%d}" for start in starts]
    return np.append(at, -1)[codes], labels, starts, word


def _fits(stamps: pd.Series, unit: str) -> bool:
    return int(stamps.dt.to_period(unit).nunique()) <= MOST_PERIODS


def _gaps(keys: list[Any], labels: list[Any], name: str) -> list[Message]:
    """Say between which periods some hold nobody, by the commonest step."""
    if len(keys) < 3 or not all(isinstance(key, pd.Timestamp | int | float | np.number) for key in keys):
        return []
    steps = [b - a for a, b in zip(keys, keys[1:], strict=False)]
    usual = pd.Series(steps).mode().iloc[0]
    wide = [i for i, step in enumerate(steps) if step > 1.5 * usual]
    if not wide:
        return []
    i = max(wide, key=lambda place: steps[place])
    found = {"n": len(wide), "column": name, "first": str(labels[i]), "last": str(labels[i + 1])}
    template = "'{column}' has {n} gaps in which nobody entered; the longest is between {first} and {last}."
    return [message(template, **found)]
