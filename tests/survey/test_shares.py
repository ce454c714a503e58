"""Net promoter score and top box."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.core.errors import InputError
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.shares import marked_shares, net_promoter, top_box

REFERENCE = Path(__file__).parents[1] / "reference"


def test_net_promoter_equals_hand_computation():
    """4 promoters, 3 passives, 3 detractors of 10: 10 points.

    With the three pseudo-answers p = 4.75/13, d = 3.75/13: 100 (1/13 ± 1.959964 √((8.5/13 − 1/169)/13)).
    """
    result = net_promoter(pd.Series([10, 10, 9, 9, 8, 8, 7, 6, 3, 0]))
    half = 1.959963984540054 * np.sqrt((8.5 / 13 - 1 / 169) / 13)
    assert result.estimate == pytest.approx(10)
    assert (result.ci_low, result.ci_high) == pytest.approx((100 * (1 / 13 - half), 100 * (1 / 13 + half)))


def test_net_promoter_counts_missing_answers_as_dropped():
    result = net_promoter(pd.Series([10, None, 0]))
    assert (result.n_used, result.n_dropped, result.estimate) == (2, 1, 0)


def test_whole_weights_equal_repeated_answers_in_the_estimate():
    once = net_promoter(pd.Series([10, 8, 2]), weight=pd.Series([3, 1, 1]))
    assert once.estimate == pytest.approx(net_promoter(pd.Series([10, 10, 10, 8, 2])).estimate)


def test_unequal_weights_widen_the_interval():
    answers = pd.Series([10, 9, 8, 2] * 10)
    equal, unequal = net_promoter(answers), net_promoter(answers, weight=pd.Series([1, 5] * 20))
    assert unequal.ci_high - unequal.ci_low > equal.ci_high - equal.ci_low


@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
def test_net_promoter_and_its_interval_stay_on_the_scale(answers: list[int]):
    result = net_promoter(pd.Series(answers))
    assert -100 <= result.ci_low <= result.ci_high <= 100
    assert result.ci_low <= result.estimate <= result.ci_high
    assert result.promoters + result.passives + result.detractors == pytest.approx(1)


def test_the_adjusted_wald_interval_covers_at_its_level():
    """3,000 samples of 60 from p = .45, d = .25 (truth 20 points): coverage 95 % ± 3 Monte Carlo errors."""
    rng = np.random.default_rng(7)
    draws = rng.choice([10, 8, 2], p=[0.45, 0.30, 0.25], size=(3_000, 60))
    results = [net_promoter(pd.Series(row)) for row in draws]
    covered = np.mean([result.ci_low <= 20 <= result.ci_high for result in results])
    assert covered == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 3_000))


def test_top_box_interval_equals_r():
    """R> prop.test(67, 250, correct = FALSE)$conf.int (survey.R; tolerance 1e-10)."""
    told = json.loads((REFERENCE / "survey.json").read_text())["wilson_67_of_250"]
    result = top_box(pd.Series([10] * 67 + [5] * 183), top=10)
    assert (result.ci_low, result.ci_high) == pytest.approx(told, abs=1e-10)


def test_the_top_of_the_range_is_told_where_it_was_not_given():
    result = top_box(pd.Series([4, 3, 1]))
    assert result.estimate == pytest.approx(2 / 3)
    assert result.warnings == ("The highest answer given, 4, was taken as the top of the range.",)


def test_one_box_counts_only_the_highest_answer():
    assert top_box(pd.Series([5, 4, 3, 5]), boxes=1, top=5).estimate == 0.5


def test_marked_items_give_the_measure_that_their_role_names():
    book = Codebook.parse("""
        [items]
        recommend = { min = 0, max = 10, role = "recommend" }
        happy = { min = 1, max = 5, role = "satisfaction" }
        silent = { min = 1, max = 5, role = "satisfaction" }""")
    table = pd.DataFrame({"recommend": [10.0, 9.0], "happy": [4.0, 1.0], "silent": [None, None]}, dtype=float)
    shares = marked_shares(table, book)
    assert {name: result.estimate for name, result in shares.by_item.items()} == {"recommend": 100, "happy": 0.5}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([11, 3], "'q' holds 11 in 1 row; allowed is 0 to 10."),
        ([None, None], "'q' holds no answer."),
        (["ten", "9"], "'q' must hold numbers"),
    ],
)
def test_answers_that_cannot_be_used_are_refused(answers, told):
    with pytest.raises(InputError, match=told):
        net_promoter(pd.Series(answers, name="q", dtype=None if isinstance(answers[0], str) else float))


def test_a_negative_weight_is_refused():
    with pytest.raises(InputError, match="'weight' is negative in 1 row;"):
        net_promoter(pd.Series([1, 2]), weight=pd.Series([1, -1]))


@pytest.mark.parametrize(("answer", "estimate"), [(10, 100), (0, -100), (8, 0)])
def test_the_interval_of_a_single_answer_holds_its_own_estimate(answer, estimate):
    result = net_promoter(pd.Series([answer]))
    assert result.estimate == estimate
    assert result.ci_low <= estimate <= result.ci_high


def test_nullable_answers_give_what_floats_give():
    nullable = net_promoter(pd.Series([10, None, 3], dtype="Int64"))
    assert nullable.to_frame().equals(net_promoter(pd.Series([10, None, 3])).to_frame())


@pytest.mark.parametrize("measure", [net_promoter, top_box])
@pytest.mark.parametrize(
    ("answers", "weight", "told"),
    [
        ([1, 2], None, "'answers' must be a pandas Series, a value a respondent; got list."),
        (None, None, "'answers' must be a pandas Series, a value a respondent; got None."),
        (pd.Series([1.0, np.inf]), None, "'answers' is infinite in 1 row; answers are finite numbers."),
        (pd.Series([1, 2]), 3, "'weight' must hold one number a row (2); got int."),
        (pd.Series([1, 2]), [3], "'weight' must hold one number a row (2); got 1."),
        (pd.Series([1, 2]), ["a", "b"], "'weight' must hold numbers; got str."),
        (pd.Series([1, 2]), pd.Series([1, None], dtype="Int64"), "'weight' is missing or infinite in 1 row"),
    ],
)
def test_what_is_no_column_of_answers_or_weights_gets_one_sentence(measure, answers, weight, told):
    with pytest.raises(InputError) as refusal:
        measure(answers, weight=weight)
    assert str(refusal.value).startswith(told)


@pytest.mark.parametrize("top", [np.nan, np.inf, "5"])
def test_a_top_that_is_no_number_is_refused(top):
    with pytest.raises(InputError, match="'top' must be a finite number"):
        top_box(pd.Series([1, 2]), top=top)
