"""Coefficients and item analysis without a codebook."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from surveys import latent, simple_structure, simulate, surveys

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.reliability.single_scale import cronbach_alpha, item_statistics, omega_total

AGREE = ["A1", "A2", "A3", "A4", "A5"]


def parallel(respondents: int, rng: np.random.Generator) -> pd.DataFrame:
    """Five normal items, each with correlation 0.5 to each: the population coefficient is `TRUTH`."""
    return pd.DataFrame(rng.standard_normal((respondents, 1)) + rng.standard_normal((respondents, 5)))


TRUTH = 5 * 0.5 / (1 + 4 * 0.5)


def coverage(samples: int) -> float:
    """Share of Feldt intervals, n = 60, that hold the population coefficient."""
    rng = np.random.default_rng(1)
    results = [cronbach_alpha(parallel(60, rng)) for _ in range(samples)]
    return float(np.mean([result.ci_low <= TRUTH <= result.ci_high for result in results]))


def test_feldts_interval_covers_the_population_coefficient():
    assert 0.92 <= coverage(300) <= 0.98


@pytest.mark.slow
def test_feldts_interval_covers_the_population_coefficient_to_a_percent():
    assert 0.94 <= coverage(4000) <= 0.96


CONGENERIC = simple_structure({"s": [0.8, 0.7, 0.6, 0.5, 0.4]})
OMEGA = 3.0**2 / (3.0**2 + float((1 - CONGENERIC**2).to_numpy().sum()))


def congeneric(respondents: int, rng: np.random.Generator) -> pd.DataFrame:
    return latent(respondents, CONGENERIC, factor_correlations=pd.DataFrame([[1.0]]), rng=rng)


def test_omega_recovers_the_reliability_of_unlike_items():
    rng = np.random.default_rng(2)
    assert omega_total(congeneric(20_000, rng)).estimate == pytest.approx(OMEGA, abs=0.01)


@pytest.mark.slow
def test_omega_is_nearly_unbiased():
    rng = np.random.default_rng(3)
    assert np.mean([float(omega_total(congeneric(300, rng))) for _ in range(500)]) == pytest.approx(OMEGA, abs=0.003)


@given(surveys(most_scales=1), st.floats(-100, 100))
def test_adding_a_constant_changes_nothing_but_means(survey, constant):
    answers, _ = survey
    assert cronbach_alpha(answers + constant).estimate == pytest.approx(cronbach_alpha(answers).estimate, abs=1e-9)
    before, after = item_statistics(answers), item_statistics(answers + constant)
    assert_allclose(after["mean"], before["mean"] + constant)
    pd.testing.assert_frame_equal(after.drop(columns="mean"), before.drop(columns="mean"), rtol=1e-6, atol=1e-6)


@given(surveys(most_scales=1))
def test_turning_every_item_leaves_the_coefficients(survey):
    answers, _ = survey
    assert cronbach_alpha(11 - answers).estimate == pytest.approx(cronbach_alpha(answers).estimate, abs=1e-9)
    assert_allclose(omega_total(11 - answers).estimate, omega_total(answers).estimate, atol=1e-6)


@given(surveys(most_scales=1, missing_share=0.1))
def test_listwise_equals_dropping_rows_beforehand(survey):
    answers, _ = survey
    result, before = cronbach_alpha(answers), cronbach_alpha(answers.dropna())
    assert (result.estimate, result.ci_low) == (before.estimate, before.ci_low)
    assert (result.n_used, result.n_dropped) == (len(answers.dropna()), len(answers) - len(answers.dropna()))


@given(surveys(most_scales=1), st.floats(0.1, 10))
def test_equal_weights_equal_no_weights(survey, weight):
    answers, _ = survey
    weighted, plain = cronbach_alpha(answers, weight=np.full(len(answers), weight)), cronbach_alpha(answers)
    assert_allclose([weighted.estimate, weighted.ci_low], [plain.estimate, plain.ci_low])


@given(surveys(most_scales=1), st.integers(0, 2**32 - 1))
def test_whole_weights_equal_repeated_rows_in_what_does_not_count_respondents(survey, seed):
    answers, _ = survey
    weight = np.random.default_rng(seed).integers(1, 5, len(answers))
    repeated = answers.loc[answers.index.repeat(weight)]
    assert cronbach_alpha(answers, weight=weight).estimate == pytest.approx(cronbach_alpha(repeated).estimate, abs=1e-9)
    assert_allclose(omega_total(answers, weight=weight).estimate, omega_total(repeated).estimate, atol=1e-6)
    unlike = ["sd", "suspected_keying"]
    pd.testing.assert_frame_equal(
        item_statistics(answers, weight=weight).drop(columns=unlike),
        item_statistics(repeated).drop(columns=unlike),
        rtol=1e-6,
        atol=1e-6,
    )


def test_the_result_can_be_used_as_a_number(bfi):
    result = cronbach_alpha(bfi[["N1", "N2", "N3"]])
    assert float(result) == result.estimate
    assert result.to_frame().columns.tolist() == ["coefficient", "estimate", "ci_low", "ci_high", "items", "n_used"]


def test_nothing_is_turned_but_the_item_is_named(bfi):
    result = cronbach_alpha(bfi[AGREE])
    assert result.estimate < 0.5
    assert result.warnings[0].startswith("Item 'A1' runs against the others")


def test_item_statistics_take_the_ends_from_all_the_items():
    found = item_statistics(pd.DataFrame({"a": [1, 2, 2, 3], "b": [2, 3, 5, 5]})).set_index("item")
    assert found["floor"].tolist() == [0.25, 0]
    assert found["ceiling"].tolist() == [0, 0.5]


def test_omega_of_two_items_is_nan_with_a_warning():
    result = omega_total(simulate(50, scales={"s": 2})[0])
    assert np.isnan([result.estimate, result.ci_low, result.ci_high]).all()
    assert result.warnings == (
        "Two items have no unique one-factor solution, so omega_total and loadings are not given.",
    )


@pytest.mark.parametrize("function", [cronbach_alpha, omega_total, item_statistics])
@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ({"a": [1, 2, 3]}, "At least two items are needed; got 'a'"),
        ({"a": [1, 2, 3], "b": [1, 1, 1]}, "Item 'b' holds the same answer"),
        ({"a": [1, 2, 3], "忠诚": [np.nan] * 3}, "Item '忠诚' holds no answer"),
        ({"a": [1, 2], "b": [2, 1]}, "2 of 2 respondents answer every one of the items 'a', 'b'; at least 3"),
        ({"a": [1, 2, 3], "b": ["x", "y", "z"]}, "'b' must be numeric"),
    ],
)
def test_bad_items_are_refused_in_one_sentence(function, items, sentence):
    with pytest.raises(InputError, match=sentence):
        function(pd.DataFrame(items))


def test_a_weight_of_another_index_is_refused():
    answers, _ = simulate(30, scales={"s": 3})
    with pytest.raises(InputError, match="'weight' must have the index of the table"):
        cronbach_alpha(answers, weight=pd.Series(np.ones(30)))
