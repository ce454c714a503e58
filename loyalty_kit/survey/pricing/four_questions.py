"""The four questions of van Westendorp: who answered in order, where the curves meet, and demand between them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_numbers, check_responses, check_weight
from loyalty_kit.core.errors import InputError, TooLittleError, rows
from loyalty_kit.core.messages import message
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.entries import Price
from loyalty_kit.survey.pricing.curves import (
    NARROWER,
    ORIGINAL,
    crossing,
    curve_table,
    curves_of,
    expanded_ends,
    resampled_points,
)
from loyalty_kit.survey.pricing.demand import NEWTON_MILLER_SMITH, Buying, DemandResult, measured
from loyalty_kit.survey.pricing.gabor_granger import LEAST, enough
from loyalty_kit.survey.pricing.newton_miller_smith import FIVE, buying_chances, chances_of, price_grid

COLUMNS = ("point", "price", "ci_low", "ci_high", "share", "reason", "from", "to")
_APART = 0.05


@dataclass(frozen=True)
class Settings:
    """How prices are to be read, as `price_sensitivity` was told."""

    out_of_order: Literal["leave_out", "keep"]
    acceptable: str
    confidence: float
    min_cell: int
    bootstrap: int
    rng: np.random.Generator

    @property
    def leave_out(self) -> bool:
        """Whether respondents out of order are left out."""
        return self.out_of_order == "leave_out"


@dataclass(frozen=True)
class FourQuestions:
    """Prices of respondents who gave all four, with what the four curves and the answers on buying tell.

    Attributes
    ----------
    points, curves, otherwise, demand
        As the result has them.
    out_of_order : DataFrame
        Prices of those whose four do not rise.
    n_used, n_dropped : int
        Respondents behind the points; those without four prices.
    warnings : tuple of str
        Why there is no demand though it was asked for, or no acceptable range.
    """

    points: pd.DataFrame
    curves: pd.DataFrame
    otherwise: pd.Series
    demand: DemandResult | None
    out_of_order: pd.DataFrame
    n_used: int
    n_dropped: int
    warnings: tuple[str, ...] = ()


def four_questions(responses: pd.DataFrame, codebook: Codebook, price: Price, settings: Settings) -> FourQuestions:
    """Find all that the four questions tell, with the two on buying where these were asked."""
    names = list(price.columns.values())
    check_responses(responses, [*names, *price.intents, *filter(None, [codebook.weight])])
    check_numbers(responses, names, message("The table of responses"))
    answers = responses[names].to_numpy(dtype=float, na_value=np.nan)
    _check_prices(answers, names)
    weights = check_weight(responses[codebook.weight] if codebook.weight else None, len(responses))
    whole = ~np.isnan(answers).any(axis=1) & (weights > 0)
    falls = whole & (np.diff(answers, axis=1) < 0).any(axis=1)
    used = whole & ~falls if settings.leave_out else whole
    enough(int(used.sum()))
    points = NARROWER if settings.acceptable == "narrower" else ORIGINAL
    demand = None
    short: list[str] = []
    try:
        demand = _demand(responses[used], answers[used], weights[used], price, settings) if price.intents else None
    except TooLittleError as error:
        short.append(error.message)
    found = _points(answers[used], weights[used], points, settings)
    ends = found.set_index("point")["price"]
    if ends["marginal_cheapness"] > ends["marginal_expensiveness"]:
        short.append(message("Many gave one price to several questions: the acceptable range has no width."))
    others = whole if settings.leave_out else whole & ~falls
    otherwise = (
        _prices(answers[others], weights[others], points) if falls.any() and others.any() else pd.Series(dtype=float)
    )
    return FourQuestions(
        points=found,
        curves=curve_table(answers[used], weights[used]),
        otherwise=otherwise,
        demand=demand,
        out_of_order=responses.loc[falls, names],
        n_used=int(used.sum()),
        n_dropped=int((~whole).sum()),
        warnings=tuple(short),
    )


def _check_prices(answers: Floats, names: list[str]) -> None:
    """Refuse prices that are infinite or below zero."""
    wrong = (answers < 0) | np.isinf(answers)
    for at in np.flatnonzero(wrong.any(axis=0))[:1]:
        raise InputError(
            "'{name}' holds a price that is below zero or infinite in {rows}.",
            name=names[at],
            rows=rows(int(wrong[:, at].sum())),
        )


def _prices(answers: Floats, weights: Floats, points: dict[str, tuple[str, str]]) -> pd.Series:
    """Price of each point, without intervals."""
    prices = np.unique(answers)
    curves = curves_of(answers, weights[None, :], prices)
    met = {name: crossing(curves[one], curves[other], prices) for name, (one, other) in points.items()}
    return pd.Series({name: np.nan if one.apart[0] else one.prices[0] for name, one in met.items()}, dtype=float)


def _points(answers: Floats, weights: Floats, points: dict[str, tuple[str, str]], settings: Settings) -> pd.DataFrame:
    """Row a point: its price with interval, the share there and, where one is missing, why."""
    prices = np.unique(answers)
    curves = curves_of(answers, weights[None, :], prices)
    drawn = resampled_points(answers, weights, points, replicates=settings.bootstrap, rng=settings.rng)
    ends = expanded_ends(weights, settings.confidence)
    table = []
    for (name, (falling, rising)), found in zip(points.items(), drawn.T, strict=True):
        met = crossing(curves[falling], curves[rising], prices)
        known = found[~np.isnan(found)]
        apart, unsteady = bool(met.apart[0]), len(known) < (1 - _APART) * len(found)
        told = len(known) > 0 and not apart and not unsteady
        low, high = np.quantile(known, ends) if told else (np.nan, np.nan)
        price = np.nan if apart else met.prices[0]
        reason = "apart" if apart else "unsteady" if unsteady else ""
        table.append([name, price, low, high, met.heights[0], reason, met.lows[0], met.highs[0]])
    return pd.DataFrame(table, columns=list(COLUMNS))


def _demand(
    responses: pd.DataFrame, answers: Floats, weights: Floats, price: Price, settings: Settings
) -> DemandResult:
    """Demand by Newton, Miller and Smith."""
    chances = {float(answer): chance for answer, chance in price.chances.items()} or FIVE
    given = responses[list(price.intents)].to_numpy(dtype=float, na_value=np.nan)
    at_cheap, at_expensive = (chances_of(column, chances) for column in given.T)
    strange = ~np.isnan(given) & np.isnan(np.column_stack([at_cheap, at_expensive]))
    if strange.any():
        held = f"{given[strange][0]:g}"
        raise InputError("price.chances has no chance for the answer {answer}.", answer=held)
    used = ~np.isnan(given).any(axis=1)
    if used.sum() < LEAST:
        raise TooLittleError(
            "{n} respondents answered on buying at the prices they called cheap and expensive; {least} are needed.",
            n=int(used.sum()),
            least=LEAST,
        )
    grid = price_grid(answers[used])
    bought = buying_chances(answers[used], at_cheap[used], at_expensive[used], grid)
    return measured(
        Buying(grid, bought, np.ones(bought.shape, dtype=bool), weights[used], falling=False),
        NEWTON_MILLER_SMITH,
        price,
        confidence=settings.confidence,
        bootstrap=settings.bootstrap,
        rng=settings.rng,
        out_of_order=responses.iloc[:0],
        left_out=settings.leave_out,
        filled=False,
        n_dropped=int((~used).sum()),
    )
