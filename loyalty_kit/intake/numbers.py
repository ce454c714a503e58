"""Numbers and times of a column as people store them, or why a cell is none."""

from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.numerals.columns import Cell, Column, Marks, figures, reason
from loyalty_kit.intake.numerals.dates import ORDERS, ways
from loyalty_kit.intake.numerals.forms import NUMBER, TWOFOLD, is_number, one_line
from loyalty_kit.intake.numerals.truths import truth_values
from loyalty_kit.intake.options import AS_IT_SAYS, FileOptions

_WHOLE = r"^-?\d{1,18}$"
_EXACT = 2.0**53
_SHORT = 2
_SHIFT = 9
_ABSENT = 100


def meaning(text: str) -> Cell:
    """Meaning of a text that stands alone, as a code in a codebook: a number, None where it is empty, or the text.

    Examples
    --------
    >>> meaning("3.5"), meaning("3,5"), meaning("")
    (3.5, '3,5', None)
    """
    return float(text) if is_number(text) else text or None


def marks_of(options: FileOptions, *, decimal_comma: bool = False) -> Marks:
    """Tell what is known of a file's numbers: by its options, and by a delimiter that goes with decimal commas."""
    return Marks(options.decimal, options.thousands, "," if decimal_comma else None)


def number_column(
    column: pd.Series,
    options: FileOptions = AS_IT_SAYS,
    *,
    decimal_comma: bool = False,
    asked: str = "",
) -> pd.Series:
    """Column as numbers or truth values where every cell is one, else as it stands.

    Parameters
    ----------
    column : Series of shape (rows,)
        Cells as a file holds them: numbers stored as text are numbers too, with marks, currencies and units.
    options : FileOptions
        Decimal and thousands signs, where they are known.
    decimal_comma : bool
        Whether the file's delimiter goes with decimal commas.
    asked : str
        What errors call the file where the column was asked for; of another one, cells that could be two numbers
        leave it as it stands.

    Returns
    -------
    Series of shape (rows,)
        Whole numbers where all are whole and none is missing, else floating ones; truth values, in any spelling,
        as such, or as 1 and 0 beside missing cells.

    Raises
    ------
    InputError
        If cells such as '1.200' are one number or another, and no other cell decides which.

    Examples
    --------
    >>> number_column(pd.Series(["¥1,200.50", " 2 "])).tolist(), number_column(pd.Series(["1", "x"])).tolist()
    ([1200.5, 2.0], ['1', 'x'])
    >>> number_column(pd.Series(["Ja", "nein"])).tolist()
    [True, False]
    """
    known = column.infer_objects() if column.dtype == object else column
    if not (pd.api.types.is_string_dtype(known) or known.dtype == object):
        return known
    found = _plain(known, options)
    if found is None:
        found = _spelled(known, marks_of(options, decimal_comma=decimal_comma), options, asked)
    return column if found is None else pd.Series(found, index=column.index, name=column.name)


def time_column(column: pd.Series, options: FileOptions) -> pd.Series | None:
    """Read the times of a column of text; none where a cell that holds something is no date.

    Parameters
    ----------
    column : Series of shape (rows,)
        Dates, with a time of day or without, all in one order of day, month and year.
    options : FileOptions
        The order, where it is known.

    Returns
    -------
    Series of shape (rows,), datetime64
        Missing where a cell is empty.

    Raises
    ------
    InputError
        If the dates may mean two days each, and none of them decides.

    Examples
    --------
    >>> time_column(pd.Series(["13/01/2026", "02/01/2026"]), FileOptions()).dt.month.tolist()
    [1, 1]
    >>> time_column(pd.Series(["soon"]), FileOptions())
    """
    texts = column.dropna().astype("str").str.strip()
    texts = texts if texts.str.isascii().all() else texts.map(one_line)
    texts = texts[texts != ""]
    found = ways(texts, (options.dates,) if options.dates else ORDERS)
    if len(found) > 1:
        raise InputError(
            "Column '{column}' holds dates as '{date}', which may mean two days; say which: {line} or \"mdy\".",
            column=column.name,
            date=texts.iloc[0],
            line=options.line("dates", "dmy"),
        )
    return found[0].reindex(column.index) if found else None


class WrongCell(NamedTuple):
    """Text in a column of numbers: how many rows hold it, which first, and why it is no number."""

    text: str
    rows: int
    first: int
    reason: Message | None


def wrong_cell(
    column: pd.Series, options: FileOptions = AS_IT_SAYS, *, decimal_comma: bool = False
) -> WrongCell | None:
    """Find the first cell of a column that is no number; none where all are.

    Examples
    --------
    >>> wrong_cell(pd.Series(["5", "1.2.3"]))
    WrongCell(text='1.2.3', rows=1, first=1, reason='which is no number')
    """
    codes, cells = distinct_cells(column)
    meant = figures(cells, marks_of(options, decimal_comma=decimal_comma), Column())
    wrong = np.array([isinstance(cell, str) for cell in meant.cells])[codes]
    if not wrong.any():
        return None
    first = int(wrong.argmax())
    at = int(codes[first])
    text = str(meant.cells[at])
    return WrongCell(text, int((codes == at).sum()), first, reason(text, unlike=at in meant.unlike))


def doubt(values: Sequence[float], options: FileOptions) -> Message:
    """Say what a doubtful cell may be, with the line that decides, as the end of a sentence.

    Examples
    --------
    >>> doubt((1.2, 1200.0), FileOptions())
    'that is 1.2 or 1200; say which with [file] decimal = "." or [file] decimal = ","'
    """
    lines = {"point": options.line("decimal", "."), "comma": options.line("decimal", ",")}
    if len(values) == 1:
        template = "that is {number} or two answers; where it is a number, say so with {comma}"
        return message(template, number=f"{values[0]:.15g}", comma=lines["comma"])
    point, comma = sorted(values, key=lambda value: (abs(value), value))
    template = "that is {point_value} or {comma_value}; say which with {point} or {comma}"
    return message(template, point_value=f"{point:.15g}", comma_value=f"{comma:.15g}", **lines)


