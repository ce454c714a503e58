"""Missing outcomes among the checks: how many there are, whether arms differ, and bounds where they do."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.declaration import Declaration
from loyalty_kit.campaigns.design.metrics import Mean, Metric, Profit, Rate
from loyalty_kit.campaigns.design.missing import MOST_MISSING, check_missing
from loyalty_kit.campaigns.design.rows import Rows
from loyalty_kit.campaigns.trust.check import Check, by_arm, outcome_of
from loyalty_kit.campaigns.trust.lee import lee_bounds
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.panels.frames import collected

BOUNDS = ["metric", "arm", "low", "high", "trimmed"]


def contingency(a: Any, b: Any) -> tuple[float, float]:
    """Pearson's chi-squared of a two-row table; nothing to test where a row is empty."""
    if a.sum() == 0 or b.sum() == 0:
        return 0.0, 1.0
    test = stats.chi2_contingency(np.array([a, b]), correction=False)
    return float(test.statistic), float(test.pvalue)


def check_missing_outcomes(cube: Cube, metric: Metric, arms: tuple[Any, ...], decided: str | None) -> Check:
    """Whether many outcomes are missing, and more in one arm than in another."""
    columns = metric.forms()[-1].columns
    n = np.array([cube.block(columns, arm).n[0] for arm in arms])
    lost = np.array([cube.customers(arm) for arm in arms]) - n
    return judge_missing(metric, lost, n + lost, contingency(n, lost), arms, decided)


def judge_missing(
    metric: Metric,
    lost: npt.NDArray[Any],
    assigned: npt.NDArray[Any],
    test: tuple[float, float],
    arms: Sequence[Any],
    decided: str | None,
    units: Message | None = None,
) -> Check:
    """Judge by who lacks an outcome in each arm, and by a test that arms lack it alike, counted by `units`.

    Where the user has decided what missing means, how many there are only warns.
    """
    outcome_name = "profit" if isinstance(metric, Profit) else metric.name
    name = message("missing {metric}", metric=outcome_name)
    if not lost.any():
        return Check(name, "passed", 0.0, 1.0, message("No customer lacks {metric}.", metric=outcome_name))
    statistic, p = test
    outcome = outcome_of(p)
    shares = by_arm(arms, (f"{share:.1%}" for share in lost / assigned))
    how = message("p = {p:.2g}", p=p) if units is None else message("p = {p:.2g}, counted by {units}", p=p, units=units)
    found = {"metric": outcome_name, "shares": shares, "how": how}
    part = float(lost.sum() / assigned.sum())
    if outcome != "passed":
        told = message("{metric} is missing unequally: see the bounds ({shares}; {how}).", **found)
    elif part > MOST_MISSING:
        outcome = "warned" if decided else "failed"
        told = message(
            "{metric} is missing for {part:.1%} of the customers, and more than {most:.0%} decides nothing unasked "
            "({shares}; between arms {how}).",
            part=part,
            most=MOST_MISSING,
            **found,
        )
    else:
        told = message("{metric} is missing about equally ({shares}; {how}).", **found)
    return Check(name, outcome, statistic, p, told)


def check_meaning(campaign: Declaration, metrics: Sequence[Metric], missing: Sequence[Check]) -> list[Check]:
    """Whether outcomes are missing where nothing was bought, where nobody has said what that means."""
    if campaign.missing is not None or isinstance(campaign.frame, Cube) or all(c.p_value == 1.0 for c in missing):
        return []
    try:
        check_missing(campaign.customers, metrics)
    except InputError as error:
        nan = float("nan")
        return [Check(message("what missing means"), "failed", nan, nan, error.message)]
    return []


def bounds_of_missing(campaign: Declaration, metrics: Sequence[Metric], arms: tuple[Any, ...]) -> pd.DataFrame:
    """Lee's bounds of the metrics that are missing unequally."""
    rows = []
    for metric in metrics:
        if not isinstance(metric, Mean | Rate) or isinstance(campaign.frame, Cube):
            continue
        table = Rows(collected(campaign.customers, [campaign.arm, metric.column]))
        parts = [table.values(metric.column)[table.where(campaign.arm, arm)] for arm in arms]
        for arm, part in zip(arms[1:], parts[1:], strict=True):
            rows.append([metric.name, arm, *lee_bounds(parts[0], part)])
    return pd.DataFrame(rows, columns=BOUNDS)
