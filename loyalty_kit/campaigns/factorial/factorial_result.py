"""Result of a factorial design: main effects and interactions of every metric."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from loyalty_kit.campaigns.design.factors import Factors
from loyalty_kit.campaigns.design.metrics import Metric
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result

COLUMNS = [
    *["metric", "effect", "factor", "level", "versus", "n", "difference", "ci_low", "ci_high"],
    *["p_value", "p_adjusted", "method", "warning"],
]


@dataclass(frozen=True, eq=False)
class FactorialResult(Result):
    """Main effects and interactions of a campaign whose factors were crossed, over all customers.

    Attributes
    ----------
    table : DataFrame
        A row an effect, with the columns of `to_frame` and, after them, standard_error, df, kind (of estimate:
        'adjusted' or 'plain'), way ('up', 'down', 'unclear' or 'none').
    factors : Factors
        The factors and their levels, control's first.
    n_used, n_dropped : int
        Customers analysed, and those that lack an outcome.
    confidence : float
        Level of the intervals.
    method : str
        How several comparisons are adjusted for one another.
    warnings : tuple of str
        Plain sentences.
    metrics : tuple of metrics
        What was measured.
    labels : mapping of str to str
        What readers call arms and metrics.
    """

    table: pd.DataFrame
    factors: Factors
    n_used: int
    n_dropped: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, str]:
        """Kind of each metric, 'rate', 'mean', 'ratio', 'profit' or 'quantile', by its name."""
        return {metric.name: metric.kind for metric in self.metrics}

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a metric and effect.

        Columns: metric, effect ('main effect' or 'interaction'), factor, level, versus, n, difference, ci_low,
        ci_high, p_value, p_adjusted, method, warning.
        """
        return self.table[COLUMNS].copy()

    def estimates(self) -> tuple[Estimate, ...]:
        """Each main effect and interaction."""
        return tuple(
            Estimate(
                f"factorial/{row['metric']}/{row['factor']}/{row['level']}",
                row["difference"],
                row["ci_low"],
                row["ci_high"],
                row["n"],
                message("{metric}: {factor} {level} against {versus}", **{name: row[name] for name in _NAMED}),
            )
            for row in ({str(name): value for name, value in own.items()} for own in self.table.to_dict("records"))
        )


_NAMED = ("metric", "factor", "level", "versus")
