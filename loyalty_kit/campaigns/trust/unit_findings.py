"""Checks of an assignment of clusters: sample ratio, whole clusters, balance, missing outcomes, all by cluster."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.campaigns.design.metrics import Metric
from loyalty_kit.campaigns.trust.attrition import judge_missing
from loyalty_kit.campaigns.trust.check import CLEAR, MOST_CONTAMINATED, Check, by_arm, outcome_of
from loyalty_kit.campaigns.trust.unit_checks import Units, wald_of_units
from loyalty_kit.core.messages import Message, message


def count_units(held: Units, arms: Sequence[Any], planned: Mapping[Any, float] | None) -> pd.DataFrame:
    """Clusters of each arm beside the plan: arm, n, share, planned, customers."""
    n = np.bincount(held.arm, minlength=len(arms))
    shares = np.array([1.0 if planned is None else planned[arm] for arm in arms], dtype=float)
    return pd.DataFrame(
        {
            "arm": list(arms),
            "n": n,
            "share": n / n.sum(),
            "planned": shares / shares.sum(),
            "customers": np.bincount(held.arm, weights=held.size, minlength=len(arms)).astype(int),
        }
    )


def unit_ratio(counts: pd.DataFrame, was_planned: bool, units: Message) -> Check:
    """Test of the clusters in each arm against the planned shares: exact with two arms, else chi-squared.

    Parameters
    ----------
    counts : DataFrame
        arm, n, planned.
    was_planned : bool
        Whether the shares were given; equal ones are assumed otherwise and a mismatch then only warns.
    units : Message
        What the clusters are called.

    Returns
    -------
    Check

    Examples
    --------
    >>> counts = pd.DataFrame({"arm": ["none", "A"], "n": [19, 21], "planned": [0.5, 0.5]})
    >>> unit_ratio(counts, True, message("stores")).message
    'The arms hold as many stores as the planned shares let expect: none 19, A 21 (p = 0.875).'
    """
    n, expected = counts["n"].to_numpy(dtype=float), counts["planned"].to_numpy(dtype=float) * counts["n"].sum()
    statistic = float(((n - expected) ** 2 / expected).sum())
    if len(n) == 2:
        p = float(stats.binomtest(int(n[0]), int(n.sum()), float(counts["planned"].iloc[0])).pvalue)
    else:
        p = float(stats.chi2.sf(statistic, len(n) - 1))
    outcome = outcome_of(p)
    plan = message("the planned shares") if was_planned else message("equal shares, since none were planned")
    sizes = by_arm(counts["arm"], map(str, counts["n"]))
    template = "The arms hold as many {units} as {plan} let expect: {sizes} (p = {p:.3g})."
    told = message(template, units=units, plan=plan, sizes=sizes, p=p)
    if outcome != "passed":
        told = message(
            "The arms hold other numbers of {units} than {plan} let expect: {sizes} (p = {p:.2g}). The lot or the data "
            "is broken, and effects may be too.",
            units=units,
            plan=plan,
            sizes=sizes,
            p=p,
        )
        outcome = outcome if was_planned else "warned"
    return Check("sample ratio", outcome, statistic, p, told)


def split_units(held: Units, units: Message) -> Check:
    """Whether a cluster has customers in several arms."""
    share = held.several / max(held.total, 1)
    outcome = "failed" if share > MOST_CONTAMINATED else "warned" if held.several else "passed"
    template = "{n} of {total} {units} have customers in several arms, so that they were not drawn as a whole."
    told = message(template, n=held.several, total=held.total, units=units)
    whole = message("All {total} {units} are in one arm as a whole.", total=held.total, units=units)
    name = message("whole {units}", units=units)
    return Check(name, outcome, float(held.several), float("nan"), told if held.several else whole)


def balance_of_units(held: Units, covariates: Sequence[str], arms: Sequence[Any]) -> list[list[Any]]:
    """Means per customer of each covariate and arm, their difference in standard deviations of customers."""
    rows = []
    n = np.bincount(held.arm, weights=held.complete, minlength=len(arms))
    for i, name in enumerate(covariates):
        means = np.bincount(held.arm, weights=held.sums[:, i], minlength=len(arms)) / np.maximum(n, 1)
        squares = np.bincount(held.arm, weights=held.squares[:, i], minlength=len(arms)) / np.maximum(n, 1)
        spreads = np.maximum(squares - means**2, 0.0)
        for j in range(1, len(arms)):
            pooled = float(np.sqrt((spreads[j] + spreads[0]) / 2))
            difference = float(means[j] - means[0])
            rows.append([name, arms[j], means[0], means[j], difference / pooled if pooled > 0 else 0.0])
    return rows


def unit_balance(held: Units, arms: int, balance: pd.DataFrame, units: Message) -> Check:
    """Joint test by clusters that no covariate differs between any arm and control."""
    statistic, p = wald_of_units(held.sums, held.complete, held.arm, arms)
    worst = balance.iloc[int(balance["standardized_difference"].abs().to_numpy().argmax())]
    size = float(worst["standardized_difference"])
    found = {"size": size, "covariate": worst["covariate"], "arm": worst["arm"], "units": units, "p": p}
    if np.isnan(p):
        template = (
            "Largest standardized difference {size:.3f} ('{covariate}', arm '{arm}'); there are too few {units} to "
            "tell it from chance."
        )
        return Check("balance", "warned" if abs(size) > CLEAR else "passed", statistic, p, message(template, **found))
    outcome = outcome_of(p)
    outcome = "warned" if outcome == "passed" and abs(size) > CLEAR and p < 0.05 else outcome
    told = message(
        "Largest standardized difference {size:.3f} ('{covariate}', arm '{arm}'); counted by {units}, the covariates "
        "together differ {verdict} (p = {p:.2g}).",
        verdict=message("as chance allows") if outcome == "passed" else message("more than chance allows"),
        **found,
    )
    return Check("balance", outcome, statistic, p, told)


def missing_by_unit(
    held: Units, metric: Metric, at: int, arms: Sequence[Any], units: Message, decided: str | None
) -> Check:
    """Whether many outcomes are missing, and by clusters more often in one arm than in another."""
    lost = held.lacking[:, [at]]
    n = np.bincount(held.arm, weights=held.size, minlength=len(arms))
    parts = np.bincount(held.arm, weights=lost[:, 0], minlength=len(arms))
    test = wald_of_units(lost, held.size, held.arm, len(arms)) if lost.any() else (0.0, 1.0)
    return judge_missing(metric, parts, n, test, arms, decided, units)
