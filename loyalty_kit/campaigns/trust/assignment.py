"""Is the assignment sound? Sample ratio, attrition, balance, duplicates, contamination, missing outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.campaigns.design.arms import named_arm, stored_arms
from loyalty_kit.campaigns.design.cube import Cube
from loyalty_kit.campaigns.design.declaration import Declaration
from loyalty_kit.campaigns.design.gaps import covariate_name, gap_of
from loyalty_kit.campaigns.design.metrics import Mean, Metric
from loyalty_kit.campaigns.design.rows import Rows
from loyalty_kit.campaigns.design.unit_names import units
from loyalty_kit.campaigns.design.units import filled, order_arms, repeated
from loyalty_kit.campaigns.effects.estimates import sets_of
from loyalty_kit.campaigns.trust.attrition import (
    bounds_of_missing,
    check_meaning,
    check_missing_outcomes,
    contingency,
)
from loyalty_kit.campaigns.trust.check import CLEAR, MOST_CONTAMINATED, WARN, Check, by_arm, outcome_of
from loyalty_kit.campaigns.trust.unit_checks import gather_units
from loyalty_kit.campaigns.trust.unit_findings import (
    balance_of_units,
    count_units,
    missing_by_unit,
    split_units,
    unit_balance,
    unit_ratio,
)
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result, keep_messages
from loyalty_kit.intake.panels.frames import check_frame, collected, is_lazy, open_frame

BALANCE = ["covariate", "arm", "control", "treatment", "standardized_difference"]


@dataclass(frozen=True, eq=False)
class AssignmentResult(Result):
    """Checks of an assignment, each passed, warned or failed.

    Attributes
    ----------
    table : DataFrame
        check, outcome, statistic, p_value, message.
    counts : DataFrame
        arm, n, share, planned; where clusters were drawn by lot, n of those, and customers.
    balance : DataFrame
        covariate, arm, control, treatment, standardized_difference.
    bounds : DataFrame
        Lee's bounds where outcomes are missing unequally: metric, arm, low, high, trimmed.
    n_used : int
        Customers.
    method : str
        What was compared.
    warnings : tuple of str
        Messages of the checks that failed.
    unit : Message
        What was drawn by lot and is counted: 'customers', or clusters as 'stores'.
    labels : mapping of str to str
        What readers call arms and metrics.
    """

    table: pd.DataFrame
    counts: pd.DataFrame
    balance: pd.DataFrame
    bounds: pd.DataFrame
    n_used: int
    method: str
    warnings: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    unit: Message = field(default_factory=lambda: units(None))

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a check: check, outcome ('passed', 'warned' or 'failed'), statistic, p_value, message."""
        return self.table.copy()

    @property
    def sound(self) -> bool:
        """Whether no check failed."""
        return not (self.table["outcome"] == "failed").any()


def check_assignment(campaign: Declaration, metrics: list[Metric], assigned: Any) -> AssignmentResult:
    """Run every check that the campaign's columns allow."""
    checks, same = _duplicates(campaign)
    if same and not is_lazy(campaign.opened):
        campaign = replace(campaign, duplicates="first")
    judged = [metric for metric in metrics if metric.forms()]
    if campaign.cluster is not None and not isinstance(campaign.frame, Cube):
        counts, balance, found, missing = _by_unit(campaign, judged, assigned)
    else:
        counts, balance, found, missing = _by_customer(campaign, metrics, assigned)
    arms = tuple(counts["arm"])
    unequal = [metric for metric, check in zip(judged, missing, strict=True) if check.p_value < WARN]
    checks = [*found, *checks, *missing, *check_meaning(campaign, metrics, missing)]
    records = [vars(check) for check in checks]
    return AssignmentResult(
        table=keep_messages(pd.DataFrame(records), records, "check", "message"),
        counts=counts,
        balance=balance,
        bounds=bounds_of_missing(campaign, unequal, arms),
        n_used=int(counts["customers" if "customers" in counts else "n"].sum()),
        method=message("chi-squared on counts; standardized differences of covariates"),
        warnings=tuple(check.message for check in checks if check.outcome == "failed"),
        unit=units(campaign.cluster),
    )


def _by_customer(
    campaign: Declaration, metrics: list[Metric], assigned: Any
) -> tuple[pd.DataFrame, pd.DataFrame, list[Check], list[Check]]:
    """Give counts, balance, and checks of the lot and of missing outcomes, each customer drawn alone."""
    cube = _cube(campaign, metrics)
    arms = order_arms(cube.arms, campaign.control, campaign.planned)
    counts = _counts(cube, arms, campaign.planned)
    found = [sample_ratio(counts, campaign.planned is not None)]
    if assigned is not None:
        found.append(_attrition(campaign, counts, assigned))
    balance = _balance(cube, campaign.adjusters, arms)
    if len(balance):
        found.append(_balance_check(cube, campaign.adjusters, arms, balance))
    missing = [check_missing_outcomes(cube, metric, arms, campaign.missing) for metric in metrics if metric.forms()]
    return counts, balance, found, missing


