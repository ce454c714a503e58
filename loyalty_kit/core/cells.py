"""What a cell of a table is called: one text, whatever type, program or person wrote it."""

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime, time
from decimal import Decimal
from numbers import Integral, Real

WHOLE = re.compile(r"([+-]?(?:0|[1-9][0-9]{0,17}))\.0+")
TRUTHS = frozenset({"TRUE", "FALSE"})
_OTHER_SPELLING = {"TRUE": "1", "FALSE": "0", "1": "TRUE", "0": "FALSE"}


def plain_text(text: str) -> str:
    r"""Text on one line without outer and double blanks; full-width and no-break characters made plain (NFKC).

    Examples
    --------
    >>> plain_text(" ００７\n")
    '007'
    """
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isprintable():
        plain = "".join(mark if mark.isprintable() else " " for mark in plain)
    return " ".join(plain.split()) if "  " in plain else plain.strip()


def cell_text(value: object) -> str:
    """Text of a cell: a whole number without '.0', a day without its midnight, TRUE and FALSE as in spreadsheets.

    Parameters
    ----------
    value : object
        Cell of a file or a table, or what a person wrote to name one.

    Returns
    -------
    str

    Examples
    --------
    >>> cell_text(1042.0), cell_text("1042.0"), cell_text("2.50"), cell_text(True), cell_text("true")
    ('1042', '1042', '2.50', 'TRUE', 'TRUE')
    """
    if isinstance(value, Real) and not isinstance(value, Integral) and float(value).is_integer():
        return str(int(float(value)))
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    text = plain_text(str(value))
    whole = WHOLE.fullmatch(text)
    return str(int(whole[1])) if whole else text.upper() if text.upper() in TRUTHS else text


def level_of(value: object) -> object:
    """Value of a group as results carry it: TRUE and FALSE as text, a whole number without '.0', else as it is.

    Examples
    --------
    >>> level_of(True), level_of(2.0), level_of("web")
    ('TRUE', 2, 'web')
    """
    if isinstance(value, str) or value is None:
        return value
    text = cell_text(value)
    if text in TRUTHS:
        return text
    return int(text) if isinstance(value, Real) and float(value).is_integer() else value


def as_spelled(value: object, texts: Collection[str]) -> str:
    """Text among a column's own that a person means by a value: truth values also as 1 and 0, and these by their names.

    Examples
    --------
    >>> as_spelled("true", ["TRUE", "FALSE"]), as_spelled("1", ["TRUE", "FALSE"]), as_spelled(False, ["0", "1"])
    ('TRUE', 'TRUE', '0')
    """
    text = cell_text(value)
    known = set(texts)
    if text in known or text not in _OTHER_SPELLING or not (known <= TRUTHS or known <= {"0", "1"}):
        return text
    return _OTHER_SPELLING[text]
