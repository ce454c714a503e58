"""What customers are worth: purchases and money of today's customers over a horizon, tried out first on a holdout."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_level, check_number, check_rng, check_share, check_whole
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.messages import Message, message
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.customers.value.covariates import NO_COVARIATES, effect_table, gain_table, read_covariates
from loyalty_kit.customers.value.forecast import Forecast, correction_of, money_table
from loyalty_kit.customers.value.holdout import (
    Holdout,
    any_seen,
    cuts_before,
    fits_of,
    holdout_of,
    mean_of,
    rolling,
    scores,
    seen,
)
from loyalty_kit.customers.value.limits import check_ledger, cut_of, last_day
from loyalty_kit.customers.value.models.fitting import Fit
from loyalty_kit.customers.value.models.gamma_gamma import spending_of
from loyalty_kit.customers.value.models.histories import histories_of
from loyalty_kit.customers.value.models.known import DROPOUT, LEVEL, MODELS, dropout_p
from loyalty_kit.customers.value.notes import notes_of
from loyalty_kit.customers.value.season import season_of
from loyalty_kit.customers.value.totals import Total
from loyalty_kit.customers.value.value_result import ValueResult

CLEAR = 1.96
"""Standard errors of the difference in log score beyond which a model did worse."""


def customer_value(
    transactions: Transactions,
    *,
    horizon: int,
    model: Literal["auto", "nbd", "bg_nbd", "mbg_nbd", "pareto_nbd", "bg_bb", "sbg"] = "auto",
    holdout: int | str | date | None = None,
    margin: float | None = None,
    discount: float | None = None,
    covariates: pd.DataFrame | None = None,
    currency: str = "",
    confidence: float = 0.95,
    rng: int | np.random.Generator = 0,
) -> ValueResult:
    """Forecast what today's customers will buy and spend, after a holdout that shows how good the forecast is.

    Parameters
    ----------
    transactions : Transactions
        A log, as `lk.read_transactions` gives it; purchases of one day are one.
    horizon : int
        Weeks ahead, from the last day of the log.
    model : {'auto', 'nbd', 'bg_nbd', 'mbg_nbd', 'pareto_nbd', 'bg_bb', 'sbg'}
        Model of purchases; 'auto' takes, of those that see customers leave and whose log score in the holdout is the
        best or within chance of it, the one nearest to the holdout's total, and the NBD, whose customers stay, where no
        model sees any leave. BG/BB and sBG, models of fixed occasions and of contracts, are refused for orders.
    holdout : int, date or str, optional
        Last day of calibration, inclusive, or weeks at the end of the log that are held out; as many as the horizon
        has if absent and possible.
    margin : float, optional
        Share of revenue that is earned.
    discount : float, optional
        Rate a year at which margin that comes later is worth less.
    covariates : DataFrame, optional
        What was known of each customer at the first purchase: columns of numbers or text, customers' ids as its index.
        They move the rates of buying and of leaving; `effects` says how much, `covariates` whether beyond chance.
    currency : str
        Sign or name that reports write amounts with.
    confidence : float
        Level of the intervals.
    rng : int or Generator
        Seed of the futures that chance is told by.

    Returns
    -------
    ValueResult

    Raises
    ------
    TooLittleError
        If nobody bought on two days, fewer than 100 customers did, the log is shorter than two median gaps between
        purchases, or the model asked for runs to the edge of its parameters.
    InputError
        If the horizon is longer than the log, the holdout lies outside it, the model is not one of orders, or
        covariates lack a customer, are the same for all, follow from one another or tell who came again.

    Notes
    -----
    Models are fitted by maximum likelihood on counts of equal histories. An interval holds the error of the parameters
    (delta method, on the logarithm of the total) and chance: the deviation of the sum of independent futures. Where the
    holdout's purchases lie outside their interval, figures are multiplied by actual over predicted; the error grows by
    the larger of the logarithm of that and of what the ratios at cuts half a window apart change by, beyond chance. Log
    scores are how likely a model held the days of the holdout given those before. A model sees dropout where it gains
    over the NBD, p < .05 of half a chi-square of one degree, both without covariates. Covariates z multiply the rate of
    buying by exp(g' z), and that of leaving (the odds of it, in the BG/NBD and MBG/NBD) by exp(h' z). The sBG
    stands in `lk.retention(log).project`.

    References
    ----------
    Fader, P. S. & Hardie, B. G. S. (2009). Probability models for customer-base analysis. Journal of Interactive
    Marketing 23(1), 61–69. Fader, P. S. & Hardie, B. G. S. (2007). Incorporating time-invariant covariates into the
    Pareto/NBD and BG/NBD models. Checked against BTYD 2.4.3, BTYDplus 1.2.0 and CLVTools 0.12.1 on CDNOW.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> draw = np.random.default_rng(1)
    >>> days = pd.Timestamp("2026-01-01") + pd.to_timedelta(draw.integers(0, 200, 900), unit="D")
    >>> log = pd.DataFrame({"who": draw.integers(0, 200, 900), "when": days, "paid": draw.gamma(9, 3, 900)})
    >>> found = customer_value(read_transactions(log, customer="who", time="when", amount="paid"), horizon=8)
    >>> found.total()["horizon"].tolist(), found.dropout_seen
    ([8], False)
    """
    _check(transactions, horizon, model, margin, discount, confidence)
    source = check_rng(rng)
    ledger = transactions.ledger()
    check_ledger(ledger, horizon)
    end = last_day(ledger)
    known = NO_COVARIATES if covariates is None else read_covariates(covariates, ledger)
    held = holdout_of(ledger, cut_of(ledger, holdout, horizon), end, known)
    histories = histories_of(ledger, end, known.values)
    plain, fits = fits_of(histories, known)
    used, equal = _chosen(model, plain, fits, held)
    forecast = Forecast(used, fits[used], histories, histories.cells(), spending_of(histories), horizon)
    weeks, seasonal = int(held.weeks), season_of(ledger, horizon)
    cuts = cuts_before(ledger, held.histories.end, weeks)
    past = rolling(ledger, used, cuts, weeks, confidence, source, known, held)
    correction = correction_of(past, confidence)
    gain = gain_table(fits, plain, known.names)
    models = _models(fits, held, forecast, there=any_seen(plain))
    return ValueResult(
        amounts=money_table(
            _parts(forecast, transactions.net_share, margin, discount, source), correction, confidence, source
        ),
        fitted=fits,
        used=used,
        horizon=horizon,
        ratio=float(past["ratio"].iloc[-1]),
        factor=correction.factor,
        dropout_seen=any_seen(plain),
        n_used=len(histories.x),
        n_repeat=int((histories.x > 0).sum()),
        confidence=confidence,
        margin=margin,
        discount=discount or 0.0,
        seasonal=seasonal,
        seed=int(source.integers(2**31)),
        correction=correction,
        log=transactions,
        equal=tuple(equal),
        forecast=forecast,
        held=held,
        past=past,
        ledger=ledger,
        model_table=models,
        dropout_table=_dropout(plain),
        effect_table=effect_table(fits, known.names, confidence),
        gain_table=gain,
        simulated=transactions.simulated,
        currency=currency,
        warnings=(
            *notes_of(transactions, forecast, any_seen(plain), fits, past, correction, models, equal, seasonal),
            *_of_covariates(gain, used),
        ),
    )


def _check(
    transactions: object, horizon: int, model: str, margin: float | None, discount: float | None, confidence: float
) -> None:
    if not isinstance(transactions, Transactions):
        raise InputError(
            "'transactions' must be a log, as lk.read_transactions gives it; got {given}.", given=kind(transactions)
        )
    check_whole(horizon, "horizon", 1)
    check_choice(model, "model", ("auto", *MODELS, "bg_bb", "sbg"))
    if model == "bg_bb":
        raise InputError(
            "BG/BB takes occasions to buy that come at fixed times, as a yearly appeal; an order may come on any day: "
            "take model='auto', or for such occasions lk.occasions."
        )
    if model == "sbg":
        raise InputError(
            "sBG takes contracts that are renewed or end; orders are neither: take model='auto', or for the cohorts "
            "of contracts lk.retention(log).project(periods)."
        )
    check_level(confidence, "confidence")
    if margin is not None:
        check_share(margin, "margin")
    if discount is not None:
        check_number(discount, "discount")
        if discount < 0 or margin is None:
            raise InputError(
                "'discount' must be a rate a year of 0 or more beside a 'margin' (margin=1 for all revenue); got "
                "{discount} and {margin}.",
                discount=discount,
                margin=str(margin),
            )


def _parts(
    forecast: Forecast, net: float, margin: float | None, discount: float | None, rng: np.random.Generator
) -> dict[str, tuple[Total, float]]:
    """Totals of purchases and money, each with what a unit of it is worth."""
    revenue = forecast.revenue(rng)
    parts = {"purchases": (forecast.purchases(rng), 1.0), "revenue": (revenue, net)}
    worth = {} if margin is None else {"margin": (revenue, net * margin * forecast.discounted(discount or 0.0))}
    return parts | worth


def _chosen(model: str, plain: dict[str, Fit], fits: dict[str, Fit], held: Holdout) -> tuple[str, list[str]]:
    """Model to use, and those that did as well in the holdout within chance."""
    _check_edges(plain, fits)
    if model != "auto" and fits[model].edge:
        raise TooLittleError(
            "{model} cannot be fitted to this log: its parameter {parameter} ran to the edge; take model='auto'.",
            model=MODELS[model].called,
            parameter=fits[model].edge,
        )
    seeing = [name for name in DROPOUT if seen(plain, name) and not fits[name].edge]
    able = [name for name in seeing if not held.fits[name].edge] or seeing
    each = {name: scores(held, name) for name in (able or ["nbd"])}
    best = max(each, key=lambda name: float(each[name].sum()))
    equal = [name for name in each if name == best or not _worse(each[name] - each[best])]
    actual = max(int(held.bought.sum()), 1)
    nearest = min(equal, key=lambda name: abs(np.log(mean_of(held, name) / actual)))
    return (nearest if model == "auto" else model), equal


def _check_edges(plain: dict[str, Fit], fits: dict[str, Fit]) -> None:
    """Refuse covariates with which no model can be fitted that can be without them."""
    fit_alone = [name for name in DROPOUT if seen(plain, name)] or ["nbd"]
    edges = [f"{MODELS[name].called} ({fits[name].edge})" for name in fit_alone if fits[name].edge]
    if len(edges) == len(fit_alone) and not all(plain[name].edge for name in fit_alone):
        raise TooLittleError(
            "With these covariates no model can be fitted, each running to the edge of a parameter: {models}; leave "
            "that column out, or put its rare values together.",
            models=edges,
        )


def _worse(difference: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bool:
    error = difference.std() * np.sqrt(len(difference))
    return bool(difference.sum() < -CLEAR * error)


def _of_covariates(gain: pd.DataFrame, used: str) -> Iterator[Message]:
    """Say where covariates explain no more than chance would."""
    p_values = gain.loc[gain["model"] == used, "p_value"]
    if len(p_values) and p_values.iloc[0] >= LEVEL:
        yield message(
            "Covariates explain no more of the purchases than chance would (p = {p:.2f}); the figures may as well be "
            "made without them.",
            p=float(p_values.iloc[0]),
        )


def _models(fits: dict[str, Fit], held: Holdout, forecast: Forecast, *, there: bool) -> pd.DataFrame:
    rows = []
    for name, fitted in fits.items():
        known = not fitted.edge
        total = forecast._replace(name=name, fitted=fitted).each().sum() if known else np.nan
        alive = forecast.alive(name, fitted).sum() if known and there and name != "nbd" else np.nan
        score = scores(held, name).sum() if not held.fits[name].edge else np.nan
        rows.append((name, score, total, alive, name == forecast.name))
    return pd.DataFrame(rows, columns=["model", "log_score", "total", "alive", "used"])


def _dropout(fits: dict[str, Fit]) -> pd.DataFrame:
    gains = [fits[name].ll - fits["nbd"].ll for name in DROPOUT]
    table = {"model": DROPOUT, "gain": gains, "p": [dropout_p(gain) for gain in gains]}
    return pd.DataFrame(table | {"seen": [seen(fits, name) for name in DROPOUT]})
