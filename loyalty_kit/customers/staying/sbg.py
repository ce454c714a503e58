"""Shifted beta-geometric: how many of a cohort will still be there, where whoever leaves does not come back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaln, psi

from loyalty_kit.core.checks import check_whole
from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.core.results import Result
from loyalty_kit.customers.value.models.fitting import Fit, fit

Floats = npt.NDArray[np.float64]
PARAMETERS = ("alpha", "beta")
FEWEST_LEFT = 20
DRAWS = 4_000


@dataclass(frozen=True, eq=False)
class ProjectionResult(Result):
    """Retention of a cohort, as seen and ahead.

    Attributes
    ----------
    table : DataFrame
        age, size (customers seen at it), observed (share of those still there), retention (of any cohort, as the model
        has it), expected (what today's cohorts together have kept or will have, given what was seen of each), ci_low,
        ci_high (of that, from the parameters and chance).
    alpha, beta : float
        Of the beta distribution of the chance to leave in a period; mean alpha / (alpha + beta).
    std_errors : (float, float)
        Of both.
    ll : float
        Log likelihood.
    periods : int
        Ages ahead of the oldest.
    n_used : int
        Customers.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    alpha: float
    beta: float
    std_errors: tuple[float, float]
    ll: float
    periods: int
    n_used: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row an age."""
        return self.table.copy()


def likelihood(theta: Floats, age: Floats, left: Floats) -> tuple[Floats, Floats]:
    """Log likelihoods of customers who left in the period `age` (left 1), or were there after it (left 0).

    Notes
    -----
    P(T = t) = B(a + 1, b + t - 1) / B(a, b), S(t) = B(a, b + t) / B(a, b); the gradient is in log a and log b.
    """
    a, b = np.exp(theta)
    one, other = a + left, b + age - left
    found = betaln(one, other) - betaln(a, b)
    both, start = psi(one + other), psi(a + b)
    slopes = np.stack([a * (psi(one) - both - psi(a) + start), b * (psi(other) - both - psi(b) + start)])
    return found, slopes


def survival(parameters: Floats, age: Floats) -> Floats:
    """Share still there after so many periods; parameters of shape (2,), or (2, draws, 1)."""
    found: Floats = np.exp(betaln(parameters[0], parameters[1] + age) - betaln(*parameters))
    return found


def fit_sbg(active: list[Floats]) -> Fit:
    """Fit to cohorts' counts of customers still there, at age 0, 1 and so on."""
    age = np.concatenate([np.r_[1 : len(still), len(still) - 1] for still in active]).astype(float)
    left = np.concatenate([np.r_[np.ones(len(still) - 1), 0.0] for still in active])
    count = np.concatenate([np.r_[-np.diff(still), still[-1]] for still in active])
    kept = count > 0
    return fit(likelihood, PARAMETERS, (age[kept], left[kept]), count[kept], (1.0, 2.0))


def project(cells: pd.DataFrame, periods: int, confidence: float, rng: np.random.Generator) -> ProjectionResult:
    """Fit cohorts whose customers leave for good, and say how many will be there.

    Parameters
    ----------
    cells : DataFrame
        cohort, age, active, size of complete cells.
    periods : int
        Ages ahead of the oldest one.
    confidence : float
        Level of the intervals.
    rng : Generator
        Of the draws behind intervals.
    """
    check_whole(periods, "periods", 1)
    active = [part.sort_values("age")["active"].to_numpy(dtype=float) for _, part in cells.groupby("cohort")]
    _check(active)
    fitted = fit_sbg(active)
    if fitted.edge:
        raise TooLittleError(
            "The shifted beta-geometric cannot be fitted to these cohorts: its parameter {parameter} ran to the edge; "
            "take pooled(), which shows what was seen.",
            parameter=fitted.edge,
        )
    longest = max(len(still) for still in active) - 1
    ages = np.arange(1.0, longest + periods + 1)
    low, high = _interval(active, fitted, ages, confidence, rng)
    seen = [np.array([still[int(age)] for still in active if len(still) > age]) for age in ages]
    of = [np.array([still[0] for still in active if len(still) > age]) for age in ages]
    table = pd.DataFrame(
        {
            "age": ages.astype(np.int64),
            "size": [int(part.sum()) for part in of],
            "observed": [one.sum() / all_.sum() if len(all_) else np.nan for one, all_ in zip(seen, of, strict=True)],
            "retention": survival(fitted.parameters, ages),
            "expected": _expected(active, fitted.parameters, ages),
            "ci_low": low,
            "ci_high": high,
        }
    )
    errors = (float(fitted.std_errors[0]), float(fitted.std_errors[1]))
    n = int(sum(still[0] for still in active))
    alpha, beta = (float(one) for one in fitted.parameters)
    return ProjectionResult(table, alpha, beta, errors, fitted.ll, periods, n, confidence)


def _expected(active: list[Floats], parameters: Floats, ages: Floats) -> Floats:
    """Share of all cohorts expected at each age, given what was seen of each."""
    total = np.zeros(len(ages))
    for still in active:
        at = len(still) - 1
        ahead = still[-1] * survival(parameters, ages) / survival(parameters, np.array([float(at)]))
        total += np.where(ages > at, ahead, np.r_[still[1:], np.zeros(len(ages))][: len(ages)])
    found: Floats = total / sum(still[0] for still in active)
    return found


def _interval(
    active: list[Floats], fitted: Fit, ages: Floats, confidence: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Interval of the share of all cohorts that will be there at each age; what was seen of a cohort is certain."""
    drawn = np.exp(rng.multivariate_normal(fitted.theta, fitted.covariance, DRAWS))
    total = np.zeros((DRAWS, len(ages)))
    shares = survival(drawn.T[:, :, None], np.r_[0.0, ages])
    for still in active:
        at = len(still) - 1
        ahead = ages > at
        total[:, ~ahead] += still[1:]
        risk = shares[:, 1:][:, ahead] / shares[:, [at]]
        total[:, ahead] += rng.binomial(int(still[-1]), np.clip(risk, 0, 1))
    ends = np.quantile(total / sum(still[0] for still in active), [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return ends[0], ends[1]


def _check(active: list[Floats]) -> None:
    """Refuse cohorts in which customers come back, or of which too little is known."""
    rising = sum(bool((np.diff(still) > 0).any()) for still in active)
    if rising:
        raise TooLittleError(
            "In {n} of {all} cohorts more customers bought in a period than in the one before: customers pause and "
            "come back, so that periods do not tell who has left, and who will be left cannot be projected from them; "
            "lk.customer_value says what they will buy.",
            n=rising,
            all=len(active),
        )
    left = sum(float(still[0] - still[-1]) for still in active)
    if max(len(still) for still in active) < 3 or left < FEWEST_LEFT:
        raise TooLittleError(
            "A projection needs a cohort that was seen for two periods after its first, and {least} customers who "
            "left; these have {n}.",
            least=FEWEST_LEFT,
            n=int(left),
        )
