"""The value of customers over a horizon, as a result."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_new_file, check_share, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message
from loyalty_kit.core.privacy import small_cells
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST, cell_texts
from loyalty_kit.customers.concentration import ConcentrationResult, spread
from loyalty_kit.customers.staying.first_orders import KINDS, first_values
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.customers.value.forecast import Correction, Forecast
from loyalty_kit.customers.value.holdout import Holdout, by_earlier, by_week, cuts_before, predicted, rolling
from loyalty_kit.customers.value.limits import check_cut, day_of, last_day
from loyalty_kit.customers.value.models.fitting import Fit
from loyalty_kit.customers.value.models.histories import WEEK
from loyalty_kit.customers.value.season import Season

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
    margin, discount : float or None, float
        Share of revenue that is earned, and rate a year at which what comes later is worth less, as they were given.
    simulated : bool
        Whether the log is.
    currency : str
        What reports write amounts with.
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
    margin: float | None
    discount: float
    seasonal: Season = field(repr=False)
    seed: int = field(repr=False)
    correction: Correction = field(repr=False)
    log: Transactions = field(repr=False)
    equal: tuple[str, ...] = field(repr=False)
    forecast: Forecast = field(repr=False)
    held: Holdout = field(repr=False)
    past: pd.DataFrame = field(repr=False)
    ledger: Ledger = field(repr=False)
    model_table: pd.DataFrame = field(repr=False)
    dropout_table: pd.DataFrame = field(repr=False)
    effect_table: pd.DataFrame = field(repr=False)
    gain_table: pd.DataFrame = field(repr=False)
    simulated: bool = False
    currency: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> Literal["right", "corrected", "turning"]:
        """How forecasts at earlier cuts went: within their intervals, corrected by the last, or off by turns."""
        if self.correction.off == 0:
            return "right"
        return "corrected" if self.calibrated else "turning"

    @property
    def calibrated(self) -> bool:
        """Whether the holdout lay outside its interval, so that the figures are multiplied by its ratio."""
        return self.factor != 1

    @property
    def season(self) -> str:
        """Whether the horizon is a season: 'season', 'none', or 'unknown' where the log has less than two years."""
        return self.seasonal.verdict

    @property
    def trend(self) -> str:
        """Whether the whole shop 'grows', 'shrinks', is 'unclear', or a 'cohort' to which nobody new came."""
        return self.seasonal.trend

    @property
    def largest_share(self) -> float:
        """Share of the revenue so far that the largest customer brought."""
        return self.seasonal.largest

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
        basis = "parameters, chance and holdout" if self.correction.off else "parameters and chance"
        return pd.DataFrame([row | {"basis": basis}])

    def dropout(self) -> pd.DataFrame:
        """Is dropout seen? model, gain (in log likelihood over the NBD, whose customers stay), p, seen."""
        return self.dropout_table.copy()

    def effects(self) -> pd.DataFrame:
        """Give what covariates go with: model, part, covariate, effect, ci_low, ci_high, p_value.

        `effect` is what one more of the covariate, or the level named, multiplies a rate by: that of 'purchases' or of
        'leaving' (its odds in the BG/NBD and MBG/NBD). Empty without covariates; fits at their edge have no row.
        """
        return self.effect_table.copy()

    def covariates(self) -> pd.DataFrame:
        """Do covariates explain more than chance would? model, gain (in log likelihood over none), df, p_value."""
        return self.gain_table.copy()

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
        One holdout praises or damns a model by its date. `ratio` is predicted over actual. Of 200,000
        customers or more a part, every k-th, is fitted and scaled up.
        """
        if cuts is None and weeks is None:
            return self.past.copy()
        span = int(self.held.weeks) if weeks is None else weeks
        check_whole(span, "weeks", 1)
        end = last_day(self.ledger)
        days = (
            cuts_before(self.ledger, check_cut(self.ledger, end - WEEK * span, end), span)
            if cuts is None
            else [check_cut(self.ledger, day_of(cut), end) for cut in cuts]
        )
        return rolling(self.ledger, self.used, days, span, self.confidence, np.random.default_rng(self.seed))

    def by(self, part: str | pd.Series, *, min_cell: int = FEWEST) -> pd.DataFrame:
        """Value by parts of the customers: level, customers, share, purchases, revenue, ci_low, ci_high, revenue_share.

        Parameters
        ----------
        part : {'cohort', 'channel', 'category'} or Series
            Quarter of the first purchase, what the log says of it, or labels by customer id.
        min_cell : int
            Customers below which levels go together as 'few', with the next larger one if that would give them away.

        Returns
        -------
        DataFrame
            The most valuable first; the interval is that of revenue. Customers whom the log or the labels do not place
            have the level ''.

        Raises
        ------
        InputError
            If the log has no such column, or labels name no customer of it.

        Notes
        -----
        Revenue within the horizon from the parameters and chance, multiplied and widened as the total is. Parts share
        the error of the parameters, so that their intervals go up and down together.
        """
        check_whole(min_cell, "min_cell", 1)
        labels = pd.Series(self._labels(part))
        hidden = small_cells(labels.value_counts(), min_cell)
        few = hidden.index[hidden.to_numpy()]
        return self._by(labels.where(~labels.isin(few), "few").to_numpy(dtype=np.str_))

    def _by(self, labels: npt.NDArray[np.str_]) -> pd.DataFrame:
        names, place = np.unique(labels, return_inverse=True)
        groups, rng = place.astype(np.int64), np.random.default_rng(self.seed)
        totals = self.forecast.revenue_of(groups, rng)
        ends = self.log.net_share * np.array([self.correction.ends(one, self.confidence, rng) for one in totals])
        table = pd.DataFrame(
            {
                "level": names,
                "customers": np.bincount(groups),
                "share": np.bincount(groups) / len(groups),
                "purchases": self.factor * np.bincount(groups, self.forecast.each()),
                "revenue": ends[:, 0],
                "ci_low": ends[:, 1],
                "ci_high": ends[:, 2],
                "revenue_share": ends[:, 0] / ends[:, 0].sum(),
            }
        )
        return table.sort_values("revenue", ascending=False, kind="stable", ignore_index=True)

    def shop(self) -> pd.DataFrame:
        """Give the whole shop before any model: measure ('season', 'trend'), estimate, ci_low, ci_high, verdict.

        Season: purchases a week in the same weeks a year before, over those of the year around them, less 1. Trend:
        change of the shop's purchases in a quarter.
        """
        found = self.seasonal
        rows = [
            ("season", found.off, np.nan, np.nan, found.verdict),
            ("trend", found.change, found.ci_low, found.ci_high, found.trend),
        ]
        return pd.DataFrame(rows, columns=["measure", "estimate", "ci_low", "ci_high", "verdict"])

    def largest(self) -> pd.DataFrame:
        """Figures with and without the largest customer so far: customers, purchases, revenue, ci_low, ci_high.

        A row for 'all' and one for those 'without_largest'; the interval is that of revenue. The models are not fitted
        anew: one history of so many moves them by next to nothing.
        """
        bought = self.ledger.purchases
        spent = np.add.reduceat(bought.spend, bought.starts)
        table = self._by(np.where(np.arange(len(spent)) == spent.argmax(), "largest", "without_largest"))
        purchases, revenue = self.amounts[["estimate", "ci_low", "ci_high"]].to_numpy().tolist()[:2]
        row = ["all", self.n_used, purchases[0], *revenue]
        columns = ["level", "customers", "purchases", "revenue", "ci_low", "ci_high"]
        rest = table.loc[table["level"] == "without_largest", columns]
        return pd.concat([pd.DataFrame([row], columns=columns), rest], ignore_index=True)

    def concentration(self, *, top: float = 0.1) -> ConcentrationResult:
        """Spread of the expected revenue over customers: share of the top, Gini coefficient, Lorenz curve.

        Parameters
        ----------
        top : float
            Share of customers that counts as the top.

        Returns
        -------
        ConcentrationResult

        Notes
        -----
        What is expected is spread less than what will come, in which luck has its part; intervals are those of another
        sample of customers, the models taken as known.
        """
        check_share(top, "top")
        histories = self.forecast.histories
        spend = self.forecast.spending.expected(histories.x.astype(float), histories.z)
        return spread(self.factor * self.forecast.each() * spend, top, self.confidence)

    def _labels(self, part: str | pd.Series) -> npt.NDArray[np.str_]:
        """Level of each customer as text."""
        histories = self.forecast.histories
        if isinstance(part, pd.Series):
            labels = pd.Series(cell_texts(part), dtype=object).set_axis(cell_texts(pd.Series(part.index)))
            if labels.index.has_duplicates:
                raise InputError("'part' holds a customer twice; keep one label of each.")
            found = labels.reindex(self.ledger.ids.to_numpy()[histories.who])
            if found.isna().all():
                raise InputError("'part' names no customer of the log: its index must hold their ids.")
        elif part == "cohort":
            first = (histories.end - histories.T).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
            found = pd.Series([f"{1970 + month // 12}-Q{month % 12 // 3 + 1}" for month in first])
        else:
            check_choice(part, "part", ("cohort", *KINDS))
            found = first_values(self.log, self.ledger.purchases, part)
        return found.fillna("").to_numpy(dtype=np.str_)

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
        check_new_file(path)
        histories = self.forecast.histories
        purchases = self.factor * self.forecast.each()
        spend = self.forecast.spending.expected(histories.x.astype(float), histories.z)
        rows = pd.DataFrame({"customer": self.ledger.ids.to_numpy()[histories.who], "purchases": purchases})
        rows = rows.assign(spend=spend, revenue=purchases * spend * self.log.net_share)
        if self.dropout_seen:
            each = np.array([self.forecast.alive(name, self.fitted[name]) for name in self.equal])
            alive = self.forecast.alive(self.used, self.fitted[self.used])
            low, high = (edge(each, axis=0) for edge in (np.min, np.max))
            rows = rows.assign(alive=alive, alive_low=np.minimum(low, alive), alive_high=np.maximum(high, alive))
        rows.to_csv(path, index=False)
        return len(rows)
