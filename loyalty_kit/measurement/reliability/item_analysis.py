"""Item analysis: how each item is answered, how it goes with the others, and whether its keying looks wrong."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import figure, message
from loyalty_kit.measurement.correlations.items import ItemTable, check_varied
from loyalty_kit.measurement.reliability.coefficients import cronbach
from loyalty_kit.statistics.moments import Floats, Moments

ITEM_COLUMNS = (
    "item",
    "mean",
    "sd",
    "skew",
    "floor",
    "ceiling",
    "missing",
    "item_rest_r",
    "cronbach_alpha_if_dropped",
    "cronbach_alpha_if_turned",
    "loading",
    "suspected_keying",
)
"""Columns of an item analysis: `distribution`, then `discrimination`."""

FEWEST_RESPONDENTS = 3
"""Complete respondents that any coefficient needs."""

_FEWEST_EFFECTIVE = 2
_ROUNDING = 1e-12
_CLEAR = float(stats.norm.ppf(0.975))


def complete_rows(table: ItemTable) -> npt.NDArray[np.bool_]:
    """Mark the respondents who answer every item."""
    return np.asarray(np.isfinite(table.values).all(axis=1))


def complete_moments(table: ItemTable) -> Moments:
    """Moments of the respondents who answer every item; refuses what allows no coefficient."""
    check_varied(table.names, table.values)
    complete = complete_rows(table)
    if complete.sum() < FEWEST_RESPONDENTS:
        raise InputError(
            "{n} of {total} respondents answer every one of the items {items}; at least {least} are needed.",
            n=complete.sum(),
            total=len(complete),
            items=list(table.names),
            least=FEWEST_RESPONDENTS,
        )
    x = table.values[complete]
    constant = [name for name, same in zip(table.names, (x == x[0]).all(axis=0), strict=True) if same]
    if constant:
        raise InputError(
            "Of the {n} respondents who answer every item, all give the same answer to {items}.",
            n=len(x),
            items=constant,
        )
    moments = table.moments()
    if moments.effective_n < _FEWEST_EFFECTIVE:
        n = moments.effective_n
        raise InputError("The weights rest on few respondents: their effective number is {n:.1f}.", n=n)
    covariance = moments.covariance.to_numpy()
    if covariance.sum() < _ROUNDING * np.trace(covariance):
        items = list(table.names)
        raise InputError("The sum of the items {items} never varies: they cancel out.", items=items)
    return moments


def distribution(table: ItemTable, *, low: Floats | float, high: Floats | float) -> pd.DataFrame:
    """How each item is answered by all who answer it; low and high are the ends of its range."""
    answered = np.isfinite(table.values)
    w = np.where(answered, table.weights[:, None], 0.0)
    origin = np.where(answered, table.values, np.inf).min(axis=0, initial=np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = w.sum(axis=0)
        from_origin = np.where(answered, table.values - origin, 0.0)
        mean = (w * from_origin).sum(axis=0) / total
        second, third = ((w * (from_origin - mean) ** power).sum(axis=0) / total for power in (2, 3))
        return pd.DataFrame(
            {
                "item": list(table.names),
                "mean": origin + mean,
                "sd": np.sqrt(second / (1 - (w**2).sum(axis=0) / total**2)),
                "skew": third / second**1.5,
                "floor": (w * (table.values <= low)).sum(axis=0) / total,
                "ceiling": (w * (table.values >= high)).sum(axis=0) / total,
                "missing": table.weights @ ~answered / table.weights.sum(),
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
        item_rest = np.where(np.abs(item_rest) > _ROUNDING, item_rest, 0 * item_rest)
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


def clearly_negative(r: Floats | float, *, n: Floats | float, half: Floats | float = np.nan) -> npt.NDArray[np.bool_]:
    """Whether a correlation or standardized loading lies so far below zero that chance does not bring it there.

    Parameters
    ----------
    r : float or array
        Item-rest correlation or standardized loading, in the direction of the keying.
    n : float or array
        Effective number of respondents.
    half : float or array
        Half the width of its interval; where it is not known, 1.96 standard errors of 1/√n.

    Returns
    -------
    array of bool
        Of the shape of `r`.

    Examples
    --------
    >>> bool(clearly_negative(-0.10, n=100)), bool(clearly_negative(-0.10, n=1000))
    (False, True)
    """
    width = np.where(np.isnan(half), _CLEAR / np.sqrt(n), half)
    return np.asarray(np.asarray(r) + width < 0)


def keying_warnings(names: Sequence[str], statistics: pd.DataFrame, covariance: Floats, *, n: float) -> list[str]:
    """Sentence on each item whose keying is suspected, and one on all of them together.

    Parameters
    ----------
    names : sequence of str
        The items.
    statistics : DataFrame, a row an item
        From `discrimination`.
    covariance : array of shape (items, items)
        Of their answers.
    n : float
        Effective number of complete respondents: tells clear signs from chance.
    """
    before = cronbach(covariance)
    rows = {
        name: row for name, row in zip(names, statistics.to_dict("records"), strict=True) if row["suspected_keying"]
    }
    if rows and len(names) == 2:
        r, after = (rows[names[0]][column] for column in ("item_rest_r", "cronbach_alpha_if_turned"))
        return [
            message(
                "items '{first}' and '{second}' run against each other (correlation {r}{doubt}); "
                "with one of them turned, {change}. Check their keying.",
                first=names[0],
                second=names[1],
                r=_two(r),
                doubt=_doubt([r], n),
                change=_change(before, after),
            )
        ]
    minority = [name for name, row in rows.items() if row["loading"] < 0]
    sentences = [_keying_sentence(name, row, minority, before, n) for name, row in rows.items()]
    if len(minority) > 1:
        sign = np.where(statistics["loading"] < 0, -1.0, 1.0)
        together = cronbach(covariance * np.outer(sign, sign))
        change = _change(before, together)
        sentences.append(message("with {items} turned together, {change}.", items=minority, change=change))
    return sentences


def _keying_sentence(name: str, row: Mapping[Any, Any], minority: Sequence[str], before: float, n: float) -> str:
    signs = {"r": row["item_rest_r"], "loading": row["loading"]}
    wrong = {what: value for what, value in signs.items() if value < 0}
    # Items wrongly keyed spoil the rest that the others are compared with.
    blamed = bool(minority) and name not in minority
    return message(
        "item '{item}' runs against the others ({signs}{doubt}); turned, {change}. {advice}",
        item=name,
        signs=_negative({what: _two(value) for what, value in wrong.items()}),
        doubt=_doubt(wrong.values(), n),
        change=_change(before, row["cronbach_alpha_if_turned"]),
        advice=message("Its loading is positive: look at {items} first.", items=list(minority))
        if blamed
        else message("Check its keying."),
    )


def _negative(signs: Mapping[str, str]) -> str:
    """Say which signs are negative."""
    if len(signs) > 1:
        return message("item-rest correlation {r}, loading {loading}", **signs)
    return message("item-rest correlation {r}", **signs) if "r" in signs else message("loading {loading}", **signs)


def _doubt(values: Collection[float], n: float) -> str:
    """Says where no value is further below zero than chance may bring it."""
    return "" if clearly_negative(min(values), n=n) else message(", which may be chance with n = {n:.0f}", n=n)


def _change(before: float, after: float) -> str:
    first, last = _two(before), _two(after)
    if first == last:
        return message("Cronbach's alpha would stay at {first}", first=first)
    if after > before:
        return message("Cronbach's alpha would rise from {first} to {last}", first=first, last=last)
    return message("Cronbach's alpha would fall from {first} to {last}", first=first, last=last)


def _two(value: float) -> str:
    """Two decimals with a true minus sign; more where two would show no figure."""
    return figure(value, ".1g" if round(value, 2) == 0 else ".2f")
