"""Before a campaign its size, after it the effect that it could have found; never 'observed power'."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special

from loyalty_kit.campaigns.design.rows import Floats
from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.planning.comparisons import Comparison, Comparisons, of_arms, of_factors
from loyalty_kit.campaigns.planning.plan_checks import check_plan, on_buyers, on_few_units
from loyalty_kit.core.checks import check_level
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.statistics.power import rate_power, smallest_size

COLUMNS = ["arm", "n_control", "n_treatment", "mde", "lift", "power"]
CURVE = np.geomspace(0.25, 4.0, 25)


@dataclass(frozen=True, eq=False)
class CampaignPlanResult(Result):
    """Size of a campaign, and the smallest effect that it finds.

    Attributes
    ----------
    table : DataFrame
        A row a treatment: arm, n_control, n_treatment, mde, lift, power, then units_control and units_treatment:
        the clusters, where these are drawn by lot.
    curve : DataFrame
        n (customers in all), mde (found with `power`) and power (to find `mde`) around this size, for the
        treatment with the fewest customers.
    n_total : int
        Customers in all.
    mde : float
        Smallest effect found with `power`, in outcome units.
    power, baseline, sd : float
        Power; control's value; standard deviation of one customer after adjustment and design effect.
    holdout_cost : float
        Margin forgone by not contacting control, were the effect `mde`; NaN where no margin is given.
    confidence : float
        Level of the intervals.
    method : str
        The test that is planned.
    warnings : tuple of str
        Plain sentences.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    n_total: int
    mde: float
    power: float
    baseline: float
    sd: float
    holdout_cost: float
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a treatment: arm, n_control, n_treatment, mde, lift, power."""
        return self.table[COLUMNS].copy()


@dataclass(frozen=True)
class _Design:
    """What turns customers and an effect into power."""

    baseline: float
    spread: float | None
    factor: float
    error: float
    per_unit: float

    def power(self, n: float, effect: float, sides: tuple[float, float]) -> float:
        """Power of one comparison, whose two sides are worth those shares of the customers."""
        sizes = np.array(sides) * n / self.per_unit
        if self.spread is None:
            raised = min(max(self.baseline + effect, 0.0), 1.0)
            variances = np.array([self.baseline * (1 - self.baseline), raised * (1 - raised)])
            if self.per_unit > 1:
                return t_power(variances * self.factor, sizes, effect, self.error)
            return rate_power(self.baseline, effect, sizes, error=self.error, factor=self.factor)
        return t_power(np.full(2, self.spread**2 * self.factor), sizes, effect, self.error)


def t_power(variances: Floats, sizes: Floats, effect: float, error: float) -> float:
    """Power of Welch's two-sided t test.

    Parameters
    ----------
    variances, sizes : array of shape (2,)
        Variance and customers of control and treatment.
    effect : float
        Difference of the means.
    error : float
        Two-sided error of the test.

    Returns
    -------
    float
        From the noncentral t distribution with Welch–Satterthwaite degrees of freedom.

    Examples
    --------
    >>> round(t_power(np.ones(2), np.full(2, 64.0), 0.5, 0.05), 3)
    0.801
    """
    means = variances / sizes
    scale = float(np.sqrt(means.sum()))
    df = float(means.sum() ** 2 / (means**2 / (sizes - 1)).sum())
    # The distribution objects of scipy.stats take ten times as long to make as these functions to answer.
    limit = -float(special.stdtrit(df, error / 2))
    tails = special.nctdtr(df, abs(effect) / scale, np.array([-limit, limit]))
    # A tail too small for a number comes as none.
    below, above = np.nan_to_num(tails, nan=0.0)
    return float(below + 1 - above)


def plan_campaign(
    baseline: float,
    *,
    mde: float | None = None,
    n: int | None = None,
    sd: float | None = None,
    buyers: float | None = None,
    buyer_sd: float | None = None,
    power: float = 0.8,
    allocation: Mapping[Any, float] | None = None,
    factors: Mapping[str, int | Sequence[Any]] | None = None,
    correlation: float = 0.0,
    cluster_size: float = 1.0,
    icc: float = 0.0,
    cluster: str | None = None,
    cluster_cv: float = 0.0,
    confidence: float = 0.95,
    margin: float | None = None,
    contact_cost: float = 0.0,
) -> CampaignPlanResult:
    """Size a campaign to find an effect, or give the smallest effect that so many customers find.

    Parameters
    ----------
    baseline : float
        Control's value: a rate from 0 to 1 where neither `sd` nor `buyers` is given, else a mean or ratio.
    mde : float, optional
        Smallest effect worth finding, in outcome units (0.01 is one percentage point of a rate).
    n : int, optional
        Customers in all. Exactly one of `mde` and `n` is given.
    sd : float, optional
        Standard deviation of one customer; for a ratio R = N̄/D̄ that of (N − R D)/D̄.
    buyers, buyer_sd : float, optional
        In place of `sd`, where most spend nothing: share of customers who spend, and standard deviation
        among them.
    power : float
        Probability of finding the effect.
    allocation : mapping of arm to float, optional
        Share of each arm, control first, summing to 1; halves where not given. With several treatments
        the level is shared by max-t, and the power is that of finding each.
    factors : mapping of str to int or list, optional
        In place of `allocation` a factorial design: each factor with its number of levels or these themselves, as
        {'subject': 2, 'offer': 3}, all combinations of one size. Every main effect of size `mde` is found with the
        power, the level shared by max-t over main effects and interactions; the table has a row for each factor and
        for each two, with what an interaction's power is.
    correlation : float
        Correlation of the covariates with the outcome.
    cluster_size, icc : float
        Customers per cluster and their intraclass correlation, where clusters are randomised.
    cluster : str, optional
        Column or word for the clusters, as 'store'.
    cluster_cv : float
        Standard deviation of the clusters' sizes over their mean; 0 where all are of one size.
    confidence : float
        Level of the intervals to come.
    margin : float, optional
        Money per outcome unit (the margin share for spend, the worth of a purchase for a rate); gives the
        holdout's cost.
    contact_cost : float
        Money per contacted customer.

    Returns
    -------
    CampaignPlanResult

    Raises
    ------
    InputError
        If not exactly one of `mde` and `n` is given, the shares do not sum to 1, a rate leaves 0 to 1, or
        a size is impossible.

    Notes
    -----
    A rate is planned for the unpooled Wald test (normal), means and ratios for Welch's t test with equal
    spreads (noncentral t). With m = baseline/buyers the spread under zero inflation is
    sd² = buyers·buyer_sd² + buyers (1 − buyers) m². Covariates leave 1 − correlation² of the variance;
    clusters multiply it by 1 + ((1 + cluster_cv²) cluster_size − 1) icc, and their number gives the df of the t test.

    References
    ----------
    Chow, S.-C., Shao, J. & Wang, H. (2008). Sample size calculations in clinical research, chapters 3 and
    4. Donner, A. & Klar, N. (2000). Design and analysis of cluster randomization trials. Eldridge, S. M.,
    Ashby, D. & Kerry, S. (2006). Sample size for cluster randomized trials: effect of coefficient of variation
    of cluster size and analysis method. International Journal of Epidemiology 35(5), 1292–1300.

    Examples
    --------
    >>> plan_campaign(0.10, mde=0.01).n_total
    29497
    """
    check_plan(baseline, mde, n, sd, buyers, buyer_sd, correlation, cluster_size, icc)
    check_level(power, "power")
    check_level(confidence, "confidence")
    if allocation is not None and factors is not None:
        raise InputError("Give either 'allocation' or 'factors', whose combinations are all of one size.")
    asked = of_arms(allocation, confidence) if factors is None else of_factors(factors, confidence)
    spread = sd
    if buyers is not None and buyer_sd is not None:
        spread = float(np.sqrt(buyers * buyer_sd**2 + buyers * (1 - buyers) * (baseline / buyers) ** 2))
    factor = (1 - correlation**2) * (1 + ((1 + cluster_cv**2) * cluster_size - 1) * icc) / cluster_size
    design = _Design(baseline, spread, factor, asked.error, cluster_size)
    hardest = asked.hardest.worth
    total = int(n) if n is not None else _solve_n(design, float(mde or 0.0), hardest, power)
    effect = float(mde) if mde is not None else _solve_effect(design, total, hardest, power)
    rows = [_row(design, one, total, power, effect if mde is not None else None) for one in asked.each]
    clustered = cluster is not None or cluster_size > 1
    held = int(np.ceil(asked.control * total))
    points = [_point(design, size, hardest, power, effect) for size in total * CURVE]
    return CampaignPlanResult(
        table=_in_units(pd.DataFrame(rows, columns=COLUMNS), cluster_size),
        curve=pd.DataFrame(points, columns=["n", "mde", "power"]),
        n_total=total,
        mde=effect,
        power=power,
        baseline=baseline,
        sd=float(np.sqrt((spread**2 if spread is not None else baseline * (1 - baseline)) * factor * cluster_size)),
        holdout_cost=float("nan") if margin is None else held * (abs(effect) * margin - contact_cost),
        confidence=confidence,
        method=_method(spread, len(asked.each), units(cluster or "clusters") if clustered else None),
        warnings=(
            *on_buyers(buyers, asked.smallest, total),
            *on_few_units(asked.smallest, total / cluster_size, cluster, clustered),
            *_on_interactions(design, asked, mde, power),
        ),
    )


def _on_interactions(design: _Design, asked: Comparisons, mde: float | None, power: float) -> tuple[Message, ...]:
    """Say how many customers it takes to find an interaction as large as the main effects that are planned for."""
    if mde is None or all(one.main for one in asked.each):
        return ()
    hardest = min((one for one in asked.each if not one.main), key=lambda one: min(one.worth))
    need = _solve_n(design, mde, hardest.worth, power)
    template = "To find an interaction as large as these main effects takes {n} customers."
    return (message(template, n=need),)


def _in_units(table: pd.DataFrame, cluster_size: float) -> pd.DataFrame:
    """Sizes of the arms with their clusters; whole customers where none are drawn."""
    sizes = table[["n_control", "n_treatment"]].to_numpy(dtype=float) / cluster_size
    counts = np.ceil(np.round(sizes, 6)).astype(int)
    return table.assign(units_control=counts[:, 0], units_treatment=counts[:, 1])


def _row(design: _Design, one: Comparison, total: int, power: float, effect: float | None) -> list[Any]:
    """One comparison: its customers, and its power for the effect or its effect for the power."""
    found = effect if effect is not None else _solve_effect(design, total, one.worth, power)
    reached = design.power(total, found, one.worth)
    lift = found / design.baseline if design.baseline else float("nan")
    return [one.name, *(int(np.ceil(share * total)) for share in one.held), found, lift, reached]


def _point(design: _Design, size: float, sides: tuple[float, float], power: float, effect: float) -> list[float]:
    """One point of the curve; missing where so few customers allow no test."""
    if min(sides) * size / design.per_unit < 3:
        return [round(size), float("nan"), float("nan")]
    return [round(size), _solve_effect(design, size, sides, power), design.power(size, effect, sides)]


def _solve_n(design: _Design, effect: float, sides: tuple[float, float], power: float) -> int:
    """Find the customers in all, so many that the smaller arm's clusters are whole."""
    least = 3 * design.per_unit / min(sides)
    found = smallest_size(lambda size: design.power(size, effect, sides), least=least, power=power)
    if found is None:
        raise InputError(
            "No campaign of a workable size finds an effect of {effect} with power {power}.",
            effect=f"{effect:g}",
            power=f"{power:g}",
        )
    return found


def _solve_effect(design: _Design, n: float, sides: tuple[float, float], power: float) -> float:
    """Smallest effect upwards that is found with the power; NaN where even a rate of 1 is not."""
    top = 1 - design.baseline if design.spread is None else 0.0
    high = top or float(design.spread or 1.0) / np.sqrt(n)
    while not top and design.power(n, high, sides) < power:
        high *= 2
    if design.power(n, high, sides) < power:
        return float("nan")
    return float(
        optimize.brentq(lambda effect: design.power(n, effect, sides) - power, 0.0, high, xtol=1e-14, rtol=1e-13)
    )


def _method(spread: float | None, comparisons: int, clusters: Message | None) -> str:
    own = message("unpooled Wald") if spread is None else message("Welch")
    if clusters is not None:
        own = message("t test by {units}", units=clusters)
    return message("{method}, max-t", method=own) if comparisons > 1 else own
