"""Metrics of a campaign: what each measures and which columns it needs of the cube.

Every metric but the quantile is a weighted sum of column means, divided by another mean where it is a
ratio. That is all that the cube and the estimates need to know of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from loyalty_kit.core.cells import as_spelled, cell_text
from loyalty_kit.core.checks import check_choice, check_level
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import shown

Better = Literal["higher", "lower"]
"""Which direction of a metric is the better one."""


def _check_better(better: object) -> None:
    check_choice(better, "better", ("higher", "lower"))


@dataclass(frozen=True)
class Form:
    """A metric as the mean of Σ weight × column + constant, over the mean of `divisor` where there is one."""

    weights: Mapping[str, float]
    divisor: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns whose moments the form needs."""
        return tuple(dict.fromkeys([*self.weights, *([self.divisor] if self.divisor else [])]))


def capped(column: str, cap: float) -> str:
    """Name of a column winsorised at one of its pooled quantiles.

    Examples
    --------
    >>> capped("spend", 0.999)
    'spend, capped at its 0·999 quantile'
    """
    share = f"{cap:g}".replace(".", "·")  # Spark reads a point in a name as a path
    return f"{column}, capped at its {share} quantile"


@dataclass(frozen=True)
class Rate:
    """Share of customers with a 1 or true in a column.

    Parameters
    ----------
    column : str
        Holds 0 and 1, or false and true.
    better : {'higher', 'lower'}
        Which direction is the better one: 'lower' for unsubscribes and complaints.

    Notes
    -----
    The variance of a share p over n customers is p (1 − p) / n, unpooled (Wald).

    Examples
    --------
    >>> Rate("bought").name
    'bought'
    """

    column: str
    better: Better = "higher"
    kind = "rate"

    def __post_init__(self) -> None:
        """Check the declaration."""
        _check_better(self.better)

    @property
    def name(self) -> str:
        """The metric's name in tables: its column."""
        return self.column

    def forms(self) -> tuple[Form, ...]:
        """Give the one form: the mean of the column."""
        return (Form({self.column: 1.0}),)


@dataclass(frozen=True)
class Mean:
    """Mean of a column per customer.

    Parameters
    ----------
    column : str
        Numbers; a customer without the event holds 0.
    cap : float, optional
        Quantile of the pooled customers at which larger values are cut (winsorised), as 0.999; to be
        declared before the campaign. The uncapped estimate is then reported beside the capped one.
    better : {'higher', 'lower'}
        Which direction is the better one.

    Examples
    --------
    >>> Mean("spend", cap=0.999).name
    'spend'
    """

    column: str
    cap: float | None = None
    better: Better = "higher"
    kind = "mean"

    def __post_init__(self) -> None:
        """Check the declaration."""
        _check_better(self.better)
        if self.cap is not None:
            check_level(self.cap, "cap")

    @property
    def name(self) -> str:
        """The metric's name in tables: its column."""
        return self.column

    def forms(self) -> tuple[Form, ...]:
        """Give the capped form first where a cap is declared, then the column as it is."""
        plain = Form({self.column: 1.0})
        return (plain,) if self.cap is None else (Form({capped(self.column, self.cap): 1.0}), plain)


@dataclass(frozen=True)
class Ratio:
    """Sum of one column over the sum of another, as spend per order.

    Parameters
    ----------
    numerator, denominator : str
        Columns per customer: never one row an order, since customers are what was randomised.
    better : {'higher', 'lower'}
        Which direction is the better one.

    Notes
    -----
    The delta method on the customer: with R = N̄ / D̄ the variance is that of (N − R D) / D̄.

    References
    ----------
    Deng, A., Knoblich, U. & Lu, J. (2018). Applying the delta method in metric analytics. KDD 2018, 233–242.

    Examples
    --------
    >>> Ratio("spend", "orders").name
    'spend/orders'
    """

    numerator: str
    denominator: str
    better: Better = "higher"
    kind = "ratio"

    def __post_init__(self) -> None:
        """Check the declaration."""
        _check_better(self.better)
        if self.numerator == self.denominator:
            raise InputError("A ratio needs two columns; got '{column}' twice.", column=self.numerator)

    @property
    def name(self) -> str:
        """The metric's name in tables: numerator/denominator."""
        return f"{self.numerator}/{self.denominator}"

    def forms(self) -> tuple[Form, ...]:
        """Give the one form: numerator over denominator."""
        return (Form({self.numerator: 1.0}, self.denominator),)


