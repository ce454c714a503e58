"""Moments: one pass, exact pooling, R's figures."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import InputError
from loyalty_kit.statistics.moments import Moments

REFERENCE = Path(__file__).parents[1] / "reference"
AGREE = ["A1", "A2", "A3", "A4", "A5"]
MATRICES = ("counts", "weights", "weight_squares", "centers", "comoments", "squares")


@pytest.fixture(scope="module")
def figures():
    return json.loads((REFERENCE / "moments.json").read_text())


@st.composite
def tables(draw: st.DrawFn, holes: bool = True) -> tuple[pd.DataFrame, np.ndarray]:
    """Answers 1–7 of 4 to 30 respondents to 3 items, some missing, two respondents complete, and weights."""
    rows = draw(st.integers(4, 30))
    values = draw(hnp.arrays(float, (rows, 3), elements=st.integers(1, 7)))
    gaps = draw(hnp.arrays(bool, (rows, 3)))
    gaps[[0, -1]] = False
    weight = draw(hnp.arrays(float, rows, elements=st.floats(0.1, 5)))
    return pd.DataFrame(np.where(gaps & holes, np.nan, values), columns=list("abc")), weight


def assert_same(first: Moments, second: Moments) -> None:
    assert (first.n_used, first.n_dropped) == (second.n_used, second.n_dropped)
    for name in MATRICES:
        assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-9, atol=1e-9, err_msg=name)


def test_weighted_moments_equal_r(bfi, figures):
    """R> cov.wt(x[complete, ], wt = w[complete], method = "unbiased", cor = TRUE)   # R 4.2.2"""
    moments = Moments.of(bfi[AGREE], weight=np.resize(np.arange(1, 8), len(bfi)))
    assert moments.n_used == figures["n_used"]
    assert moments.effective_n == pytest.approx(figures["effective_n"], rel=1e-10)
    for name in ("means", "covariance", "correlation"):
        assert_allclose(getattr(moments, name), figures[name], rtol=1e-9, err_msg=name)


def test_pairwise_correlation_equals_r(bfi, figures):
    """R> cor(x, use = "pairwise.complete.obs")   # R 4.2.2"""
    correlation = Moments.of(bfi, AGREE, missing="pairwise").correlation
    assert_allclose(correlation, figures["pairwise_correlation"], rtol=1e-9)


@given(tables())
def test_pairwise_correlation_equals_pandas(drawn):
    answers, _ = drawn
    expected = answers.corr()
    ours = Moments.of(answers, missing="pairwise").correlation
    # One respondent makes no correlation, and two at least make one of ±1 in both.
    assert_allclose(ours.to_numpy(), expected.to_numpy(), atol=1e-9)


@given(tables(), st.sampled_from(["listwise", "pairwise"]), st.data())
def test_pooled_moments_equal_whole_moments(drawn, missing, data):
    answers, weight = drawn
    cut = data.draw(st.integers(1, len(answers) - 1))
    parts = (slice(None, cut), slice(cut, None))
    pooled = [Moments.of(answers[part], weight=weight[part], missing=missing) for part in parts]
    assert_same(pooled[0] + pooled[1], Moments.of(answers, weight=weight, missing=missing))


@given(tables())
def test_listwise_equals_dropping_rows_beforehand(drawn):
    answers, weight = drawn
    complete = answers.notna().all(axis=1)
    whole, before = Moments.of(answers, weight=weight), Moments.of(answers[complete], weight=weight[complete])
    assert_allclose(whole.covariance, before.covariance)
    assert whole.n_dropped == len(answers) - before.n_used


@given(tables())
def test_whole_weights_equal_repeated_rows_except_in_what_counts_respondents(drawn):
    answers, weight = drawn
    times = np.ceil(weight).astype(int)
    weighted, repeated = Moments.of(answers, weight=times), Moments.of(answers.loc[answers.index.repeat(times)])
    for name in ("weights", "centers", "comoments", "squares"):
        assert_allclose(getattr(weighted, name), getattr(repeated, name), atol=1e-9, err_msg=name)


@given(tables(holes=False))
def test_large_means_lose_no_digits(drawn):
    answers, weight = drawn
    assert_allclose(
        Moments.of(answers + 2.0**40, weight=weight).covariance,
        Moments.of(answers, weight=weight).covariance,
        atol=1e-9,
    )


