"""Further readings of the same estimates: do effects differ between segments, between arms, and what is the return."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.metrics import Metric, Profit
from loyalty_kit.campaigns.effects.effects import Reading, kind_of, method_of
from loyalty_kit.campaigns.effects.estimates import ArmEstimates
from loyalty_kit.campaigns.effects.rates import compare_rare
from loyalty_kit.core.results import keep_messages
from loyalty_kit.statistics.multiplicity import holm

INTERACTIONS = ["metric", "arm", "by", "levels", "statistic", "df", "p_value", "p_adjusted", "method"]
BETWEEN = ["metric", "arm", "versus", "difference", "ci_low", "ci_high", "p_value", "p_adjusted", "method"]
RETURNS = ["metric", "arm", "cost", "roi", "roi_low", "roi_high"]


def interactions(found: Sequence[ArmEstimates], limits: dict[str, float]) -> pd.DataFrame:
    """Test of each arm and by-column that the effect is the same at every level.

    Notes
    -----
    With differences dₗ of variance vₗ, independent between levels, Σ (dₗ − d̄)² / vₗ about their
    inverse-variance mean d̄ is chi-squared with levels − 1 degrees of freedom: the Wald test of the
    interaction with HC2 errors.
    """
    groups: dict[tuple[str, str, object, str], list[tuple[float, float]]] = {}
    about: dict[tuple[str, str, object, str], str] = {}
    for estimate in found:
        if estimate.cell.by is None:
            continue
        difference, error, _ = estimate.differences()
        for i, arm in enumerate(estimate.arms[1:]):
            key = (estimate.metric.name, estimate.cell.by, arm, kind_of(estimate))
            about.setdefault(key, method_of(estimate, Reading(), limits))
            if error[i] > 0 and min(estimate.units[0], estimate.units[i + 1]) > 1:
                groups.setdefault(key, []).append((difference[i], error[i] ** 2))
    rows = []
    for (metric, by, arm, kind), parts in groups.items():
        d, v = np.array(parts).T
        center = np.sum(d / v) / np.sum(1 / v)
        statistic, df = float(np.sum((d - center) ** 2 / v)), len(d) - 1
        p = float(stats.chi2.sf(statistic, df)) if df else float("nan")
        rows.append([metric, arm, by, len(d), statistic, df, p, p, about[metric, by, arm, kind], kind])
    columns = [*INTERACTIONS, "kind"]
    table = pd.DataFrame(rows, columns=columns)
    table = keep_messages(table, [dict(zip(columns, row, strict=True)) for row in rows], "method")
    if table.empty:
        return table[INTERACTIONS]
    for _, part in table.groupby(["metric", "kind"], sort=False):
        table.loc[part.index, "p_adjusted"] = holm(part["p_value"].to_numpy(dtype=float))
    return table[INTERACTIONS]


def between(found: Sequence[ArmEstimates], reading: Reading, limits: dict[str, float]) -> pd.DataFrame:
    """Treatments against each other over all customers; p values adjusted by Holm over the pairs of a metric."""
    rows: list[list[Any]] = []
    for estimate in found:
        pairs = list(combinations(range(1, len(estimate.arms)), 2))
        if estimate.cell.by is not None or not pairs:
            continue
        first = len(rows)
        for a, b in pairs:
            error = float(np.sqrt(estimate.variance[a] + estimate.variance[b]))
            with np.errstate(invalid="ignore", divide="ignore"):
                terms = estimate.variance[[a, b]] ** 2 / estimate.df[[a, b]]
                df = error**4 / terms.sum() if terms.sum() > 0 else np.inf
            difference = float(estimate.value[a] - estimate.value[b])
            half = -float(special.stdtrit(df, (1 - reading.confidence) / 2)) * error
            p = float(2 * special.stdtr(df, -abs(difference) / error)) if error > 0 else float("nan")
            ends = difference - half, difference + half
            rare = bool(estimate.rare[[a - 1, b - 1]].any())
            if rare:
                low, high, p = compare_rare(*estimate.counts(a, b), 1 - reading.confidence)
                ends = low, high
            method = method_of(estimate, Reading(), limits, rare=rare)
            arms = (estimate.arms[a], estimate.arms[b])
            rows.append([estimate.metric.name, *arms, difference, *ends, p, p, method])
        for row, p in zip(rows[first:], holm(np.array([row[6] for row in rows[first:]])), strict=True):
            row[7] = p
    table = pd.DataFrame(rows, columns=BETWEEN)
    return keep_messages(table, [dict(zip(BETWEEN, row, strict=True)) for row in rows], "method")


def fieller(
    top: float, bottom: float, variances: tuple[float, float], covariance: float, confidence: float
) -> tuple[float, float]:
    """Limits of a ratio of two normal estimates; missing where the lower one is not clearly apart from zero.

    Notes
    -----
    The values r with (top − r bottom)² ≤ z² (v₁ − 2 r c + r² v₂), an interval where bottom² > z² v₂.

    References
    ----------
    Fieller, E. C. (1954). Some problems in interval estimation. JRSS B 16(2), 175–185.

    Examples
    --------
    >>> [round(limit, 3) for limit in fieller(2.0, 1.0, (0.01, 0.0), 0.0, 0.95)]
    [1.804, 2.196]
    """
    z = float(stats.norm.isf((1 - confidence) / 2))
    low, high = (fieller_limit(top, bottom, variances, covariance, limit) for limit in (z, -z))
    return low, high


def fieller_limit(top: float, bottom: float, variances: tuple[float, float], covariance: float, z: float) -> float:
    """Ratio whose distance from the estimates, top − ratio × bottom, is z of its standard errors; missing if none is.

    Examples
    --------
    >>> round(fieller_limit(2.0, 1.0, (0.01, 0.0), 0.0, 1.96), 3)
    1.804
    """
    a = bottom**2 - z**2 * variances[1]
    b = top * bottom - z**2 * covariance
    c = top**2 - z**2 * variances[0]
    if a <= 0:
        return float("nan")
    root = max(b**2 - a * c, 0.0) ** 0.5
    return float((b - root) / a if z > 0 else (b + root) / a)


def returns(cube: Cube, metrics: Sequence[Metric], found: Sequence[ArmEstimates], confidence: float) -> pd.DataFrame:
    """Return on contact cost of each arm: added profit over added cost, with Fieller's interval.

    Added profit is margin × spend − coupon − cost against control; roi 0.5 is 50 cents earned on
    each money unit spent, after paying for it.
    """
    rows = []
    for estimate in found:
        metric = estimate.metric
        if (
            not isinstance(metric, Profit)
            or estimate.cell.by is not None
            or estimate.covariates
            or cube.unit != "customer"
        ):
            continue
        columns = estimate.form.columns
        blocks = [cube.block(columns, arm) for arm in estimate.arms]
        gain = np.array([0.0 if name == metric.cost else estimate.form.weights[name] for name in columns])
        cost = np.array([1.0 if name == metric.cost else 0.0 for name in columns])
        base = blocks[0]
        for arm, block in zip(estimate.arms[1:], blocks[1:], strict=True):
            spread = block.covariances[0] / block.n[0] + base.covariances[0] / base.n[0]
            moved = block.means[0] - base.means[0]
            added = (
                float(cost @ moved)
                + metric.contact(arm, estimate.arms[0])
                - metric.contact(estimate.arms[0], estimate.arms[0])
            )
            ratio, limits = float("nan"), (float("nan"), float("nan"))
            if added > 0:
                ratio = float(gain @ moved) / added
                spreads = (float(gain @ spread @ gain), float(cost @ spread @ cost))
                limits = fieller(float(gain @ moved), added, spreads, float(gain @ spread @ cost), confidence)
            rows.append([metric.name, arm, added, ratio - 1, limits[0] - 1, limits[1] - 1])
    return pd.DataFrame(rows, columns=RETURNS)
