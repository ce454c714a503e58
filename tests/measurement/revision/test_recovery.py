"""A true structure is left alone, two scales that are one are merged, items that do not fit are named."""

import numpy as np
import pandas as pd
import pytest
from surveys import latent, simple_structure

import loyalty_kit as lk

SCALES = {"image": 4, "value": 4, "loyalty": 4}
PLAIN = simple_structure({name: [0.7] * count for name, count in SCALES.items()})
ITEMS = {name: list(PLAIN.index[PLAIN[name] > 0]) for name in SCALES}
CROSSING = PLAIN.copy()
CROSSING.loc["image_4", ["image", "value"]] = [0.4, 0.5]
WEAK = PLAIN.copy()
WEAK.loc["image_4", "image"] = 0.15
BOOK = lk.Codebook.model_validate(
    {"response": {"min": -9, "max": 9}, "scales": {name: {"items": items} for name, items in ITEMS.items()}}
)


def revised(loadings: pd.DataFrame, n: int, seed: int, correlation: float = 0.5, one: bool = False) -> object:
    """Revision of a survey whose scales correlate, the first two wholly where they are one."""
    factors = pd.DataFrame(np.where(np.eye(3), 1.0, correlation), loadings.columns, loadings.columns)
    if one:
        loadings = loadings.assign(image=loadings["image"] + loadings["value"], value=0.0)
    answers = latent(n, loadings, factor_correlations=factors, rng=seed)
    model = lk.cfa(answers, BOOK)
    number = lk.retain(answers, codebook=BOOK, bootstrap=100, simulations=50, rng=seed)
    return lk.revise_scales(lk.judge_structure(model, model.validity(bootstrap=200, rng=seed)), number)


def rates(runs: int, loadings: pd.DataFrame = PLAIN, **survey: object) -> pd.Series:
    """Shares of the surveys in which each thing is said, and how often one of them is."""
    rows = []
    for seed in range(runs):
        found = revised(loadings, seed=seed, **survey)
        items = found.items.set_index("item")
        dropped = set(items.index[(items["verdict"] == "drop") & (items["reason"] != "scale")])
        named = {*dropped, *items.index[items["reason"] == "misfit"]}
        merged = set(found.scales.loc[found.scales["verdict"] == "merge", "scale"])
        rows.append(
            {
                "merge": bool(merged),
                "right merge": merged == {"image", "value"},
                "drop": bool(dropped) or (found.scales["verdict"] == "drop").any(),
                "drops image_4": "image_4" in dropped,
                "names image_4": "image_4" in named,
                "drops another": bool(dropped - {"image_4"}),
                "untold": (found.scales["verdict"] == "untold").any(),
                "keep": found.verdict == "keep",
            }
        )
    return pd.DataFrame(rows).mean()


def test_a_true_structure_is_left_alone_in_a_few_surveys():
    found = rates(12, n=300)
    assert found["keep"] >= 11 / 12


def test_two_scales_that_are_one_are_merged_in_a_few_surveys():
    found = rates(8, n=300, one=True)
    assert found["right merge"] >= 7 / 8 and found["drop"] == 0


def test_an_item_that_measures_a_second_scale_or_hardly_its_own_is_dropped_in_a_few_surveys():
    crossing, weak = rates(8, CROSSING, n=400), rates(8, WEAK, n=400)
    assert crossing["names image_4"] >= 7 / 8 and crossing["drops another"] == 0
    assert weak["drops image_4"] >= 7 / 8 and weak["drops another"] == 0


@pytest.mark.slow
def test_a_true_structure_is_merged_never_and_dropped_from_hardly_ever():
    """Scales correlated .7, n = 200: 0 of 300 merge, .013 (Monte Carlo error .007) drop, .047 (.012) cannot be told."""
    found = rates(300, n=200, correlation=0.7)
    assert found["merge"] <= 0.01 and found["drop"] <= 0.04 and found["untold"] <= 0.10


@pytest.mark.slow
def test_a_true_structure_of_looser_scales_is_kept_whole():
    """Scales correlated .5, n = 300: 150 of 150 kept."""
    assert rates(150, n=300)["keep"] >= 0.97


@pytest.mark.slow
def test_the_smallest_samples_are_doubted_and_not_merged():
    """Scales correlated .7, n = 100: 0 of 60 merge or drop, .35 (Monte Carlo error .06) cannot be told."""
    found = rates(60, n=100, correlation=0.7)
    assert found["merge"] <= 0.02 and found["drop"] <= 0.05


@pytest.mark.slow
def test_what_is_wrong_is_found_in_middling_samples():
    """One scale under two names, n = 150: .97 (.02) merged; a loading of .5 beside .4, n = 200: .98 (.02) dropped."""
    one, crossing = rates(60, n=150, one=True), rates(60, CROSSING, n=200)
    assert one["right merge"] >= 0.9 and one["drop"] == 0
    assert crossing["drops image_4"] >= 0.9 and crossing["drops another"] <= 0.05
