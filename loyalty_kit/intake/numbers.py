"""Numbers as files write them."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from loyalty_kit.core.cells import TRUTHS
from loyalty_kit.core.selection import cell_texts

NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_NUMBER = re.compile(NUMBER, re.ASCII)
_WHOLE = r"^-?\d{1,18}$"

Cell = float | str | None


def meaning(text: str, *, decimal_comma: bool = False) -> Cell:
    """Meaning of a cell's text: a number, None where it is empty, or the text itself.

    Examples
    --------
    >>> meaning("3.5"), meaning("3,5"), meaning("3,5", decimal_comma=True), meaning("")
    (3.5, '3,5', 3.5, None)
    """
    plain = text.replace(",", ".") if decimal_comma else text
    return float(plain) if _NUMBER.fullmatch(plain) else text or None


def number_column(column: pd.Series, *, decimal_comma: bool = False) -> pd.Series:
    """Column as numbers or truth values where every cell is one, else as it stands.

    Parameters
    ----------
    column : Series of shape (rows,)
        Cells as a file holds them: numbers stored as text are numbers too.
    decimal_comma : bool
        Whether '3,5' is a number in this file.

    Returns
    -------
    Series of shape (rows,)
        Whole numbers where all are whole and none is missing, else floating ones; TRUE and FALSE, in any spelling,
        as truth values, or as 1 and 0 beside missing cells.

    Examples
    --------
    >>> number_column(pd.Series(["1", " 2 "])).tolist(), number_column(pd.Series(["1", "x"])).tolist()
    ([1, 2], ['1', 'x'])
    """
    known = column.infer_objects() if column.dtype == object else column
    if not (pd.api.types.is_string_dtype(known) or known.dtype == object):
        return known
    found = _read(_arrow(known), decimal_comma)
    if found is None:
        # Full-width digits and other spellings of a number: slower, and rare.
        found = _read(_arrow(cell_texts(known)), decimal_comma)
    return column if found is None else pd.Series(found, index=column.index, name=column.name)


def _arrow(column: pd.Series) -> pa.Array:
    texts = column if pd.api.types.is_string_dtype(column) else column.map(str, na_action="ignore")
    plain = pc.utf8_trim_whitespace(pa.array(texts, pa.string(), from_pandas=True))
    return pc.if_else(pc.equal(plain, ""), None, plain)


def _read(texts: pa.Array, decimal_comma: bool) -> np.ndarray | None:
    """Numbers or truth values of texts, or none where one is neither."""
    plain = pc.replace_substring(texts, ",", ".") if decimal_comma else texts
    if _all(pc.match_substring_regex(plain, f"^(?:{NUMBER})$")):
        plain = pc.replace_substring_regex(plain, r"^\+", "")
        if len(plain) and not plain.null_count and _all(pc.match_substring_regex(plain, _WHOLE)):
            return np.asarray(plain.cast(pa.int64()))
        return _floats(plain)
    upper = pc.utf8_upper(texts)
    if not _all(pc.is_in(pc.fill_null(upper, "TRUE"), pa.array(sorted(TRUTHS)))):
        return None
    truths = pc.equal(upper, "TRUE")
    return np.asarray(truths.cast(pa.float64() if texts.null_count else pa.bool_()))


def _floats(texts: pa.Array) -> np.ndarray:
    try:
        return np.asarray(texts.cast(pa.float64()))
    except pa.ArrowInvalid:
        # Python reads what lies beyond the range of floating numbers as infinite.
        return np.array([np.nan if text is None else float(text) for text in texts.to_pylist()])


def _all(fits: pa.Array) -> bool:
    """Whether all hold that are not missing."""
    return bool(pc.all(fits, min_count=0).as_py())
