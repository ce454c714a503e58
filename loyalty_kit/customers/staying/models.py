"""Models of who stays away: a logistic regression, or boosted trees."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats
from sklearn.ensemble import HistGradientBoostingClassifier

from loyalty_kit.statistics.prediction import logistic

Floats = npt.NDArray[np.float64]
Risks = Callable[[pd.DataFrame], Floats]
COLUMNS = ["feature", "odds_ratio", "ci_low", "ci_high"]
EDGE = 1e-6


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
        return _boosted(table, away, names), pd.DataFrame(columns=COLUMNS)
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


def _boosted(table: pd.DataFrame, away: Floats, names: list[str]) -> Risks:
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=150, max_depth=3, min_samples_leaf=20, early_stopping=False, random_state=0
    ).fit(table[names].to_numpy(dtype=float), away)

    def risks(rows: pd.DataFrame) -> Floats:
        told: Floats = np.clip(trees.predict_proba(rows[names].to_numpy(dtype=float))[:, 1], EDGE, 1 - EDGE)
        return told

    return risks
