"""Who stays away: a model judged on a later time than it was fitted to; the interval rule; whom to contact."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_level, check_number, check_share, check_whole
from loyalty_kit.core.errors import InputError, kind
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import Message, message, shown
from loyalty_kit.core.results import Result
from loyalty_kit.customers.staying.contact import ContactResult, contacts
from loyalty_kit.customers.staying.cuts import check_counts, check_days, fit_at
from loyalty_kit.customers.staying.keeping import KeepingResult, worth_of_a_point
from loyalty_kit.customers.staying.known import known_at, median_gaps, more_features, stayed_away, with_more
from loyalty_kit.customers.staying.lapsed import LapsedResult, lapsed_rule
from loyalty_kit.customers.staying.rolling import risks_before
from loyalty_kit.customers.transactions.day_numbers import as_date, day_number
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.statistics.prediction import Auc, Calibration, auc, brier, by_tenths, calibration, top_lift

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
MODELS = ("logistic", "boosting")
CLOSE = 0.1
"""Distance of expected over observed leavers from 1 from which on it is said."""
ONE_ROW = ["auc", "ci_low", "ci_high", "brier", "brier_base", "slope", "intercept", "lift"]


class Judged(NamedTuple):
    """Risks said at the end of a day, and what came."""

    who: Whole
    recency: Floats
    risk: Floats
    away: Floats


@dataclass(frozen=True, eq=False)
class ChurnResult(Result):
    """How well a model told who would stay away.

    Attributes
    ----------
    auc, ci_low, ci_high : float
        Area under the curve at `at`, with DeLong's interval.
    brier, brier_base : float
        Mean squared error of the risks, and of the rate at `fitted_at` said of everybody.
    calibration : Calibration
        Slope and intercept, with their intervals.
    lift : float
        Rate among the tenth of highest risk over that of all.
    tenths : DataFrame
        tenth, n, predicted, observed, ci_low, ci_high, lift.
    ratios : DataFrame
        feature, odds_ratio (a standard deviation more), ci_low, ci_high of the logistic regression.
    left, left_before : float
        Share who stayed away after `at`, and after `fitted_at`.
    expected_over_observed : float
        Leavers said over those who were.
    verdict : {'tells', 'no_better'}
        Whether the interval of the area lies above a half and the risks beat the base rate.
    at, fitted_at, last : date
        Day of the forecast that is judged, of that which the model was fitted to, and last day of the log, for which
        `contact` gives risks by a model fitted as late as the horizon lets.
    horizon : int
        Days.
    model : {'logistic', 'boosting'}
        Kind.
    n_used, n_fitted : int
        Customers judged, and fitted to.
    confidence : float
        Level of the intervals.
    warnings : tuple of str
        Columns left out, risks too high or too low.
    """

    auc: float
    ci_low: float
    ci_high: float
    brier: float
    brier_base: float
    calibration: Calibration
    lift: float
    tenths: pd.DataFrame
    ratios: pd.DataFrame
    left: float
    left_before: float
    expected_over_observed: float
    verdict: str
    at: date
    fitted_at: date
    last: date
    horizon: int
    model: str
    n_used: int
    n_fitted: int
    confidence: float
    ledger: Ledger
    judged: Judged
    net_share: float
    now: pd.Series
    more: pd.DataFrame | None = None
    warnings: tuple[str, ...] = ()

    @property
    def slope(self) -> float:
        """Slope of calibration: below 1 the risks are too extreme."""
        return self.calibration.slope

    @property
    def intercept(self) -> float:
        """Calibration in the large: above 0 the risks are too low."""
        return self.calibration.intercept

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame of one row: auc, ci_low, ci_high, brier, brier_base, slope, intercept, lift."""
        return pd.DataFrame([{name: getattr(self, name) for name in ONE_ROW}])

    def estimates(self) -> tuple[Estimate, ...]:
        """Area under the curve."""
        label = message("Area under the curve of who stays away")
        return (Estimate("churn_auc", self.auc, self.ci_low, self.ci_high, self.n_used, label),)

    def rolling(self) -> pd.DataFrame:
        """Judge the model at `at` and at up to four days half a horizon apart before it.

        Returns
        -------
        DataFrame
            cut, customers, said (mean risk), left (share away), expected_over_observed, auc, ci_low, ci_high,
            the last one last. Each is fitted to who bought by its day: one day praises or damns a model by its season.
        """
        return risks_before(
            self.ledger,
            day_number(self.at),
            self.horizon,
            more=self.more,
            model=self.model,
            confidence=self.confidence,
        )

    def lapsed(self, *, multiple: float = 2.0) -> LapsedResult:
        """Judge the rule 'away for longer than so many of one's own gaps' beside the model, at the same day.

        Parameters
        ----------
        multiple : float
            How many of a customer's median gap.

        Returns
        -------
        LapsedResult
            Of customers with three gaps or more; the model marks as many as the rule does.

        Raises
        ------
        TooLittleError
            If fewer than 20 customers have three gaps by then.
        """
        check_number(multiple, "multiple")
        if multiple <= 0:
            raise InputError("'{name}' must be above 0; got {given}.", name="multiple", given=shown(multiple))
        ends = day_number(self.at), day_number(self.last)
        gaps = [median_gaps(self.ledger, day) for day in ends]
        late = day_number(self.last) - self.ledger.until(ends[1]).by_customer()["last"].loc[gaps[1].index]
        now = int((late.to_numpy() > multiple * gaps[1].to_numpy()).sum())
        judged = pd.DataFrame(self.judged._asdict()).set_index("who")
        counts = now, len(gaps[1])
        return lapsed_rule(judged, gaps[0], counts, multiple=multiple, at=self.at, confidence=self.confidence)

    def keeping(self, *, margin: float = 1.0, currency: str = "") -> KeepingResult:
        """Say what one point more of today's customers who buy would bring.

        Parameters
        ----------
        margin : float
            Share of revenue that is earned.
        currency : str
            Sign or name that reports write amounts with.

        Returns
        -------
        KeepingResult
            As customers spent who came in the horizon after `at`; whoever is won back may spend less.
        """
        check_share(margin, "margin")
        start = day_number(self.at)
        window, risks = (start, start + self.horizon), self.now.to_numpy(dtype=float)
        return worth_of_a_point(
            self.ledger,
            window,
            risks,
            net=self.net_share,
            margin=margin,
            confidence=self.confidence,
            currency=currency,
        )

    def contact(
        self,
        value: float | pd.Series,
        cost: float,
        effect: float | tuple[float, float, float],
        *,
        power: float = 0.8,
    ) -> ContactResult:
        """Whom to contact, what that is expected to bring, and the test that would tell whether it does.

        Parameters
        ----------
        value : float or Series
            Money that a customer who is kept brings within the horizon, one figure or one a customer id.
        cost : float
            Money per contact.
        effect : float or (estimate, low, high)
            Share of those who would leave whom a contact keeps, from a test: with the ends of its interval, its
            uncertainty counts.
        power : float
            Probability with which the test finds that effect.

        Returns
        -------
        ContactResult
        """
        return contacts(
            self.ledger.ids.iloc[self.now.index].reset_index(drop=True),
            self.now.to_numpy(dtype=float),
            (self.judged.risk, self.judged.away),
            value=value,
            cost=cost,
            effect=effect,
            power=power,
            confidence=self.confidence,
            at=self.last,
        )


