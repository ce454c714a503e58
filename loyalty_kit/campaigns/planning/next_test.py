"""The next test: what one of the same size could find, and what it takes to find less."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.effects.effects_result import ALL, EffectsResult
from loyalty_kit.campaigns.planning.power import plan_campaign
from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result

COLUMNS, CURVE = ["design", "n", "control_share", "mde"], ["design", "n", "mde"]
ALIKE = 0.005
"""Difference of shares up to which arms count as of one size."""


@dataclass(frozen=True, eq=False)
class NextTestResult(Result):
    """Designs of a next test of the same outcome.

    Attributes
    ----------
    table : DataFrame
        design ('again', 'equal arms', 'half the effect'), n, control_share, mde, lift.
    curve : DataFrame
        design ('again' or 'equal arms'), n, mde.
    metric : str
        What is to be found.
    power : float
        Probability of finding an effect of `mde`.
    n_used : int
        Customers of the present test.
    confidence : float
        Level of the intervals.
    method : str
        The test that is planned.
    warnings : tuple of str
        Plain sentences.
    unit : Message
        What is drawn by lot: 'customers', or clusters as 'stores'.
    cluster_size : float
        Customers in each on average.
    labels : mapping of str to str
        What readers call arms and metrics.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    metric: str
    power: float
    n_used: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    unit: Message = field(default_factory=lambda: units(None))
    cluster_size: float = 1.0
    labels: Mapping[str, str] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a design."""
        return self.table.copy()


def plan_next(
    effects: EffectsResult, *, metric: str, planned: Mapping[Any, float], power: float = 0.8
) -> NextTestResult:
    """Plan the next test from the spread that this one showed.

    Parameters
    ----------
    effects : EffectsResult
        Of `Campaign.evaluate`.
    metric : str
        Name of the metric.
    planned : mapping of arm to float
        Share of each arm, control first.
    power : float
        Probability of finding an effect of the size given.

    Returns
    -------
    NextTestResult
        'again' has the customers and shares of this test, 'equal arms' as many customers in arms of one
        size (left out where they are already), 'half the effect' finds half of what 'again' finds, in
        arms of one size. No design, with a warning, where the metric does not vary.

    Raises
    ------
    InputError
        If the metric was not evaluated.

    Notes
    -----
    The standard deviation is that of control after adjustment, control_error · √n_control. The estimate
    itself plays no part: this is no 'observed power'.
    """
    check_choice(metric, "metric", list(dict.fromkeys(effects.table["metric"])))
    row = effects.table[(effects.table["metric"] == metric) & (effects.table["by"] == ALL)].iloc[0]
    # Where nobody in control bought, the treated show how much spend varies.
    own = float(row["standard_error"]) ** 2 - float(row["control_error"]) ** 2
    spreads = float(row["control_error"]) ** 2 * row["n_control"], own * row["n_treatment"]
    sd = float(spreads[0] if spreads[0] > 0 else spreads[1]) ** 0.5
    base, n = float(row["control"]), int(effects.n_used)
    if not sd > 0:
        nothing = message("The outcome does not vary; no next test can be planned from it.")
        empty = pd.DataFrame(columns=[*COLUMNS, "lift"], dtype=float), pd.DataFrame(columns=CURVE, dtype=float)
        return NextTestResult(*empty, metric, power, n, effects.confidence, message("no design"), (nothing,))
    # By clusters, whose size the spread holds already: only their number counts.
    given: dict[str, Any] = {"sd": sd, "power": power, "confidence": effects.confidence}
    if effects.n_units < n:
        given |= {"cluster_size": n / effects.n_units, "cluster": effects.unit}
    even = dict.fromkeys(planned, 1 / len(planned))
    again = plan_campaign(base, n=n, allocation=planned, **given)
    equal = plan_campaign(base, n=n, allocation=even, **given)
    half = plan_campaign(base, mde=again.mde / 2, allocation=even, **given)
    uneven = max(planned.values()) - min(planned.values()) > ALIKE
    names = {"again": again} | ({"equal arms": equal} if uneven else {}) | {"half the effect": half}
    rows = [
        [name, plan.n_total, next(iter((planned if name == "again" else even).values())), plan.mde]
        for name, plan in names.items()
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    curves = [plan.curve.assign(design=name) for name, plan in names.items() if name != "half the effect"]
    return NextTestResult(
        table=table.assign(lift=table["mde"] / base if base > 0 else float("nan")),
        curve=pd.concat(curves, ignore_index=True)[CURVE],
        metric=metric,
        power=power,
        n_used=n,
        confidence=effects.confidence,
        method=again.method,
        warnings=again.warnings,
        unit=effects.unit,
        cluster_size=n / max(effects.n_units, 1),
        labels=effects.labels,
    )
