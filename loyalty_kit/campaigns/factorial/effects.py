"""Effects of crossed factors, read from the values of their combinations, all of a metric together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from loyalty_kit.campaigns.design.factors import Factors
from loyalty_kit.campaigns.design.metrics import Metric, Quantile, Rate, Ratio
from loyalty_kit.campaigns.design.rows import Floats
from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.effects.effects import FEW, KINDS, Reading, kind_of, own_method
from loyalty_kit.campaigns.effects.effects_result import EffectsResult, way_of
from loyalty_kit.campaigns.effects.estimates import FEW_UNITS, ArmEstimates
from loyalty_kit.campaigns.effects.rates import FEW as SCARCE
from loyalty_kit.campaigns.factorial.contrasts import Contrast, contrasts
from loyalty_kit.campaigns.factorial.factorial_result import COLUMNS, FactorialResult
from loyalty_kit.campaigns.factorial.joint import joint_limit, joint_p
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import keep_messages

DETAILS = ["standard_error", "df", "kind", "way"]


def factorial_effects(
    found: Sequence[ArmEstimates], factors: Factors, reading: Reading, limits: dict[str, float], effects: EffectsResult
) -> FactorialResult:
    """Read the main effects and interactions of each metric over all customers.

    Parameters
    ----------
    found : list of ArmEstimates
        Estimates of the combinations.
    factors : Factors
        What was crossed.
    reading : Reading
        Level, and whether the effects of a metric hold together.
    limits : dict
        Limits of capped columns.
    effects : EffectsResult
        Of the same estimates, each combination against control's.

    Notes
    -----
    Each effect is Σ c y over the combinations' values, with the variance Σ c² v and Satterthwaite's degrees of freedom;
    the effects of one metric share combinations, and their correlations Σ c d v give the limit that all keep together
    (max-t). A rate with few events in a combination gets the interval of Price and Bonett, which adds 4/m customers,
    half with the event, to each of the m combinations.

    References
    ----------
    Hothorn, T., Bretz, F. & Westfall, P. (2008). Simultaneous inference in general parametric models. Biometrical
    Journal 50(3), 346–363. Price, R. M. & Bonett, D. G. (2004). An improved confidence interval for a linear function
    of binomial proportions. Computational Statistics & Data Analysis 45(3), 449–456.
    """
    rows: list[dict[str, Any]] = []
    for metric in effects.metrics:
        estimate = _of_cells(found, metric, factors)
        order = [estimate.arms.index(cell) for cell in factors.cells]
        rows += _records(estimate, order, contrasts(factors), reading, limits)
    table = pd.DataFrame(rows, columns=[*COLUMNS, *DETAILS])
    together = reading.multiple == "max-t"
    return FactorialResult(
        table=keep_messages(table, rows, "method", "warning"),
        factors=factors,
        n_used=effects.n_used,
        n_dropped=effects.n_dropped,
        confidence=effects.confidence,
        method=message("max-t over main effects and interactions") if together else message("one effect at a time"),
        warnings=effects.warnings,
        metrics=effects.metrics,
        labels=effects.labels,
    )


def _of_cells(found: Sequence[ArmEstimates], metric: Metric, factors: Factors) -> ArmEstimates:
    """First estimate of a metric that has every combination: adjusted where all can be."""
    own = [one for one in found if one.metric == metric and one.cell.by is None]
    whole = [one for one in own if set(one.arms) == set(factors.cells)]
    if not whole:
        missing = [cell for cell in factors.cells if all(cell not in one.arms for one in own)]
        raise InputError(
            "No customer is in the combination '{cell}': main effects and interactions need all of them.",
            cell=missing[0],
        )
    return min(whole, key=lambda one: KINDS.index(kind_of(one)))


def _records(
    estimate: ArmEstimates, order: list[int], asked: list[Contrast], reading: Reading, limits: dict[str, float]
) -> list[dict[str, Any]]:
    """Rows of one metric, an effect each."""
    weights = np.array([one.weights for one in asked])
    rare = _rare(estimate, order, weights)
    difference, center, error, freedom = _sums(estimate, order, weights, rare)
    known = (error > 0) & ~np.isnan(difference)
    with np.errstate(invalid="ignore", divide="ignore"):
        p_value = np.where(known, 2 * special.stdtr(freedom, -np.abs(center / error)), np.nan)
    adjusted, limit = p_value.copy(), float(stats.norm.isf((1 - reading.confidence) / 2))
    if reading.multiple == "max-t" and known.any():
        correlation = _correlation(weights[known], estimate.variance[order])
        adjusted[known] = joint_p(p_value[known], correlation)
        limit = joint_limit(correlation, reading.confidence)
    half = np.where(known, -special.stdtrit(freedom, stats.norm.sf(limit)) * error, np.nan)
    used = weights != 0
    columns = {
        "n": (used @ estimate.n[order]).astype(int),
        "difference": difference,
        "ci_low": center - half,
        "ci_high": center + half,
        "p_value": p_value,
        "p_adjusted": adjusted,
        "method": [_method(estimate, reading, limits, rare=few) for few in rare],
        "warning": [_warning(estimate, order, own, known=here) for own, here in zip(used, known, strict=True)],
        "standard_error": error,
        "df": freedom,
    }
    records = []
    for one, row in zip(asked, zip(*columns.values(), strict=True), strict=True):
        named = dict(zip(("factor", "level", "versus"), one.texts, strict=True))
        found = dict(zip(columns, row, strict=True))
        way = way_of(found["ci_low"], found["ci_high"], found["p_adjusted"], reading.confidence)
        about = {"metric": estimate.metric.name, "effect": one.effect, "kind": kind_of(estimate), "way": way}
        records.append({**about, **named, **found})
    return records


def _sums(
    estimate: ArmEstimates, order: list[int], weights: Floats, rare: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Each effect, the center of its interval, its standard error and degrees of freedom."""
    variance, df = estimate.variance[order], estimate.df[order]
    spread = variance if estimate.working is None else estimate.working[order]
    difference, error = _summed(weights, estimate.value[order]), np.sqrt(_summed(weights**2, variance))
    center, freedom = difference.copy(), _freedom(weights, spread, df)
    for i in np.flatnonzero(rare).tolist():
        center[i], error[i], freedom[i] = _price_bonett(estimate, order, weights[i])
    return difference, center, error, freedom


