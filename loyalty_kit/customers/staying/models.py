"""Models of who stays away: a logistic regression, or boosted trees."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from loyalty_kit.customers import staying
from loyalty_kit.statistics.prediction import logistic

Floats = npt.NDArray[np.float64]
Risks = Callable[[pd.DataFrame], Floats]
COLUMNS = ["feature", "odds_ratio", "ci_low", "ci_high"]


def fitted(
    table: pd.DataFrame, away: Floats, names: list[str], model: str, confidence: float
) -> tuple[Risks, pd.DataFrame]:
    """Fit a model; give what tells risks of other rows, and odds ratios a standard deviation (logistic only).

    Parameters
    ----------
    table : DataFrame
        Features, a row a customer.
    away : array
        1 where the customer stayed away.
    names : list of str
        Columns that count.
    model : {'logistic', 'boosting'}
        Kind.
    confidence : float
        Level of the intervals.

    Returns
    -------
    callable, DataFrame
    """
    if model == "boosting":
        return staying.boosting.boosted(table, away, names), pd.DataFrame(columns=COLUMNS)
    centre, spread = table[names].mean(), table[names].std(ddof=0)

    def design(rows: pd.DataFrame) -> Floats:
        return np.column_stack([np.ones(len(rows)), (rows[names] - centre) / spread])

    found = logistic(design(table), away)
    half = stats.norm.ppf(0.5 + confidence / 2) * np.sqrt(np.diag(found.covariance))
    ends = (found.coefficients, found.coefficients - half, found.coefficients + half)
    ratios = pd.DataFrame(dict(zip(COLUMNS, (names, *(np.exp(end[1:]) for end in ends)), strict=True)))

    def risks(rows: pd.DataFrame) -> Floats:
        told: Floats = special.expit(design(rows) @ found.coefficients)
        return told

    return risks, ratios
