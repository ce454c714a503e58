"""Where to act: how much each construct and item matters for an outcome, through all paths, and how well it does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.errors import InputError, nearest
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.results import Result
from loyalty_kit.drivers.priority import LOOK_CLOSER, QUADRANTS, FirstPlace, ellipses_of, quadrants_of
from loyalty_kit.paths.model.intervals import percentile
from loyalty_kit.paths.model.samples import moments_of, products_of, scaled, spreads_of
from loyalty_kit.paths.model.specification import Answers, Floats, Specification
from loyalty_kit.paths.pls.partial_least_squares import Scheme, inner_model, outer_weights, score_correlations
from loyalty_kit.statistics.resampling import over_samples
from loyalty_kit.survey.codebook import Codebook

_TOLERANCE = 1e-7
_AT_ONCE = 250


@dataclass(frozen=True, eq=False)
class PathPriorityResult(Result):
    """Importance and performance of the constructs before an outcome, and of their items.

    Attributes
    ----------
    constructs : DataFrame, the surest to act on first
        construct, importance (points of the outcome that go with a point more, through all paths) with
        importance_low and importance_high, performance (mean score) with performance_low and performance_high,
        quadrant ('act first', 'keep up', 'low priority', 'enough'; 'look closer' where important and low without a
        positive effect), p_act_first, sd_importance, sd_performance and correlation over the samples.
    items : DataFrame
        The same of each item, with construct, item and weight (its share of the score).
    importance_cut, performance_cut : float
        Means over the constructs, which divide the map.
    ranked : bool
        Whether a report may say where to act first: not where the model predicts the outcome of unseen customers no
        better than its mean, nor of a single construct.
    """

    constructs: pd.DataFrame
    items: pd.DataFrame
    importance_cut: float
    performance_cut: float
    outcome: str
    labels: Mapping[str, str] = field(repr=False)
    wordings: Mapping[str, str] = field(repr=False)
    ranked: bool
    bootstrap: int
    n_used: int
    n_dropped: int
    confidence: float
    warnings: tuple[Message, ...] = ()

    @property
    def first_place(self) -> FirstPlace | None:
        """Construct that is likeliest to be important and low, of those with a positive effect; None where none is."""
        row = self.constructs.iloc[0]
        if not self.ranked or row["p_act_first"] <= 0 or row["importance"] <= 0:
            return None
        return FirstPlace(row["construct"], float(row["p_act_first"]))

    def items_of(self, construct: str) -> pd.DataFrame:
        """Items of a construct, the one that is likeliest to be important and low first."""
        return self.items[self.items["construct"] == construct]

    def to_frame(self) -> pd.DataFrame:
        """List constructs, then items, in one table; `item` is missing of a construct."""
        return pd.concat([self.constructs, self.items], ignore_index=True)


class Scaling(NamedTuple):
    """What importance and performance are made of.

    Attributes
    ----------
    answers : Answers
    bottom, width : arrays of shape (items,)
        Lowest answer of each item, and the distance to the highest.
    model : Specification
    scheme : Scheme
    outcome : int
        Place of the outcome.
    before : tuple of int
        Places of the constructs that act on it, directly or not.
    """

    answers: Answers
    bottom: Floats
    width: Floats
    model: Specification
    scheme: Scheme
    outcome: int
    before: tuple[int, ...]

    @property
    def items(self) -> npt.NDArray[np.intp]:
        """Places of the items of those constructs."""
        return np.concatenate([self.model.block(j) for j in self.before])


def path_priorities(
    answers: Answers,
    model: Specification,
    scheme: Scheme,
    outcome: str,
    codebook: Codebook,
    *,
    predicts: bool,
    bootstrap: int,
    n_dropped: int,
    confidence: float,
    rng: np.random.Generator,
) -> PathPriorityResult:
    """Find importance and performance of what acts on an outcome.

    Notes
    -----
    Items are put on 0 to 100 by their lowest and highest answer. A score is the mean of a construct's items,
    weighted as partial least squares does, unstandardised and to a sum of 1; importance is the total effect among
    these scores, of an item times its weight (Ringle & Sarstedt 2016). Corrected paths ('plsc') are of constructs
    that nobody observes and are not used. P(act first) is the share of the bootstrap samples in which importance is
    positive and at least the mean and performance below the mean.

    References
    ----------
    Ringle, C. M. & Sarstedt, M. (2016). Gain more insight from your PLS-SEM results: the importance-performance map
    analysis. Industrial Management & Data Systems 116(9), 1865–1886.
    """
    target = _outcome(outcome, model)
    ranges = np.array([codebook.range(item) for item in model.items], dtype=float)
    reach = np.linalg.inv(np.eye(len(model.constructs)) - model.structure)[:, target]
    before = tuple(int(j) for j in np.flatnonzero(reach) if j != target)
    scaling = Scaling(answers, ranges[:, 0], ranges[:, 1] - ranges[:, 0], model, scheme, target, before)
    figures = partial(_figures, scaling)
    exact = _split(figures(np.ones((1, len(answers.given))), rng), scaling)
    drawn = over_samples(figures, len(answers.given), bootstrap, rng=rng)
    samples = _split(drawn[np.isfinite(drawn).all(axis=1)], scaling)
    names = {"construct": [model.constructs[j] for j in before]}
    own = {"construct": [model.constructs[int(model.blocks[i].argmax())] for i in scaling.items]}
    within = own | {"item": [model.items[i] for i in scaling.items], "weight": exact.weights[0]}
    constructs = _table(names, exact.constructs, samples.constructs, confidence)
    shown = set(model.items[i] for i in scaling.items)
    return PathPriorityResult(
        constructs=constructs,
        items=_table(within, exact.items, samples.items, confidence),
        importance_cut=float(constructs["importance"].mean()),
        performance_cut=float(constructs["performance"].mean()),
        outcome=outcome,
        labels={name: codebook.label(name) for name in model.constructs},
        wordings={item: codebook.wording(item) for item in shown},
        ranked=predicts and len(before) > 1,
        bootstrap=bootstrap,
        n_used=len(answers.given),
        n_dropped=n_dropped,
        confidence=confidence,
        warnings=_negative(within),
    )


class _Parts(NamedTuple):
    """Importance and performance of constructs and of items, samples × 2 × names; weights of the items."""

    constructs: Floats
    items: Floats
    weights: Floats


def _split(figures: Floats, scaling: Scaling) -> _Parts:
    count, items = len(scaling.before), len(scaling.items)
    ends = np.cumsum([2 * count, 2 * items])
    constructs, within, weights = np.split(figures, ends, axis=1)
    return _Parts(constructs.reshape(-1, 2, count), within.reshape(-1, 2, items), weights)


def _figures(scaling: Scaling, counts: Floats, rng: np.random.Generator) -> Floats:
    """Work out importance, then performance, of constructs, then of items, then the items' weights, a row each."""
    del rng
    return np.concatenate(
        [_of_samples(scaling, part) for part in np.array_split(counts, max(len(counts) // _AT_ONCE, 1))]
    )


def _of_samples(scaling: Scaling, counts: Floats) -> Floats:
    model, before = scaling.model, list(scaling.before)
    given, weights = scaling.answers
    means, covariances = moments_of(counts, *products_of(given, weights))
    correlations = scaled(covariances)
    sound = np.isfinite(correlations).all(axis=(1, 2))
    fitted = outer_weights(correlations[sound], model, scaling.scheme, _TOLERANCE)
    inner = inner_model(score_correlations(fitted.weights, correlations[sound]), model).paths
    percent = 100 / scaling.width
    score = percent * (given.mean(axis=0) + means[sound] * given.std(axis=0) - scaling.bottom)
    spread = percent * spreads_of(covariances[sound]) * given.std(axis=0)
    share = fitted.weights / spread[:, :, None]
    size = share.sum(axis=1)
    share = share / size[:, None, :]
    total = np.linalg.inv(np.eye(len(model.constructs)) - inner)[:, :, scaling.outcome]
    effect = total * size / size[:, [scaling.outcome]]
    own = model.blocks.argmax(axis=1)
    weight = np.take_along_axis(share, own[None, :, None], axis=2)[:, :, 0]
    performance = (score[:, :, None] * share).sum(axis=1)
    items = scaling.items
    parts = [effect[:, before], performance[:, before], (effect[:, own] * weight)[:, items], score[:, items]]
    found = np.full((len(counts), 2 * len(before) + 3 * len(items)), np.nan)
    found[sound] = np.where(fitted.converged[:, None], np.hstack([*parts, weight[:, items]]), np.nan)
    return found


def _table(names: Mapping[str, object], exact: Floats, samples: Floats, confidence: float) -> pd.DataFrame:
    """Tabulate importance, performance, place and how sure it is, the surest to act on first."""
    (importance, performance), drawn = exact[0], np.swapaxes(samples, 0, 1)
    low, high = percentile(samples, confidence)
    table = pd.DataFrame(names)
    for row, name in enumerate(("importance", "performance")):
        table[name], table[f"{name}_low"], table[f"{name}_high"] = exact[0][row], low[row], high[row]
    places = quadrants_of(importance, performance)
    table["quadrant"] = np.where((places == 0) & (importance <= 0), LOOK_CLOSER, np.array(QUADRANTS)[places])
    table["p_act_first"] = ((quadrants_of(*drawn) == 0) & (drawn[0] > 0)).mean(axis=0)
    ellipses = ellipses_of([""] * len(table), *drawn)
    table["sd_importance"], table["sd_performance"] = ellipses["sd_share"], ellipses["sd_performance"]
    table["correlation"] = ellipses["correlation"]
    order = np.lexsort((-importance, -table["p_act_first"].to_numpy()))
    return table.iloc[order].reset_index(drop=True)


def _outcome(outcome: str, model: Specification) -> int:
    explained = [model.constructs[j] for j in model.explained]
    if outcome not in explained:
        raise InputError(
            "'outcome' must be a construct that others act on, one of {constructs}; got '{given}'{guess}.",
            constructs=", ".join(explained),
            given=outcome,
            guess=nearest(outcome, explained),
        )
    return model.constructs.index(outcome)


def _negative(items: Mapping[str, object]) -> tuple[Message, ...]:
    """Say which items lower the score of their own construct."""
    table = pd.DataFrame(items)
    return tuple(
        message(
            "Item '{item}' of construct '{construct}' has a negative weight: its construct's performance is no mean of "
            "its items; reverse its key or take it out of the scale.",
            item=row["item"],
            construct=row["construct"],
        )
        for row in table[table["weight"] < 0].to_dict("records")
    )
