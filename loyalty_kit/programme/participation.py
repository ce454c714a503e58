"""Who takes part: members, active and redeeming ones, by segment and channel and from period to period."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.checks import check_level
from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import looks_like_ids
from loyalty_kit.intake.panels.frames import check_frame, is_lazy, open_frame
from loyalty_kit.intake.panels.periods import periods_of
from loyalty_kit.intake.panels.places import places_of

CUSTOMERS = message("The table of customers")
MISSING = "(missing)"


@dataclass(frozen=True, eq=False)
class ParticipationResult(Result):
    """Shares of customers who are members, and of members who are active and who redeem.

    Attributes
    ----------
    shares : DataFrame
        by (column; empty for all together), group, period (empty without one), measure ('enrolled', 'active',
        'redeeming'), share, ci_low, ci_high (Wilson), count, n (customers for 'enrolled', members for the others).
    by : tuple of str
        Columns of groups.
    periods : tuple of str
        Periods in the order of time; empty without a column of them.
    n_used : int
        Customers in the last period, or in all.
    confidence : float
        Level of the intervals.
    warnings : tuple of str
        What was missing.
    """

    shares: pd.DataFrame
    by: tuple[str, ...]
    periods: tuple[str, ...]
    n_used: int
    confidence: float
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame: by, group, period, measure, share, ci_low, ci_high, count, n."""
        return self.shares.copy()

    def latest(self, by: str = "") -> pd.DataFrame:
        """Shares of the last period: of all customers, or of the groups of a column."""
        last = self.periods[-1] if self.periods else ""
        table = self.shares
        return table[(table["by"] == by) & (table["period"] == last)].reset_index(drop=True)

    def estimates(self) -> tuple[Estimate, ...]:
        """Shares of the last period."""
        rows = self.latest().to_dict("records")
        ends = ("share", "ci_low", "ci_high", "n")
        return tuple(Estimate(f"share_{row['measure']}", *(row[name] for name in ends)) for row in rows)


def participation(
    members: Any,
    *,
    enrolled: str,
    active: str | None = None,
    redeeming: str | None = None,
    by: Sequence[str] = (),
    period: str | None = None,
    confidence: float = 0.95,
) -> ParticipationResult:
    """Shares of customers who are members, and of members who are active and who redeem, with intervals.

    Parameters
    ----------
    members : DataFrame of shape (customers, columns) or (customers × periods, columns)
        One row a customer, or with `period` one a customer and period, members and others; of any frame that Narwhals
        takes.
    enrolled : str
        Column: 1 for members, or the period or date of enrolment, empty for those who are none.
    active, redeeming : str, optional
        Columns of numbers: members with more than 0 are active, or redeem; as orders, spend or points redeemed. A
        missing one is not known.
    by : list of str
        Columns of groups, as segment and channel, each by itself.
    period : str, optional
        Column of periods; a member counts from the period of enrolment on.
    confidence : float
        Level of the intervals.

    Returns
    -------
    ParticipationResult

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209–212.

    Examples
    --------
    >>> table = pd.DataFrame({"joined": [1, 1, 1, 0, 0], "orders": [2, 0, 1, 1, 0]})
    >>> participation(table, enrolled="joined", active="orders").to_frame()[["measure", "count", "n"]].values.tolist()
    [['enrolled', 3, 5], ['active', 2, 3]]
    """
    check_level(confidence, "confidence")
    if isinstance(by, str):
        raise InputError("'{name}' must be a list of columns; got the single name '{value}'.", name="by", value=by)
    measures = {name: column for name, column in (("active", active), ("redeeming", redeeming)) if column is not None}
    opened = open_frame(members)
    keys = [*by, *([period] if period else []), enrolled]
    check_frame(opened, keys, measures.values(), CUSTOMERS)
    counts = _counted(opened, list(dict.fromkeys(keys)), measures)
    if not counts["rows"].sum():
        raise TooLittleError("The table of customers holds no rows.")
    labels = _in_order(counts, period)
    counts["member"] = _are_members(counts, enrolled, period, labels)
    frames = [_shares(counts, column, period, list(measures)) for column in ("", *by)]
    table = pd.concat(frames, ignore_index=True)
    low, high = proportion_confint(table["count"], np.maximum(table["n"], 1), 1 - confidence, "wilson")
    table.insert(5, "ci_low", np.where(table["n"] > 0, low, np.nan))
    table.insert(6, "ci_high", np.where(table["n"] > 0, high, np.nan))
    texts = tuple(map(cell_text, labels))
    last = counts[counts[period] == labels[-1]] if period else counts
    return ParticipationResult(table, tuple(by), texts, int(last["rows"].sum()), confidence, _notes(counts, measures))


