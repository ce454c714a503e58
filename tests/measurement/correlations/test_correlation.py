"""Correlation matrices: R's figures, smoothing, and what may be handed over instead of items."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given
from numpy.testing import assert_allclose
from surveys import surveys

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.correlations.correlation import as_correlation, check_factorable, correlate

FIGURES = json.loads((Path(__file__).parents[2] / "reference" / "factors.json").read_text())
FIVE = ["A1", "A2", "C1", "C4", "N1"]


def matrix(values, names="abcdefgh"):
    labels = list(names[: len(values)])
    return pd.DataFrame(values, index=labels, columns=labels)


def test_spearman_equals_r(bfi):
    """R> cor(na.omit(bfi[, 1:25])[, five], method = "spearman")   # R 4.2.2"""
    found = correlate(bfi.iloc[:, :25].dropna()[FIVE], method="spearman")
    assert_allclose(found.matrix, FIGURES["spearman_listwise"], atol=1e-10)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_pairwise_correlations_equal_r(bfi, method):
    """R> cor(bfi[, five], method = method, use = "pairwise")   # R 4.2.2"""
    found = correlate(bfi[FIVE], method=method, missing="pairwise")
    assert_allclose(found.matrix, FIGURES[f"{method}_pairwise"], atol=1e-10)


def test_weighted_correlations_equal_r(bfi):
    """R> cov.wt(five, wt = rep(1:4, length.out = nrow(five)), cor = TRUE)$cor   # R 4.2.2"""
    five = bfi.iloc[:, :25].dropna()[FIVE]
    found = correlate(five, weight=np.arange(len(five)) % 4 + 1)
    assert_allclose(found.matrix, FIGURES["weighted"], atol=1e-10)


def test_an_indefinite_matrix_is_smoothed_as_psych_does_and_said_so():
    """R> psych::cor.smooth(matrix(c(1, .9, .2, .9, 1, .9, .2, .9, 1), 3))   # psych 2.2.9"""
    found = as_correlation(matrix([[1, 0.9, 0.2], [0.9, 1, 0.9], [0.2, 0.9, 1]]), n=100)
    assert_allclose(found.matrix, FIGURES["smoothed"], atol=1e-9)
    assert found.smoothed
    assert "not positive definite" in found.warnings[0]


@pytest.mark.parametrize("method", ["pearson", "spearman", "polychoric"])
def test_whole_weights_equal_repeated_respondents(bfi, method):
    five = bfi[FIVE].dropna().head(150)
    weights = np.arange(150) % 3 + 1
    repeated = five.loc[five.index.repeat(weights)]
    assert_allclose(
        correlate(five, method=method, weight=weights).matrix, correlate(repeated, method=method).matrix, atol=1e-7
    )


@pytest.mark.parametrize("method", ["pearson", "spearman", "polychoric"])
def test_listwise_equals_dropping_incomplete_respondents_beforehand(bfi, method):
    five = bfi[FIVE]
    before, after = correlate(five.dropna(), method=method), correlate(five, method=method)
    assert_allclose(after.matrix, before.matrix, atol=1e-12)
    assert (after.n_used, after.n_dropped) == (before.n_used, len(five) - before.n_used)


@pytest.mark.parametrize("method", ["pearson", "spearman", "polychoric"])
def test_without_missing_answers_pairwise_equals_listwise(bfi, method):
    five = bfi[FIVE].dropna().head(300)
    pairwise, listwise = (correlate(five, method=method, missing=missing) for missing in ("pairwise", "listwise"))
    assert_allclose(pairwise.matrix, listwise.matrix, atol=1e-12)


@given(surveys())
def test_spearman_and_polychoric_depend_on_the_order_of_answers_alone(survey):
    answers, _ = survey
    assume((answers.nunique() > 1).all() and answers.shape[1] > 1)
    for method in ("spearman", "polychoric"):
        assert_allclose(
            correlate(answers**3 + 5, method=method).matrix, correlate(answers, method=method).matrix, atol=1e-6
        )


def test_polychoric_carries_labelled_thresholds(bfi):
    found = correlate(bfi[FIVE], method="polychoric")
    assert list(found.thresholds.index) == FIVE
    assert (np.diff(found.thresholds.loc["A1"]) > 0).all()


