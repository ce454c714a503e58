"""The rule by which scales and items are kept, merged or dropped: its thresholds, and what they say."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.measurement.cfa.validity import LIBERAL, RELIABLE
from loyalty_kit.measurement.factors.adequacy import UNRELATED
from loyalty_kit.measurement.revision.refit import Fitted, Scales

FEWEST = 100
"""Respondents (effective ones under weights) below which nothing is said of a structure (Boomsma 1985)."""
MOST, HARDLY = 0.5, 0.05
"""Share of resamples above which two scales are said to share a factor, and up to which they hardly do."""
LARGEST_FALL = 0.01
"""Fall of CFI up to which a simpler model fits as well (Cheung & Rensvold 2002)."""
WEAK = 0.40
"""Standardized loading below which an item hardly measures its scale (Hair et al. 2017, p. 113)."""
CROSS = 0.32
"""Standardized loading on a second scale from which an item measures both (Costello & Osborne 2005)."""
MISFIT = 0.20
"""Expected standardized change from which a misfit is named (Whittaker 2012)."""
CHANCE = 0.05
"""Probability value, after Holm over all modification indices, from which a misfit may be chance."""
LEFT = 2
"""Items that a scale keeps at least."""

Verdict = Literal["keep", "merge", "drop", "untold"]
PairVerdict = Literal["apart", "merge", "untold"]


@dataclass(frozen=True)
class Finding:
    """Item that may have to go: why, towards which scale it leans, and the figures that say so."""

    item: str
    reason: Literal["weak", "cross"]
    towards: str
    modification_index: float
    p_value: float
    expected_change: float
    standardized_change: float


def judge_pairs(pairs: pd.DataFrame, together: pd.DataFrame | None) -> pd.DataFrame:
    """Say of each pair of scales whether it is apart, one candidate for merging or cannot be told, and by what.

    Parameters
    ----------
    pairs : DataFrame
        Of `ValidityResult`.
    together : DataFrame or None
        Of `RetentionResult`.
    """
    ends = list(zip(pairs["first"], pairs["second"], strict=True))
    known = together is not None and all(name in together.index for pair in ends for name in pair)
    shared = [float(together.loc[a, b]) if known and together is not None else np.nan for a, b in ends]
    judged = [_pair(*row) for row in zip(pairs["verdict"], pairs["htmt"], shared, strict=True)]
    return pd.DataFrame(
        {
            **{name: pairs[name] for name in ("first", "second", "correlation", "htmt", "ci_low", "ci_high")},
            "together": shared,
            "verdict": [verdict for verdict, _ in judged],
            "reason": [reason for _, reason in judged],
        }
    )


def _pair(distinct: str, htmt: float, shared: float) -> tuple[PairVerdict, str]:
    if distinct == "distinct":
        return "apart", "distinct"
    if distinct == "overlapping":
        return "merge", "overlap"
    if distinct == "not settled" and shared > MOST and htmt >= LIBERAL:
        return "merge", "one factor"
    if distinct == "not settled" and shared <= HARDLY:
        return "apart", "own factors"
    return "untold", "unrelated" if distinct == "untold" else "not settled"


def misfits(fitted: Fitted) -> pd.DataFrame:
    """Modification indices that are neither chance nor small."""
    table = fitted.misfits
    clear = (table["p_value"] < CHANCE) & (table["standardized_change"].abs() >= MISFIT)
    return table[clear].reset_index(drop=True)


def misfits_after(before: Fitted, after: Fitted) -> pd.DataFrame:
    """Misfits of a model, with the modification index that each has in a later one and whether it is one there."""
    keys = ["kind", "first", "second"]
    later = after.misfits.set_index(keys)["modification_index"]
    remain = set(misfits(after)[keys].itertuples(index=False, name=None))
    found = misfits(before)
    places = list(found[keys].itertuples(index=False, name=None))
    return found.assign(
        index_after=[float(later.get(place, np.nan)) for place in places], remains=[place in remain for place in places]
    )


def worst_item(fitted: Fitted, kept: set[str]) -> Finding | None:
    """Item that should go first and can be spared: the weakest, else the one with the largest cross-loading."""
    spare = {item for items in fitted.scales.values() if len(items) > LEFT for item in items} - kept
    table = fitted.loadings
    size = table["standardized"].abs()
    reach = size + (table["ci_high"] - table["ci_low"]) / 2
    weak = size[(reach < WEAK) & size.index.isin(list(spare))]
    if len(weak):
        return Finding(str(weak.idxmin()), "weak", "", *[np.nan] * 4)
    found = fitted.misfits
    chosen = (found["kind"] == "loading") & (found["p_value"] < CHANCE) & found["second"].isin(list(spare))
    found = found[chosen & (found["standardized_change"].abs() >= CROSS)]
    if found.empty:
        return None
    row = found.iloc[0]
    figures = [float(row[n]) for n in ("modification_index", "p_value", "expected_change", "standardized_change")]
    return Finding(str(row["second"]), "cross", str(row["first"]), *figures)


def unfit_scales(fitted: Fitted) -> dict[str, str]:
    """Scales that measure nothing reliably, and why: items that hardly correlate, or alpha wholly below .60."""
    table = fitted.by_scale
    found = {}
    for name, row in table.iterrows():
        if row["independence_p"] >= UNRELATED:
            found[str(name)] = "unrelated"
        elif row["alpha_high"] < RELIABLE:
            found[str(name)] = "unreliable"
    return found


def merged(scales: Scales, pairs: pd.DataFrame) -> list[tuple[str, str]]:
    """Candidates for merging, those that overlap wholly first, then by HTMT."""
    chosen = pairs[pairs["verdict"] == "merge"].assign(sure=lambda t: t["reason"] == "overlap")
    chosen = chosen.sort_values(["sure", "htmt"], ascending=False)
    return [(a, b) for a, b in zip(chosen["first"], chosen["second"], strict=True) if a in scales and b in scales]
