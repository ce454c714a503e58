"""Names of drivers in a row, and ends of intervals as sentences take them."""

from collections.abc import Iterable, Mapping
from typing import Any

from loyalty_kit.core.language import in_a_row, level, number, percent


def names(drivers: Iterable[Any], labels: Mapping[str, str]) -> str:
    """Labels of drivers in a row."""
    return in_a_row(labels.get(str(name), str(name)) for name in drivers)


def ends(low: float, high: float, confidence: float, *, points: bool = False) -> dict[str, str]:
    """Level and ends of an interval, written as points or as percentages."""
    written = number if points else percent
    return {"level": level(confidence), "low": written(low), "high": written(high)}
