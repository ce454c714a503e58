"""The effect on those who joined, where members and others were not drawn by lot: others made like members first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_choice, check_level
from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.intake.panels.frames import check_frame, collected, open_frame
from loyalty_kit.statistics.causal.effects import Floats
from loyalty_kit.statistics.causal.sensitivity import e_values
from loyalty_kit.statistics.causal.weighting import (
    Weighted,
    effect_by_balancing,
    effect_by_regression,
    effect_on_treated,
)
from loyalty_kit.statistics.weights import effective_n

CUSTOMERS = message("The table of customers")
METHODS = {"entropy": effect_by_balancing, "weighting": effect_on_treated, "regression": effect_by_regression}
UNBALANCED = 0.1
EXTRAPOLATED = 0.25
FEWEST_OTHERS = 30


@dataclass(frozen=True, eq=False)
class MemberEffectResult(Result):
    """Effect of membership on the members, with the balance that it rests on.

    Attributes
    ----------
    estimate, ci_low, ci_high, p_value : float
        In outcome units.
    naive, naive_low, naive_high : float
        Plain difference between members and others, which is the programme's only if joining had been by lot.
    comparability : DataFrame
        covariate, members (mean), others_before, others_after (means), before, after (differences in standard
        deviations of the members).
    effective_others : float
        How many others of equal weight the weighted ones amount to.
    e_value, e_value_end : float
        Least risk ratio with both membership and outcome by which something not measured explains the estimate, and
        the nearer end of its interval, away.
    verdict : str
        'gain', 'loss', 'none' (no effect seen) or 'cannot_tell'.
    reason : str
        Why it cannot be told: 'balance' (others cannot be made like members), 'few' (too few others count), or
        'extrapolates' (a regression between groups that hardly meet); else empty.
    method : str
        'entropy', 'weighting' or 'regression'.
    outcome : str
        Column of the outcome.
    n_members, n_others, n_used, n_dropped : int
        Customers.
    confidence : float
        Level of the intervals.
    warnings : tuple of str
        What was left out, and what no method can see.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    naive: float
    naive_low: float
    naive_high: float
    comparability: pd.DataFrame
    effective_others: float
    e_value: float
    e_value_end: float
    verdict: str
    reason: str
    method: str
    outcome: str
    n_members: int
    n_others: int
    n_used: int
    n_dropped: int
    confidence: float
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Two rows, 'naive' and the method: comparison, estimate, ci_low, ci_high, n_members, n_others."""
        rows = [
            ["naive", self.naive, self.naive_low, self.naive_high, self.n_others],
            [self.method, self.estimate, self.ci_low, self.ci_high, round(self.effective_others)],
        ]
        table = pd.DataFrame(rows, columns=["comparison", "estimate", "ci_low", "ci_high", "n_others"])
        return table.assign(n_members=self.n_members)

    def balance(self) -> pd.DataFrame:
        """Means of members and others: covariate, members, others_before, others_after, before, after."""
        return self.comparability.copy()

    def estimates(self) -> tuple[Estimate, ...]:
        """Effect on a member."""
        return (Estimate("effect_on_members", self.estimate, self.ci_low, self.ci_high, self.n_members),)


def effect_on_members(
    customers: Any,
    *,
    member: str,
    outcome: str,
    covariates: Sequence[str],
    method: str = "entropy",
    confidence: float = 0.95,
) -> MemberEffectResult:
    """Effect of membership on those who joined, against others made like them.

    Parameters
    ----------
    customers : DataFrame of shape (customers, columns)
        One row a customer.
    member, outcome : str
        Columns: 1 for members; outcome after joining, as spend.
    covariates : list of str
        Numbers known before anybody joined that drove who did, above all the outcome of earlier periods; what is left
        out of them is not corrected, and what was measured after joining must not be among them.
    method : str
        'entropy': others get the weights, as equal as can be, under which their means of the covariates are exactly the
        members'. 'weighting': by the odds of joining, from a logistic regression. 'regression': a linear model.
    confidence : float
        Level of the intervals.

    Returns
    -------
    MemberEffectResult

    Raises
    ------
    InputError
        If a column is absent or holds text, `member` anything but 0 and 1, or a covariate is the same for all.
    TooLittleError
        If no weighting makes the others like the members.

    Notes
    -----
    The answer is 'cannot_tell' where a covariate's means still differ by more than 0.1 standard deviations, where the
    others amount to fewer than 30, and for a regression where they differed by more than 0.25 (Imbens & Rubin 2015).

    References
    ----------
    Hainmueller, J. (2012). Entropy balancing for causal effects. Political Analysis 20, 25–46. Dehejia, R. & Wahba, S.
    (1999). Causal effects in nonexperimental studies. JASA 94, 1053–1062. VanderWeele, T. J. & Ding, P. (2017).
    Annals of Internal Medicine 167, 268–274.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> before = rng.gamma(2, 10, 2000)
    >>> joined = (rng.random(2000) < before / 60).astype(int)
    >>> table = pd.DataFrame({"joined": joined, "before": before, "spend": before + 3 * joined + rng.normal(size=2000)})
    >>> found = effect_on_members(table, member="joined", outcome="spend", covariates=["before"])
    >>> found.naive > 10, round(found.estimate, 1)
    (True, 3.1)
    """
    check_choice(method, "method", tuple(METHODS))
    check_level(confidence, "confidence")
    treated, y, x, dropped = _columns(customers, member, outcome, covariates)
    found = METHODS[method](treated, y, x)
    limit = float(stats.norm.isf((1 - confidence) / 2))
    own = treated > 0
    naive = float(y[own].mean() - y[~own].mean())
    naive_error = float(np.sqrt(y[own].var(ddof=1) / own.sum() + y[~own].var(ddof=1) / (~own).sum()))
    low, high = found.estimate - limit * found.error, found.estimate + limit * found.error
    table = _comparability(covariates, x, own, found, method)
    others = effective_n(found.weights[~own])
    verdict, reason = _judged(found.estimate, low, high, table, others, method)
    e_value, e_value_end = e_values(found.estimate, low, high, float(y.std(ddof=1)))
    return MemberEffectResult(
        estimate=found.estimate,
        ci_low=low,
        ci_high=high,
        p_value=float(2 * stats.norm.sf(abs(found.estimate) / found.error)) if found.error > 0 else float("nan"),
        naive=naive,
        naive_low=naive - limit * naive_error,
        naive_high=naive + limit * naive_error,
        comparability=table,
        effective_others=others,
        e_value=e_value,
        e_value_end=e_value_end,
        verdict=verdict,
        reason=reason,
        method=method,
        outcome=outcome,
        n_members=int(own.sum()),
        n_others=int((~own).sum()),
        n_used=len(y),
        n_dropped=dropped,
        confidence=confidence,
        warnings=_notes(dropped),
    )


def _columns(
    customers: Any, member: str, outcome: str, covariates: Sequence[str]
) -> tuple[Floats, Floats, Floats, int]:
    """Membership, outcome and covariates of the complete rows, and how many others there are."""
    if isinstance(covariates, str) or not len(covariates):
        raise InputError("'covariates' must name one or more columns that vary.")
    names = [member, outcome, *covariates]
    opened = open_frame(customers)
    check_frame(opened, [], names, CUSTOMERS)
    table = pd.DataFrame(collected(opened, names).to_pandas())
    values = table[names].to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(values).any():
        column = names[int(np.isinf(values).any(axis=0).argmax())]
        raise InputError("Column '{column}' holds infinite values; allowed are finite numbers.", column=column)
    kept = values[~np.isnan(values).any(axis=1)]
    treated, x = kept[:, 0], kept[:, 2:]
    if set(np.unique(treated)) != {0.0, 1.0}:
        raise InputError("'{column}' must hold 0 and 1, and both: who is a member.", column=member)
    if min(treated.sum(), (1 - treated).sum()) <= x.shape[1] + 1:
        raise TooLittleError("There are too few members or others for {n} covariates.", n=x.shape[1])
    for name, spread in zip(covariates, x.std(axis=0), strict=True):
        if not spread > 0:
            raise InputError("Covariate '{column}' is the same for every customer.", column=name)
    return treated, kept[:, 1], x, len(values) - len(kept)


def _comparability(names: Sequence[str], x: Floats, own: Any, found: Weighted, method: str) -> pd.DataFrame:
    """Means of members and of others, before and after weighting; a regression weighs nobody."""
    members, others = x[own].mean(axis=0), x[~own].mean(axis=0)
    weighted = np.full(len(names), np.nan) if method == "regression" else found.weights[~own] @ x[~own]
    spread = np.where(x[own].std(axis=0, ddof=1) > 0, x[own].std(axis=0, ddof=1), x.std(axis=0, ddof=1))
    return pd.DataFrame(
        {
            "covariate": list(names),
            "members": members,
            "others_before": others,
            "others_after": weighted,
            "before": (members - others) / spread,
            "after": (members - weighted) / spread,
        }
    )


def _judged(
    estimate: float, low: float, high: float, table: pd.DataFrame, others: float, method: str
) -> tuple[str, str]:
    """Answer, and why where there is none."""
    if method == "regression" and table["before"].abs().max() > EXTRAPOLATED:
        return "cannot_tell", "extrapolates"
    if table["after"].abs().max() > UNBALANCED:
        return "cannot_tell", "balance"
    if others < FEWEST_OTHERS:
        return "cannot_tell", "few"
    if low <= 0 <= high:
        return "none", ""
    return ("gain" if estimate > 0 else "loss"), ""


def _notes(dropped: int) -> tuple[Message, ...]:
    unseen = message(
        "Weaker evidence: who joined was not drawn by lot, and what else differs between members and others is not "
        "ruled out."
    )
    told = (message("{n} customers with a value missing are left out.", n=dropped),) if dropped else ()
    return (unseen, *told)
