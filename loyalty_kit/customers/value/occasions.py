"""Customers who can buy at fixed occasions only, as givers at a yearly appeal: what they will do at the next ones."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_columns, check_level, check_numbers, check_rng, check_whole
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.customers.value.models import bg_bb
from loyalty_kit.customers.value.models.fitting import Fit, fit
from loyalty_kit.customers.value.totals import Total, relative_errors

Floats = npt.NDArray[np.float64]
COLUMNS = ("frequency", "last", "opportunities")
FEWEST_AGAIN = 100
"""Customers who bought at two occasions or more, as any forecast of customers' value needs."""


@dataclass(frozen=True, eq=False)
class OccasionsResult(Result):
    """What customers will do at the next occasions.

    Attributes
    ----------
    expected, ci_low, ci_high : float
        Purchases of all customers in the horizon, with the interval from parameters and chance.
    horizon : int
        Occasions ahead.
    fitted : Fit
        Parameters alpha, beta (chance to buy), gamma, delta (chance to leave): parameters, std_errors, ll.
    n_used : int
        Customers.
    confidence : float
        Level of the interval.
    """

    expected: float
    ci_low: float
    ci_high: float
    horizon: int
    fitted: Fit
    n_used: int
    confidence: float
    table: pd.DataFrame
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame of one row: horizon, purchases, ci_low, ci_high."""
        row = {"horizon": self.horizon, "purchases": self.expected, "ci_low": self.ci_low, "ci_high": self.ci_high}
        return pd.DataFrame([row])

    def parameters(self) -> pd.DataFrame:
        """Give the model: parameter, estimate, std_error."""
        columns = {"estimate": self.fitted.parameters, "std_error": self.fitted.std_errors}
        return pd.DataFrame({"parameter": bg_bb.PARAMETERS, **columns})

    def histories(self) -> pd.DataFrame:
        """Give each history as it was given, with alive (at the next occasion) and purchases (of one customer)."""
        return self.table.copy()

    def estimates(self) -> tuple[Estimate, ...]:
        """Purchases at the next occasions."""
        label = message("Purchases of today's customers at the next occasions")
        return (Estimate("purchases", self.expected, self.ci_low, self.ci_high, self.n_used, label),)


def occasions(
    histories: pd.DataFrame, *, horizon: int, confidence: float = 0.95, rng: int | np.random.Generator = 0
) -> OccasionsResult:
    """Forecast who buys at fixed occasions, as a yearly appeal, a season or an issue: BG/BB.

    Parameters
    ----------
    histories : DataFrame
        frequency (occasions at which somebody bought after the first purchase), last (number of the last of them, 0
        without one), opportunities (occasions there were); and customers, where rows stand for several.
    horizon : int
        Occasions ahead.
    confidence : float
        Level of the interval.
    rng : int or Generator
        Seed of the draws behind it.

    Returns
    -------
    OccasionsResult

    Raises
    ------
    InputError
        If a column is absent, or a row is no history.
    TooLittleError
        If fewer than 100 customers bought again, or a parameter runs to its edge.

    Notes
    -----
    As many histories as there are different ones are looked at. The interval of the total holds the error of the
    parameters (delta method on its logarithm) and the chance of each customer, in closed form.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. & Shang, J. (2010). Customer-base analysis in a discrete-time noncontractual
    setting. Marketing Science 29(6), 1086–1108; 11,104 givers, table 3. Checked against BTYD 2.4.3.

    Examples
    --------
    >>> seen = pd.DataFrame({"frequency": [0, 1, 1, 1, 2, 2, 3], "last": [0, 1, 2, 3, 2, 3, 3], "opportunities": 3})
    >>> found = occasions(seen.assign(customers=[706, 258, 110, 84, 182, 211, 450]), horizon=2)
    >>> round(found.expected)
    1278
    """
    check_whole(horizon, "horizon", 1)
    check_level(confidence, "confidence")
    source = check_rng(rng)
    x, t_x, n, count = _read(histories)
    again = int(count[x > 0].sum())
    if again < FEWEST_AGAIN:
        raise TooLittleError(
            "Of {customers} customers {again} bought at another occasion; what they will do needs {needed} such "
            "customers.",
            customers=int(count.sum()),
            again=again,
            needed=FEWEST_AGAIN,
        )
    cells, back = np.unique(np.column_stack([x, t_x, n]), axis=0, return_inverse=True)
    data, weight = tuple(cells.T), np.bincount(back, count).astype(np.float64)
    fitted = fit(bg_bb.likelihood, bg_bb.PARAMETERS, data, weight, (1.0, 1.0, 1.0, 3.0))
    if fitted.edge:
        raise TooLittleError(
            "BG/BB cannot be fitted to these occasions: its parameter {parameter} ran to the edge.",
            parameter=fitted.edge,
        )

    def total(theta: Floats) -> Floats:
        return np.array([weight @ bg_bb.moments(np.exp(theta), horizon, *data)[0]])

    mean, variance = bg_bb.moments(fitted.parameters, horizon, *data)
    whole = np.array([weight @ mean])
    relative = float(relative_errors(total, whole, fitted)[0])
    low, high = Total(float(whole[0]), relative, float(np.sqrt(weight @ variance))).interval(confidence, source)
    there = bg_bb.alive(fitted.parameters, *data)
    return OccasionsResult(
        expected=float(whole[0]),
        ci_low=low,
        ci_high=high,
        horizon=horizon,
        fitted=fitted,
        n_used=int(count.sum()),
        confidence=confidence,
        table=histories.reset_index(drop=True).assign(alive=there[back], purchases=mean[back]),
    )


def _read(histories: object) -> tuple[Floats, Floats, Floats, Floats]:
    """Purchases, last occasion, occasions and customers of each row, refused where a row is no history."""
    if not isinstance(histories, pd.DataFrame):
        raise InputError(
            "'histories' must be a table with frequency, last and opportunities; got {given}.", given=kind(histories)
        )
    check_columns(histories.columns, COLUMNS, message("The table of histories"))
    names = [*COLUMNS, *(["customers"] if "customers" in histories else [])]
    check_numbers(histories, names, message("The table of histories"))
    values = histories[names].to_numpy(dtype=float, na_value=np.nan)
    x, t_x, n = values[:, :3].T
    count = values[:, 3] if len(names) > 3 else np.ones(len(values))
    with np.errstate(invalid="ignore"):
        whole = (values == np.round(values)).all(axis=1) & np.isfinite(values).all(axis=1)
        fits = whole & (x >= 0) & (x <= t_x) & (t_x <= n) & (n >= 1) & ((x == 0) == (t_x == 0)) & (count >= 0)
    wrong = np.flatnonzero(~fits)
    if len(wrong):
        raise InputError(
            "{n} rows of the table of histories are none (first: row {row}): they need whole numbers with frequency ≤ "
            "last ≤ opportunities, opportunities of 1 or more, and last 0 where frequency is 0; got {given}.",
            n=len(wrong),
            row=int(wrong[0]) + 1,
            given=[f"{value:g}" for value in values[wrong[0]]],
        )
    return x, t_x, n, count
