"""Answers that nobody ever gives within a scale's range, as where an option was deleted and put in again."""

import numpy as np

from loyalty_kit.core.messages import Message, message
from loyalty_kit.measurement.reliability.coefficients import cronbach
from loyalty_kit.statistics.moments import Floats

FEWEST = 30
"""Respondents from which an answer that nobody gives is no chance."""


def unused_codes(scale: str, answers: Floats, *, low: float, high: float, keys: Floats) -> list[Message]:
    """Say which answer of a scale nobody gives although answers on both sides are given, and what that may do to alpha.

    Parameters
    ----------
    scale : str
        Its name.
    answers : array of shape (respondents, items)
        Complete answers as given, not keyed.
    low, high : float
        Range of all its items.
    keys : array of shape (items,)
        1, and -1 where an item is reverse-keyed.

    Returns
    -------
    list of Message
        One sentence, or none: a survey tool that numbers a new option by the next free code leaves such a gap, and
        then the highest code belongs into it.
    """
    if len(answers) < FEWEST or answers.shape[1] < 2 or not float(low).is_integer() or high - low > 10:
        return []
    used = np.unique(answers)
    gaps = [code for code in np.arange(low, high + 1) if used[0] < code < used[-1] and code not in used]
    if len(gaps) != 1 or not (used == np.round(used)).all():
        return []
    told = {"scale": scale, "code": f"{gaps[0]:g}", "low": f"{low:g}", "high": f"{high:g}", "last": f"{used[-1]:g}"}
    moved = np.where(answers == used[-1], gaps[0], answers)
    before, after = (_alpha(values, keys) for values in (answers, moved))
    if not np.isfinite(after):
        return [message("Scale '{scale}': nobody ever answers {code}, which its range {low} to {high} allows.", **told)]
    return [
        message(
            "Scale '{scale}': nobody ever answers {code}, which its range {low} to {high} allows. If {last} stands for "
            "it, as where an option was put in again, Cronbach's alpha is {after:.2f} in place of {before:.2f}: write "
            'response = {{ min = {low}, max = {top}, labels = {{ "{last}" = {code} }} }}.',
            top=f"{used[-2]:g}",
            before=before,
            after=after,
            **told,
        )
    ]


def _alpha(answers: Floats, keys: Floats) -> float:
    covariance = np.cov(answers, rowvar=False) * np.outer(keys, keys)
    return cronbach(covariance) if covariance.sum() > 0 else np.nan
