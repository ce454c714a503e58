"""Result of a campaign's evaluation: effects of every metric, arm and cell, in one tidy frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import pandas as pd

from loyalty_kit.campaigns.design.guardrails import GuardrailResult
from loyalty_kit.campaigns.design.metrics import Metric
from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.effects.permutation import Permutation
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.privacy import small_cells
from loyalty_kit.core.results import Result

ALL = "all"
COLUMNS = [
    *["metric", "arm", "by", "level", "n", "control", "treatment", "difference", "ci_low", "ci_high"],
    *["lift", "lift_low", "lift_high", "p_value", "p_adjusted", "method", "warning"],
]
KEYS = ["metric", "arm", "by", "level", "kind"]
"""What tells an estimate's row from the others."""
ROUNDING = 1e-9
"""Share of an interval's width within which an end counts as 0."""
ORDINARY, PERMUTATION, NO_METHOD = "ordinary", "permutation", "no method"
"""Procedures behind an interval: the metric's own, the permutation test in its place, none to be believed."""
INSTEAD = ("borderline", "by permutation")
"""Verdicts of the placebo campaigns on which the permutation result takes an interval's place."""
BOUNDS = "bounds"
"""Procedure where some outcomes are missing and are left open: the interval holds whatever they were."""
BY_UNITS = "permutation of units"
"""Procedure where few clusters were drawn by lot: that is drawn anew."""


Way = Literal["up", "down", "unclear", "none"]
"""Clearly above control, clearly below, neither, or no interval."""


def way_of(low: float, high: float, p: float, confidence: float) -> Way:
    """Say once which way an effect goes: clear where its interval excludes 0, beyond rounding, and p agrees.

    Examples
    --------
    >>> way_of(8.7e-19, 0.02, 0.06, 0.95), way_of(0.01, 0.02, 0.001, 0.95), way_of(float("nan"), 1.0, 0.5, 0.95)
    ('unclear', 'up', 'none')
    """
    if not low <= high:
        return "none"
    least = ROUNDING * (high - low)
    if not p <= 1 - confidence + ROUNDING:
        return "unclear"
    return "up" if low > least else "down" if high < -least else "unclear"


class Trusted(Protocol):
    """What effects keep of the placebo campaigns that they heed."""

    @property
    def table(self) -> pd.DataFrame:
        """Row an estimate and treatment: its keys, false_better, false_worse, believable."""

    @property
    def placebos(self) -> int:
        """Number of placebo campaigns."""

    @property
    def nominal(self) -> float:
        """False alarms to be expected on each side."""

    @property
    def method(self) -> str:
        """What the placebo campaigns were run on."""


