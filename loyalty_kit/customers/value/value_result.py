"""The value of customers over a horizon, as a result."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_path
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.value.fitting import Fit
from loyalty_kit.customers.value.forecast import Forecast
from loyalty_kit.customers.value.histories import WEEK
from loyalty_kit.customers.value.holdout import Holdout, by_earlier, by_week, holdout_of, predicted
from loyalty_kit.customers.value.limits import check_cut, day_of, enough, last_day

CUTS = 5
LABELS = {
    "purchases": message("Purchases of today's customers in the horizon"),
    "revenue": message("Revenue of today's customers in the horizon"),
    "margin": message("Margin of today's customers in the horizon"),
}


@dataclass(frozen=True, eq=False)
class ValueResult(Result):
    """What today's customers will bring within a horizon.

    Attributes
    ----------
    amounts : DataFrame
        measure ('purchases', 'revenue', and 'margin' where a margin is given), estimate, ci_low, ci_high.
    fitted : dict of str to Fit
        Each model on the whole log: parameters, std_errors, covariance of log parameters, ll, edge.
    used : {'nbd', 'bg_nbd', 'mbg_nbd', 'pareto_nbd'}
        Model behind the figures.
    horizon : int
        Weeks ahead.
    ratio : float
        Predicted over actual purchases of the holdout.
    factor : float
        What the figures are multiplied by: 1 where the holdout lies within its interval.
    dropout_seen : bool
        Whether customers are seen to leave; if not, neither P(alive) nor a lifetime is told.
    n_used, n_repeat : int
        Customers who ever bought, and who bought on two days or more.
    confidence : float
        Level of the intervals.
    simulated : bool
        Whether the log is.
    warnings : tuple of str
        What must be known beside the figures.
    """

    amounts: pd.DataFrame
    fitted: dict[str, Fit] = field(repr=False)
    used: str
    horizon: int
    ratio: float
    factor: float
    dropout_seen: bool
    n_used: int
    n_repeat: int
    confidence: float
    seed: int = field(repr=False)
    equal: tuple[str, ...] = field(repr=False)
    forecast: Forecast = field(repr=False)
    held: Holdout = field(repr=False)
    ledger: Ledger = field(repr=False)
    model_table: pd.DataFrame = field(repr=False)
    dropout_table: pd.DataFrame = field(repr=False)
    simulated: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def calibrated(self) -> bool:
        """Whether the holdout lay outside its interval, so that the figures are multiplied by its ratio."""
        return self.factor != 1

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, as `total`."""
        return self.total()

    def total(self) -> pd.DataFrame:
        """Give the row of the total: horizon, purchases, revenue, margin, ci_low, ci_high, basis.

        The interval is that of purchases; `amounts` has those of money. `margin` is missing where none was given, and
        discounted where a rate was.
        """
        told = self.amounts.set_index("measure")
        row = {"horizon": self.horizon} | {
            name: told["estimate"].get(name, np.nan) for name in ("purchases", "revenue", "margin")
        }
        row |= {end: told.loc["purchases", end] for end in ("ci_low", "ci_high")}
        basis = "parameters, chance and holdout" if self.calibrated else "parameters and chance"
        return pd.DataFrame([row | {"basis": basis}])

    def dropout(self) -> pd.DataFrame:
        """Is dropout seen? model, gain (in log likelihood over the NBD, whose customers stay), p, seen."""
        return self.dropout_table.copy()

    def models(self) -> pd.DataFrame:
        """Models side by side: model, log_score (in the holdout), total, alive (sum of P(alive)), used.

        Totals are as modelled, before any calibration; `alive` is missing where no dropout is seen.
        """
        return self.model_table.copy()

    def holdout(self) -> pd.DataFrame:
        """Predicted and actual purchases of the holdout: by, level, customers, predicted, ci_low, ci_high, actual.

        In all, by earlier repeat purchases ('earlier'), and by week.
        """
        rng = np.random.default_rng(self.seed)
        (total,) = predicted(self.held, self.used, rng)
        low, high = total.interval(self.confidence, rng)
        bought = self.held.bought
        row = {"by": "all", "level": "all", "customers": len(bought), "predicted": total.mean}
        row |= {"ci_low": low, "ci_high": high, "actual": int(bought.sum())}
        parts = (
            by_earlier(self.held, self.used, self.confidence, rng),
            by_week(self.held, self.used, self.ledger, self.confidence, rng),
        )
        return pd.concat([pd.DataFrame([row]), *parts], ignore_index=True)

    def rolling(self, *, cuts: Sequence[str | date] | None = None, weeks: int | None = None) -> pd.DataFrame:
        """Predicted and actual purchases at several cuts: cut, weeks, predicted, ci_low, ci_high, actual, ratio.

        Parameters
        ----------
        cuts : list of dates, optional
            Last days of calibration, inclusive; up to five, half a window apart, if absent.
        weeks : int, optional
            Weeks after each, or as many as the log still holds; those of the holdout if absent.

        Raises
        ------
        InputError
            If a cut that is asked for leaves too few repeat buyers before it, or no week after it.

        Notes
        -----
        One holdout praises or damns a model by its date. `ratio` is predicted over actual.
        """
        span = int(self.held.weeks) if weeks is None else weeks
        end = last_day(self.ledger)
        step = max(WEEK, WEEK * span // 2)
        if cuts is None:
            days = [end - WEEK * span - step * place for place in range(CUTS)]
            days = [cut for cut in days if enough(self.ledger, cut)]
        else:
            days = [check_cut(self.ledger, day_of(cut), end) for cut in cuts]
        rng = np.random.default_rng(self.seed)
        records = [self._at(cut, min((end - cut) / WEEK, span), rng) for cut in sorted(days)]
        return pd.DataFrame(records, columns=["cut", "weeks", "predicted", "ci_low", "ci_high", "actual", "ratio"])

    def _at(self, cut: int, weeks: float, rng: np.random.Generator) -> tuple[object, ...]:
        held = holdout_of(self.ledger, cut, cut + round(WEEK * weeks))
        (total,) = predicted(held, self.used, rng)
        actual = int(held.bought.sum())
        ends = total.interval(self.confidence, rng)
        return (str(np.datetime64(cut, "D")), weeks, total.mean, *ends, actual, total.mean / max(actual, 1))

    def estimates(self) -> tuple[Estimate, ...]:
        """Purchases and money within the horizon."""
        return tuple(
            Estimate(str(name), float(estimate), float(low), float(high), self.n_used, LABELS[str(name)])
            for name, estimate, low, high in self.amounts.to_numpy().tolist()
        )

    def customers(self, path: str | Path) -> int:
        """Write what is expected of each customer to a CSV file; they stand in no report.

        Parameters
        ----------
        path : str or Path
            File to make, with customer, purchases, spend (a purchase), revenue and, where dropout is seen, alive with
            its range over the models that did as well in the holdout; one that is there is not overwritten.

        Returns
        -------
        int
            Customers written.
        """
        check_path(path, "path")
        if Path(path).exists():
            raise InputError("'{path}' is there already; name another file, or remove it.", path=path)
        histories = self.forecast.histories
        purchases = self.factor * self.forecast.each()
        spend = self.forecast.spending.expected(histories.x.astype(float), histories.z)
        rows = pd.DataFrame({"customer": self.ledger.ids.to_numpy()[histories.who], "purchases": purchases})
        rows = rows.assign(spend=spend, revenue=purchases * spend)
        if self.dropout_seen:
            each = np.array([self.forecast.alive(name, self.fitted[name]) for name in self.equal])
            alive = self.forecast.alive(self.used, self.fitted[self.used])
            low, high = (edge(each, axis=0) for edge in (np.min, np.max))
            rows = rows.assign(alive=alive, alive_low=np.minimum(low, alive), alive_high=np.maximum(high, alive))
        rows.to_csv(path, index=False)
        return len(rows)
