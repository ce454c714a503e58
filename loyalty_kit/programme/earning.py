"""Whether every purchase got the points that its channel's rule grants, and whether one rate holds for all channels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_choice, check_number, check_whole
from loyalty_kit.core.errors import InputError, rows
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST, cell_texts
from loyalty_kit.intake.panels.frames import check_frame, collected, open_frame
from loyalty_kit.programme.points.points_ledger import PointsLedger
from loyalty_kit.programme.points.postings import DAY, EARN

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

ROUNDINGS = ("down", "half_up", "up", "none")
FAULTS = ("matched", "missing", "wrong", "duplicate", "late")
PURCHASES = message("The table of purchases")
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class EarningResult(Result):
    """Purchases against the points that were posted for them.

    Attributes
    ----------
    table : DataFrame
        channel, n (purchases), matched, missing (no points), wrong (other points than the rule grants), duplicate
        (points more than once), late (right points, too late), surplus (postings without a purchase), points_due,
        points_posted, difference (posted less due), rate (points posted over points due, where a purchase has one
        posting), ci_low, ci_high.
    statistic, p_value : float
        F test that one rate holds for all channels.
    n_used : int
        Purchases that were judged.
    n_refunds : int
        Rows of an amount of 0 or below, which are not judged.
    purchases : DataFrame
        reference, channel, due, posted, verdict. For your own work; it stands in no report.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    statistic: float
    p_value: float
    n_used: int
    n_refunds: int
    purchases: pd.DataFrame
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a channel."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        return self.table[self.table["n"] + self.table["surplus"] >= FEWEST]


def check_earning(
    purchases: Any,
    ledger: PointsLedger,
    *,
    channel: str,
    amount: str,
    reference: str,
    rules: float | Mapping[str, float],
    rounding: str = "down",
    time: str | None = None,
    days: int = 7,
    confidence: float = 0.95,
) -> EarningResult:
    """Hold every purchase against the points that the ledger shows for it.

    Parameters
    ----------
    purchases : table
        A row a purchase, of anything that Narwhals takes.
    ledger : PointsLedger
        The points, read with `reference`.
    channel, amount, reference : str
        Columns of where was bought, for how much, and of the id that the ledger's postings bear too.
    rules : float or mapping of str to float
        Points that a unit of money earns, in all channels or by channel.
    rounding : {'down', 'half_up', 'up', 'none'}
        How fractions of a point are rounded.
    time : str, optional
        Column of when was bought; without it nothing is called late.
    days : int
        Days after a purchase by which its points must be there.
    confidence : float
        Level of the intervals of rates.

    Returns
    -------
    EarningResult

    Raises
    ------
    InputError
        If the ledger has no references, a reference stands for two purchases, or rules and channels do not meet.

    Notes
    -----
    A purchase is one of: 'missing', 'duplicate', 'wrong', 'late', 'matched', in this order. The rate is Σ posted / Σ
    due over purchases with a single posting, its error that of a linearised ratio. The test is a one-way analysis of
    variance of posted / due over channels; purchases of one member are taken for independent.

    Examples
    --------
    >>> postings = pd.DataFrame({"who": "a", "when": pd.Timestamp("2026-01-05"), "what": "earn", "points": [10, 8]})
    >>> ledger = PointsLedger(
    ...     postings.assign(bill=["1", "2"]),
    ...     member="who", time="when", kind="what", points="points", reference="bill", validity="12 months",
    ... )
    >>> bought = pd.DataFrame({"bill": ["1", "2", "3"], "shop": ["web", "web", "till"], "paid": [10.5, 9.9, 5]})
    >>> found = check_earning(bought, ledger, channel="shop", amount="paid", reference="bill", rules=1)
    >>> found.to_frame()[["channel", "matched", "wrong", "missing"]].values.tolist()
    [['till', 0, 0, 1], ['web', 1, 1, 0]]
    """
    check_choice(rounding, "rounding", ROUNDINGS)
    check_whole(days, "days", 0)
    if not isinstance(ledger, PointsLedger):
        raise InputError("'ledger' must be a points ledger with references; read it with reference='…'.")
    _references(ledger)
    table = _read(purchases, channel, amount, reference, time)
    bought = table[table["amount"] > 0].reset_index(drop=True)
    rate = _rates(bought["channel"], rules)
    bought["due"] = _rounded(bought["amount"].to_numpy() * rate, rounding)
    posted = _posted(ledger)
    bought = bought.join(posted, on="reference")
    bought["posted"] = bought["posted"].fillna(0.0)
    bought["verdict"] = _verdicts(bought, days)
    surplus = _surplus(ledger, set(table["reference"]))
    statistic, p_value = _one_rate(bought)
    return EarningResult(
        table=_by_channel(bought, surplus, confidence),
        statistic=statistic,
        p_value=p_value,
        n_used=len(bought),
        n_refunds=len(table) - len(bought),
        purchases=bought[["reference", "channel", "due", "posted", "verdict"]],
        confidence=confidence,
    )


