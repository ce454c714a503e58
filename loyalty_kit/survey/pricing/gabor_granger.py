"""Demand by a ladder of prices, as Gabor and Granger ask for it: whether somebody would buy at each."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import (
    check_answers,
    check_choice,
    check_level,
    check_responses,
    check_rng,
    check_weight,
    check_whole,
)
from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.core.messages import foreign, message
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.survey.codebook import Codebook, check_codebook
from loyalty_kit.survey.entries import Price
from loyalty_kit.survey.pricing.demand import GABOR_GRANGER, Buying, DemandResult, measured

Truths = npt.NDArray[np.bool_]
LEAST = 20
"""Fewest respondents for which figures of prices are told."""
_WHOLE_LADDERS = 0.9


def gabor_granger(
    responses: pd.DataFrame,
    codebook: Codebook,
    *,
    out_of_order: Literal["leave_out", "keep"] = "leave_out",
    confidence: float = 0.95,
    min_cell: int = 5,
    bootstrap: int = 1000,
    rng: int | np.random.Generator = 0,
) -> DemandResult:
    r"""Demand and revenue by price, from a ladder of prices at each of which respondents said whether they would buy.

    Parameters
    ----------
    responses : DataFrame of shape (respondents, columns)
        Answers from `read_responses`.
    codebook : Codebook
        Its `[price]` with `ladder` and, where answers are not 0 and 1, `buys_from`; and the weight.
    out_of_order : {'leave_out', 'keep'}
        What becomes of respondents who would buy at a price but not at a lower one.
    confidence : float
        Level of the intervals.
    min_cell : int
        Fewest respondents of a price that is shown.
    bootstrap : int
        Samples of respondents; 0 for no intervals.
    rng : int or Generator
        Source of chance.

    Returns
    -------
    DemandResult

    Raises
    ------
    TooLittleError
        If the codebook names no ladder, or fewer than 20 respondents answered.
    InputError
        If an item is absent or an argument is out of its range.

    Notes
    -----
    Who would buy at a price is taken to buy at every lower one that was not asked, and who would not, at no higher
    one: so that interviews count that stop at the first no. This is done only where it completes the ladder of 90 % of
    the respondents or more (the others are then left out and counted): where each was asked one price or a few, it
    would count buyers at low and refusals at high prices too often, and each price keeps those who were asked it.

    Demand is the weighted share of buyers, made to fall with the price by the closest shares that do (pooled adjacent
    violators, weighted by those behind each price). Revenue is price times demand, per respondent asked. Intervals
    are percentiles over bootstrap samples of respondents.

    References
    ----------
    Gabor, A. & Granger, C. W. J. (1966). Price as an indicator of quality: report on an enquiry. Economica 33, 43–70.

    Examples
    --------
    >>> book = Codebook.parse('response = { min = 0, max = 1 }\nprice.ladder = { a = 10, b = 20, c = 30 }')
    >>> answers = pd.DataFrame({"a": [1.0] * 30, "b": [1.0] * 18 + [0] * 12, "c": [1.0] * 6 + [0] * 12 + [None] * 12})
    >>> found = gabor_granger(answers, book, rng=1)
    >>> found.to_frame()["demand"].round(2).tolist(), found.best
    ([1.0, 0.6, 0.2], 20.0)
    """
    check_codebook(codebook)
    check_choice(out_of_order, "out_of_order", ("leave_out", "keep"))
    check_level(confidence, "confidence")
    check_whole(min_cell, "min_cell", 1)
    check_whole(bootstrap, "bootstrap", 0)
    generator = check_rng(rng)
    price = codebook.price
    if price is None or not price.ladder:
        raise TooLittleError("The codebook names no ladder of prices: {line}.", line=_LINE)
    ladder = _ladder(responses, codebook, price, leave_out=out_of_order == "leave_out")
    buying = ladder.buying(min_cell)
    hidden = [f"{one:g}" for one in ladder.prices if one not in buying.prices]
    return measured(
        buying,
        GABOR_GRANGER,
        price,
        confidence=confidence,
        bootstrap=bootstrap,
        rng=generator,
        out_of_order=responses.loc[ladder.disordered, ladder.names],
        left_out=out_of_order == "leave_out",
        filled=ladder.filled,
        n_dropped=int((~ladder.used & ~ladder.disordered).sum()),
        warnings=(message("Fewer than {n} were asked at {prices}.", n=min_cell, prices=hidden),) if hidden else (),
    )


@dataclass(frozen=True)
class _Ladder:
    """Answers on a ladder of prices: its items by price, who would buy, whose answers count and who is out of order."""

    names: list[str]
    prices: Floats
    values: Floats
    weights: Floats
    used: Truths
    disordered: Truths
    filled: bool

    def buying(self, min_cell: int) -> Buying:
        """Who would buy at each price at which at least so many respondents are known to or not."""
        values = self.values[self.used]
        known = ~np.isnan(values)
        shown = known.sum(axis=0) >= min_cell
        if not shown.any():
            raise TooLittleError("No price of the ladder was put to {n} respondents or more.", n=min_cell)
        chances = np.nan_to_num(values[:, shown])
        return Buying(self.prices[shown], chances, known[:, shown], self.weights[self.used], falling=True)


def _ladder(responses: pd.DataFrame, codebook: Codebook, price: Price, *, leave_out: bool) -> _Ladder:
    """Answers on the codebook's ladder, with those that follow from others where that completes most ladders."""
    names = sorted(price.ladder, key=price.ladder.__getitem__)
    check_responses(responses, [*names, *filter(None, [codebook.weight])])
    check_answers(responses, codebook.ranges(names))
    weights = check_weight(responses[codebook.weight] if codebook.weight else None, len(responses))
    stated = responses[names].to_numpy(dtype=float, na_value=np.nan)
    buys = np.where(np.isnan(stated), np.nan, stated >= (1.0 if price.buys_from is None else price.buys_from))
    asked = ~np.isnan(buys).all(axis=1) & (weights > 0)
    disordered: Truths = asked & _reversed(buys)
    candidates: Truths = asked & ~disordered if leave_out else asked
    whole = _filled(buys)
    complete = np.asarray(~np.isnan(whole).any(axis=1))
    fill = bool(candidates.any() and complete[candidates].mean() >= _WHOLE_LADDERS)
    used = candidates & complete if fill else candidates
    enough(int(used.sum()))
    filled = fill and bool(np.isnan(buys[used]).any())
    prices = np.array([price.ladder[name] for name in names])
    return _Ladder(names, prices, whole if fill else buys, weights, used, disordered, filled)


_LINE = foreign("[price] ladder = { item = price, … }")


def enough(n: int) -> None:
    """Refuse what so few answered that nothing can be told."""
    if n < LEAST:
        raise TooLittleError(
            "{n} respondents have answers on prices that can be used; {least} are needed.",
            n=n,
            least=LEAST,
        )


def _filled(buys: Floats) -> Floats:
    """Answers with those that follow from others: a buyer buys at every lower price, a refuser at no higher one."""
    higher = np.maximum.accumulate(np.nan_to_num(buys, nan=0.0)[:, ::-1], axis=1)[:, ::-1] > 0
    lower = np.minimum.accumulate(np.nan_to_num(buys, nan=1.0), axis=1) < 1
    implied = np.where(higher == lower, np.nan, higher.astype(float))
    return np.where(np.isnan(buys), implied, buys)


def _reversed(buys: Floats) -> Truths:
    """Who would buy at a price but not at a lower one."""
    refused = np.minimum.accumulate(np.nan_to_num(buys, nan=1.0), axis=1) < 1
    return np.asarray((refused & (buys == 1)).any(axis=1))
