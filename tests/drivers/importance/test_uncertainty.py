"""Shares, ranks and places to act: what is said of them, against simulated customers whose truth is known.

Correlations of samples are drawn from Wishart's distribution, which is that of normal customers, and bootstrap samples
from Wishart's about these; importance never sees a row.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.drivers.importance.subsets import shapley
from loyalty_kit.drivers.importance.uncertainty import Spread, least_n, plausible, share_intervals, shares_of

SIZES = (100, 300, 1000)


def population(slopes: list[float] | np.ndarray, correlation: float, r_squared: float) -> np.ndarray:
    """Correlations of drivers that are correlated alike, and of an outcome, last."""
    p = len(slopes)
    table = np.full((p + 1, p + 1), correlation)
    np.fill_diagonal(table, 1.0)
    inner = table[:p, :p]
    beta = np.array(slopes) * np.sqrt(r_squared / (slopes @ inner @ slopes))
    table[:p, p] = table[p, :p] = inner @ beta
    return table


POPULATIONS = {
    "one alone": population([1, 0, 0, 0, 0, 0], 0.0, 0.4),
    "one dominant": population([1, 0.2, 0.2, 0.2, 0.1, 0.1], 0.3, 0.4),
    "one dominant, the others nothing of their own": population([1, 0, 0, 0, 0, 0], 0.3, 0.3),
    "one dominant of eight": population([1, *[0.1] * 7], 0.3, 0.4),
    "equal, uncorrelated": population([1] * 6, 0.0, 0.4),
    "equal, correlated": population([1] * 6, 0.3, 0.3),
    "correlated": population([1, 0.8, 0.6, 0.4, 0.3, 0.2], 0.6, 0.5),
    "closely correlated": population([1, 0.5, 0.5, 0, 0, 0], 0.7, 0.4),
    "four": population([1, 0.2, 0.2, 0.1], 0.4, 0.3),
}


def wishart(rng: np.random.Generator, tables: np.ndarray, df: int, count: int) -> np.ndarray:
    """Covariances of normal samples, tables × count × columns × columns (Bartlett's decomposition)."""
    q, shape = tables.shape[-1], (*tables.shape[:-2], count)
    root = np.zeros((*shape, q, q))
    i, j = np.tril_indices(q, -1)
    root[..., i, j] = rng.standard_normal((*shape, len(i)))
    for k in range(q):
        root[..., k, k] = np.sqrt(rng.chisquare(df - k, shape))
    found = np.linalg.cholesky(tables)[..., None, :, :] @ root
    return found @ found.swapaxes(-1, -2) / df


def lmg(tables: np.ndarray) -> np.ndarray:
    sds = np.sqrt(np.diagonal(tables, axis1=-2, axis2=-1))
    correlations = tables / sds[..., :, None] / sds[..., None, :]
    return shapley(correlations.reshape(-1, *tables.shape[-2:])).reshape(*tables.shape[:-2], -1)


def coverage(table: np.ndarray, n: int, surveys: int, samples: int) -> np.ndarray:
    """Share of surveys whose interval holds the true share, by driver."""
    rng, truth = np.random.default_rng(n), shares_of(lmg(table[None]))[0]
    found = wishart(rng, table, n - 1, surveys)
    values, drawn = lmg(found), lmg(wishart(rng, found, n - 1, samples))
    spread = Spread.of_units(n, len(truth), 0.95)
    ends = (share_intervals(a, b, spread, confidence=0.95) for a, b in zip(values, drawn, strict=True))
    return np.mean([(low <= truth + 1e-9) & (truth - 1e-9 <= high) for low, high in ends], axis=0)


class Said(NamedTuple):
    """Probabilities said, and whether what they are about is so."""

    top: tuple[np.ndarray, np.ndarray]
    act: tuple[np.ndarray, np.ndarray]


def any_population(rng: np.random.Generator, kind: int, p: int) -> np.ndarray:
    """One dominant driver; near-equal drivers; correlated drivers."""
    slopes, correlation = (
        (np.r_[1, np.abs(rng.normal(0.15, 0.1, p - 1))], rng.uniform(0, 0.5)),
        (rng.uniform(0.7, 1.3, p), rng.uniform(0, 0.5)),
        (np.abs(rng.normal(0.5, 0.4, p)), rng.uniform(0.5, 0.7)),
    )[kind]
    return population(slopes, correlation, rng.uniform(0.2, 0.6))


def slopes_of(tables: np.ndarray) -> np.ndarray:
    return np.linalg.solve(tables[..., :-1, :-1], tables[..., :-1, -1:])[..., 0]


def to_act(importance: np.ndarray, means: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    important = importance >= importance.mean(axis=-1, keepdims=True)
    return important & (means < means.mean(axis=-1, keepdims=True)) & (slopes > 0)


def in_top(importance: np.ndarray, k: int) -> np.ndarray:
    return (-importance).argsort(axis=-1).argsort(axis=-1) < k


def said(n: int, p: int, surveys: int, samples: int, top: int = 3) -> Said:
    """What surveys of different populations say, and what is so in these."""
    rng = np.random.default_rng(n + p)
    tables = np.stack([any_population(rng, i % 3, p) for i in range(surveys)])
    true_means = rng.normal(0, 0.35, (surveys, p))
    found = wishart(rng, tables, n - 1, 1)[:, 0]
    again = wishart(rng, found, n - 1, samples)
    error = [np.linalg.cholesky(each[:, :p, :p] / n) for each in (tables, found)]
    means = true_means + (error[0] @ rng.standard_normal((surveys, p, 1)))[..., 0]
    drawn_means = means[:, None] + rng.standard_normal((surveys, samples, p)) @ error[1].swapaxes(1, 2)
    truth, values, drawn, spread = lmg(tables), lmg(found), lmg(again), Spread.of_units(n, p, 0.95)
    likely = np.stack([plausible(a, b, spread, rng) for a, b in zip(values, drawn, strict=True)])
    return Said(
        (in_top(likely, top).mean(axis=1), in_top(truth, top)),
        (to_act(likely, drawn_means, slopes_of(again)).mean(axis=1), to_act(truth, true_means, slopes_of(tables))),
    )


def calibration(probability: np.ndarray, truth: np.ndarray, bins: int) -> pd.DataFrame:
    """By bin of the probability said: how many, what was said and how often it was so, and the error of that."""
    table = pd.DataFrame({"said": probability.ravel(), "true": truth.ravel().astype(float)})
    place = np.minimum((table["said"] * bins).astype(int), bins - 1)
    found = table.groupby(place).agg(n=("said", "size"), said=("said", "mean"), true=("true", "mean"))
    return found.assign(error=np.sqrt(found["true"] * (1 - found["true"]) / found["n"]))


def test_intervals_of_shares_hold_the_truth_in_a_small_simulation():
    """250 surveys each: the error of a population's mean is about .012, of a driver's .014."""
    for name in ("one dominant, the others nothing of their own", "equal, correlated", "correlated"):
        held = coverage(POPULATIONS[name], 100, surveys=250, samples=150)
        assert 0.90 <= held.mean() <= 0.99, (name, held)
        assert held[0] >= 0.88, (name, held)


def test_probabilities_are_near_what_is_so_in_a_small_simulation():
    """600 surveys, five bins: the error of a bin is about .02."""
    found = said(300, 6, surveys=600, samples=120)
    for probability, truth in found:
        table = calibration(probability, truth, 5)
        assert ((table["said"] - table["true"]).abs() < 0.05 + 2 * table["error"]).all(), table


@pytest.mark.slow
def test_intervals_of_shares_hold_the_truth():
    """Nine populations, n of 100, 300 and 1,000, 1,000 surveys of 400 samples: .92 to .97 on average, none below .90.

    The error of a population's mean is at most .009 (drivers' intervals of one survey are not independent); measured
    figures stand in tests/reference/README.md.
    """
    found = {
        (name, n): coverage(table, n, surveys=1000, samples=400) for name, table in POPULATIONS.items() for n in SIZES
    }
    means = pd.Series({key: held.mean() for key, held in found.items()}).unstack()
    print(means.round(3), pd.Series({key: held[0] for key, held in found.items()}).unstack().round(3), sep="\n")
    assert means.mean().between(0.92, 0.97).all(), means
    assert means.min().min() >= 0.90, means
    assert min(held[0] for held in found.values()) >= 0.90, found


@pytest.mark.slow
@pytest.mark.parametrize(("p", "top"), [(4, 2), (6, 3)])
def test_probabilities_are_what_is_so(p: int, top: int):
    """P(in the top) and P(act first) in fifths, 4,000 surveys of each size: within .05, plus two errors of the bin."""
    for n in SIZES:
        for name, (probability, truth) in zip(("top", "act"), said(n, p, 4000, 150, top), strict=True):
            table = calibration(probability, truth, 5)
            print(n, p, name, table.round(3), sep="\n")
            assert ((table["said"] - table["true"]).abs() < 0.05 + 2 * table["error"]).all(), (n, name, table)


@pytest.mark.slow
def test_with_fewer_respondents_than_are_ranked_probabilities_are_off():
    """Six drivers, n = 50 (ranked from 90): a fifth is off by more than .05, which is why none is given."""
    table = calibration(*said(50, 6, 4000, 150).top, 5)
    print(table.round(3))
    assert 50 < least_n(6)
    assert (table["said"] - table["true"]).abs().max() > 0.05
