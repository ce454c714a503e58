"""Item analysis: how each item is answered, how it goes with the others, and whether its keying looks wrong."""

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.checks import InputError, listing
from loyalty_kit.measurement.coefficients import cronbach
from loyalty_kit.measurement.items import ItemTable, check_varied
from loyalty_kit.moments import Floats, Moments

FEWEST_RESPONDENTS = 3
"""Complete respondents that any coefficient needs."""

_CLEAR = float(stats.norm.ppf(0.975))


def complete_moments(table: ItemTable) -> Moments:
    """Moments of the respondents who answer every item; refuses what allows no coefficient."""
    check_varied(table.names, table.values)
    complete = np.isfinite(table.values).all(axis=1)
    if complete.sum() < FEWEST_RESPONDENTS:
        raise InputError(
            f"{complete.sum()} of {len(complete)} respondents answer every one of the items {listing(table.names)}; "
            f"at least {FEWEST_RESPONDENTS} are needed."
        )
    check_varied(table.names, table.values[complete])
    moments = table.moments()
    covariance = moments.covariance.to_numpy()
    if covariance.sum() < 1e-12 * np.trace(covariance):
        raise InputError(f"The sum of the items {listing(table.names)} never varies: they cancel out.")
    return moments


def distribution(table: ItemTable, *, low: npt.ArrayLike, high: npt.ArrayLike) -> pd.DataFrame:
    """How complete respondents answer each item; low and high are the ends of its range."""
    answered = np.isfinite(table.values)
    complete = answered.all(axis=1)
    x, w = table.values[complete], table.weights[complete]
    if not complete.any():
        x, w = np.full((1, len(table.names)), np.nan), np.ones(1)
    with np.errstate(invalid="ignore"):
        unanswered = table.weights @ ~answered / table.weights.sum()
    share = w / w.sum()
    centred = x - x[0] - share @ (x - x[0])
    second, third = share @ centred**2, share @ centred**3
    with np.errstate(invalid="ignore", divide="ignore"):
        sd, skew = np.sqrt(second / (1 - share @ share)), third / second**1.5
    return pd.DataFrame(
        {
            "item": list(table.names),
            "mean": share @ x,
            "sd": sd,
            "skew": skew,
            "floor": share @ np.where(np.isfinite(x), x <= low, np.nan),
            "ceiling": share @ np.where(np.isfinite(x), x >= high, np.nan),
            "missing": unanswered,
        }
    )


def discrimination(covariance: Floats, loadings: Floats) -> pd.DataFrame:
    """How each item goes with the others, and what dropping or turning it would do to the coefficient."""
    k = len(covariance)
    variance, with_all = np.diag(covariance), covariance.sum(axis=1)
    with_rest, total = with_all - variance, covariance.sum()
    rest_variance = total - with_all - with_rest
    with np.errstate(invalid="ignore", divide="ignore"):
        item_rest = with_rest / np.sqrt(variance * rest_variance)
        rest_unique = (variance.sum() - variance) / rest_variance
        dropped = (k - 1) / (k - 2) * (1 - rest_unique) if k > 2 else np.full(k, np.nan)
        turned = k / (k - 1) * (1 - variance.sum() / (total - 4 * with_rest))
    return pd.DataFrame(
        {
            "item_rest_r": item_rest,
            "cronbach_alpha_if_dropped": dropped,
            "cronbach_alpha_if_turned": turned,
            "loading": loadings,
            "suspected_keying": (item_rest < 0) | (loadings < 0),
        }
    )


def keying_warnings(statistics: pd.DataFrame, covariance: Floats, *, n: float) -> list[str]:
    """Sentence on each item whose keying is suspected, and one on all of them together.

    Parameters
    ----------
    statistics : DataFrame, a row an item
        From `item_statistics`.
    covariance : array of shape (items, items)
        Of the same items.
    n : float
        Effective number of complete respondents: tells clear signs from chance.
    """
    suspects = statistics[statistics["suspected_keying"]]
    before = cronbach(covariance)
    if len(statistics) == 2 and len(suspects):
        r, after = suspects[["item_rest_r", "cronbach_alpha_if_turned"]].iloc[0]
        both = listing(suspects["item"]).replace(", ", " and ")
        return [
            f"items {both} run against each other (correlation {_two(r)}{_doubt([r], n)}); with one of them turned, "
            f"{_change(before, after)}. Check their keying."
        ]
    sentences = [_keying_sentence(row, before, n) for row in suspects.to_dict("records")]
    if 1 < len(suspects) < len(statistics):
        sign = np.where(statistics["suspected_keying"], -1.0, 1.0)
        together = cronbach(covariance * np.outer(sign, sign))
        sentences.append(f"with {listing(suspects['item'])} all turned, {_change(before, together)}.")
    return sentences


def _keying_sentence(row: dict[Any, Any], before: float, n: float) -> str:
    named = {"item-rest correlation": row["item_rest_r"], "loading": row["loading"]}
    wrong = {name: value for name, value in named.items() if value < 0}
    told = ", ".join(f"{name} {_two(value)}" for name, value in wrong.items())
    return (
        f"item '{row['item']}' runs against the others ({told}{_doubt(wrong.values(), n)}); turned, "
        f"{_change(before, row['cronbach_alpha_if_turned'])}. Check its keying."
    )


def _doubt(values: Collection[float], n: float) -> str:
    """Says where no value is further below zero than chance may bring it."""
    return "" if min(values) < -_CLEAR / np.sqrt(n) else f", which may be chance with n = {n:.0f}"


def _change(before: float, after: float) -> str:
    first, last = _two(before), _two(after)
    if first == last:
        return f"Cronbach's alpha would stay at {first}"
    return f"Cronbach's alpha would {'rise' if after > before else 'fall'} from {first} to {last}"


def _two(value: float) -> str:
    """Two decimals with a true minus sign; more where two would show no figure."""
    text = f"{value:.2f}"
    return (f"{value:.1g}" if float(text) == 0 else text).replace("-", "−")