def _summed(weights: Floats, values: Floats) -> Floats:
    """Weighted sums, in which a combination without weight does not count, whatever it lacks."""
    return np.asarray(np.where(weights != 0, weights * values, 0.0).sum(axis=-1))


def _freedom(weights: Floats, spread: Floats, df: Floats) -> Floats:
    """Satterthwaite's degrees of freedom of each effect."""
    parts = np.where(weights != 0, weights**2 * spread, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        below = np.where(parts > 0, parts**2 / df, 0.0).sum(axis=1)
        return np.asarray(np.where(below > 0, parts.sum(axis=1) ** 2 / below, np.inf))


def _correlation(weights: Floats, variance: Floats) -> Floats:
    covariance = (weights * np.nan_to_num(variance)) @ weights.T
    size = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(size, size))


def _rare(estimate: ArmEstimates, order: list[int], weights: Floats) -> npt.NDArray[np.bool_]:
    """Which effects rest on a combination with few events, or few customers without."""
    if not isinstance(estimate.metric, Rate) or estimate.clustered or estimate.covariates:
        return np.zeros(len(weights), dtype=bool)
    fewest = np.minimum(estimate.nonzero, estimate.n - estimate.nonzero)[order]
    return np.asarray(((weights != 0) & (fewest < SCARCE)).any(axis=1))


def _price_bonett(estimate: ArmEstimates, order: list[int], weights: Floats) -> tuple[float, float, float]:
    """Center and standard error of a sum of rates with few events, and its degrees of freedom."""
    used = weights != 0
    added = 4 / used.sum()
    n = estimate.n[order][used] + added
    rate = (estimate.nonzero[order][used] + added / 2) / n
    error = np.sqrt((weights[used] ** 2 * rate * (1 - rate) / n).sum())
    return float(weights[used] @ rate), float(error), np.inf


def _method(estimate: ArmEstimates, reading: Reading, limits: dict[str, float], *, rare: bool) -> Message | str:
    base = message("Price–Bonett") if rare else own_method(estimate, limits)
    together = reading.multiple == "max-t"
    return message("{method}, max-t over main effects and interactions", method=base) if together else base


def _warning(estimate: ArmEstimates, order: list[int], used: npt.NDArray[np.bool_], *, known: bool) -> str:
    """Say what to know before believing a row."""
    least = float(estimate.units[order][used].min())
    if not known:
        return _why_unknown(estimate, order, used, few=least < 2)
    if estimate.clustered and least < FEW_UNITS:
        told = {"n": least, "units": units(estimate.unit)}
        return message("Only {n:.0f} {units} in a combination: the interval is rough.", **told)
    events = float(estimate.nonzero[order][used].min())
    if events < FEW and not estimate.clustered and not isinstance(estimate.metric, Rate | Ratio | Quantile):
        column = next(iter(estimate.form.weights))
        template = "Only {n:.0f} customers of a combination have any {column}: the interval is rough."
        return message(template, n=events, column=column)
    return ""


def _why_unknown(estimate: ArmEstimates, order: list[int], used: npt.NDArray[np.bool_], *, few: bool) -> Message:
    """Say why an effect has no interval."""
    if few:
        template = "A combination holds fewer than two {units}: too few for an interval."
        return message(template, units=units(estimate.unit))
    if isinstance(estimate.metric, Ratio) and np.isnan(estimate.value[order][used]).any():
        where = message("a combination")
        return message(
            "'{column}' is 0 throughout {where}: nothing to divide by.", column=estimate.form.divisor, where=where
        )
    return message("The outcome does not vary; there is no interval.")