def _counted(opened: Any, keys: list[str], measures: dict[str, str]) -> pd.DataFrame:
    """Rows, known values and values above 0 for each combination of the keys; one grouped pass."""
    made: dict[str, Any] = {}
    for name, column in measures.items():
        number = nw.col(column).cast(nw.Float64)
        known = ~number.is_null() & ~number.is_nan()
        made[f"known {name}"] = known.cast(nw.Int64)
        made[f"on {name}"] = nw.when(known & (number > 0)).then(nw.lit(1)).otherwise(nw.lit(0))
    if not is_lazy(opened):
        table = pd.DataFrame(opened.with_columns(**made).select([*keys, *made]).to_pandas())
        sizes = table.assign(rows=1).groupby(keys, dropna=False, observed=True, sort=False)[["rows", *made]]
        return sizes.sum().reset_index()
    sums = [nw.col(name).sum() for name in made]
    grouped = opened.with_columns(**made).group_by(keys).agg(nw.len().alias("rows"), *sums)
    table = pd.DataFrame(grouped.collect().to_pandas()).sort_values(keys, ignore_index=True)
    return table.astype(dict.fromkeys(["rows", *made], int))


def _in_order(counts: pd.DataFrame, period: str | None) -> list[Any]:
    """Periods in the order of time."""
    if period is None:
        return []
    lacking = int(counts.loc[counts[period].isna(), "rows"].sum())
    if lacking:
        raise InputError(
            "Column '{column}' is missing in {n} rows; every row needs a period.", column=period, n=lacking
        )
    return periods_of(pd.Series(counts[period].unique()), period).labels


def _are_members(counts: pd.DataFrame, enrolled: str, period: str | None, labels: list[Any]) -> pd.Series:
    """Whether each combination is of members: by 0 and 1, or by the date of enrolment."""
    column = counts[enrolled]
    numbers = pd.to_numeric(column, errors="coerce")
    if column.notna().any() and numbers.dropna().isin([0, 1]).all() and (numbers.notna() == column.notna()).all():
        return numbers.fillna(0) > 0
    if period is None:
        return column.notna()
    places = dict(zip(labels, range(len(labels)), strict=True))
    unique = pd.Series(column.dropna().unique())
    starts = dict(zip(unique, places_of(unique, enrolled, labels, period), strict=True))
    known = [starts.get(value, len(labels)) for value in column]
    return pd.Series(np.array(known) <= counts[period].map(places).to_numpy(), index=counts.index) & column.notna()


def _shares(counts: pd.DataFrame, column: str, period: str | None, measures: list[str]) -> pd.DataFrame:
    """Count each group of a column in each period, a row a measure."""
    table = counts.assign(group=_levels(counts, column) if column else "", period=counts[period] if period else "")
    rows = []
    order = {label: place for place, label in enumerate(_in_order(counts, period))}
    for (group, when), part in table.groupby(["group", "period"], sort=False):
        own = part[part["member"]]
        found = [("enrolled", own["rows"].sum(), part["rows"].sum())]
        found += [(name, own[f"on {name}"].sum(), own[f"known {name}"].sum()) for name in measures]
        place = order.get(when, 0)
        rows += [
            (column, group, cell_text(when), name, count / n if n else np.nan, int(count), int(n), place)
            for name, count, n in found
        ]
    names = ["by", "group", "period", "measure", "share", "count", "n", "place"]
    made = pd.DataFrame(rows, columns=names)
    return made.sort_values(["group", "place"], kind="stable", ignore_index=True).drop(columns="place")


def _levels(counts: pd.DataFrame, column: str) -> pd.Series:
    """Levels of a column of groups as text, refusing one that looks like ids."""
    texts = counts[column].map(cell_text, na_action="ignore")
    levels = texts.astype(object).where(texts.notna(), MISSING)
    if looks_like_ids(counts["rows"].groupby(levels).sum().tolist()):
        raise InputError(
            "Column '{column}' holds hardly any value twice, as ids do; groups need values that many share.",
            column=column,
        )
    return levels


def _notes(counts: pd.DataFrame, measures: dict[str, str]) -> tuple[Message, ...]:
    """Say of how many members a value is not known."""
    own = counts[counts["member"]]
    told = []
    for name, column in measures.items():
        lacking = int((own["rows"] - own[f"known {name}"]).sum())
        if lacking:
            told.append(
                message(
                    "'{column}' is missing in {n} rows of members, which count for neither.", column=column, n=lacking
                )
            )
    return tuple(told)