@dataclass(frozen=True)
class Profit:
    """Profit per customer: margin × spend − coupon − contact cost.

    Parameters
    ----------
    spend : str
        Column of revenue per customer.
    margin : float
        Share of revenue that is margin, above 0 and up to 1.
    cost : str, float or mapping
        Contact cost: a column per customer; or an amount for each customer outside control; or such
        amounts by arm.
    coupon : str, optional
        Column of coupon money redeemed per customer.

    Examples
    --------
    >>> Profit("spend", margin=0.4, cost=0.02).name
    'profit(spend)'
    """

    spend: str
    margin: float
    cost: str | float | Mapping[Any, float] = 0.0
    coupon: str | None = None
    kind = "profit"
    better = "higher"

    def __post_init__(self) -> None:
        """Check the declaration."""
        if isinstance(self.margin, bool) or not isinstance(self.margin, int | float) or not 0 < self.margin <= 1:
            raise InputError("'margin' must be a share above 0 and up to 1; got {given}.", given=shown(self.margin))

    @property
    def name(self) -> str:
        """The metric's name in tables: profit(spend)."""
        return f"profit({self.spend})"

    def forms(self) -> tuple[Form, ...]:
        """Give the one form: the weighted sum of its columns."""
        weights = {self.spend: float(self.margin)}
        for column in (self.coupon, self.cost):
            if isinstance(column, str):
                weights[column] = weights.get(column, 0.0) - 1.0
        return (Form(weights),)

    def contact(self, arm: object, control: object) -> float:
        """Cost of contact that is the same for each customer of an arm."""
        if isinstance(self.cost, Mapping):
            name, other = cell_text(arm), cell_text(control)
            return float({as_spelled(key, [name, other]): cost for key, cost in self.cost.items()}.get(name, 0.0))
        return 0.0 if isinstance(self.cost, str) or arm == control else float(self.cost)


@dataclass(frozen=True)
class Quantile:
    """Quantile of a column, as the spend that one customer in ten exceeds.

    Parameters
    ----------
    column : str
        Numbers.
    at : float
        Which quantile, between 0 and 1.
    better : {'higher', 'lower'}
        Which direction is the better one.

    Examples
    --------
    >>> Quantile("spend", at=0.9).name
    'p90(spend)'
    """

    column: str
    at: float = 0.5
    better: Better = "higher"
    kind = "quantile"

    def __post_init__(self) -> None:
        """Check the declaration."""
        _check_better(self.better)
        check_level(self.at, "at")

    @property
    def name(self) -> str:
        """The metric's name in tables: p90(column) for the 0.9 quantile."""
        return f"p{100 * self.at:g}({self.column})"

    def forms(self) -> tuple[Form, ...]:
        """Give none: a quantile is read from rows."""
        return ()


Metric = Rate | Mean | Ratio | Profit | Quantile


def check_metrics(metrics: object) -> list[Metric]:
    """List of metrics, refusing an empty one, a stranger and a name that stands twice."""
    chosen = [metrics] if isinstance(metrics, Metric) else list(metrics) if isinstance(metrics, list | tuple) else []
    strangers = [metric for metric in chosen if not isinstance(metric, Metric)]
    if strangers or not chosen:
        got = repr(strangers[0]) if strangers else repr(metrics)
        raise InputError(
            "'metrics' must list metrics, as [Rate(…), Mean(…), Ratio(…), Profit(…)]; got {given}.", given=str(got)
        )
    names = [metric.name for metric in chosen]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError("'metrics' names '{metric}' twice; a metric stands once in an evaluation.", metric=twice[0])
    return chosen
