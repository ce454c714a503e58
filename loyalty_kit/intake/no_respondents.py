"""Rows that look like no respondent: totals, averages, notes, repeated headers, tests, rows without any answer."""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from loyalty_kit.core.cells import cell_text, plain_text
from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.header import is_import_row
from loyalty_kit.intake.sources import RawTable

SUMMARY = re.compile(
    r"(grand |sub)?totals?|(grand |sub)?total *[:：=].*|sum|sums|averages?|avg\.?|mean|means|median|std\.? ?dev\.?|"
    r"standard deviation|minimum|maximum|count|variance|"
    r"(合计|总计|总和|小计|平均值?|均值|平均分|标准差|中位数|最大值|最小值|合計|總計|總和|小計|標準差)( *[:：].*)?|"
    r"summe|gesamt|mittelwert|durchschnitt|somme|moyenne|promedio|media|suma",
    re.IGNORECASE,
)
"""What a row of figures on the rows above begins with."""
TESTS: dict[str, frozenset[str]] = {
    "status": frozenset(
        ("survey preview", "survey test", "spam", "survey preview spam", "imported spam", "offline survey preview")
    ),
    "distributionchannel": frozenset(("preview", "test")),
    "collection_mode": frozenset(("preview", "survey_preview")),
    "collection mode": frozenset(("preview", "survey_preview")),
    "response_status": frozenset(("preview", "test")),
    "mode": frozenset(("debug", "pretest", "preview", "admin")),
}
"""What survey tools call responses of nobody, by column: Qualtrics, SurveyMonkey, SoSci."""
STATUS_CODES = {"1": "Survey Preview", "2": "Survey Test", "8": "Spam", "9": "Survey Preview", "12": "Spam"} | {
    "17": "Offline Survey Preview"
}
"""Qualtrics' codes of 'Status'."""
QUALTRICS = frozenset(("startdate", "enddate", "recordeddate", "responseid", "progress", "finished", "userlanguage"))
SOSCI = frozenset(("case", "serial", "ref", "questnnr", "started"))
_LIKELY = re.compile(
    "total|sum|average|avg|mean|median|std|standard|mini?mum|maximum|count|variance|[计和均分差数值計]|gesamt|mittel|"
    "durchschnitt|somme|moyenne|promedio|media",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"[\s\d.,%+\-−¥$€£/元]+|[-–—.]|n/?a", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d+([.,]0+)?")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_FEW = 3
_LAST = 20
_UNDER = 50
_MANY = 2000
_HALF = 0.0051

Found = Iterator[tuple[int, Message]]


def doubtful_rows(table: RawTable, known: Collection[str], answers: Collection[str]) -> dict[int, Message]:
    """Reason by position of each row that looks like no respondent.

    Parameters
    ----------
    table : RawTable
        Table with all rows.
    known : collection of str
        Columns that the reader asks for.
    answers : collection of str
        Columns among them that a respondent answers; without any, no row lacks answers.
    """
    frame = table.frame
    if frame.empty:
        return {}
    columns = list(frame.columns)
    asked = [at for at, name in enumerate(columns) if name in answers]
    reasons: dict[int, Message] = {}
    for rule in (
        _headers(frame),
        _tests(table),
        _summaries(frame),
        _unanswered(frame, asked),
        _averages(frame, asked),
        _figures(frame, asked or [at for at in range(len(columns)) if columns[at] in known]),
        _notes(frame),
    ):
        for position, reason in rule:
            reasons.setdefault(position, reason)
    return dict(sorted(reasons.items()))


def _headers(frame: pd.DataFrame) -> Found:
    """Rows that repeat the column names, and Qualtrics' rows under them."""
    names = [str(name) for name in frame.columns]
    looked = [at for at in range(frame.shape[1]) if _is_text(frame.iloc[:, at])][:_FEW]
    candidates: set[int] = set()
    for at in looked:
        column = frame.iloc[:, at]
        candidates.update(np.flatnonzero((column == names[at]).to_numpy(dtype=bool, na_value=False)).tolist())
        candidates.update(np.flatnonzero(_beginning(column, "{")).tolist())
    last = -2
    for position in sorted(candidates):
        cells = _cells(frame, position)
        same = sum(plain_text(str(cell)) == names[at] for at, cell in cells.items())
        if is_import_row(list(cells.values())):
            if last == position - 2:
                yield position - 1, message("repeats the header")
            yield position, message("repeats the header")
        elif same >= max(1, len(cells) / 2) and same >= min(2, frame.shape[1]):
            last = position
            yield position, message("repeats the header")


def _tests(table: RawTable) -> Found:
    """Previews, tests and spam, as the survey tool marks them."""
    folded = {str(name).strip().casefold(): at for at, name in enumerate(table.frame.columns)}
    qualtrics = len(QUALTRICS & folded.keys()) >= 2
    for name, marks in TESTS.items():
        if name not in folded or (name == "status" and not qualtrics):
            continue
        if name == "mode" and not SOSCI & folded.keys():
            continue
        column = table.frame.iloc[:, folded[name]]
        labels = table.value_labels.get(str(table.frame.columns[folded[name]]), {})
        spoken = {cell_text(value): cell_text(label) for value, label in labels.items()}
        codes, values = _factorized(column)
        texts = [spoken.get(cell_text(value), cell_text(value)) for value in values]
        if name == "status":
            texts = [STATUS_CODES.get(text, text) for text in texts]
        for at, text in enumerate(texts):
            if text.casefold() in marks:
                reason = message("is a test: '{column}' is '{value}'", column=column.name, value=text)
                yield from ((int(position), reason) for position in np.flatnonzero(codes == at))


def _summaries(frame: pd.DataFrame) -> Found:
    """Rows that begin with 'Total' or its like and hold nothing but numbers beside it."""
    for at in range(min(_FEW, frame.shape[1])):
        positions = _named_so(frame.iloc[:, at])
        if len(positions) > max(_FEW * _FEW, len(frame) // 100):
            continue
        for position in positions:
            cells = _cells(frame, position)
            if next(iter(cells)) == at and all(_is_figure(cell) for place, cell in cells.items() if place != at):
                # What stands behind the colon may be anybody's name, and reports tell the reason.
                word = re.split("[:：=]", plain_text(str(cells[at])))[0].strip()
                yield position, message("begins with '{word}'", word=word)


def _named_so(column: pd.Series) -> list[int]:
    """Positions of the cells that are called as a row of figures is."""
    if not _is_text(column):
        return []
    if column.dtype != object and column.head(_MANY).nunique() > _UNDER:
        # Half of the file's time would go into the ids otherwise.
        likely = column.str.contains(_LIKELY).to_numpy(dtype=bool, na_value=False)
        column = column.where(likely)
    codes, values = _factorized(column)
    hits = [number for number, value in enumerate(values) if SUMMARY.fullmatch(plain_text(str(value)))]
    return np.flatnonzero(np.isin(codes, hits)).tolist() if hits else []


def _unanswered(frame: pd.DataFrame, asked: list[int]) -> Found:
    """Rows in which no item is answered."""
    if not asked:
        return
    empty = np.ones(len(frame), dtype=bool)
    for at in asked:
        empty &= _is_empty(frame.iloc[:, at])
        if not empty.any():
            return
    for position in np.flatnonzero(empty).tolist():
        yield position, message("answers no item")


def _averages(frame: pd.DataFrame, asked: list[int]) -> Found:
    """Rows of broken numbers in columns that hold whole ones otherwise."""
    broken: dict[int, int] = {}
    whole: list[int] = []
    tail = frame.iloc[-_UNDER:, asked].astype(object).to_numpy()
    for place, at in enumerate(asked):
        found = _broken(frame.iloc[:, at], tail[:, place])
        if found is not None and len(found) <= _FEW and len(frame) > 2 * len(found):
            whole.append(at)
            for position in found:
                broken[position] = broken.get(position, 0) + 1
    for position, count in broken.items():
        filled = [at for at in whole if at in _cells(frame, position)]
        if count >= 2 and count >= len(filled) / 2:
            yield position, message("holds broken numbers where all other rows hold whole ones")


def _figures(frame: pd.DataFrame, columns: list[int]) -> Found:
    """Rows, among the last ones, whose numbers are the sums or the means of all rows above them."""
    first = len(frame) - _FEW
    if first < 2 * _FEW:
        return
    tail = np.array([[_number(cell) for cell in row] for row in frame.iloc[first:, columns].astype(object).to_numpy()])
    summed, meant = {}, {}
    for place in range(_FEW):
        filled = np.flatnonzero(~np.isnan(tail[place]))
        if len(filled) > 1 and tail[place].any():
            summed[place] = filled
        if len(filled) > 1 and any(tail[place, at] % 1 for at in filled):
            meant[place] = filled
    for at in columns:
        if not summed and not meant:
            return
        values = _numbers(frame.iloc[:, at]).to_numpy(dtype=float)
        for place in {*summed, *meant}:
            above, value = values[: first + place], values[first + place]
            if not np.isnan(value) and value != np.nansum(above):
                summed.pop(place, None)
            if not np.isnan(value) and not (np.isfinite(above).any() and abs(np.nanmean(above) - value) <= _HALF):
                meant.pop(place, None)
    yield from ((first + place, message("holds the sums of the rows above")) for place in summed)
    yield from ((first + place, message("holds the averages of the rows above")) for place in meant)


def _number(cell: object) -> float:
    try:
        return float(str(cell))
    except ValueError:
        return np.nan


def _numbers(column: pd.Series) -> pd.Series:
    if column.dtype != object and pd.api.types.is_string_dtype(column):
        with suppress(pa.ArrowInvalid):
            # Several times as quick where every cell is a number, as in nearly all columns that are asked for.
            return pd.Series(pa.array(column, pa.string(), from_pandas=True).cast(pa.float64()).to_numpy(False))
    return pd.to_numeric(column.map(str, na_action="ignore") if column.dtype == object else column, errors="coerce")


def _notes(frame: pd.DataFrame) -> Found:
    """Rows of a single text at the end of a table whose other rows hold three cells or more."""
    if frame.shape[1] < _FEW:
        return
    tail = frame.iloc[-_LAST:]
    counts = tail.notna().sum(axis=1).to_numpy()
    if frame.head(_LAST).notna().sum(axis=1).median() < _FEW:
        return
    start = len(frame) - len(tail)
    for position in (np.flatnonzero(counts == 1) + start).tolist():
        cell = next(iter(_cells(frame, position).values()))
        if not _is_figure(cell):
            yield position, message("holds a single text, as a note does")


def _broken(column: pd.Series, last: npt.NDArray[np.object_]) -> list[int] | None:
    """Positions of numbers that are not whole; none where something else than numbers stands there."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return None
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return np.flatnonzero(~np.isnan(values) & (values != np.floor(values))).tolist()[: _FEW + 1]
    tail = [cell_text(cell) for cell in last if not _nothing(cell)]
    if all(_WHOLE.fullmatch(text) or not _NUMBER.fullmatch(text) for text in tail):
        return []
    codes, values = _factorized(column)
    if len(values) > _MANY:
        return None
    texts = [cell_text(value) for value in values]
    bad = [at for at, text in enumerate(texts) if _NUMBER.fullmatch(text) and not _WHOLE.fullmatch(text)]
    if not bad or not any(_WHOLE.fullmatch(text) for text in texts):
        return [] if any(_WHOLE.fullmatch(text) for text in texts) else None
    return np.flatnonzero(np.isin(codes, bad)).tolist()[: _FEW + 1]


def _cells(frame: pd.DataFrame, position: int) -> dict[int, Any]:
    """Cells of a row that hold something, by column."""
    row = frame.iloc[position].astype(object)
    return {at: cell for at, cell in enumerate(row) if not _nothing(cell)}


def _nothing(cell: object) -> bool:
    return cell is None or cell != cell or cell is pd.NaT or (isinstance(cell, str) and not cell.strip())


def _is_figure(cell: object) -> bool:
    return not isinstance(cell, str) or bool(_FIGURE.fullmatch(plain_text(cell)))


def _is_text(column: pd.Series) -> bool:
    return bool(pd.api.types.is_string_dtype(column) or column.dtype == object)


def _beginning(column: pd.Series, mark: str) -> npt.NDArray[np.bool_]:
    if column.dtype == object:
        return np.array([isinstance(cell, str) and cell.startswith(mark) for cell in column], dtype=bool)
    return column.str.startswith(mark).to_numpy(dtype=bool, na_value=False)


def _is_empty(column: pd.Series) -> npt.NDArray[np.bool_]:
    """Which cells hold nothing, or only blanks."""
    empty = column.isna().to_numpy()
    if not _is_text(column):
        return empty
    codes, values = _factorized(column)
    blank = [at for at, value in enumerate(values) if isinstance(value, str) and not value.strip()]
    return empty | np.isin(codes, blank) if blank else empty


def _factorized(column: pd.Series) -> tuple[npt.NDArray[np.intp], Any]:
    """Position of each cell among the distinct ones, −1 where it is missing, and these."""
    if column.dtype == object:
        # Lists cannot be looked up, and True equals 1.
        column = column.map(cell_text, na_action="ignore")
    return pd.factorize(column)
