"""Who answered: ids of one column or of several together, and what is wrong with them."""

import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.messages import Message, message
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.problems import Problem, distinct, sentence, short, tally

BETWEEN = " / "
"""What stands between the parts of an id of several columns."""
_ALLOWED = message("every respondent needs an id of their own")
_MOST_WAVES = 24
_WAVE = re.compile(r"wave|round|panel|year|month|quarter|period|波|轮|期|年|月|季", re.IGNORECASE)


class Respondents(NamedTuple):
    """Ids by row, and sentences, with and without ids, on those that are empty or stand twice."""

    ids: list[str]
    faults: list[tuple[Message, Message]]


def respondents(frame: pd.DataFrame, book: Codebook) -> Respondents:
    """Ids of a survey's rows by the columns that the codebook names, all of which stand in it once."""
    parts: list[npt.NDArray[np.object_]] = []
    faults: list[tuple[Message, Message]] = []
    for name in book.ids:
        codes, texts = distinct(frame[name])
        faults += [
            _empty(name, count, first) for _, count, first in tally(codes, texts, [text == "" for text in texts])
        ]
        parts.append(np.array(texts, dtype=object)[codes])
    joined = parts[0].tolist() if len(parts) == 1 else [BETWEEN.join(row) for row in zip(*parts, strict=True)]
    whole = np.all([part != "" for part in parts], axis=0)
    ids: Any = texts
    if len(parts) > 1:
        codes, ids = pd.factorize(np.array(joined, dtype=object))
    repeated = np.bincount(codes, weights=whole, minlength=len(ids)) > 1
    found = tally(codes, list(ids), repeated)
    if found:
        faults.insert(0, _repeated(found, frame, book))
    return Respondents(joined, faults)


def _empty(name: str, count: int, first: int) -> tuple[Message, Message]:
    problem = Problem(message("Column '{column}' is empty", column=name), count, first, _ALLOWED)
    return sentence(problem, []), sentence(problem, [])


def _repeated(found: list[tuple[str, int, int]], frame: pd.DataFrame, book: Codebook) -> tuple[Message, Message]:
    """Sentence on ids that stand in several rows; on many of them, one with the way out."""
    name, _, _ = found[0]
    rows, first = sum(count for _, count, _ in found), min(first for *_, first in found)
    where = {"column": BETWEEN.join(book.ids), "id": short(name), "n": len(found)}
    allowed, nameless = _ALLOWED, message("Column '{column}' holds the same id", **where)
    named = message("Column '{column}' holds {id}", **where)
    if len(found) > 1:
        nameless = named = message("Column '{column}' holds {n} ids more than once,", **where)
        allowed = message("{allowed}; {advice}", allowed=_ALLOWED, advice=_advice(frame, book))
    return sentence(Problem(named, rows, first, allowed), []), sentence(Problem(nameless, rows, first, allowed), [])


def _advice(frame: pd.DataFrame, book: Codebook) -> Message:
    """Say the way out: to name the wave too, where a column looks like one."""
    if len(book.ids) > 1:
        return message("name a further column in 'respondent', or leave 'respondent' out")
    (name,) = book.ids
    waves = [column for column in map(str, frame) if _WAVE.search(column) and _tells_apart(frame, name, column, book)]
    if waves:
        return message(
            'if they answered in several waves, write respondent = ["{id}", "{wave}"]', id=name, wave=waves[0]
        )
    line = message('respondent = ["{id}", "wave"]', id=name)
    return message("name the column of the wave beside it, as {line}, or leave 'respondent' out", line=line)


def _tells_apart(frame: pd.DataFrame, name: str, other: str, book: Codebook) -> bool:
    """Whether a column of few values makes every id stand once."""
    if other in (name, book.weight) or other in book.item_names or list(frame.columns).count(other) > 1:
        return False
    few = frame[other].notna().all() and frame[other].nunique() <= _MOST_WAVES
    return bool(few) and not frame[[name, other]].duplicated().any()
