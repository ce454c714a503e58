"""The generator gives the surveys that it promises."""

import numpy as np
from surveys import simulate


def test_items_correlate_as_their_loadings_say():
    """Two items of a scale: the product of loadings; of two scales: times the scales' correlation."""
    loadings = {"image": [0.9, 0.6], "loyalty": [0.8, 0.7]}
    answers, _ = simulate(40_000, loadings=loadings, correlation=0.5, reverse=["loyalty_1"], points=100, rng=1)
    r = answers.corr()
    assert abs(r.loc["image_1", "image_2"] - 0.9 * 0.6) < 0.02
    assert abs(r.loc["image_1", "loyalty_1"] + 0.9 * 0.5 * 0.8) < 0.02


def test_the_last_respondents_are_careless_and_a_share_of_answers_is_missing():
    answers, _ = simulate(1_000, careless_share=0.1, missing_share=0.2)
    assert answers.iloc[900::2].nunique(axis=1).max() == 1
    assert abs(answers.isna().to_numpy().mean() - 0.2) < 0.02


def test_the_same_seed_gives_the_same_survey():
    np.testing.assert_array_equal(simulate(rng=7)[0], simulate(rng=7)[0])
    assert not simulate(rng=7)[0].equals(simulate(rng=8)[0])
