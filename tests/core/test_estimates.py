"""Two runs compared: what moved beyond its interval, by a published method."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.estimates import Estimate, compare, difference_interval

numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6))
widths = st.floats(0, 1e6).map(lambda value: round(value, 6))


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    value = draw(numbers)
    return Estimate("a", value, value - draw(widths), value + draw(widths), draw(st.integers(1, 10_000)))


def proportion(successes: int, trials: int) -> Estimate:
    low, high = proportion_confint(successes, trials, method="wilson")
    return Estimate("p", successes / trials, low, high, trials)


def correlation(r: float, n: int) -> Estimate:
    half = 1.959964 / math.sqrt(n - 3)
    return Estimate("r", r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half), n)


@pytest.mark.parametrize(
    ("now", "last", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_difference_of_proportions_equals_newcombe(now, last, low, high):
    """Newcombe (1998), Table II, method 10: Wilson intervals of both, to four digits."""
    assert difference_interval(proportion(*now), proportion(*last)) == pytest.approx((low, high), abs=5.1e-5)


def test_difference_of_correlations_equals_zou():
    """Zou (2007), Psychological Methods 12, p. 406: r = .49 (n = 145) less r = .36 (n = 87).

    R> cocor::cocor.indep.groups(.49, .36, 145, 87, test = "zou2007")@zou2007$conf.int
    [1] -.087 .359
    """
    found = difference_interval(correlation(0.49, 145), correlation(0.36, 87))
    assert found == pytest.approx((-0.087, 0.359), abs=5.1e-4)


@given(estimates(), estimates())
def test_exchanging_the_runs_turns_the_interval_round(a, b):
    low, high = difference_interval(a, b)
    assert difference_interval(b, a) == pytest.approx((-high, -low), rel=1e-9, abs=1e-6)


@given(numbers, numbers, widths, widths)
def test_symmetric_intervals_add_as_squares(a, b, h, k):
    low, high = difference_interval(Estimate("a", a, a - h, a + h), Estimate("a", b, b - k, b + k))
    half = math.sqrt(h**2 + k**2)
    assert (low, high) == pytest.approx((a - b - half, a - b + half), rel=1e-9, abs=1e-6)


@given(estimates(), estimates())
def test_the_interval_holds_the_difference(a, b):
    low, high = difference_interval(a, b)
    assert low <= a.estimate - b.estimate <= high


@given(estimates(), estimates())
def test_intervals_that_do_not_touch_have_moved(a, b):
    moved = compare([a], [b])[0].verdict == "moved"
    assert moved or a.ci_low <= b.ci_high and b.ci_low <= a.ci_high


def test_an_interval_beside_its_estimate_counts_as_ending_there():
    assert difference_interval(Estimate("a", 5, 6, 9), Estimate("a", 1, 1, 1)) == (4, 8)


@pytest.mark.parametrize(
    ("now", "last", "verdict"),
    [
        (Estimate("a", 66, 64, 68), Estimate("a", 61, 59, 63), "moved"),
        (Estimate("a", 62, 60, 64), Estimate("a", 61, 59, 63), "unclear"),
        (Estimate("a", 61, 59, 63), Estimate("a", 61, 59, 63), "same"),
        (Estimate("a", 62), Estimate("a", 61, 59, 63), "unknown"),
        (Estimate("a", 62, 60, math.nan), Estimate("a", 61, 59, 63), "unknown"),
        (Estimate("a", 62, -math.inf, 64), Estimate("a", 61, 59, 63), "unknown"),
        (Estimate("a", 61), Estimate("a", 61), "same"),
    ],
)
def test_verdict_of_a_figure_in_both_runs(now, last, verdict):
    assert compare([now], [last])[0].verdict == verdict


def test_a_figure_without_an_interval_still_has_its_difference():
    change = compare([Estimate("a", 62)], [Estimate("a", 61)])[0]
    assert (change.difference, change.ci_low, change.ci_high) == (1, None, None)


def test_figures_of_one_run_are_new_or_gone_and_the_gone_come_last():
    changes = compare([Estimate("b", 1), Estimate("c", 1)], [Estimate("a", 1), Estimate("b", 1)])
    assert [(change.name, change.verdict) for change in changes] == [("b", "same"), ("c", "new"), ("a", "gone")]


def test_a_figure_that_is_no_number_is_not_there():
    assert [change.verdict for change in compare([Estimate("a", math.nan)], [Estimate("a", 1)])] == ["gone"]
    assert compare([Estimate("a", math.inf)], [Estimate("a", math.nan)]) == ()


def test_a_figure_bears_its_present_label():
    now, last = Estimate("a", 1, label="Trust"), Estimate("a", 1, label="Faith")
    assert compare([now], [last])[0].label == "Trust"
    assert compare([], [last])[0].label == "Faith"
    assert compare([Estimate("a", 1)], [])[0].label == "a"
