"""Is the effect small enough to ignore? Non-inferiority and equivalence against a margin fixed beforehand."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import special

from loyalty_kit.campaigns.effects.comparisons import fieller_limit
from loyalty_kit.campaigns.effects.effects_result import ALL, BOUNDS, KEYS, NO_METHOD, EffectsResult
from loyalty_kit.campaigns.effects.rates import ratio_interval, ratio_z, score_interval, score_z
from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message, shown
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import group_name

Claim = Literal["equivalence", "noninferiority"]
COLUMNS = ["metric", "arm", "by", "level", "difference", "ci_low", "ci_high", "margin", "p_value", "shown", "method"]
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class MarginResult(Result):
    """Whether each effect lies within the margin (equivalence) or above its negative (non-inferiority).

    Attributes
    ----------
    table : DataFrame
        metric, arm, by, level, difference, ci_low, ci_high, margin, p_value, shown, method.
    claim : str
        'equivalence' or 'noninferiority'.
    margin : float
        In outcome units, or a share of control's value where it is relative.
    n_used : int
        Customers.
    confidence : float
        One less the error of the claim; the interval shown has twice that error.
    method : str
        The test.
    """

    table: pd.DataFrame
    claim: str
    margin: float
    n_used: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    relative: bool = False

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row an effect; `shown` says whether the claim is shown at the confidence."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        """Rows over all customers: how many stand behind one of a segment is not in the table."""
        table = self.to_frame()
        return table[table["by"] == ALL]


def against_margin(
    effects: EffectsResult, *, margin: float, metric: str, claim: Claim = "equivalence", relative: bool = False
) -> MarginResult:
    """Test a metric's effects against a margin that was fixed before the campaign.

    Parameters
    ----------
    effects : EffectsResult
        Of `Campaign.evaluate`.
    margin : float
        Largest difference that does not matter, above 0: in outcome units, or a share of control's value.
    metric : str
        The metric's name.
    claim : {'equivalence', 'noninferiority'}
        Whether the effect lies within ±margin, or above −margin (below margin, where lower is better).
    relative : bool
        Whether the margin is a share of control's value, as 0.02 for 2 %; differences and intervals are then shares
        of it too.

    Returns
    -------
    MarginResult

    Raises
    ------
    InputError
        If the margin is not above 0 or the metric was not evaluated.

    Notes
    -----
    Two one-sided tests; p is the larger of the two. The claim is shown exactly where the interval with
    twice the error lies within the margin. Where a permutation result took an interval's place, both are
    read from the permutation test. Rows are not adjusted for several arms. A relative margin m is tested on the
    contrast of the arm less (1 ± m) times control, whose error counts control's: the interval is Fieller's. Rates that
    are neither adjusted nor of clusters are read by score, of the difference or of the ratio (Miettinen & Nurminen),
    which holds with few events too.

    References
    ----------
    Fieller, E. C. (1954). Some problems in interval estimation. JRSS B 16(2), 175–185. Miettinen, O. S. & Nurminen, M.
    (1985). Comparative analysis of two rates. Statistics in Medicine 4, 213–226.
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach.
    Journal of Pharmacokinetics and Biopharmaceutics 15, 657–680.
    """
    check_choice(claim, "claim", ("equivalence", "noninferiority"))
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not margin > 0:
        raise InputError("'margin' must be a difference above 0, in outcome units; got {given}.", given=shown(margin))
    check_choice(metric, "metric", list(dict.fromkeys(effects.table["metric"])))
    table = effects.table[effects.table["metric"] == metric]
    lower = next((one.better for one in effects.metrics if one.name == metric), "higher") == "lower"
    side = claim if claim == "equivalence" else "below" if lower else "above"
    read = _relative_row if relative else _row
    found = pd.DataFrame([read(row, effects, float(margin), side) for row in table.to_dict("records")], table.index)
    found = table[["metric", "arm", "by", "level", "method"]].assign(margin=float(margin)).join(found)
    return MarginResult(
        table=found[COLUMNS].reset_index(drop=True),
        claim=claim,
        margin=float(margin),
        n_used=effects.n_used,
        confidence=effects.confidence,
        method=message("two one-sided tests") if claim == "equivalence" else message("one-sided test"),
        relative=relative,
        warnings=tuple(
            message(
                "{arm} ({by} {level}): too few customers for any method.",
                arm=row["arm"],
                by=row["by"],
                level=group_name(row["level"], row["n_control"] + row["n_treatment"]),
            )
            for row in table[table["procedure"] == NO_METHOD].to_dict("records")
        ),
    )


def _row(row: dict[Any, Any], effects: EffectsResult, margin: float, side: str) -> dict[str, float | bool]:
    """Interval with twice the error of the claim, p and verdict of one effect."""
    level = 1 - effects.confidence
    difference, error, df = row["difference"], row["standard_error"], row["df"]
    ends = (row["bound_low"], row["bound_high"]) if row["procedure"] == BOUNDS else (difference, difference)
    test = effects.permutations.get(tuple(row[name] for name in KEYS))
    counts = _counts(row, effects)
    if test is not None:
        above, below = test.above(-margin), test.below(margin)
        low, high = test.interval(1 - 2 * level)
    elif counts is not None:
        above, below = float(special.ndtr(-score_z(*counts, -margin))), float(special.ndtr(score_z(*counts, margin)))
        low, high = score_interval(*counts, 2 * level)
    elif error > 0:
        above = float(special.stdtr(df, -(ends[0] + margin) / error))
        below = float(special.stdtr(df, -(margin - ends[1]) / error))
        half = -float(special.stdtrit(df, level)) * error
        low, high = ends[0] - half, ends[1] + half
    else:
        above = below = low = high = np.nan
    return {"difference": difference, "ci_low": low, "ci_high": high} | _claimed(above, below, side, level)


def _counts(row: dict[Any, Any], effects: EffectsResult) -> tuple[int, int, int, int] | None:
    """Events and customers of control and of the arm, for a score test; none of adjusted or clustered rates."""
    plain = row["kind"] == "plain" and np.isinf(row["df"]) and row["procedure"] != BOUNDS
    if not plain or effects.kinds.get(row["metric"]) != "rate":
        return None
    names = ("nonzero_control", "n_control", "nonzero_treatment", "n_treatment")
    k0, n0, k1, n1 = (int(row[name]) for name in names)
    return (k0, n0, k1, n1) if n0 and n1 else None


def _relative_row(row: dict[Any, Any], effects: EffectsResult, margin: float, side: str) -> dict[str, float | bool]:
    """As `_row`, of the arm's value relative to control's; nothing where control is not above 0."""
    level = 1 - effects.confidence
    control, arm, df = row["control"], row["treatment"], row["df"]
    counts = _counts(row, effects)
    test = effects.permutations.get(tuple(row[name] for name in KEYS))
    if counts is not None and test is None and counts[0]:
        low, high = (end - 1 for end in ratio_interval(*counts, 2 * level))
        tails = float(special.ndtr(-ratio_z(*counts, 1 - margin))), float(special.ndtr(ratio_z(*counts, 1 + margin)))
        return {"difference": arm / control - 1, "ci_low": low, "ci_high": high} | _claimed(*tails, side, level)
    spread = row["control_error"] ** 2, max(row["standard_error"] ** 2 - row["control_error"] ** 2, 0.0)
    if not (control > 0 and sum(spread) > 0):
        nothing = dict.fromkeys(("difference", "ci_low", "ci_high"), np.nan)
        return nothing | _claimed(np.nan, np.nan, side, level)

    def p_of(share: float, way: str) -> float:
        apart = arm - (1 + share) * control
        error = float(np.sqrt(spread[1] + (1 + share) ** 2 * spread[0]))
        if test is not None:
            own = replace(test, difference=apart, standard_error=error)
            return own.above(0.0) if way == "above" else own.below(0.0)
        return float(special.stdtr(df, (-apart if way == "above" else apart) / error))

    z = -float(special.stdtrit(df, level))
    limits = (-z, z) if test is None else test.quantiles(1 - 2 * level)
    low, high = (fieller_limit(arm, control, spread[::-1], 0.0, limit) - 1 for limit in limits[::-1])
    found = {"difference": arm / control - 1, "ci_low": low, "ci_high": high}
    return found | _claimed(p_of(-margin, "above"), p_of(margin, "below"), side, level)


def _claimed(above: float, below: float, side: str, level: float) -> dict[str, float | bool]:
    """P value and verdict of the claim that lies above, below or between the margins."""
    p_value = {"above": above, "below": below}.get(side, max(above, below))
    return {"p_value": p_value, "shown": bool(p_value <= level + ROUNDING)}