def _references(ledger: PointsLedger) -> Whole:
    """Place of each posting's reference among all."""
    if ledger.postings.reference is None:
        raise InputError("'ledger' must be a points ledger with references; read it with reference='…'.")
    return ledger.postings.reference


def _read(purchases: Any, channel: str, amount: str, reference: str, time: str | None) -> pd.DataFrame:
    """Purchases with their channel and reference as text; each reference once."""
    opened = open_frame(purchases)
    others = [channel, reference, *([time] if time else [])]
    check_frame(opened, others, [amount], PURCHASES)
    frame = pd.DataFrame(collected(opened, [*others, amount]).to_pandas())
    table = pd.DataFrame(
        {
            "reference": cell_texts(frame[reference]),
            "channel": cell_texts(frame[channel]),
            "amount": frame[amount].to_numpy(dtype=float, na_value=np.nan),
        }
    )
    if time:
        table["day"] = pd.to_datetime(frame[time]).to_numpy().astype("datetime64[D]").astype(np.int64)
    lacking = table[["reference", "channel", "amount"]].isna().any(axis=1)
    if lacking.any():
        raise InputError(
            "Purchases lack a reference, a channel or an amount in {rows}; every purchase needs all three.",
            rows=rows(int(lacking.sum())),
        )
    again = table["reference"].duplicated()
    if again.any():
        raise InputError(
            "Column '{column}' must name each purchase once; {rows} repeat one; sum the lines of a purchase first.",
            column=reference,
            rows=rows(int(again.sum())),
        )
    return table


def _rates(channel: pd.Series, rules: float | Mapping[str, float]) -> Floats:
    """Points that a unit of money earns in each purchase."""
    if not isinstance(rules, Mapping):
        check_number(rules, "rules")
        return np.full(len(channel), float(rules))
    held = sorted(set(channel))
    lacking = [name for name in held if name not in rules]
    idle = [str(name) for name in rules if name not in held]
    if lacking:
        raise InputError(
            "'rules' must name each channel of the purchases; {channels} has no rule, as {{'{first}': 1.0}}.",
            channels=lacking,
            first=lacking[0],
        )
    if idle:
        raise InputError(
            "'rules' names {channels}, where nothing was bought; the channels of the purchases are {held}.",
            channels=idle,
            held=held,
        )
    for name, rate in rules.items():
        check_number(rate, f"rules['{name}']")
    return np.asarray(channel.map(rules), dtype=float)


def _rounded(points: Floats, rounding: str) -> Floats:
    """Points as the rule rounds them; what lies within a billionth of a whole point is that point."""
    whole = np.round(points)
    points = np.where(np.abs(points - whole) < TINY * np.maximum(np.abs(points), 1.0), whole, points)
    if rounding == "none":
        return points
    return np.ceil(points) if rounding == "up" else np.floor(points + (0.5 if rounding == "half_up" else 0.0))