def _by_unit(
    campaign: Declaration, judged: list[Metric], assigned: Any
) -> tuple[pd.DataFrame, pd.DataFrame, list[Check], list[Check]]:
    """Give counts, balance, and checks of the lot and of missing outcomes, where clusters were drawn."""
    name = units(campaign.cluster)
    arms = order_arms(list(campaign.sizes), campaign.control, campaign.planned)
    held = gather_units(campaign, judged, arms)
    counts = count_units(held, arms, campaign.planned)
    found = [unit_ratio(counts, campaign.planned is not None, name), split_units(held, name)]
    if assigned is not None:
        found.append(_attrition(campaign, counts, assigned))
    balance = pd.DataFrame(balance_of_units(held, campaign.covariates, arms), columns=BALANCE)
    if len(balance):
        found.append(unit_balance(held, len(arms), balance, name))
    missing = [missing_by_unit(held, metric, i, arms, name, campaign.missing) for i, metric in enumerate(judged)]
    return counts, balance, found, missing


def _cube(campaign: Declaration, metrics: list[Metric]) -> Cube:
    """Cube of covariates and outcomes, a set a metric."""
    if isinstance(campaign.frame, Cube):
        return campaign.frame
    covariates = campaign.adjusters
    plain = [replace(m, cap=None) if isinstance(m, Mean) else m for m in metrics]
    sets = list(dict.fromkeys([*([covariates] if covariates else []), *sets_of(plain, (), False)]))
    columns = list(dict.fromkeys(name for names in sets for name in names if gap_of(name) not in covariates))
    check_frame(campaign.opened, [campaign.arm], columns)
    frame = campaign.opened if campaign.customer and is_lazy(campaign.opened) else campaign.customers
    zeros = [name for name in columns if name not in covariates] if campaign.missing == "zero" else []
    fill = campaign.gaps | dict.fromkeys(zeros, 0.0)
    if is_lazy(frame):
        source = filled(frame, fill, tuple(campaign.gaps)) if fill else frame
    else:
        source = Rows(collected(frame, [campaign.arm, *columns]), {}, fill)
    return Cube.of(source, arm=campaign.arm, sets=sets)


def _counts(cube: Cube, arms: tuple[Any, ...], planned: Any) -> pd.DataFrame:
    n = np.array([cube.customers(arm) for arm in arms])
    shares = (
        np.full(len(arms), 1 / len(arms)) if planned is None else np.array([planned[arm] for arm in arms], dtype=float)
    )
    return pd.DataFrame({"arm": list(arms), "n": n.astype(int), "share": n / n.sum(), "planned": shares / shares.sum()})


def sample_ratio(counts: pd.DataFrame, was_planned: bool) -> Check:
    """Chi-squared test of the customers in each arm against the planned shares.

    Parameters
    ----------
    counts : DataFrame
        arm, n, planned.
    was_planned : bool
        Whether the shares were given; equal ones are assumed otherwise and a mismatch then only warns.

    Returns
    -------
    Check

    References
    ----------
    Fabijan, A. et al. (2019). Diagnosing sample ratio mismatch in online controlled experiments. KDD 2019.

    Examples
    --------
    >>> counts = pd.DataFrame({"arm": ["none", "A"], "n": [500, 600], "planned": [0.5, 0.5]})
    >>> sample_ratio(counts, True).outcome
    'warned'
    """
    n, expected = counts["n"].to_numpy(dtype=float), counts["planned"].to_numpy(dtype=float) * counts["n"].sum()
    statistic = float(((n - expected) ** 2 / expected).sum())
    p = float(stats.chi2.sf(statistic, len(n) - 1))
    outcome = outcome_of(p)
    worst = int(np.argmax(np.abs(n - expected) / np.sqrt(expected)))
    plan = message("the planned shares") if was_planned else message("equal shares, since none were planned")
    told = message("Arm sizes agree with {plan} (p = {p:.3g}).", plan=plan, p=p)
    if outcome != "passed":
        told = message(
            "Arm '{arm}' has {n:.0f} customers where {expected:.0f} were expected from {plan} (p = {p:.2g}): "
            "the assignment or the data is broken, and effects may be too.",
            arm=counts["arm"].iloc[worst],
            n=n[worst],
            expected=expected[worst],
            plan=plan,
            p=p,
        )
        outcome = outcome if was_planned else "warned"
    return Check("sample ratio", outcome, statistic, p, told)