def distinct_cells(column: pd.Series) -> tuple[npt.NDArray[np.intp], list[float | str]]:
    """Position of each row's cell among the distinct ones: numbers, and other cells as they are written.

    An empty cell is ''.

    Examples
    --------
    >>> distinct_cells(pd.Series([1.5, None, 1.5]))[1], distinct_cells(pd.Series(["1.000", True, 3], dtype=object))[1]
    ([1.5, ''], ['1.000', 'TRUE', 3.0, ''])
    """
    if column.dtype == object:
        column = column.map(_cell, na_action="ignore")
    elif pd.api.types.is_string_dtype(column) and (found := _distinct_short(column)) is not None:
        return found
    codes, values = pd.factorize(column)
    cells = [*(value if type(value) in (float, str) else _cell(value) for value in values.tolist()), ""]
    codes[codes < 0] = len(cells) - 1
    return codes, cells


def _distinct_short(column: pd.Series) -> tuple[npt.NDArray[np.intp], list[float | str]] | None:
    """Distinct cells of a text column of whole numbers from -9 to 99, as answers are; none of other columns."""
    held = pa.array(column.array, from_pandas=True)
    texts = held if isinstance(held, pa.ChunkedArray) else pa.chunked_array([held])
    longest = pc.max(pc.binary_length(texts)).as_py()
    if longest is None or longest > _SHORT:
        return None
    try:
        numbers = texts.cast(pa.int8())
    except pa.ArrowInvalid:
        return None
    codes = numbers.fill_null(_ABSENT).to_numpy().astype(np.intp) + _SHIFT
    counts = np.bincount(codes, minlength=_ABSENT + _SHIFT + 1)
    there = np.flatnonzero(counts[:-1])
    places = np.full(len(counts), len(there))
    places[there] = np.arange(len(there))
    return places[codes], [*(float(value) for value in (there - _SHIFT).tolist()), ""]


def _cell(value: object) -> float | str:
    """Give the number of a cell that is one, else its text."""
    if isinstance(value, str):
        return value
    if isinstance(value, Real | Decimal) and not isinstance(value, bool | np.bool_):
        return float(value)
    return cell_text(value)


def _plain(column: pd.Series, options: FileOptions) -> np.ndarray | None:
    """Numbers that programs wrote, or none where a cell is no such number or could be another one."""
    texts = _arrow(column)
    if len(texts) and not texts.null_count and _all(pc.match_substring_regex(texts, _WHOLE)):
        return np.asarray(texts.cast(pa.int64()))
    if not _all(pc.match_substring_regex(texts, f"^(?:{NUMBER})$")):
        return None
    other = {None: f"^(?:{TWOFOLD})$", ",": r"\."}.get(options.decimal)
    if other and _any(pc.match_substring_regex(texts, other)):
        return None
    plain = pc.replace_substring_regex(texts, r"^\+", "")
    if len(plain) and not plain.null_count and _all(pc.match_substring_regex(plain, _WHOLE)):
        return np.asarray(plain.cast(pa.int64()))
    return _floats(plain)


def _spelled(column: pd.Series, marks: Marks, options: FileOptions, asked: str) -> np.ndarray | None:
    """Numbers and truth values of cells in forms of their own, or none where one is neither."""
    codes, cells = distinct_cells(column)
    truths = truth_values([cell if isinstance(cell, str) else f"{cell:g}" for cell in cells])
    if truths is not None:
        found = np.array([np.nan if value is None else value for value in truths], dtype=float)[codes]
        return found if np.isnan(found).any() else found.astype(bool)
    meant = figures(cells, marks, Column())
    texts = [at for at, cell in enumerate(meant.cells) if isinstance(cell, str)]
    if asked and texts and set(texts) == set(meant.doubtful):
        first = min(texts, key=lambda at: int(np.argmax(codes == at)))
        raise InputError(
            "{file} holds '{value}' in column '{column}', and {doubt}.",
            file=asked,
            value=meant.cells[first],
            column=column.name,
            doubt=doubt(meant.doubtful[first], options),
        )
    if texts:
        return None
    values = np.array([np.nan if cell is None else cell for cell in meant.cells], dtype=float)[codes]
    whole = len(values) > 0 and bool((np.abs(values) < _EXACT).all() and (values == np.round(values)).all())
    return values.astype(np.int64) if whole and isinstance(cells[0], str) else values


def _arrow(column: pd.Series) -> pa.Array:
    texts = column if pd.api.types.is_string_dtype(column) else column.map(str, na_action="ignore")
    plain = pc.utf8_trim_whitespace(pa.array(texts, pa.string(), from_pandas=True))
    return pc.if_else(pc.equal(plain, ""), None, plain)


def _floats(texts: pa.Array) -> np.ndarray:
    try:
        return np.asarray(texts.cast(pa.float64()))
    except pa.ArrowInvalid:
        # Python reads what lies beyond the range of floating numbers as infinite.
        return np.array([np.nan if text is None else float(text) for text in texts.to_pylist()])


def _all(fits: pa.Array) -> bool:
    """Whether all hold that are not missing."""
    return bool(pc.all(fits, min_count=0).as_py())


def _any(fits: pa.Array) -> bool:
    return bool(pc.any(fits, min_count=0).as_py())
