"""Means by level with their intervals, and the differences between each two, by Welch's test."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from loyalty_kit.statistics.moments import Moments
from loyalty_kit.statistics.weights import effective_size

Floats = npt.NDArray[np.float64]

_STILL = 1e-9
"""Standard deviation up to which answers are all alike but for rounding."""


@dataclass(frozen=True, eq=False)
class LevelMeans:
    """Mean of a column in each level.

    Attributes
    ----------
    n, effective_n, mean, sd : array of shape (levels,)
        Respondents, Kish's effective size, weighted mean and standard deviation; NaN where nobody has a value, a
        standard deviation also where one has.
    """

    n: Floats
    effective_n: Floats
    mean: Floats
    sd: Floats

    def take(self, places: list[int]) -> "LevelMeans":
        """Means of some of the levels."""
        return LevelMeans(self.n[places], self.effective_n[places], self.mean[places], self.sd[places])

    def interval(self, confidence: float, *, low: float = -np.inf, high: float = np.inf) -> tuple[Floats, Floats]:
        """Give the ends of Student's interval of each mean, within what is possible, NaN where answers do not vary.

        Notes
        -----
        mean ± t(n − 1) sd / √n, n being Kish's effective size under weights. Answers that are all alike have no
        spread to judge by: their interval is unknown, not of length 0.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.where(self.sd > _STILL, self.sd / np.sqrt(self.effective_n), np.nan)
            half = special.stdtrit(self.effective_n - 1, (1 + confidence) / 2) * error
        return np.maximum(self.mean - half, low), np.minimum(self.mean + half, high)

    def differences(self, confidence: float) -> pd.DataFrame:
        """Differences between each two levels: places first and second, difference, ci_low, ci_high, p_value.

        Notes
        -----
        Welch's test with the degrees of freedom of Satterthwaite, on effective sizes under weights. It is not made
        where either level has fewer than two values or only values alike.

        References
        ----------
        Welch, B. L. (1947). The generalization of 'Student's' problem when several different population variances
        are involved. Biometrika 34, 28–35.
        """
        pairs = list(combinations(range(len(self.n)), 2))
        first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = np.where(self.sd > _STILL, self.sd**2 / self.effective_n, np.nan)
            total = variance[first] + variance[second]
            parts = variance**2 / (self.effective_n - 1)
            df = total**2 / (parts[first] + parts[second])
            difference = self.mean[first] - self.mean[second]
            half = special.stdtrit(df, (1 + confidence) / 2) * np.sqrt(total)
            p = 2 * special.stdtr(df, -np.abs(difference) / np.sqrt(total))
        columns = {"first": first, "second": second, "difference": difference}
        return pd.DataFrame(columns | {"ci_low": difference - half, "ci_high": difference + half, "p_value": p})


def level_means(frame: pd.DataFrame, column: str, level: str, weight: str | None, levels: list[str]) -> LevelMeans:
    """Means of a column in the levels named, in their order.

    Parameters
    ----------
    frame : DataFrame of shape (respondents, columns)
        The column, the levels and, where given, the weights.
    column, level, weight : str
        Their names.
    levels : list of str
        Which levels.

    Returns
    -------
    LevelMeans

    Examples
    --------
    >>> frame = pd.DataFrame({"score": [60.0, 70, 90, None], "channel": ["web", "web", "store", "store"]})
    >>> level_means(frame, "score", "channel", None, ["store", "web", "app"]).mean.tolist()
    [90.0, 65.0, nan]
    """
    moments = Moments.by(frame, [column], by=[level], weight=weight)
    block = moments.blocks[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(block.covariances[:, 0, 0])
    held = {
        "n": block.n,
        "effective_n": effective_size(block.weights, block.weight_squares),
        "mean": block.means[:, 0],
        "sd": sd,
    }
    table = pd.DataFrame(held, index=list(moments.groups[level])).reindex(levels)
    return LevelMeans(
        **{name: table[name].to_numpy(dtype=float) for name in held} | {"n": table["n"].fillna(0).to_numpy()}
    )