def _attrition(campaign: Declaration, counts: pd.DataFrame, assigned: Any) -> Check:
    """Whether the share of the assigned who were analysed differs between arms."""
    listed = open_frame(assigned)
    check_frame(listed, [name for name in (campaign.arm, campaign.cluster) if name is not None], [])
    if campaign.cluster is not None:
        listed = listed.select(campaign.arm, campaign.cluster).unique()
    start: dict[Any, int] = {}
    for value, size in stored_arms(listed, campaign.arm).items():
        arm = named_arm(value, counts["arm"])
        start[arm] = start.get(arm, 0) + size
    n = counts["n"].to_numpy(dtype=float)
    whole = np.array([float(start.get(arm, 0)) for arm in counts["arm"]])
    if (whole < n).any():
        arm = counts["arm"].iloc[int(np.argmax(n - whole))]
        raise InputError(
            "The assignment list has fewer customers in arm '{arm}' than were analysed; give the whole list.", arm=arm
        )
    lost = whole - n
    statistic, p = contingency(n, lost)
    shares = by_arm(counts["arm"], (f"{share:.1%}" for share in n / whole))
    outcome = outcome_of(p)
    alike, unlike = message("no sign that arms lost customers unequally"), message("arms lost customers unequally")
    found = alike if outcome == "passed" else unlike
    told = message("Analysed of assigned: {shares}; {found} (p = {p:.2g}).", shares=shares, found=found, p=p)
    return Check("attrition", outcome, statistic, p, told)


def _balance(cube: Cube, covariates: Sequence[str], arms: tuple[Any, ...]) -> pd.DataFrame:
    rows = []
    for name in covariates:
        blocks = [next(b for b in cube.blocks if name in b.columns).over(cube.where(arm)) for arm in arms]
        at = blocks[0].columns.index(name)
        means = [block.means[0, at] for block in blocks]
        spreads = [block.covariances[0, at, at] for block in blocks]
        for arm, mean, spread in zip(arms[1:], means[1:], spreads[1:], strict=True):
            pooled = np.sqrt((spread + spreads[0]) / 2)
            rows.append([name, arm, means[0], mean, (mean - means[0]) / pooled if pooled > 0 else 0.0])
    return pd.DataFrame(rows, columns=BALANCE)


def _balance_check(cube: Cube, covariates: tuple[str, ...], arms: tuple[Any, ...], balance: pd.DataFrame) -> Check:
    """Joint Wald test that no covariate differs between any arm and control."""
    home = next(b for b in cube.blocks if set(covariates) <= set(b.columns))
    at = [home.columns.index(name) for name in covariates]
    blocks = [home.over(cube.where(arm)) for arm in arms]
    means = [block.means[0, at] for block in blocks]
    spreads = [block.covariances[0][np.ix_(at, at)] / block.n[0] for block in blocks]
    k, treatments = len(at), len(arms) - 1
    difference = np.concatenate([mean - means[0] for mean in means[1:]])
    joint = np.kron(np.ones((treatments, treatments)), spreads[0])
    for i, spread in enumerate(spreads[1:]):
        joint[i * k : (i + 1) * k, i * k : (i + 1) * k] += spread
    statistic = float(difference @ np.linalg.pinv(joint, hermitian=True) @ difference)
    p = float(stats.chi2.sf(statistic, max(np.linalg.matrix_rank(joint, hermitian=True), 1)))
    worst = balance.iloc[int(balance["standardized_difference"].abs().to_numpy().argmax())]
    size = float(worst["standardized_difference"])
    outcome = outcome_of(p)
    outcome = "warned" if outcome == "passed" and abs(size) > CLEAR and p < 0.05 else outcome
    told = message(
        "Largest standardized difference {size:.3f} ('{covariate}', arm '{arm}'); "
        "together the covariates differ {verdict} (p = {p:.2g}).",
        size=size,
        covariate=covariate_name(worst["covariate"]),
        arm=worst["arm"],
        verdict=message("as chance allows") if outcome == "passed" else message("more than chance allows"),
        p=p,
    )
    return Check("balance", outcome, statistic, p, told)


def _duplicates(campaign: Declaration) -> tuple[list[Check], int]:
    """Check for customers who stand more than once, in one arm or in several."""
    nan = float("nan")
    if isinstance(campaign.frame, Cube) or campaign.customer is None:
        why = message("Without a customer id, duplicates cannot be checked.")
        return [Check("duplicates", "warned", nan, nan, why)], 0
    same, several = repeated(campaign.opened, campaign.customer, campaign.arm)
    total = campaign.opened.select(nw.col(campaign.customer).n_unique().alias("n"))
    customers = int((total.collect() if is_lazy(total) else total)["n"].to_list()[0])
    first = campaign.duplicates == "first"
    handled = message("the first row counts") if first else message("one row a customer is needed")
    twice = message("{n} customers stand more than once in one arm; {handled}.", n=same, handled=handled)
    crossed = message(
        "{n} of {total} customers stand in several arms; each counts in the first, as intended to treat.",
        n=several,
        total=customers,
    )
    outcome = ("warned" if first else "failed") if same else "passed"
    share = several / max(customers, 1)
    mixed = "failed" if share > MOST_CONTAMINATED else "warned" if several else "passed"
    once, apart = message("No customer stands twice in one arm."), message("No customer stands in several arms.")
    return [
        Check("duplicates", outcome, float(same), nan, twice if same else once),
        Check("contamination", mixed, float(several), nan, crossed if several else apart),
    ], same