def test_equal_weights_equal_no_weights(bfi):
    weighted, plain = Moments.of(bfi, AGREE, weight=np.full(len(bfi), 0.3)), Moments.of(bfi, AGREE)
    assert_allclose(weighted.covariance, plain.covariance)
    assert weighted.effective_n == pytest.approx(plain.effective_n)


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_an_arrow_table_gives_what_pandas_gives(bfi, missing):
    items = bfi[AGREE]
    table = pa.Table.from_pandas(items, preserve_index=False)
    assert_same(Moments.of(table, missing=missing), Moments.of(items, missing=missing))


def test_nullable_columns_give_what_plain_ones_give(bfi):
    assert_same(Moments.of(bfi[AGREE].astype("Int64")), Moments.of(bfi[AGREE]))


def test_the_weight_may_be_a_column(bfi):
    table = bfi[AGREE].assign(w=np.arange(1.0, len(bfi) + 1))
    assert_same(Moments.of(table, weight="w"), Moments.of(bfi, AGREE, weight=table["w"]))


def test_rows_of_weight_zero_are_left_out(bfi):
    weight = (np.arange(len(bfi)) < 100).astype(float)
    moments = Moments.of(bfi, AGREE, weight=weight)
    assert_allclose(moments.covariance, Moments.of(bfi[:100], AGREE).covariance)
    assert moments.n_used + moments.n_dropped == len(bfi)


@pytest.mark.parametrize("constant", [4.0, 0.1, 1 / 3])
@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_a_constant_column_has_no_correlation(constant, missing):
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0, 3.0, 5.0], "b": constant})
    weight = np.array([0.3, 0.7, 1.1, 0.2, 0.9])
    whole = Moments.of(frame, weight=weight, missing=missing)
    pooled = Moments.of(frame[:2], weight=weight[:2], missing=missing) + Moments.of(
        frame[2:], weight=weight[2:], missing=missing
    )
    assert whole.correlation["b"].isna().all()
    assert pooled.correlation["b"].isna().all()


def test_a_column_that_is_constant_where_the_other_is_present_has_no_pairwise_correlation():
    frame = pd.DataFrame({"a": [0.1, 0.1, 0.1, 2.0], "b": [1.0, 2.0, 5.0, np.nan]})
    correlation = Moments.of(frame, missing="pairwise").correlation
    assert np.isnan(correlation.loc["a", "b"])
    assert correlation.loc["a", "a"] == 1


def test_an_empty_column_is_nan_under_pairwise_deletion():
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [np.nan] * 3})
    moments = Moments.of(frame, missing="pairwise")
    assert moments.means.isna().tolist() == [False, True]
    assert moments.effective_n == 3


def test_one_row_has_no_covariance():
    assert Moments.of(pd.DataFrame({"a": [1.0], "b": [2.0]}), weight=[0.1]).covariance.isna().all(axis=None)


def test_column_names_need_not_be_text():
    assert Moments.of(pd.DataFrame(np.eye(3)), [0, 2]).columns == ("0", "2")


def test_the_table_is_not_changed(bfi):
    before = bfi.copy()
    Moments.of(bfi, AGREE, weight=np.ones(len(bfi)))
    pd.testing.assert_frame_equal(bfi, before)


FRAME = pd.DataFrame({"a": [1.0, 2.0], "b": [2.0, 1.0], "text": ["x", "y"], "gap": [np.nan, np.nan]})


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Moments.of(FRAME, ["a", "c"]), "The table lacks the column 'c'"),
        (lambda: Moments.of(FRAME, ["a", "text"]), "'text' must be numeric"),
        (lambda: Moments.of(FRAME, ["a", "gap"]), "No row holds every one of the columns 'a', 'gap'"),
        (lambda: Moments.of(FRAME, ["a", "a"]), "each once; got 'a', 'a'"),
        (lambda: Moments.of(FRAME, []), "got none"),
        (lambda: Moments.of(np.eye(2)), "must be a data frame"),
        (lambda: Moments.of(pd.concat([FRAME, FRAME], axis=1)), "two columns of one name"),
        (lambda: Moments.of(FRAME, ["a"], weight=[1.0]), r"one number a row \(2\)"),
        (lambda: Moments.of(FRAME, ["a"], weight=["x", "y"]), "'weight' must hold numbers only"),
        (lambda: Moments.of(FRAME, ["a"], weight="gap"), "'gap' is missing or infinite in 2 rows"),
        (lambda: Moments.of(FRAME, ["a"], weight=pd.Series([1.0, 2.0], index=[1, 0])), "must have the index"),
        (lambda: Moments.of(FRAME, ["a"]) + Moments.of(FRAME, ["b"]), "pool only over the same columns"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()
