"""Ways to read one text as a number: which marks it may take for decimal and which for thousands."""

import re
import unicodedata
from typing import NamedTuple

from loyalty_kit.core.cells import plain_text
from loyalty_kit.intake.numerals.units import AFTER, BEFORE, PARTS, POWERS

NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
"""A number as programs write it."""
TWOFOLD = r"[+-]?[1-9]\d{0,2}\.\d{3}"
"""A number that is another one where the full stop marks thousands."""
MARKS = (".", ",")
_PLAIN = re.compile(NUMBER, re.ASCII)
_TWOFOLD = re.compile(TWOFOLD, re.ASCII)
_SPLIT = ("'", " ", ".", ",")
_DAY = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{4}", re.ASCII)
_TIDY = str.maketrans({"−": "-", "–": "-", "’": "'", "`": "'"})


class Reading(NamedTuple):
    """One way to read a text: its value, the decimal mark that this takes for granted, and its unit."""

    value: float
    decimal: str | None = None
    unit: str = ""


def is_plain(text: str) -> bool:
    """Whether a text is a number as programs write it, and no other one where marks mean something else.

    Examples
    --------
    >>> is_plain("3.50"), is_plain("1.200"), is_plain("3,5")
    (True, False, False)
    """
    return bool(_PLAIN.fullmatch(text)) and not _TWOFOLD.fullmatch(text)


def is_number(text: str) -> bool:
    """Whether a text is a number as programs write it."""
    return bool(_PLAIN.fullmatch(text))


def readings(text: str, decimal: str | None = None, thousands: str | None = None) -> tuple[Reading, ...]:
    """All ways to read a text as a number; none where it is no number.

    Parameters
    ----------
    text : str
        On one line, without outer blanks.
    decimal, thousands : str, optional
        Marks where the file's are known.

    Examples
    --------
    >>> [reading.value for reading in readings("1.200")], readings("¥1,200.50")
    ([1.2, 1200.0], (Reading(value=1200.5, decimal='.', unit='¥'),))
    >>> readings("1.2.3")
    ()
    """
    parts = PARTS.fullmatch(tidy(text))
    if parts is None or (parts["sign"] and parts["inner"]) or (parts["before"] and parts["after"]):
        return ()
    unit = BEFORE[parts["before"].lower()] if parts["before"] else AFTER.get((parts["after"] or "").lower(), "")
    power = POWERS.get(parts["power"] or "", 0)
    if parts["exponent"] and (power or parts["after"]):
        return ()
    tail = parts["exponent"] or (f"e{power}" if power else "")
    body = parts["body"].rstrip(" ")
    found: dict[float, Reading] = {}
    for mark in _decimals(decimal, thousands):
        digits = _digits(body, mark, thousands)
        if digits is not None:
            value = float(f"{parts['sign']}{parts['inner']}{digits}{tail}")
            found.setdefault(value, Reading(value, mark if set(body) & set(MARKS) else None, unit))
    return tuple(found.values())


def tidy(text: str) -> str:
    """Text with one sign for each mark, digits of any script as 0 to 9, and without what Excel puts around text.

    Examples
    --------
    >>> tidy("−3"), tidy('="007"'), tidy("'5"), tidy("٣")
    ('-3', '007', '5', '3')
    """
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    text = text.removeprefix("'").translate(_TIDY)
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(mark, mark)) for mark in text)


def one_line(text: str) -> str:
    """Plain text of a cell, in which no raised or lowered digit has become one of a number.

    Examples
    --------
    >>> one_line(" １２ "), one_line("5²")
    ('12', '5²')
    """
    if text.isascii() or not any(unicodedata.category(mark) == "No" for mark in text):
        return plain_text(text)
    return text.strip()


def resembles_a_number(text: str) -> bool:
    """Whether a text that is no number is made of what numbers are: digits and marks, without a word.

    Examples
    --------
    >>> resembles_a_number("1.2.3"), resembles_a_number("Option 2"), resembles_a_number("-")
    (True, False, False)
    """
    return any(mark.isdigit() for mark in text) and not any(mark.isalpha() for mark in text)


def is_day(text: str) -> bool:
    """Whether a text is a day written in digits."""
    return bool(_DAY.fullmatch(text))


def _decimals(decimal: str | None, thousands: str | None) -> tuple[str, ...]:
    if decimal:
        return (decimal,)
    return tuple(mark for mark in MARKS if mark != thousands)


def _digits(body: str, decimal: str, thousands: str | None) -> str | None:
    """Write a number as Python does, or none where the marks stand in no such places."""
    whole, mark, fraction = body.rpartition(decimal) if decimal in body else (body, "", "")
    if mark and (not fraction.isdigit() if fraction else decimal == ","):
        return None
    split = [sign for sign in _SPLIT if sign in whole]
    if not split:
        return f"{whole}.{fraction}" if not whole or whole.isdigit() else None
    grouped = split[0]
    if len(split) > 1 or grouped == decimal or (thousands and grouped != thousands):
        return None
    first, *rest = whole.split(grouped)
    if not first.isdigit() or not all(part.isdigit() for part in rest) or first[0] == "0" or len(first) > 3:
        return None
    if len(rest[-1]) != 3 or not ({len(part) for part in rest} == {3} or _indian(first, rest, grouped)):
        return None
    return f"{first}{''.join(rest)}.{fraction}"


def _indian(first: str, rest: list[str], mark: str) -> bool:
    return mark == "," and len(first) <= 2 and {len(part) for part in rest[:-1]} == {2}
