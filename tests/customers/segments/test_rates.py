"""How often segments are found where they are, and where they are not: simulations, each with its Monte Carlo error."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

import loyalty_kit as lk
from loyalty_kit.customers.segments.fits import fit
from loyalty_kit.customers.segments.stability import recovery
from loyalty_kit.customers.segments.structure import structure_of

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))

from clouds import buyers_alike, four, nothing, told

pytestmark = pytest.mark.slow


def standardized(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)


def test_a_cloud_is_called_one_in_nearly_every_draw():
    """95 % are due by the exact level; 'clear' structure is promised in 1 % at most, of which some are 'columns'."""
    words = Counter(
        structure_of(standardized(nothing(seed).to_numpy()), 3, "kmeans", 39, np.random.default_rng(seed)).verdict
        for seed in range(1_000)
    )
    print(words)
    assert told("clouds called structureless", words["none"], 1_000) >= 0.93
    assert told("clouds called structured", words["structure"], 1_000) <= 0.02


def test_buyers_of_one_kind_are_not_called_segments():
    """Counts and days are no normal cloud, so that 'columns' is right too; 'structure' is wrong."""
    logs = (standardized(np.log1p(buyers_alike(seed).to_numpy())) for seed in range(300))
    words = Counter(
        structure_of(values, 3, "kmeans", 39, np.random.default_rng(seed)).verdict for seed, values in enumerate(logs)
    )
    print(words)
    assert told("logs of one kind of buyers called segments", words["structure"], 300) <= 0.05


def test_four_real_segments_are_found_in_nearly_every_draw():
    """Their number and who is where."""
    found = 0
    for seed in range(200):
        table, truth = four(seed)
        labels = lk.segments(table, columns=list(table), rng=seed).labels
        found += adjusted_rand_score(labels, truth) >= 0.9
    assert told("four segments found", found, 200) >= 0.95


def test_four_real_segments_are_called_structure():
    words = Counter(
        structure_of(standardized(four(seed)[0].to_numpy()), 4, "kmeans", 39, np.random.default_rng(seed)).verdict
        for seed in range(200)
    )
    print(words)
    assert told("four segments called structure", words["structure"], 200) >= 0.95


def test_a_segment_that_is_split_at_random_comes_back_less():
    """Halves by lot of the largest segment, beside the whole one."""
    fell = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        values = standardized(four(seed)[0].to_numpy())
        labels = fit(values, 4, "kmeans", rng, starts=5)[1]
        whole = recovery(values, labels, 4, "kmeans", 20, rng).jaccard.mean(axis=0)[0]
        halves = np.where((labels == 0) & (rng.random(len(labels)) < 0.5), 4, labels)
        split = recovery(values, halves, 5, "kmeans", 20, rng).jaccard.mean(axis=0)[[0, 4]]
        fell += whole >= 0.75 and (split < 0.75).all()
    assert told("halves by lot no longer stable", fell, 200) >= 0.95
