"""The interval rule: a customer has lapsed who is away for longer than a multiple of the own gap."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.core.results import Result

Truths = npt.NDArray[np.bool_]
LEAST = 20


@dataclass(frozen=True, eq=False)
class LapsedResult(Result):
    """What the rule and the model said of regular customers, and what came.

    Attributes
    ----------
    table : DataFrame
        method ('rule', 'model'), marked, right (share of the marked who did stay away), ci_low, ci_high, caught (share
        of those who stayed away who were marked), caught_low, caught_high.
    multiple : float
        Of the median gap.
    at : date
        Day that is judged.
    left : float
        Share of these customers who stayed away.
    n_used : int
        Customers with three gaps or more by that day.
    now, n_now : int
        Customers whom the rule marks on the last day of the log, and of how many with three gaps or more.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    multiple: float
    at: date
    left: float
    n_used: int
    now: int
    n_now: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, the rule and the model."""
        return self.table.copy()


def lapsed_rule(
    judged: pd.DataFrame, gaps: pd.Series, counts: tuple[int, int], *, multiple: float, at: date, confidence: float
) -> LapsedResult:
    """Judge the rule on what came, beside the model that marks as many.

    Parameters
    ----------
    judged : DataFrame
        recency, risk and away by customer.
    gaps : Series
        Median gap of the customers with three gaps or more.
    counts : (int, int)
        Customers marked on the last day of the log, and of how many.
    multiple, at, confidence
        As in `ChurnResult.lapsed`.
    """
    if len(gaps) < LEAST:
        raise TooLittleError(
            "The interval rule needs {least} customers with four purchase days or more; by {at} there are {n}.",
            least=LEAST,
            at=at.isoformat(),
            n=len(gaps),
        )
    rows = judged.loc[gaps.index]
    away = rows["away"].to_numpy() == 1
    rule = rows["recency"].to_numpy() > multiple * gaps.to_numpy()
    order = np.argsort(-rows["risk"].to_numpy(), kind="stable")
    model = np.zeros(len(rows), dtype=bool)
    model[order[: int(rule.sum())]] = True
    table = pd.DataFrame([_row(name, marked, away, confidence) for name, marked in (("rule", rule), ("model", model))])
    return LapsedResult(table, multiple, at, float(away.mean()), len(rows), *counts, confidence)


def _row(name: str, marked: Truths, away: Truths, confidence: float) -> dict[str, object]:
    both = int((marked & away).sum())
    found: dict[str, object] = {"method": name, "marked": int(marked.sum())}
    for column, ends, total in (("right", "ci", marked.sum()), ("caught", "caught", away.sum())):
        low, high = proportion_confint(both, total, 1 - confidence, "wilson") if total else (np.nan, np.nan)
        found |= {column: both / total if total else np.nan, f"{ends}_low": low, f"{ends}_high": high}
    return found
