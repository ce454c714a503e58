"""A tier's threshold: whether reaching it changes what members do, told only where nobody hurried to reach it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_level, check_number
from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.intake.panels.frames import check_frame, collected, open_frame
from loyalty_kit.statistics.causal.effects import Floats
from loyalty_kit.statistics.causal.threshold.jump import Jump, bandwidths, density_difference, jump
from loyalty_kit.statistics.causal.threshold.local_polynomials import Side

MEMBERS = message("The table of members")
LEVEL = 0.05
FEWEST = 50
FEWEST_SCORES = 10


@dataclass(frozen=True, eq=False)
class TierJumpResult(Result):
    """Jump of an outcome at a tier's threshold.

    Attributes
    ----------
    estimate, ci_low, ci_high, p_value : float
        Jump in outcome units, corrected for bias, with its robust interval; NaN where scores are bunched.
    bandwidth, bias_bandwidth : float
        In units of the score: of the local lines, and of the curvature that corrects them.
    n_below, n_above : int
        Members within the bandwidth.
    density_ratio, density_p_value : float
        Density of scores just above over that just below, and the p value that they are equal.
    density_bandwidth : float
        In units of the score.
    verdict : str
        'gain', 'loss', 'none' (no jump seen), or 'bunched': members reach the threshold on purpose, and those above it
        are not like those below.
    score, outcome : str
        Columns.
    threshold : float
        From this score on members have the tier.
    n_used, n_dropped : int
        Members.
    confidence : float
        Level of the interval.
    warnings : tuple of str
        What was left out.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    bandwidth: float
    bias_bandwidth: float
    n_below: int
    n_above: int
    density_ratio: float
    density_p_value: float
    density_bandwidth: float
    verdict: str
    score: str
    outcome: str
    threshold: float
    n_used: int
    n_dropped: int
    confidence: float
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row: estimate, ci_low, ci_high, bandwidth, n_below, n_above, density_p_value, verdict."""
        names = ["estimate", "ci_low", "ci_high", "bandwidth", "n_below", "n_above", "density_p_value", "verdict"]
        return pd.DataFrame([[getattr(self, name) for name in names]], columns=names)

    def estimates(self) -> tuple[Estimate, ...]:
        """Jump at the threshold, where it is told."""
        if np.isnan(self.estimate):
            return ()
        return (Estimate("tier_jump", self.estimate, self.ci_low, self.ci_high, self.n_below + self.n_above),)


def tier_jump(
    members: Any,
    *,
    score: str,
    threshold: float,
    outcome: str,
    bandwidth: float | None = None,
    confidence: float = 0.95,
) -> TierJumpResult:
    """Jump of an outcome where members reach a tier, if they do not crowd just above its threshold.

    Parameters
    ----------
    members : DataFrame of shape (members, columns)
        One row a member.
    score, outcome : str
        Columns: what the tier is granted by, as points or spend of the year before; the outcome after it was granted.
    threshold : float
        From this score on members have the tier.
    bandwidth : float, optional
        How far from the threshold members count, in units of the score, for the lines and their correction; chosen to
        make the mean squared error least where not given.
    confidence : float
        Level of the interval.

    Returns
    -------
    TierJumpResult

    Raises
    ------
    InputError
        If a column is absent or holds text, or the threshold lies outside the scores.
    TooLittleError
        If there are fewer than 50 members, or 10 different scores, on one side.

    Notes
    -----
    Members who pull purchases forward to reach a tier stand just above its threshold and would be missed just below it;
    they buy more without it. The jump is told only where the density of scores does not differ there (5 %).

    References
    ----------
    Calonico, S., Cattaneo, M. D. & Titiunik, R. (2014). Robust nonparametric confidence intervals for
    regression-discontinuity designs. Econometrica 82, 2295–2326; equal to rdrobust 2.1.1 at given bandwidths.
    McCrary, J. (2008). Journal of Econometrics 142, 698–714.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.gamma(4, 250, 4000)
    >>> spend = 20 + points / 50 + 15 * (points >= 1000) + rng.normal(0, 5, 4000)
    >>> found = tier_jump(pd.DataFrame({"points": points, "spend": spend}), score="points", threshold=1000,
    ...     outcome="spend")
    >>> found.verdict, found.ci_low < 15 < found.ci_high
    ('gain', True)
    """
    check_number(threshold, "threshold")
    check_level(confidence, "confidence")
    x, y, dropped = _columns(members, score, outcome)
    sides = _sides(x - threshold, y, score, threshold)
    h, b = _bandwidths(sides, bandwidth)
    found = jump(*sides, h, b)
    log_ratio, density_error, density_h = density_difference(sides[0].x, sides[1].x)
    p = 0.0 if np.isinf(log_ratio) else float(2 * stats.norm.sf(abs(log_ratio) / density_error))
    told = _told(found, confidence) if p >= LEVEL else (float("nan"),) * 4
    return TierJumpResult(
        *told,
        bandwidth=h,
        bias_bandwidth=b,
        n_below=found.n_below,
        n_above=found.n_above,
        density_ratio=float(np.exp(log_ratio)),
        density_p_value=p,
        density_bandwidth=density_h,
        verdict=_judged(told, p),
        score=score,
        outcome=outcome,
        threshold=float(threshold),
        n_used=len(x),
        n_dropped=dropped,
        confidence=confidence,
        warnings=_notes(dropped),
    )


def _columns(members: Any, score: str, outcome: str) -> tuple[Floats, Floats, int]:
    """Scores and outcomes of members who have both, and how many have not."""
    opened = open_frame(members)
    check_frame(opened, [], [score, outcome], MEMBERS)
    table = pd.DataFrame(collected(opened, [score, outcome]).to_pandas())
    values = table[[score, outcome]].to_numpy(dtype=float, na_value=np.nan)
    kept = values[np.isfinite(values).all(axis=1)]
    return kept[:, 0], kept[:, 1], len(values) - len(kept)


def _sides(x: Floats, y: Floats, score: str, threshold: float) -> tuple[Side, Side]:
    """Members below and above, refusing a side with too few of them."""
    below = x < 0
    if not below.any() or below.all():
        raise InputError(
            "The threshold {threshold} lies outside the scores of '{column}', which are {low} to {high}.",
            threshold=f"{threshold:g}",
            column=score,
            low=f"{x.min() + threshold:.6g}",
            high=f"{x.max() + threshold:.6g}",
        )
    counts = [(int(side.sum()), len(np.unique(x[side]))) for side in (below, ~below)]
    least = min(counts)
    if least[0] < FEWEST or min(scores for _, scores in counts) < FEWEST_SCORES:
        raise TooLittleError(
            "On one side of the threshold there are {n} members; a jump needs {least} with {scores} different scores.",
            n=least[0],
            least=FEWEST,
            scores=FEWEST_SCORES,
        )
    return Side.of(x[below], y[below]), Side.of(x[~below], y[~below])


def _bandwidths(sides: tuple[Side, Side], given: float | None) -> tuple[float, float]:
    if given is None:
        h, b = bandwidths(*sides)
    else:
        check_number(given, "bandwidth")
        h = b = float(given)
    for side in sides:
        if len(np.unique(side.x[np.abs(side.x) < min(h, b)])) < 4:
            raise TooLittleError("Within a bandwidth of {h} there are too few different scores.", h=f"{min(h, b):.3g}")
    return h, b


def _told(found: Jump, confidence: float) -> tuple[float, float, float, float]:
    """Corrected jump with its robust interval and p value."""
    limit = float(stats.norm.isf((1 - confidence) / 2)) * found.robust_error
    p = float(2 * stats.norm.sf(abs(found.corrected) / found.robust_error)) if found.robust_error > 0 else float("nan")
    return found.corrected, found.corrected - limit, found.corrected + limit, p


def _judged(told: tuple[float, ...], density: float) -> str:
    if density < LEVEL:
        return "bunched"
    if told[1] <= 0 <= told[2]:
        return "none"
    return "gain" if told[0] > 0 else "loss"


def _notes(dropped: int) -> tuple[Message, ...]:
    return (message("{n} members without a finite score or outcome are left out.", n=dropped),) if dropped else ()
