"""Guardrails: metrics that a campaign may not harm by more than a margin, and whether it kept them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pandas as pd

from loyalty_kit.campaigns.design.metrics import Better, Mean, Metric, Rate
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import shown
from loyalty_kit.core.results import Result

COLUMNS = ["metric", "arm", "verdict", "difference", "ci_low", "ci_high", "margin", "p_value", "n", "method"]
FORM = re.compile(r"(.+?)\s*:\s*(higher|lower)\s*,?\s*(\d*\.?\d+)\s*(%|points)?")


@dataclass(frozen=True)
class Guardrail:
    """Metric that a campaign may not harm by more than a margin fixed beforehand.

    Parameters
    ----------
    metric : Rate, Mean, Ratio, Quantile or Profit
        What is guarded, with its direction: `Rate("unsubscribed", better="lower")`.
    margin : float
        Largest harm that does not matter, above 0: in outcome units, or a share of control's value.
    relative : bool
        Whether the margin is a share of control's value, as 0.02 for 2 %.

    Examples
    --------
    >>> Guardrail(Rate("unsubscribed", better="lower"), margin=0.002).metric.better
    'lower'
    """

    metric: Metric
    margin: float
    relative: bool = False

    def __post_init__(self) -> None:
        """Check the margin."""
        if isinstance(self.margin, bool) or not isinstance(self.margin, int | float) or not self.margin > 0:
            raise InputError("The margin of a guardrail must be above 0; got {given}.", given=shown(self.margin))


@dataclass(frozen=True, eq=False)
class GuardrailResult(Result):
    """Whether each arm kept each guardrail, over all customers.

    Attributes
    ----------
    table : DataFrame
        A row a guardrail and arm: metric, arm, verdict ('kept', 'broken' or 'not settled'), difference, ci_low,
        ci_high, margin, p_value (that the guardrail is kept by chance alone), n, method, kind (of metric),
        relative, better.
    n_used : int
        Customers.
    confidence : float
        One less the error of each verdict; the interval shown has twice that error.
    method : str
        The test.
    warnings : tuple of str
        Plain sentences.
    labels : mapping of str to str
        What readers call arms and metrics.
    """

    table: pd.DataFrame
    n_used: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    VERDICTS: ClassVar[tuple[str, ...]] = ("kept", "broken", "not settled")

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a guardrail and arm; where the margin is relative, so are difference and interval."""
        return self.table[COLUMNS].copy()

    def broken(self, arm: object) -> list[str]:
        """Guardrails that an arm broke."""
        own = self.table[(self.table["arm"] == arm) & (self.table["verdict"] == "broken")]
        return own["metric"].tolist()


def guardrails_of(entries: Sequence[str]) -> list[Guardrail]:
    """Guardrails as a notebook names them.

    Parameters
    ----------
    entries : list of str
        A column, which direction is better, and the margin: 'unsubscribed: lower 0.2 points' (percentage points of
        a column of 0 and 1), 'calls: lower 0.1' (of the mean), 'visits: higher 2 %' (of control's mean).

    Returns
    -------
    list of Guardrail

    Raises
    ------
    InputError
        If an entry is of another form.

    Examples
    --------
    >>> guardrails_of(["unsubscribed: lower 0.2 points"])
    [Guardrail(metric=Rate(column='unsubscribed', better='lower'), margin=0.002, relative=False)]
    """
    found = []
    for entry in entries:
        match = FORM.fullmatch(entry.strip())
        if match is None:
            raise InputError(
                "'guardrails' must name a column, its better direction and the margin, as 'unsubscribed: lower "
                "0.2 points', 'calls: lower 0.1' or 'visits: higher 2 %'; got '{entry}'.",
                entry=entry,
            )
        column, margin, unit = match[1], float(match[3]), match[4]
        better: Better = "lower" if match[2] == "lower" else "higher"
        metric = Rate(column, better=better) if unit == "points" else Mean(column, better=better)
        found.append(Guardrail(metric, margin / 100 if unit else margin, relative=unit == "%"))
    return found