def test_table_of_pairs_has_one_row_a_pair_with_its_respondents(bfi):
    table = correlate(bfi[["A1", "A2", "A3"]], missing="pairwise").to_frame()
    assert list(table.columns) == ["first", "second", "correlation", "n"]
    assert table["n"].tolist() == [
        bfi[list(pair)].dropna().shape[0] for pair in (("A1", "A2"), ("A1", "A3"), ("A2", "A3"))
    ]


def test_sparse_polychoric_pairs_are_named_in_the_warnings():
    answers = pd.DataFrame({"A1": [1, 1, 2, 2, 3, 3], "A2": [1, 1, 2, 2, 3, 3], "A3": [1, 2, 3, 3, 2, 1]})
    assert "'A1 – A2'" in " ".join(correlate(answers, method="polychoric").warnings)


def test_inputs_are_left_as_they_were(bfi):
    before = bfi.copy()
    correlate(bfi[FIVE], method="polychoric", weight=bfi["group"])
    pd.testing.assert_frame_equal(bfi, before)


def test_arrow_and_pandas_agree_on_chinese_columns():
    answers = pd.DataFrame({"满意": [1, 2, 3, 5], "忠诚": [2, 1, 4, 5]})
    assert_allclose(correlate(pa.Table.from_pandas(answers)).matrix, correlate(answers).matrix)


def test_pairs_without_common_respondents_are_named():
    answers = pd.DataFrame({"a": [1, 2, np.nan, np.nan], "b": [np.nan, np.nan, 1, 2], "c": [1, 2, 3, 5]})
    with pytest.raises(InputError, match="Items 'a' and 'b' have no correlation: too few respondents answer both"):
        correlate(answers, missing="pairwise")


def test_an_item_constant_among_complete_respondents_is_named():
    answers = pd.DataFrame({"a": [1, 1, 1, 2], "b": [1, 2, 3, np.nan]})
    with pytest.raises(InputError, match="Item 'a' holds the same answer in every row"):
        correlate(answers)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"method": "kendall"}, "'method' must be one of 'pearson', 'spearman', 'polychoric'; got 'kendall'."),
        ({"missing": "fiml"}, "'missing' must be one of 'listwise', 'pairwise'; got 'fiml'."),
    ],
)
def test_unknown_choices_get_one_sentence(arguments, sentence):
    with pytest.raises(InputError) as caught:
        correlate(pd.DataFrame({"a": [1, 2], "b": [2, 1]}), **arguments)
    assert str(caught.value) == sentence


def test_a_correlation_goes_through_untouched():
    once = as_correlation(matrix(np.eye(3)), n=10)
    assert as_correlation(once) is once


@pytest.mark.parametrize(
    ("data", "arguments", "sentence"),
    [
        (matrix([[1, 0.5], [0.4, 1]]), {}, "A correlation matrix must be symmetric"),
        (matrix([[1, 1.5], [1.5, 1]]), {}, "A correlation matrix must be symmetric"),
        (matrix([[1, np.nan], [np.nan, 1]]), {}, "Items 'a' and 'b' have no correlation"),
        (matrix(np.eye(2)), {"n": 0}, "'n' must be a number of respondents above 1; got 0."),
        (matrix(np.eye(2)), {"weight": [1, 1]}, "'weight' goes with items"),
        (pd.DataFrame({"a": [1, 2, 4], "b": [2, 1, 3]}), {"n": 3}, "'n' goes with a labelled correlation matrix"),
    ],
)
def test_a_matrix_that_cannot_be_used_gets_one_sentence(data, arguments, sentence):
    with pytest.raises(InputError) as caught:
        as_correlation(data, **arguments)
    assert str(caught.value).startswith(sentence)


def test_items_that_determine_one_another_are_named_and_not_factored(bfi):
    answers = bfi[["A1", "A2", "C1"]].assign(sum=bfi["A1"] + bfi["A2"])
    found = correlate(answers)
    assert found.warnings == ("Items 'A1', 'A2', 'sum' determine one another exactly; the matrix is singular.",)
    with pytest.raises(
        InputError, match="Items 'A1', 'A2', 'sum' determine one another exactly; leave out one of them."
    ):
        check_factorable(found)


def test_fewer_respondents_than_items_are_not_factored(bfi):
    with pytest.raises(InputError, match="20 respondents are too few for 25 items"):
        check_factorable(correlate(bfi.iloc[:, :25].dropna().head(20)))
