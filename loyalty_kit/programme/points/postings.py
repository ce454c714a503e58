"""Postings of a ledger in the order that they count in: by member and time, what is earned before what is taken."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from loyalty_kit.core.errors import InputError, rows
from loyalty_kit.core.messages import message, shown
from loyalty_kit.core.selection import cell_texts
from loyalty_kit.core.summaries import Summarized
from loyalty_kit.intake.panels.frames import check_frame, collected, open_frame
from loyalty_kit.programme.points.lots import Lots
from loyalty_kit.programme.points.validity import Validity
from loyalty_kit.statistics.sorting import WORD, in_order

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

KINDS = ("earn", "burn", "expire", "adjust")
LEDGER = message("The points ledger")
EARN, BURN, EXPIRE, ADJUST = range(4)
_WORDS = {
    "earn": "earn earned accrue accrual accrued grant granted bonus credit 积分获得 获得 获取 发放 累积 赠送",
    "burn": "burn burned burnt redeem redeemed redemption spend spent debit use used 兑换 使用 消费 抵扣",
    "expire": "expire expired expiry expiration lapse lapsed 过期 失效 到期",
    "adjust": "adjust adjusted adjustment correction reversal reversed cancel cancelled 调整 冲正 撤销 退回",
}
KNOWN = {word: kind for kind, words in _WORDS.items() for word in words.split()}
DAY = 86_400_000_000
MOST_SHOWN = 5


@dataclass(frozen=True)
class LedgerColumns:
    """Names of a points ledger's columns."""

    member: str
    time: str
    kind: str
    points: str
    channel: str | None = None
    reference: str | None = None

    @property
    def names(self) -> list[str]:
        """Names of the columns, each once."""
        given = (getattr(self, field.name) for field in fields(self))
        return list(dict.fromkeys(name for name in given if name is not None))


@dataclass(frozen=True, eq=False)
class Postings(Summarized):
    """Postings in order.

    Attributes
    ----------
    ids : Series of shape (members,)
        Text of each member's id.
    member, time, kind, row : array of shape (postings,)
        Place of the member among `ids`; microseconds since 1970; place of the kind in `KINDS`; row of the table.
    points : array of shape (postings,)
        Points of a posting; those of 'adjust' with their sign, all others as they are counted, 0 or above.
    channel, reference : array of shape (postings,) or None
        Place among `channels` and among all references, below 0 where the posting has none.
    channels : tuple of str
        The channels.
    references : list of str
        The references.
    n_incomplete : int
        Rows without member, time, kind or points, which are in no figure.
    """

    ids: pd.Series
    member: Whole
    time: Whole
    kind: Whole
    row: Whole
    points: Floats
    channel: Whole | None
    reference: Whole | None
    channels: tuple[str, ...]
    references: list[str]
    n_incomplete: int

    @cached_property
    def day(self) -> Whole:
        """Days since 1970."""
        return self.time // DAY

    @cached_property
    def earned(self) -> Floats:
        """Points that came with each posting."""
        return np.where((self.kind == EARN) | (self.kind == ADJUST), np.maximum(self.points, 0.0), 0.0)

    @cached_property
    def burned(self) -> Floats:
        """Points that the member redeemed with each posting."""
        return np.where(self.kind == BURN, self.points, 0.0)

    @cached_property
    def withdrawn(self) -> Floats:
        """Points that an adjustment took away."""
        return np.where(self.kind == ADJUST, np.maximum(-self.points, 0.0), 0.0)

    def until(self, day: int) -> "Postings":
        """Leave out postings after a day."""
        kept = self.day <= day
        if kept.all():
            return self
        names = ("member", "time", "kind", "row", "points", "channel", "reference")
        some = {name: part[kept] for name in names if (part := getattr(self, name)) is not None}
        return replace(self, **some)

    def lots(self, validity: Validity) -> Lots:
        """Lots of the postings; what was posted as expired is left to the validity."""
        return Lots.of(self.member, self.day, self.earned, self.burned + self.withdrawn, validity)


def postings_of(frame: Any, columns: LedgerColumns, kinds: Mapping[str, str]) -> Postings:
    """Read the postings of any frame.

    Raises
    ------
    InputError
        If a column is absent or of a wrong kind, a kind is unknown, or points have the wrong sign.
    """
    opened = open_frame(frame)
    others = [name for name in columns.names if name != columns.points]
    check_frame(opened, others, [columns.points], LEDGER)
    _check_time(opened.collect_schema()[columns.time], columns.time)
    table = _arrow(collected(opened, columns.names))
    needed = [table[name] for name in (columns.member, columns.time, columns.kind, columns.points)]
    known = np.logical_and.reduce([_known(column) for column in needed])
    kept = np.flatnonzero(known)
    table = table if len(kept) == len(known) else table.take(pa.array(kept))
    if not len(table):
        raise InputError("The points ledger holds no row with a member, a time, a kind and points.")
    member, ids = coded(table[columns.member])
    kind = _kinds(table[columns.kind], columns.kind, kinds)
    time = table[columns.time].cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy()
    points = _signed(np.asarray(table[columns.points].cast(pa.float64())), kind, columns, kept)
    taken = (kind == BURN) | ((kind == ADJUST) & (points < 0))
    order = _order(member, time, taken)
    channel, channels = _optional(table, columns.channel)
    reference, references = _optional(table, columns.reference)
    return Postings(
        ids=ids,
        member=member[order],
        time=time[order],
        kind=kind[order],
        row=kept[order],
        points=points[order],
        channel=None if channel is None else channel[order],
        reference=None if reference is None else reference[order],
        channels=tuple(channels),
        references=references,
        n_incomplete=int(len(known) - len(kept)),
    )


