"""Keying against answers: items that clearly run against the other items of their scale, as the codebook keys them."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.measurement.cfa.confirmatory import CfaResult
from loyalty_kit.measurement.cfa.soundness import independence, sample_correlation, scale_independence
from loyalty_kit.measurement.factors.adequacy import UNRELATED
from loyalty_kit.measurement.reliability.item_analysis import clearly_negative, discrimination
from loyalty_kit.statistics.moments import Floats


def against_keying(result: CfaResult, reverse: Collection[str]) -> list[str]:
    """Items that run against their scale's others by more than chance.

    Parameters
    ----------
    result : CfaResult
        Factor model of the answers as given.
    reverse : collection of str
        Items that the codebook keys in reverse.

    Returns
    -------
    list of str

    Notes
    -----
    By the interval of the standardized loading, which must lie wholly below zero once loadings are
    keyed and their scale's sum is positive. Where the model did not converge, by the item-rest
    correlation, which must lie 1.96 standard errors of 1/√n below zero. Items that hardly
    correlate, all of them or those of a scale, have no direction that one could run against.
    """
    found: list[str] = []
    if independence(result.solution, result.answers) >= UNRELATED:
        return found
    related = scale_independence(result.solution, result.answers) < UNRELATED
    for (_, part), clear in zip(result.loadings.groupby("scale", sort=False), related, strict=True):
        turn = np.where(part["item"].isin(reverse), -1.0, 1.0)
        if clear:
            found += list(part.loc[_against(result, part, turn), "item"])
    return found


def _against(result: CfaResult, part: pd.DataFrame, turn: Floats) -> npt.NDArray[np.bool_]:
    """Items of a scale that clearly run against it; `turn` is −1 for those keyed in reverse."""
    if result.converged:
        keyed = part["standardized"].to_numpy() * turn
        half = (part["ci_high"] - part["ci_low"]).to_numpy() / 2
        return clearly_negative(keyed * np.sign(keyed.sum() or 1), n=result.n_used, half=half)
    own = part.index.to_numpy()
    keyed = sample_correlation(result.solution)[np.ix_(own, own)] * np.outer(turn, turn)
    return clearly_negative(discrimination(keyed, turn)["item_rest_r"].to_numpy(), n=result.n_used)
