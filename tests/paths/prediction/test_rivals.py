"""Rival models: what answers cannot tell apart is called so, and a true rival is found."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from path_studies import drawn, single_items

import loyalty_kit as lk

TRIANGLE = {"trust": ["image"], "loyalty": ["image", "trust"]}
COLLIDER = {"loyalty": ["image", "trust"]}


def rivals_of(table: pd.DataFrame, paths: dict, folds: int | None = None) -> lk.results.RivalsResult:
    return lk.path_model(table, single_items(paths), bootstrap=200).rivals(folds)


def test_a_chain_and_its_reverse_are_equivalent():
    table = drawn(150, {"image": {}, "trust": {"image": 0.6}, "loyalty": {"trust": 0.5}})
    found = rivals_of(table, {"trust": ["image"], "loyalty": ["trust"]})
    told = found.to_frame().set_index(["kind", "source"])["verdict"]
    assert told["all_reversed", ""] == "equivalent"
    assert told["reversed", "image"] == "equivalent"
    assert told["reduced", "trust"] == "worse"
    assert found.verdict == "equivalent"


def test_the_error_of_a_full_model_is_that_of_regressions_on_all_others():
    table = drawn(80, {"image": {}, "trust": {"image": 0.6}, "loyalty": {"image": 0.3, "trust": 0.5}})
    names, lost = list(table), []
    for name in names:
        design = sm.add_constant(table.drop(columns=name).to_numpy())
        q, _ = np.linalg.qr(design)
        y = table[name].to_numpy()
        errors = (y - q @ (q.T @ y)) / (1 - (q**2).sum(axis=1))
        lost.append((errors**2).mean() / table[name].var(ddof=0))
    assert rivals_of(table, TRIANGLE).loss == pytest.approx(np.mean(lost))


def test_the_difference_of_bic_is_that_of_the_regressions():
    table = drawn(120, {"image": {}, "trust": {"image": 0.6}, "loyalty": {"image": 0.3, "trust": 0.5}})
    found = rivals_of(table, TRIANGLE).to_frame()
    reduced = found[found["kind"] == "reduced"].set_index(["source", "target"])["bic_difference"]
    y, x = table["loyalty_item"], table[["image_item", "trust_item"]]
    whole, without = (sm.OLS(y, sm.add_constant(part)).fit().bic for part in (x, x[["trust_item"]]))
    assert reduced["image", "loyalty"] == pytest.approx(without - whole)


def test_a_rival_that_is_true_predicts_better():
    """Two causes of loyalty that have nothing to do with one another; the model says that loyalty makes both."""
    table = drawn(400, {"image": {}, "trust": {}, "loyalty": {"image": 0.7, "trust": 0.7}})
    found = rivals_of(table, {"image": ["loyalty"], "trust": ["loyalty"]})
    assert found.verdict == "better"
    assert found.serious.iloc[0]["kind"] == "all_reversed"
    assert rivals_of(table, COLLIDER).verdict in ("none", "equivalent")


def test_a_path_that_adds_nothing_can_be_left_out():
    table = drawn(400, {"image": {}, "trust": {"image": 0.6}, "loyalty": {"trust": 0.6}})
    found = rivals_of(table, TRIANGLE)
    row = found.to_frame().set_index(["kind", "source", "target"]).loc[("reduced", "image", "loyalty")]
    assert row["verdict"] == "as_well"
    assert row["bic_difference"] < 0
    assert ("reduced", "image") in set(zip(found.serious["kind"], found.serious["source"], strict=True))


def test_a_path_between_constructs_that_nothing_else_acts_on_is_not_left_out():
    table = drawn(100, {"image": {}, "trust": {"image": 0.6}})
    found = rivals_of(table, {"trust": ["image"]}).to_frame()
    assert list(zip(found["kind"], found["verdict"], strict=True)) == [("reversed", "equivalent")]


@pytest.mark.slow
def test_true_models_are_seldom_beaten():
    """300 surveys of 300, four constructs: a rival is called better in 5 % at most, give or take 1.3 %."""
    truth = {"satisfaction": {}, "trust": {"satisfaction": 0.6}, "affection": {"satisfaction": 0.3, "trust": 0.4}}
    truth |= {"loyalty": {"trust": 0.3, "affection": 0.5}}
    paths = {target: list(sources) for target, sources in truth.items() if sources}
    told = [rivals_of(drawn(300, truth, seed), paths, folds=10).verdict for seed in range(300)]
    assert np.mean(np.array(told) == "better") <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)
