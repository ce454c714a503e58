"""Which scales can be trusted, which items are weak, and what to do first."""

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from loyalty_kit.measurement.reliability.item_analysis import clearly_negative

RELIABLE = 0.70
"""Least acceptable reliability for research on groups (Nunnally & Bernstein 1994, p. 265)."""
REDUNDANT = 0.95
"""Reliability from which items of a scale may only repeat one another."""
WEAK_ITEM = 0.30
"""Least acceptable item-rest correlation (Nunnally & Bernstein 1994, p. 305)."""

Verdict = Literal["trust", "unsure", "distrust", "unknown"]


class FirstStep(NamedTuple):
    """What to do first about a survey's items: check the keying of one ('turn'), or look at one ('mend')."""

    case: Literal["turn", "mend"]
    item: pd.Series


def scale_verdict(ci_low: float, ci_high: float) -> Verdict:
    """Judge a scale by the interval of its Cronbach's alpha.

    Examples
    --------
    >>> scale_verdict(0.66, 0.77)
    'unsure'
    """
    if not ci_low <= ci_high:
        return "unknown"
    return "trust" if ci_low >= RELIABLE else "distrust" if ci_high < RELIABLE else "unsure"


def weak_items(scales: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Items below the least acceptable item-rest correlation, the weakest first.

    Parameters
    ----------
    scales, items : DataFrame
        Tables of a ReliabilityResult.

    Returns
    -------
    DataFrame
        Rows of `items` with before (the coefficient of the item's scale as it stands) and gain (how much it
        rises without the item, at the two decimals that reports show).
    """
    before: pd.Series = scales.set_index("scale")["cronbach_alpha"]
    weak = items[items["item_rest_r"] < WEAK_ITEM]
    weak = weak.assign(before=weak["scale"].map(before).astype(float))
    gain = weak["cronbach_alpha_if_dropped"].round(2) - weak["before"].round(2)
    return weak.assign(gain=gain).sort_values("item_rest_r")


def first_step(scales: pd.DataFrame, items: pd.DataFrame, outcomes: tuple[str, ...]) -> FirstStep | None:
    """Check the keying that would gain most, else mend the outcome's weakest item, else the weakest of all."""
    weak = weak_items(scales, items)
    dropped, turned = weak["cronbach_alpha_if_dropped"], weak["cronbach_alpha_if_turned"]
    n = weak["scale"].map(scales.set_index("scale")["n_used"]).astype(float)
    clear = clearly_negative(weak["item_rest_r"].to_numpy(dtype=float), n=np.asarray(n, dtype=float))
    against = weak[weak["suspected_keying"] & clear & (turned > weak["before"]) & ~(turned < dropped)]
    if len(against):
        return FirstStep("turn", against.sort_values("cronbach_alpha_if_turned").iloc[-1])
    helped = weak[weak["gain"] > 0]
    outcome = helped[helped["scale"].isin(outcomes)]
    rows = outcome if len(outcome) else helped
    return FirstStep("mend", rows.iloc[0]) if len(rows) else None
