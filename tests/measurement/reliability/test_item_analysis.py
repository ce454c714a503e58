"""Item analysis and the keying sentinel."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from surveys import simulate, surveys

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.reliability.coefficients import cronbach, one_factor
from loyalty_kit.measurement.reliability.item_analysis import (
    complete_moments,
    discrimination,
    distribution,
    keying_warnings,
)

AGREE = ["A1", "A2", "A3", "A4", "A5"]


def table(answers: pd.DataFrame, weight: np.ndarray | None = None) -> ItemTable:
    weights = np.ones(len(answers)) if weight is None else weight
    return ItemTable(tuple(answers.columns), answers.to_numpy(dtype=float), weights)


def sentinel(answers: pd.DataFrame) -> list[str]:
    covariance = answers.cov().to_numpy()
    statistics = discrimination(covariance, one_factor(covariance, list(answers)).loadings)
    return keying_warnings(list(answers), statistics, covariance, n=len(answers))


@given(surveys(most_scales=1))
def test_item_rest_and_dropping_and_turning_equal_doing_it(survey):
    answers, _ = survey
    covariance = answers.cov().to_numpy()
    found = discrimination(covariance, np.full(len(covariance), np.nan))
    for i, name in enumerate(answers):
        rest = answers.drop(columns=name)
        assert found["item_rest_r"][i] == pytest.approx(answers[name].corr(rest.sum(axis=1)))
        turned = answers.assign(**{name: -answers[name]}).cov().to_numpy()
        assert found["cronbach_alpha_if_turned"][i] == pytest.approx(cronbach(turned))
        if rest.shape[1] > 1:
            assert found["cronbach_alpha_if_dropped"][i] == pytest.approx(cronbach(rest.cov().to_numpy()))
        else:
            assert np.isnan(found["cronbach_alpha_if_dropped"][i])


def test_distribution_equals_hand_computation():
    """Weights 1, 1, 2: answers 1, 5, 5 of one item; the fourth respondent does not answer it."""
    answers = pd.DataFrame({"a": [1.0, 5, 5, np.nan], "b": [2.0, 2, 4, 3]})
    found = distribution(table(answers, np.array([1.0, 1, 2, 1])), low=1, high=5).iloc[0]
    assert found["mean"] == 4
    assert found["sd"] == pytest.approx(np.sqrt((9 * 0.25 + 0.75) / (1 - 6 / 16)))
    assert found["skew"] == pytest.approx((-27 * 0.25 + 0.75) / 3**1.5)
    assert (found["floor"], found["ceiling"], found["missing"]) == (0.25, 0.75, 0.2)


def test_each_item_is_described_on_its_own_answers():
    answers = pd.DataFrame({"a": [1.0, 5, 5, 3, np.nan], "b": [2.0, np.nan, np.nan, 4, 5]})
    found = distribution(table(answers), low=1, high=5).set_index("item")
    assert_allclose(found["mean"], answers.mean())
    assert_allclose(found["sd"], answers.std())
    centred = answers - answers.mean()
    assert_allclose(found["skew"], (centred**3).mean() / (centred**2).mean() ** 1.5)
    assert_allclose(found["ceiling"], [0.5, 1 / 3])


def test_an_item_without_answers_and_a_table_without_rows_have_no_distribution():
    answers = pd.DataFrame({"a": [1.0, 5, 3], "b": [np.nan] * 3})
    empty = distribution(table(answers), low=1, high=5).iloc[1]
    assert empty[["mean", "sd", "skew", "floor", "ceiling"]].isna().all()
    assert empty["missing"] == 1
    assert distribution(table(answers[:0]), low=1, high=5)[["mean", "floor"]].isna().all(axis=None)


def test_missing_is_the_weighted_share_of_all_respondents():
    answers = pd.DataFrame({"a": [1.0, 5, 5, 3], "b": [2.0, 2, 4, np.nan]})
    found = distribution(table(answers, np.array([1.0, 1, 1, 3])), low=1, high=5)
    assert found["missing"].tolist() == [0, 0.5]


def test_a_constant_item_has_no_skew():
    found = distribution(table(pd.DataFrame({"a": [0.1] * 7, "b": range(7)}), np.full(7, 1 / 3)), low=0, high=6)
    assert found["sd"][0] == 0
    assert np.isnan(found["skew"][0])


def test_the_sentinel_is_silent_on_a_well_keyed_scale(holzinger):
    assert sentinel(holzinger[["x1", "x2", "x3"]].dropna()) == []


def test_the_sentinel_names_the_item_with_the_coefficient_before_and_after(bfi):
    """R> psych::alpha(x)$total$raw_alpha; psych::alpha(x, keys = "A1")$total$raw_alpha, x complete on A1–A5"""
    assert sentinel(bfi[AGREE].dropna()) == [
        "item 'A1' runs against the others (item-rest correlation −0.31, loading −0.38); "
        "turned, Cronbach's alpha would rise from 0.43 to 0.70. Check its keying."
    ]


def test_the_sentinel_points_to_the_items_that_spoil_the_rest(bfi):
    sentences = sentinel(bfi[["E1", "E2", "E3", "E4", "E5"]].dropna())
    assert sentences[3].endswith("Its loading is positive: look at 'E1', 'E2' first.")
    assert sentences[-1] == "with 'E1', 'E2' turned together, Cronbach's alpha would rise from −0.62 to 0.76."


def test_the_sentinel_says_where_chance_may_be_the_reason():
    answers, _ = simulate(40, scales={"s": 4}, loadings={"s": [0.8, 0.8, 0.8, 0.0]}, rng=6)
    (sentence,) = sentinel(answers)
    assert "item 's_4'" in sentence
    assert "which may be chance with n = 40" in sentence


def test_items_without_any_correlation_raise_no_suspicion():
    """A full factorial of three items: every correlation is zero but for rounding."""
    levels = [(a, b, c) for a in (0.1, 0.7) for b in (0.2, 0.3) for c in (0.1, 0.9)]
    covariance = pd.DataFrame(levels).cov().to_numpy()
    assert not discrimination(covariance, np.full(3, np.nan))["suspected_keying"].any()


def test_two_items_against_each_other_make_one_sentence(ecsi):
    sentences = sentinel(ecsi[["PERV1"]].assign(PERV2=11 - ecsi["PERV2"]))
    assert sentences == [
        "items 'PERV1' and 'PERV2' run against each other (correlation −0.70); with one of them turned, "
        "Cronbach's alpha would rise from −4.46 to 0.82. Check their keying."
    ]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"a": [1, 2, 3, 4], "b": [np.nan] * 4}, "Item 'b' holds no answer"),
        ({"a": [1, 2, 3, 4], "b": [3] * 4}, "Item 'b' holds the same answer"),
        ({"a": [1, 2, 3, np.nan], "b": [3, 3, 3, 4]}, "Of the 3 respondents .* the same answer to 'b'"),
        ({"a": [1, 2, np.nan, np.nan], "b": [3, 2, 3, 4]}, "2 of 4 respondents answer every one .* at least 3"),
        ({"a": [1, 2, 3, 4], "b": [4, 3, 2, 1]}, "The sum of the items 'a', 'b' never varies"),
    ],
)
def test_what_allows_no_coefficient_is_told_in_one_sentence(answers, sentence):
    with pytest.raises(InputError, match=sentence):
        complete_moments(table(pd.DataFrame(answers)))


def test_weights_that_rest_on_one_respondent_are_refused():
    answers = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 1, 4, 3]})
    with pytest.raises(InputError, match=r"their effective number is 1\.0"):
        complete_moments(table(answers, np.array([1, 1e-6, 1e-6, 1e-6])))


@given(surveys(most_scales=1, missing_share=0.1))
def test_moments_are_of_complete_respondents(survey):
    answers, _ = survey
    assert_allclose(complete_moments(table(answers)).covariance, answers.dropna().cov())