def churn(
    transactions: Transactions,
    *,
    at: date | str,
    horizon: int,
    features: pd.DataFrame | None = None,
    model: Literal["logistic", "boosting"] = "logistic",
    confidence: float = 0.95,
) -> ChurnResult:
    """Say who will buy nothing within a horizon, judged out of time.

    Parameters
    ----------
    transactions : Transactions
        A log, as `lk.read_transactions` gives it.
    at : date or str
        Day of the forecast that is judged; the log must go on for `horizon` days after it.
    horizon : int
        Days without a purchase that count as having left.
    features : DataFrame, optional
        More columns of numbers, by customer id; only what was known at the customers' first purchase, for the same
        figures stand for both days.
    model : {'logistic', 'boosting'}
        Logistic regression, or boosted trees.
    confidence : float
        Level of the intervals.

    Returns
    -------
    ChurnResult

    Raises
    ------
    TooLittleError
        If the log does not reach that far, or fewer than 20 customers left or came at either day.
    InputError
        If a column of `features` lacks customers or tells the outcome.

    Notes
    -----
    The model is fitted to what was known `horizon` days before `at` and to who bought by `at`, and then says the risks
    of `at`: so it is judged on a time that it has not seen, seasons included. It sees the days since the last and the
    first purchase, the logarithm of the days with a purchase and that of the amount. For today's risks (`contact`) it
    is fitted once more, as late as the horizon lets.

    References
    ----------
    Neslin, S. A. et al. (2006). Defection detection: measuring and understanding the predictive accuracy of customer
    churn models. Journal of Marketing Research 43, 204–211. Ascarza, E. (2018). Retention futility: targeting
    high-risk customers might be ineffective. Journal of Marketing Research 55, 80–98.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> rng = np.random.default_rng(1)
    >>> day, stop = rng.exponential(9, (200, 30)).cumsum(axis=1), rng.uniform(0, 300, (200, 1))
    >>> who, place = np.nonzero((day < stop) & (day < 180))
    >>> when = pd.Timestamp("2026-01-01") + pd.to_timedelta(day[who, place], "D")
    >>> rows = pd.DataFrame({"who": who, "when": when, "paid": rng.gamma(9, 3, len(who))})
    >>> log = read_transactions(rows, customer="who", time="when", amount="paid")
    >>> churn(log, at="2026-05-20", horizon=40).verdict
    'tells'
    """
    if not isinstance(transactions, Transactions):
        raise InputError(
            "'transactions' must be a log, as lk.read_transactions gives it; got {given}.", given=kind(transactions)
        )
    check_whole(horizon, "horizon", 1)
    check_choice(model, "model", MODELS)
    check_level(confidence, "confidence")
    ledger = transactions.ledger()
    day, last = day_number(at), int(ledger.purchases.day.max())
    check_days(ledger, day, horizon, last)
    more = None if features is None else more_features(features, ledger.ids)
    risks, ratios, constant, before = fit_at(ledger, day - horizon, horizon, more, model, confidence)
    table = with_more(known_at(ledger, day), more)
    away = stayed_away(ledger, table.index.to_numpy(), day, horizon)
    check_counts(away, day, horizon)
    judged = Judged(table.index.to_numpy(), table["recency"].to_numpy(), risks(table), away)
    newest = (
        risks
        if last - horizon == day - horizon
        else fit_at(ledger, last - horizon, horizon, more, model, confidence)[0]
    )
    today = with_more(known_at(ledger, last), more)
    area = auc(away, judged.risk, confidence=confidence)
    scores = brier(away, judged.risk), brier(away, np.full(len(away), before.mean()))
    ratio = float(judged.risk.sum() / away.sum())
    return ChurnResult(
        *area,
        *scores,
        calibration=calibration(away, judged.risk, confidence=confidence),
        lift=top_lift(away, judged.risk),
        tenths=by_tenths(away, judged.risk, confidence=confidence),
        ratios=ratios,
        left=float(away.mean()),
        left_before=float(before.mean()),
        expected_over_observed=ratio,
        verdict=_verdict(area, *scores),
        at=as_date(day),
        fitted_at=as_date(day - horizon),
        last=as_date(last),
        horizon=horizon,
        model=model,
        n_used=len(away),
        n_fitted=len(before),
        confidence=confidence,
        ledger=ledger,
        judged=judged,
        net_share=transactions.net_share,
        now=pd.Series(newest(today), index=today.index),
        more=more,
        warnings=_told(constant, ratio),
    )


def _verdict(area: Auc, score: float, base: float) -> str:
    return "tells" if area.ci_low > 0.5 and score < base else "no_better"


def _told(constant: list[str], ratio: float) -> tuple[Message, ...]:
    told = []
    if constant:
        told.append(
            message(
                "Left out, for all customers have one value of them or they follow from the others: {columns}.",
                columns=constant,
            )
        )
    if abs(ratio - 1) > CLOSE:
        told.append(
            message(
                "{expected} times as many were said to leave as did: between the two days something changed, a season "
                "for instance.",
                expected=f"{ratio:.2f}",
            )
        )
    return tuple(told)