def _order(member: Whole, time: Whole, taken: npt.NDArray[np.bool_]) -> Whole:
    """Places of rows by member, time, and what is earned before what is taken, each word of bits sorted at once."""
    low = int(time.min())
    unit = next(unit for unit in (DAY, 1_000_000, 1) if not ((time - low) % unit).any())
    since = (time - low) // unit
    width = int(since.max()).bit_length()
    if int(member.max()).bit_length() + width + 1 > WORD:
        return np.lexsort((taken, time, member))
    return in_order((member << (width + 1)) | (since << 1) | taken)[1]


def _arrow(frame: Any) -> pa.Table:
    return frame if isinstance(frame, pa.Table) else frame.to_arrow()


def _check_time(kind: Any, name: str) -> None:
    if not isinstance(kind, nw.Date | nw.Datetime):
        raise InputError(
            "Column '{column}' of the points ledger holds {dtype}, not times; store it as dates or times of one zone.",
            column=name,
            dtype=kind,
        )


def _known(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Whether each cell holds something: neither null, nor blank text, nor a number that is none."""
    empty = np.asarray(column.is_null(), dtype=bool)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        blank = pa.compute.equal(pa.compute.utf8_trim_whitespace(column), "").fill_null(pa.scalar(True))
        empty = np.logical_or(empty, np.asarray(blank, dtype=bool))
    elif pa.types.is_floating(column.type):
        empty = np.logical_or(empty, np.isnan(np.asarray(column.fill_null(float("nan")), dtype=float)))
    return np.asarray(~empty, dtype=bool)


def coded(column: pa.ChunkedArray) -> tuple[Whole, pd.Series]:
    """Give the number of each cell and the texts of all: 17850.0 and '17850' are one."""
    found = column.combine_chunks().dictionary_encode()
    texts = cell_texts(pd.Series(found.dictionary.to_pandas()))
    merged, values = pd.factorize(texts)
    numbers = np.append(merged, -1).astype(np.int64)
    return numbers[np.asarray(found.indices.cast(pa.int64()).fill_null(-1))], pd.Series(values, dtype=object)


def _optional(table: pa.Table, name: str | None) -> tuple[Whole | None, list[str]]:
    if name is None:
        return None, []
    numbers, values = coded(table[name])
    return numbers, [str(value) for value in values]


def _kinds(column: pa.ChunkedArray, name: str, given: Mapping[str, str]) -> Whole:
    """Place of each posting's kind in `KINDS`."""
    numbers, values = coded(column)
    words = [str(value).strip() for value in values]
    meant = [given.get(word) or KNOWN.get(word.casefold()) for word in words]
    unknown = [word for word, kind in zip(words, meant, strict=True) if kind not in KINDS]
    if unknown:
        n = int(np.isin(numbers, [words.index(word) for word in unknown]).sum())
        raise InputError(
            "Column '{column}' of the points ledger holds {kinds}, which is no kind of posting, in {rows}; say what it "
            "means, as kinds={{'{first}': 'adjust'}}: allowed are {allowed}.",
            column=name,
            kinds=unknown[:MOST_SHOWN],
            rows=rows(n),
            first=unknown[0],
            allowed=KINDS,
        )
    return np.array([KINDS.index(str(kind)) for kind in meant], dtype=np.int64)[numbers]


def _signed(points: Floats, kind: Whole, columns: LedgerColumns, kept: Whole) -> Floats:
    """Points as they are counted: those of burns and expiries may be written with a minus, but all of a kind alike."""
    if not np.isfinite(points).all():
        raise InputError("Column '{column}' holds infinite points; allowed are finite numbers.", column=columns.points)
    for place in (EARN, BURN, EXPIRE):
        below, above = (kind == place) & (points < 0), (kind == place) & (points > 0)
        wrong = below if place == EARN or below.sum() <= above.sum() else above
        if wrong.any() and (place == EARN or (below.any() and above.any())):
            raise InputError(
                "Points of kind '{kind}' have the wrong sign in {rows}, first in row {first} ({points}); a correction "
                "is a posting of its own: name its kind, as kinds={{'refund': 'adjust'}}.",
                kind=KINDS[place],
                rows=rows(int(wrong.sum())),
                first=int(kept[np.flatnonzero(wrong)[0]]) + 1,
                points=shown(float(points[wrong][0])),
            )
    return np.where(kind == ADJUST, points, np.abs(points))
