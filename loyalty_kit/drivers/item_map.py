"""Which question of a driver to mend: importance and performance of each item within the model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_rng, check_same_rows, check_whole
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.drivers.driver_result import DriverResult
from loyalty_kit.drivers.fits.design import Design
from loyalty_kit.drivers.fits.resampling import linear_covariances
from loyalty_kit.drivers.importance.item_split import MOST_TOGETHER, split
from loyalty_kit.drivers.importance.measures import driver_matrices, measured
from loyalty_kit.drivers.importance.uncertainty import (
    NOTHING_LEFT,
    Ranking,
    Spread,
    plausible,
    ranking_of,
    share_intervals,
)
from loyalty_kit.drivers.priority import LIKELY, PriorityResult
from loyalty_kit.statistics.moments import Floats
from loyalty_kit.statistics.resampling import over_samples
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.scoring import on_hundred, reverse_key

Place = Literal["mend", "unclear", "none", "single"]
"""What is said of the items of a driver: one to mend first; no clear difference; none important and low; one item."""

_COLUMNS = [
    "driver", "item", "share", "ci_low", "ci_high", "within", "performance", "performance_ci_low",
    "performance_ci_high", "p_first", "p_mend",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class ItemMapResult(Result):
    """Importance and performance of the items of each driver.

    Attributes
    ----------
    table : DataFrame, a row an item, drivers in the order of the priorities, the likeliest item to mend first
        driver, item, share (of what all drivers explain) with ci_low and ci_high, within (part of the driver's
        share), performance (mean, 0 to 100, keyed) with performance_ci_low and performance_ci_high, p_first
        (probability that no other item of the driver matters more), p_mend (probability that the item matters at
        least as much as the driver's items on average and scores lower than they do); NaN of an only item.
    places : mapping of driver to {'mend', 'unclear', 'none', 'single'}
        Whether one item of the driver is to be mended first: p_mend of .80 or more; none so clear; no item that is
        important and low; only one item.
    wordings : mapping
        Wording of each item.
    labels : mapping
        Labels of the drivers.
    outcome : str
        The outcome.
    bootstrap, confidence : int, float
        Samples behind intervals and probabilities; level of the intervals.
    n_used, n_dropped : int
        Respondents behind the model; left out there.
    ranking : {'given', 'too_few', 'not_predicted'}
        As that of the priorities.
    method : str
        What importance and performance are.
    warnings : tuple of str
        Drivers whose items are not told apart, and why.
    """

    table: pd.DataFrame
    places: Mapping[str, Place]
    wordings: Mapping[str, str]
    labels: Mapping[str, str]
    outcome: str
    bootstrap: int
    confidence: float
    n_used: int
    n_dropped: int
    ranking: Ranking
    method: str
    warnings: tuple[str, ...] = ()

    @property
    def ranked(self) -> bool:
        """Whether reports say which item to mend."""
        return self.ranking == "given"

    def to_frame(self) -> pd.DataFrame:
        """Table of the items, driver by driver."""
        return self.table.copy()

    def of(self, driver: str) -> pd.DataFrame:
        """Rows of one driver, the likeliest item to mend first."""
        return self.table[self.table["driver"] == driver].reset_index(drop=True)


def item_map(
    driver_result: DriverResult,
    responses: pd.DataFrame,
    codebook: Codebook,
    *,
    priorities: PriorityResult,
    bootstrap: int = 500,
    rng: int | np.random.Generator = 0,
) -> ItemMapResult:
    """Divide the share of each driver among its items, and set it against how they score.

    Parameters
    ----------
    driver_result : DriverResult
        A linear model of scale scores.
    responses : DataFrame
        The answers that were scored.
    codebook : Codebook
        Which items a scale has.
    priorities : PriorityResult
        What `priorities` gave: the order of the drivers, and whether any ranking is given.
    bootstrap : int
        Samples of respondents.
    rng : int or Generator
        Seed or source of chance.

    Returns
    -------
    ItemMapResult

    Raises
    ------
    InputError
        If the model is not linear, or the answers are not those that were scored.

    Notes
    -----
    The importance of an item is its Shapley value in a game within the model: a set of items is worth the LMG
    importance that the driver would have if its score were their mean (`importance.item_split`), so that items
    add up to their driver; an item that lowers what the score explains has a negative value. A missing answer
    counts as the respondent's mean over the scale, as it does in the score. Items of one scale go together: that
    one matters more than another is often not told, and intervals and probabilities, made as those of drivers, say
    so. Drivers that are no scale of the codebook have no items.

    References
    ----------
    Ringle, C. M. & Sarstedt, M. (2016). Gain more insight from your PLS-SEM results: The importance-performance
    map analysis. Industrial Management & Data Systems 116(9), 1865–1886. Shapley, L. S. (1953). A value for
    n-person games. In Kuhn & Tucker (eds), Contributions to the theory of games II, 307–317.
    """
    check_whole(bootstrap, "bootstrap", 1)
    generator, design = check_rng(rng), driver_result.design
    if driver_result.model != "ols":
        raise InputError("Items are mapped within the linear model only; use model='ols'.")
    check_same_rows(responses, design.table, "responses")
    blocks, warnings = _blocks(design, responses, codebook)
    values, performance = _found(design, blocks, np.ones((1, len(design.y))))
    one = partial(_of_samples, design, blocks)
    both = over_samples(one, len(design.y), bootstrap, rng=generator, clusters=design.clusters)
    drawn, performances = both[:, : values.shape[1]], both[:, values.shape[1] :]
    confidence, spread = driver_result.confidence, Spread.of(design, driver_result.confidence)
    low, high = share_intervals(values[0], drawn, spread, confidence=confidence, signed=True)
    ends = np.quantile(performances, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    count = performance.shape[1]
    table = pd.DataFrame(
        {
            "driver": [block.driver for block in blocks for _ in block.items],
            "item": [name for block in blocks for name in block.items],
            "share": values[0, :count] / values.sum(),
            "ci_low": low[:count],
            "ci_high": high[:count],
            "performance": performance[0],
            "performance_ci_low": ends[0],
            "performance_ci_high": ends[1],
        }
    )
    within = [_within(block, values[0], drawn, performances, spread, generator) for block in _placed(blocks)]
    table[["within", "p_first", "p_mend"]] = np.vstack(within) if within else np.empty((0, 3))
    order = {name: place for place, name in enumerate(priorities.table["driver"])}
    table = table.assign(_order=table["driver"].map(order)).sort_values(
        ["_order", "p_mend", "share"], ascending=[True, False, False], kind="stable"
    )
    table = table[_COLUMNS].reset_index(drop=True)
    return ItemMapResult(
        table=table,
        places={str(name): _place(table[table["driver"] == name]) for name in table["driver"].unique()},
        wordings={name: codebook.wording(name) for name in table["item"]},
        labels=driver_result.labels,
        outcome=driver_result.outcome,
        bootstrap=bootstrap,
        confidence=confidence,
        n_used=driver_result.n_used,
        n_dropped=driver_result.n_dropped,
        ranking=ranking_of(design, predicts=priorities.ranking != "not_predicted"),
        method=message("Shapley value of each item in its driver's LMG importance, against the item's mean"),
        warnings=warnings,
    )


@dataclass(frozen=True, eq=False)
class _Block:
    """Items of one driver: their columns for the model, every gap filled, and as answered."""

    driver: str
    items: tuple[str, ...]
    filled: Floats
    answered: Floats
    at: int = 0

    def split(self, design: Design, counts: Floats) -> Floats:
        """Divide the driver's importance among the items in each sample."""
        own = design.drivers.index(self.driver)
        p = len(design.drivers)
        others = [j for j in range(p) if j != own]
        columns = np.column_stack([design.x[:, others], self.filled, design.x[:, p:], design.y])
        return split(linear_covariances(columns, design.weights, counts), p - 1, len(self.items))

    def means(self, design: Design, counts: Floats) -> Floats:
        """Average each item over those who answered it, in each sample."""
        there = np.isfinite(self.answered)
        w = design.weights[:, None]
        with np.errstate(invalid="ignore"):
            return np.asarray((counts @ (np.where(there, self.answered, 0.0) * w)) / (counts @ (there * w)))


def _blocks(design: Design, responses: pd.DataFrame, codebook: Codebook) -> tuple[list[_Block], tuple[str, ...]]:
    """Items of the drivers that have any which can be split, and which drivers' cannot."""
    blocks, left_out = [], []
    keyed = reverse_key(responses, codebook)
    for name in design.drivers:
        items = codebook.scales[name].items if name in codebook.scales else ()
        if not items:
            continue
        if len(items) + len(design.drivers) - 1 > MOST_TOGETHER:
            left_out.append(name)
            continue
        answered = on_hundred(keyed, items, codebook)[design.rows]
        score = design.x[:, design.drivers.index(name)]
        with np.errstate(invalid="ignore"):
            own = np.where(np.isfinite(answered), answered, 0).sum(axis=1) / np.isfinite(answered).sum(axis=1)
        if not np.allclose(own, score, atol=1e-6):
            raise InputError(
                "The answers do not give the scores of '{driver}' that the model was fitted to; hand over the answers "
                "that were scored.",
                driver=name,
            )
        filled = np.where(np.isfinite(answered), answered, score[:, None])
        blocks.append(_Block(name, tuple(items), filled, answered))
    told = message(
        "The items of {drivers} are not told apart: with the other drivers they are more than {most}.",
        drivers=left_out,
        most=MOST_TOGETHER,
    )
    return blocks, (told,) if left_out else ()


def _placed(blocks: list[_Block]) -> list[_Block]:
    """Blocks with the place of their first item among all items."""
    starts = np.cumsum([0, *(len(block.items) for block in blocks)])
    return [replace(block, at=int(start)) for block, start in zip(blocks, starts, strict=False)]


def _found(design: Design, blocks: list[_Block], counts: Floats) -> tuple[Floats, Floats]:
    """Find the importance of every item, then of each driver without items, and the means of the items."""
    names = [block.driver for block in blocks]
    alone = [j for j, name in enumerate(design.drivers) if name not in names]
    parts = [block.split(design, counts) for block in blocks]
    if alone:
        columns = np.column_stack([design.x, design.y])
        matrices = driver_matrices(linear_covariances(columns, design.weights, counts), len(design.drivers))[0]
        parts.append(measured("lmg", matrices)[:, alone])
    means = [block.means(design, counts) for block in blocks]
    return np.hstack(parts), np.hstack(means) if means else np.empty((len(counts), 0))


def _of_samples(design: Design, blocks: list[_Block], counts: Floats, rng: np.random.Generator) -> Floats:
    return np.hstack(_found(design, blocks, counts))


def _within(
    block: _Block, values: Floats, drawn: Floats, performances: Floats, spread: Spread, rng: np.random.Generator
) -> Floats:
    """Part of the driver's share, P(matters most) and P(to mend) of each of its items."""
    at = slice(block.at, block.at + len(block.items))
    if len(block.items) == 1:
        return np.array([[1.0, np.nan, np.nan]])
    likely, means = plausible(values[at], drawn[:, at], spread, rng), performances[:, at]
    first = (likely == likely.max(axis=1, keepdims=True)).mean(axis=0)
    matters = likely >= likely.mean(axis=1, keepdims=True)
    mend = (matters & (means < means.mean(axis=1, keepdims=True))).mean(axis=0)
    return np.column_stack([values[at] / max(values[at].sum(), NOTHING_LEFT), first, mend])


def _place(rows: pd.DataFrame) -> Place:
    """Verdict on one driver's items."""
    if len(rows) == 1:
        return "single"
    if rows["p_mend"].max() >= LIKELY:
        return "mend"
    matters = rows["within"] >= rows["within"].mean()
    return "unclear" if (matters & (rows["performance"] < rows["performance"].mean())).any() else "none"
