"""Durations as files write them, in seconds."""

import re

import numpy as np

from loyalty_kit.intake.numerals.columns import Written
from loyalty_kit.intake.numerals.forms import readings, tidy

_IN_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):([0-5]?\d(?:\.\d+)?)", re.ASCII)
_PARTS = re.compile(
    r"(?:(\d+)\s?(?:天|days?|d))?\s?(?:(\d+)\s?(?:小时|时|hours?|hrs?|h))?\s?"
    r"(?:(\d+)\s?(?:分钟|分|minutes?|mins?|min\.?|m))?\s?(?:(\d+(?:\.\d+)?)\s?(?:秒钟?|seconds?|secs?|sec\.?|s))?",
    re.ASCII | re.IGNORECASE,
)


def seconds_of(cell: float | str) -> float:
    """Seconds that a cell says; NaN where it says none.

    Parameters
    ----------
    cell : float or str
        Number of seconds, or of what its unit says, a clock as '3:25' or '00:03:25', or parts as '2 min 5 s'.

    Examples
    --------
    >>> seconds_of(95.0), seconds_of("3:25"), seconds_of("2分5秒"), seconds_of("1.5 h"), seconds_of("soon")
    (95.0, 205.0, 125.0, 5400.0, nan)
    """
    if isinstance(cell, Written):
        # '5分' alone is five minutes here, not five points.
        unit = "min" if cell.text.endswith("分") else cell.unit
        value = float(cell) * _IN_SECONDS.get(unit, np.nan)
        return value if 0 <= value < np.inf else np.nan
    if not isinstance(cell, str):
        return cell if 0 <= cell < np.inf else np.nan
    text = tidy(cell)
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (float(part or 0) for part in clock.groups())
        return 3600 * hours + 60 * minutes + seconds
    parts = _PARTS.fullmatch(text)
    if text and parts is not None and any(parts.groups()):
        counts = [float(part or 0) for part in parts.groups()]
        return sum(count * length for count, length in zip(counts, (86400, 3600, 60, 1), strict=True))
    ways = readings(text)
    return seconds_of(Written(ways[0].value, text, ways[0].unit)) if len(ways) == 1 else np.nan
