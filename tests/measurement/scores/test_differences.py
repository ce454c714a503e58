"""Means by level and Welch's differences against scipy, and what has no spread to judge by."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from loyalty_kit.measurement.scores.differences import level_means

LEVELS = ["a", "b", "c"]


def table(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sizes, centres, spreads = [40, 25, 12], [50, 58, 47], [10, 22, 5]
    parts = [rng.normal(m, s, n) for m, s, n in zip(centres, spreads, sizes, strict=True)]
    return pd.DataFrame({"score": np.concatenate(parts), "level": np.repeat(LEVELS, sizes)})


def test_means_and_intervals_are_student_s_of_each_level():
    """scipy.stats.ttest_1samp(x, 0).confidence_interval(0.9)."""
    frame = table()
    means = level_means(frame, "score", "level", None, LEVELS)
    low, high = means.interval(0.9)
    for at, level in enumerate(LEVELS):
        values = frame.loc[frame["level"] == level, "score"]
        found = stats.ttest_1samp(values, 0.0).confidence_interval(0.9)
        np.testing.assert_allclose([means.mean[at], low[at], high[at]], [values.mean(), found.low, found.high])


def test_differences_are_those_of_welch_s_test():
    """scipy.stats.ttest_ind(x, y, equal_var=False), with its interval."""
    frame = table()
    found = level_means(frame, "score", "level", None, LEVELS).differences(0.95)
    assert list(zip(found["first"], found["second"], strict=True)) == [(0, 1), (0, 2), (1, 2)]
    for row in found.itertuples():
        x, y = (frame.loc[frame["level"] == LEVELS[at], "score"] for at in (row.first, row.second))
        welch = stats.ttest_ind(x, y, equal_var=False)
        interval = welch.confidence_interval(0.95)
        expected = [x.mean() - y.mean(), interval.low, interval.high, welch.pvalue]
        np.testing.assert_allclose([row.difference, row.ci_low, row.ci_high, row.p_value], expected)


def test_equal_weights_change_nothing_and_unequal_ones_count_as_kish_s_effective_size():
    """(Σw)² / Σw² of 1, 1, 2, 2 is 3.6; mean of 10, 20, 30, 40 is 30 − 5/3, closed form."""
    frame = table().assign(w=2.5)
    plain = level_means(frame, "score", "level", None, LEVELS).differences(0.95)
    weighted = level_means(frame, "score", "level", "w", LEVELS).differences(0.95)
    pd.testing.assert_frame_equal(plain, weighted)
    few = pd.DataFrame({"score": [10.0, 20, 30, 40], "level": "a", "w": [1.0, 1, 2, 2]})
    means = level_means(few, "score", "level", "w", ["a"])
    assert means.effective_n[0] == pytest.approx(3.6)
    assert means.mean[0] == pytest.approx(170 / 6)
    variance = (np.array([1, 1, 2, 2]) * (few["score"] - 170 / 6) ** 2).sum() / (6 - 10 / 6)
    assert means.sd[0] == pytest.approx(np.sqrt(variance))


def test_a_level_that_nobody_has_has_no_mean_and_one_of_a_single_value_no_interval():
    frame = pd.DataFrame({"score": [60.0, 70, 90, np.nan], "level": ["a", "a", "b", "b"]})
    means = level_means(frame, "score", "level", None, LEVELS)
    np.testing.assert_array_equal(means.n, [2, 1, 0])
    np.testing.assert_array_equal(means.mean, [65, 90, np.nan])
    low, high = means.interval(0.95)
    np.testing.assert_array_equal(np.isnan(low), [False, True, True])
    np.testing.assert_array_equal(np.isnan(high), [False, True, True])
    assert means.differences(0.95)["p_value"].isna().all()


def test_answers_that_are_all_alike_have_no_interval_of_length_0():
    frame = pd.DataFrame({"score": [50.0] * 9 + [40.0, 60.0] * 5, "level": ["a"] * 9 + ["b"] * 10})
    means = level_means(frame, "score", "level", None, ["a", "b"])
    assert means.mean[0] == 50
    assert np.isnan(means.interval(0.95)[0][0])
    assert means.differences(0.95)["p_value"].isna().all()


def test_an_interval_ends_where_scores_do():
    frame = pd.DataFrame({"score": [100.0, 100, 100, 80], "level": "a"})
    low, high = level_means(frame, "score", "level", None, ["a"]).interval(0.95, low=0, high=100)
    assert high[0] == 100
    assert low[0] < 95


def test_a_table_without_rows_has_no_means():
    means = level_means(table().assign(score=np.nan), "score", "level", None, LEVELS)
    np.testing.assert_array_equal(means.n, [0, 0, 0])
    assert level_means(table(), "score", "level", None, []).differences(0.95).empty