@dataclass(frozen=True, eq=False)
class EffectsResult(Result):
    """Effects of every metric, arm and cell.

    Attributes
    ----------
    table : DataFrame
        A row an estimate, with the columns of `to_frame` and, after them, n_control, n_treatment, n_assigned
        (of both arms, those included that lack the outcome), standard_error, control_error (of control's
        value alone), df, kind ('adjusted', 'adjusted uncapped', 'capped' or 'plain'), nonzero_control,
        nonzero_treatment, procedure ('ordinary', 'permutation' where that stands, 'permutation of units' where
        few clusters were drawn and the lot is drawn anew, 'bounds' of missing outcomes, 'no method' where none is to
        be believed), bound_low and bound_high (of the effect, with the middle as its difference), together
        (whether the interval holds for all arms together), own_method (before adjustments for several
        comparisons).
    interactions : DataFrame
        Whether an arm's effect differs between the levels of a by-column: metric, arm, by, levels,
        statistic, df, p_value, p_adjusted, method.
    between : DataFrame
        Treatments against each other: metric, arm, versus, difference, ci_low, ci_high, p_value,
        p_adjusted, method.
    returns : DataFrame
        Money back per money spent: metric, arm, cost, roi, roi_low, roi_high.
    control : object
        The control arm.
    families : tuple of str
        What each adjusted p value was adjusted over.
    n_used, n_dropped : int
        Customers analysed, and those that lack a column of at least one metric.
    method, confidence, warnings
        In words; the level of the intervals; plain sentences.
    permutations : mapping
        Permutation tests of the rows where they stand, by metric, arm, by, level and kind.
    metrics : tuple of metrics
        What was measured.
    min_cell : int
        Fewest customers of an arm in a segment that a report shows.
    trust : TrustResult or None
        The placebo campaigns that were heeded.
    unit : Message
        What was drawn by lot: 'customers', or clusters as 'stores'.
    n_units : int
        How many of them; customers where these were drawn.
    guardrails : GuardrailResult or None
        Whether the arms kept the guardrails, where some were named.
    factorial : FactorialResult or None
        Main effects and interactions, where several factors were crossed.
    labels : mapping of str to str
        What readers call arms and metrics.
    """

    table: pd.DataFrame
    interactions: pd.DataFrame
    between: pd.DataFrame
    returns: pd.DataFrame
    control: object
    families: tuple[str, ...]
    n_used: int
    n_dropped: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    permutations: Mapping[tuple[Any, ...], Permutation] = field(default_factory=dict, repr=False)
    metrics: tuple[Metric, ...] = ()
    min_cell: int = 5
    trust: Trusted | None = None
    unit: Message = field(default_factory=lambda: units(None))
    n_units: int = 0
    guardrails: GuardrailResult | None = None
    factorial: Result | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def first(self) -> pd.DataFrame:
        """First estimate of each metric, arm and cell, the adjusted one where there is one, with its `way`."""
        rows = self.table.drop_duplicates(["metric", "arm", "by", "level"])
        p = rows["p_adjusted"].where(rows["by"] == ALL, rows["p_value"])
        ends = zip(rows["ci_low"], rows["ci_high"], p, strict=True)
        return rows.assign(way=[way_of(low, high, value, self.confidence) for low, high, value in ends])

    @property
    def overall(self) -> pd.DataFrame:
        """First estimates over all customers."""
        return self.first[self.first["by"] == ALL]

    @property
    def shown_cells(self) -> pd.DataFrame:
        """First estimates in segments, those left out that would show a few customers or give them away."""
        rows = self.first[self.first["by"] != ALL]
        sizes = rows[["n_control", "n_treatment"]].min(axis=1)
        smallest = sizes.groupby([rows["by"], rows["level"]], sort=False).min()
        hidden = {
            (by, level)
            for by in rows["by"].unique()
            for level, small in small_cells(smallest.xs(by, level=0), self.min_cell).items()
            if small
        }
        kept = [cell not in hidden for cell in zip(rows["by"], rows["level"], strict=True)]
        return rows[pd.Series(kept, index=rows.index, dtype=bool)]

    @property
    def hides_cells(self) -> bool:
        """Whether segments are left out of what is shown."""
        return len(self.shown_cells) < int((self.first["by"] != ALL).sum())

    @property
    def trusted(self) -> pd.DataFrame:
        """Rows of trust that belong to the estimates shown; none without trust."""
        shown = pd.concat([self.overall, self.shown_cells])[KEYS]
        return shown.merge(self.trust.table, on=KEYS) if self.trust else shown.iloc[:0].assign(believable="")

    @property
    def kinds(self) -> dict[str, str]:
        """Kind of each metric, 'rate', 'mean', 'ratio', 'profit' or 'quantile', by its name."""
        return {metric.name: metric.kind for metric in self.metrics}

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a metric × arm × cell, the adjusted estimate first.

        Over all customers, by and level are 'all'.

        Columns: metric, arm, by, level, n, control, treatment, difference, ci_low, ci_high, lift,
        lift_low, lift_high, p_value, p_adjusted, method, warning.
        """
        return self.table[COLUMNS].copy()

    def _called(self, name: object) -> object:
        return self.labels.get(str(name), name)

    def estimates(self) -> tuple[Estimate, ...]:
        """Difference of each metric and arm over all customers; segments are left out."""
        rows = self.table[self.table["by"] == ALL].drop_duplicates(["metric", "arm"])
        return tuple(
            Estimate(
                f"effect/{row['metric']}/{row['arm']}",
                row["difference"],
                row["ci_low"],
                row["ci_high"],
                row["n"],
                self._label(row),
            )
            for row in rows.to_dict("records")
        )

    def _label(self, row: Mapping[Any, Any]) -> Message:
        """Name an estimate, with the word that it is of one customer where reports tell it of 1,000."""
        named = {name: self._called(row[name]) for name in ("metric", "arm")}
        if row["kind"] in ("mean", "profit"):
            return message("{metric} per customer: {arm} against control", **named)
        return message("{metric}: {arm} against control", **named)
