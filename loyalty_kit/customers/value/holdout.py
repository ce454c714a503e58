"""Holdouts: what the models would have said at an earlier day, beside what came."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.value.covariates import NO_COVARIATES, Covariates
from loyalty_kit.customers.value.limits import enough, last_day
from loyalty_kit.customers.value.models.fitting import Fit
from loyalty_kit.customers.value.models.histories import WEEK, Cells, Histories, histories_of
from loyalty_kit.customers.value.models.known import (
    DROPOUT,
    LEVEL,
    MODELS,
    dropout_p,
    fit_model,
    fit_models,
    fit_with_covariates,
)
from loyalty_kit.customers.value.totals import Total, chance_of, totals_of

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
EARLIER = (0, 1, 2, 3, 6)
"""Repeat purchases at which a group of the holdout begins."""
CUTS, MANY = 5, 100_000
"""Rolling cuts, and customers of whom a part of about so many tells how far forecasts were off."""
ROLLING = ["cut", "weeks", "predicted", "ci_low", "ci_high", "actual", "ratio"]


class Holdout(NamedTuple):
    """Customers known at a cut, models fitted to what they had done by then, and what they did after."""

    histories: Histories
    cells: Cells
    fits: dict[str, Fit]
    weeks: float
    bought: Whole
    """Days with a purchase of each customer after the cut."""
    later: Cells
    """Histories of the same customers at the end of the holdout."""


def holdout_of(ledger: Ledger, cut: int, end: int, covariates: Covariates = NO_COVARIATES) -> Holdout:
    """Fit the models at a cut, inclusive, and look at what came until an end."""
    histories, after = (histories_of(ledger, day, covariates.values) for day in (cut, end))
    known = np.searchsorted(after.who, histories.who)
    after = after.of(known)
    _, fits = fits_of(histories, covariates)
    return Holdout(histories, histories.cells(), fits, (end - cut) / WEEK, after.x - histories.x, after.cells())


def fits_of(histories: Histories, covariates: Covariates) -> tuple[dict[str, Fit], dict[str, Fit]]:
    """Fit all models without covariates, and with them where there are any."""
    cells = histories.cells()
    if covariates.values is None:
        plain = fit_models(cells)
        return plain, plain
    plain = fit_models(histories._replace(covariates=None).cells())
    return plain, {name: fit_with_covariates(name, cells, covariates.names, plain[name]) for name in plain}


def cuts_before(ledger: Ledger, cut: int, weeks: int) -> list[int]:
    """Give a last day of calibration and those half a window apart before it, as far back as a fit is possible."""
    step = max(WEEK, WEEK * weeks // 2)
    days = [cut - step * place for place in range(CUTS)]
    return [day for day in days if day == cut or enough(ledger, day)]


def rolling(
    ledger: Ledger,
    name: str,
    cuts: Sequence[int],
    weeks: int,
    confidence: float,
    rng: np.random.Generator,
    covariates: Covariates = NO_COVARIATES,
    known: Holdout | None = None,
) -> pd.DataFrame:
    """Predicted and actual purchases of one model at several cuts; of a part of very many customers, scaled up.

    `known` is a holdout of all customers that need not be fitted again.
    """
    end, every = last_day(ledger), max(len(ledger.ids) // MANY, 1)
    some = ledger.some(ledger.customer % every == 0)
    rows = []
    for cut in sorted(cuts):
        span = min((end - cut) // WEEK, weeks)
        fitted = known is not None and every == 1 and (known.histories.end, known.weeks) == (cut, span)
        held = known if fitted and known is not None else _holdout_at(some, name, cut, span, covariates)
        (part,) = predicted(held, name, rng)
        came = _came(ledger, cut, cut + WEEK * span)
        total = Total(every * part.mean, part.relative, float(np.sqrt(every)) * part.chance)
        ends = total.interval(confidence, rng)
        rows.append((str(np.datetime64(cut, "D")), float(span), total.mean, *ends, came, total.mean / max(came, 1)))
    return pd.DataFrame(rows, columns=ROLLING).astype({"actual": int})


def _holdout_at(ledger: Ledger, name: str, cut: int, span: int, covariates: Covariates) -> Holdout:
    """Fit one model at a cut, and look at what came in so many weeks."""
    histories, after = (histories_of(ledger, day, covariates.values) for day in (cut, cut + WEEK * span))
    later = after.of(np.searchsorted(after.who, histories.who))
    fits = _fits_at(name, histories, covariates)
    return Holdout(histories, histories.cells(), fits, float(span), later.x - histories.x, later.cells())


def _fits_at(name: str, histories: Histories, covariates: Covariates) -> dict[str, Fit]:
    """Fit one model, and the NBD into which it runs where it sits at its edge."""
    plain = histories._replace(covariates=None).cells()
    stay = fit_model("nbd", plain)
    fits = {"nbd": stay} | ({} if name == "nbd" else {name: fit_model(name, plain, stay)})
    if covariates.values is None:
        return fits
    cells = histories.cells()
    return {each: fit_with_covariates(each, cells, covariates.names, fitted) for each, fitted in fits.items()}


def _came(ledger: Ledger, cut: int, end: int) -> int:
    """Days after a cut on which customers bought who had bought before."""
    bought = ledger.purchases
    known = bought.customer[bought.starts[bought.day[bought.starts] <= cut]]
    inside = (bought.day > cut) & (bought.day <= end)
    return int(np.isin(bought.customer[inside], known).sum())


def seen(fits: dict[str, Fit], name: str) -> bool:
    """Whether a model sees customers leave: it gains over the NBD and does not sit at its edge."""
    return not fits[name].edge and dropout_p(fits[name].ll - fits["nbd"].ll) < LEVEL


def scores(held: Holdout, name: str) -> Floats:
    """Log score of each customer: how likely the model held the days after the cut, given those before."""
    model, theta = MODELS[name], held.fits[name].theta
    later, _ = model.likelihood(theta, *held.later.history)
    before, _ = model.likelihood(theta, *held.cells.history)
    found: Floats = later[held.later.back] - before[held.cells.back]
    return found


def standing(held: Holdout, name: str) -> str:
    """Model at a cut: the one asked for, or the NBD, into which it runs where it sits at its edge."""
    return name if not held.fits[name].edge else "nbd"


def mean_of(held: Holdout, name: str) -> float:
    """Purchases that a model expects after the cut."""
    name = standing(held, name)
    expected = MODELS[name].expected(held.fits[name].parameters, held.weeks, *held.cells.history)
    return float(held.cells.customers @ expected)


def predicted(held: Holdout, name: str, rng: np.random.Generator, groups: Whole | None = None) -> list[Total]:
    """Purchases after the cut as the model had them, in all or by groups of customers."""
    name = standing(held, name)
    model, fitted = MODELS[name], held.fits[name]
    of = np.zeros(len(held.bought), dtype=np.int64) if groups is None else groups
    count = int(of.max(initial=0)) + 1
    weights = np.zeros((count, len(held.cells.x)))
    np.add.at(weights, (of, held.cells.back), 1.0)
    mean, relative = totals_of(model, fitted, held.cells, weights, held.weeks)
    chance = chance_of(model, fitted, held.histories, held.weeks, of, rng)
    return [Total(*map(float, part)) for part in zip(mean, relative, chance, strict=True)]


def by_earlier(held: Holdout, name: str, confidence: float, rng: np.random.Generator) -> pd.DataFrame:
    """Predicted and actual by how often customers had come again; small groups go with the one below."""
    x = held.histories.x
    begins = [0]
    for low in EARLIER[1:]:
        if (x >= low).sum() >= FEWEST and (x < low).sum() - (x < begins[-1]).sum() >= FEWEST:
            begins.append(low)
    groups = np.searchsorted(begins, x, side="right") - 1
    totals = predicted(held, name, rng, groups)
    last = [*(low - 1 for low in begins[1:]), None]
    levels = [
        f"{low}" if low == high else f"{low}+" if high is None else f"{low}-{high}"
        for low, high in zip(begins, last, strict=True)
    ]
    intervals = [total.interval(confidence, rng) for total in totals]
    return pd.DataFrame(
        {
            "by": "earlier",
            "level": levels,
            "customers": np.bincount(groups),
            "predicted": [total.mean for total in totals],
            "ci_low": [low for low, _ in intervals],
            "ci_high": [high for _, high in intervals],
            "actual": np.bincount(groups, held.bought).astype(int),
        }
    )


def by_week(held: Holdout, name: str, ledger: Ledger, confidence: float, rng: np.random.Generator) -> pd.DataFrame:
    """Predicted and actual by week after the cut, whole weeks only; chance is that of a total spread over weeks."""
    name = standing(held, name)
    model, fitted = MODELS[name], held.fits[name]
    weeks = np.arange(1, int(held.weeks) + 1)
    reached = [
        model.expected(fitted.parameters, float(week), *held.cells.history) @ held.cells.customers for week in weeks
    ]
    each = np.diff([0.0, *reached])
    (whole,) = predicted(held, name, rng)
    intervals = [
        # A week's purchases are nearly Poisson: few customers come twice in one.
        Total(mean, whole.relative, float(np.sqrt(mean))).interval(confidence, rng)
        for mean in each.tolist()
    ]
    bought = ledger.purchases
    who = np.isin(bought.customer, held.histories.who)
    after = bought.day - held.histories.end
    place = (after[who & (after > 0)] - 1) // WEEK
    return pd.DataFrame(
        {
            "by": "week",
            "level": weeks.astype(str),
            "customers": len(held.bought),
            "predicted": each,
            "ci_low": [low for low, _ in intervals],
            "ci_high": [high for _, high in intervals],
            "actual": np.bincount(place[place < len(weeks)], minlength=len(weeks)),
        }
    )


def any_seen(fits: dict[str, Fit]) -> bool:
    """Whether any model sees customers leave."""
    return any(seen(fits, name) for name in DROPOUT)