def _posted(ledger: PointsLedger) -> pd.DataFrame:
    """Earnings by reference: points, how many postings, and the day of the first."""
    held = ledger.postings
    reference = _references(ledger)
    asked = (held.kind == EARN) & (reference >= 0)
    texts = np.array(held.references, dtype=object)
    frame = pd.DataFrame(
        {"reference": reference[asked], "posted": held.points[asked], "day_posted": held.time[asked] // DAY}
    )
    grouped = frame.groupby("reference").agg(
        posted=("posted", "sum"), postings=("posted", "size"), day_posted=("day_posted", "min")
    )
    return grouped.set_axis(texts[grouped.index])


def _verdicts(bought: pd.DataFrame, days: int) -> npt.NDArray[np.object_]:
    right = (bought["posted"] - bought["due"]).abs() < 1e-6
    late = (bought["day_posted"] - bought["day"] > days) if "day" in bought else pd.Series(False, index=bought.index)
    conditions = [
        bought["postings"].isna() & (bought["due"] > 0),
        bought["postings"] > 1,
        ~right,
        late.fillna(value=False).astype(bool),
    ]
    return np.select(conditions, ["missing", "duplicate", "wrong", "late"], "matched").astype(object)


def _surplus(ledger: PointsLedger, known: set[str]) -> pd.Series:
    """Earnings that belong to no purchase, by channel; those without a reference are asked for by nobody."""
    held = ledger.postings
    reference = _references(ledger)
    asked = (held.kind == EARN) & (reference >= 0)
    found = np.array([text not in known for text in held.references], dtype=bool)
    extra = asked & found[reference]
    if held.channel is None:
        return pd.Series({"": int(extra.sum())}) if extra.any() else pd.Series(dtype=int)
    names = np.array(["", *held.channels], dtype=object)
    return pd.Series(names[held.channel[extra] + 1]).value_counts()


def _by_channel(bought: pd.DataFrame, surplus: pd.Series, confidence: float) -> pd.DataFrame:
    names = sorted(set(bought["channel"]) | set(surplus.index))
    grouped = bought.groupby("channel")
    table = pd.DataFrame({"channel": names, "n": grouped.size().reindex(names, fill_value=0).to_numpy()})
    counts = pd.crosstab(bought["channel"], bought["verdict"]).reindex(index=names, columns=FAULTS, fill_value=0)
    for name in FAULTS:
        table[name] = counts[name].to_numpy()
    table["surplus"] = surplus.reindex(names, fill_value=0).to_numpy()
    table["points_due"] = grouped["due"].sum().reindex(names, fill_value=0.0).to_numpy()
    table["points_posted"] = grouped["posted"].sum().reindex(names, fill_value=0.0).to_numpy()
    table["difference"] = table["points_posted"] - table["points_due"]
    z = stats.norm.ppf(0.5 + confidence / 2)
    single = _single(bought)
    found = [_ratio(single[single["channel"] == name], z) for name in names]
    table[["rate", "ci_low", "ci_high"]] = np.array(found)
    return table


def _single(bought: pd.DataFrame) -> pd.DataFrame:
    """Purchases with one posting and points due: those from which a rate can be read."""
    return bought[(bought["postings"] == 1) & (bought["due"] > 0)]


def _ratio(rows_: pd.DataFrame, z: float) -> tuple[float, float, float]:
    n, due = len(rows_), float(rows_["due"].sum())
    if n < 2 or due <= 0:
        return (np.nan, np.nan, np.nan)
    rate = float(rows_["posted"].sum()) / due
    error = float((rows_["posted"] - rate * rows_["due"]).std(ddof=1)) * np.sqrt(n) / due
    return rate, rate - z * error, rate + z * error


def _one_rate(bought: pd.DataFrame) -> tuple[float, float]:
    """F test that posted over due is the same in all channels; NaN where there are not two channels to compare."""
    single = _single(bought)
    ratio = single["posted"] / single["due"]
    groups = [part.to_numpy() for _, part in ratio.groupby(single["channel"]) if len(part) > 1]
    if len(groups) < 2:
        return float("nan"), float("nan")
    sizes, means = np.array([len(part) for part in groups]), np.array([part.mean() for part in groups])
    between = float((sizes * (means - np.average(means, weights=sizes)) ** 2).sum())
    within = float(sum(((part - part.mean()) ** 2).sum() for part in groups))
    df, rest = len(groups) - 1, int(sizes.sum()) - len(groups)
    if within <= TINY * sizes.sum():
        same = between <= TINY * sizes.sum()
        return (0.0, 1.0) if same else (float("inf"), 0.0)
    statistic = between / df / (within / rest)
    return statistic, float(stats.f.sf(statistic, df, rest))
