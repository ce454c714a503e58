"""What a reader must know beside a forecast of customers' value."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from loyalty_kit.core.messages import Message, message
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.customers.value.forecast import Correction, Forecast
from loyalty_kit.customers.value.models.fitting import Fit
from loyalty_kit.customers.value.models.known import DROPOUT, MODELS
from loyalty_kit.customers.value.season import Season

RELATED = 0.1
"""Correlation of spend with frequency from which it is said."""
LARGE = 0.05
"""Share of the revenue of one customer from which it is said."""


def notes_of(
    transactions: Transactions,
    forecast: Forecast,
    seen: bool,
    fits: Mapping[str, Fit],
    past: pd.DataFrame,
    correction: Correction,
    models: pd.DataFrame,
    equal: list[str],
    season: Season,
) -> tuple[Message, ...]:
    """Warnings of a result, the gravest first."""
    ledger = transactions.ledger()
    return (
        *_of_dropout(seen),
        *_of_holdout(past, correction, forecast.horizon),
        *_of_models(models, equal, fits),
        *_of_season(season, forecast.horizon),
        *_of_largest(season),
        *_of_spend(transactions, ledger, forecast),
    )


def _of_dropout(seen: bool) -> Iterator[Message]:
    if not seen:
        yield message(
            "No dropout can be seen in this log: P(alive) and lifetime are not reported, purchases within the horizon "
            "are, as of customers who stay."
        )


def _of_holdout(past: pd.DataFrame, correction: Correction, horizon: int) -> Iterator[Message]:
    last = past.iloc[-1]
    if correction.factor != 1:
        yield message(
            "In the holdout of {weeks:.0f} weeks the model predicted {predicted:,.0f} purchases and {actual:,} came, "
            "outside its interval: the figures are multiplied by {factor:.2f} and their intervals widened.",
            weeks=last["weeks"],
            predicted=last["predicted"],
            actual=int(last["actual"]),
            factor=correction.factor,
        )
    if correction.off > abs(np.log(correction.factor)) + 1e-12:
        yield message(
            "At earlier cuts predicted over actual went from {low:.2f} to {high:.2f}, by turns: a season, or a trend "
            "that changed; the intervals are widened by that.",
            low=past["ratio"].min(),
            high=past["ratio"].max(),
        )
    if last["weeks"] < horizon - 1:
        yield message(
            "The holdout has {weeks:.0f} weeks, the horizon {horizon}: how good the model is further ahead was not "
            "tried.",
            weeks=last["weeks"],
            horizon=horizon,
        )


def _of_models(models: pd.DataFrame, equal: list[str], fits: Mapping[str, Fit]) -> Iterator[Message]:
    totals = models.set_index("model")["total"][equal]
    if len(equal) > 1:
        yield message(
            "Models that did as well in the holdout within chance ({models}) say {low:,.0f} to {high:,.0f} purchases.",
            models=[MODELS[name].called for name in equal],
            low=totals.min(),
            high=totals.max(),
        )
    away = [name for name in DROPOUT if fits[name].edge]
    if away:
        yield message(
            "Fits that ran to the edge of their parameters are not used: {models}.",
            models=[f"{MODELS[name].called} ({fits[name].edge})" for name in away],
        )


def _of_season(season: Season, horizon: int) -> Iterator[Message]:
    if season.verdict == "unknown":
        yield message(
            "The log covers {weeks:.0f} weeks, less than two years: whether the next {horizon} weeks are high or low "
            "season cannot be known.",
            weeks=season.weeks,
            horizon=horizon,
        )
    if season.verdict == "season":
        yield message(
            "In the same {horizon} weeks a year before, purchases a week stood {off:+.0%} off those of the year around "
            "them; the model knows no season.",
            horizon=horizon,
            off=season.off,
        )
    if season.trend in ("grows", "shrinks"):
        yield message(
            "Purchases of the whole shop change by {change:+.0%} a quarter ({low:+.0%} to {high:+.0%}); the model "
            "knows no trend: look at the earlier cuts.",
            change=season.change,
            low=season.ci_low,
            high=season.ci_high,
        )


def _of_largest(season: Season) -> Iterator[Message]:
    if season.largest >= LARGE:
        yield message(
            "One customer brought {share:.0%} of the revenue so far; figures without this customer stand beside the "
            "others.",
            share=season.largest,
        )


def _of_spend(transactions: Transactions, ledger: Ledger, forecast: Forecast) -> Iterator[Message]:
    spending = forecast.spending
    if spending.fitted is None and spending.spread == 0:
        yield message("Every repeat day came to {mean:,.2f}; this is taken as everybody's spend.", mean=spending.mean)
    elif spending.fitted is None:
        yield message(
            "Spend a day could not be modelled, Gamma-Gamma running to the edge of its parameters: the mean, "
            "{mean:,.2f}, is taken as everybody's.",
            mean=spending.mean,
        )
    elif spending.correlation >= RELATED:
        yield message(
            "Customers who buy often spend more a day (Spearman {rho:+.2f}); the model of spend takes both to be "
            "unrelated.",
            rho=spending.correlation,
        )
    elif spending.correlation <= -RELATED:
        yield message(
            "Customers who buy often spend less a day (Spearman {rho:+.2f}); the model of spend takes both to be "
            "unrelated.",
            rho=spending.correlation,
        )
    back, paid = -float(ledger.refunds.sum()), float(ledger.spend.sum())
    if back > 0 and transactions.refunds == "separate":
        yield message(
            "Revenue counts purchases; refunds, {share:.1%} of what was bought, are not taken off.", share=back / paid
        )
    elif back > 0 and transactions.refunds == "net":
        yield message(
            "Refunds that take back no single purchase, {share:.1%} of what was bought, are taken off all revenue "
            "ahead alike.",
            share=back / paid,
        )
    nothing = len(np.unique(ledger.customer)) - len(forecast.histories.x)
    if nothing:
        yield message(
            "Customers who never paid anything, with orders of 0 or refunds alone, are left out: {n}.", n=nothing
        )
