"""Agreement, content validity and comparisons in pairs: published figures, and what holds for any panel."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.survey.experts.concordance import kendall_w
from loyalty_kit.survey.experts.content_validity import content_validity, fewest_essential
from loyalty_kit.survey.experts.hierarchy import ahp, times_of

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "experts.json").read_text("utf-8"))
panels = st.lists(st.lists(st.integers(1, 5), min_size=4, max_size=4), min_size=2, max_size=8)
priorities = st.lists(st.floats(0.1, 10), min_size=2, max_size=9)


def matrix(name: str) -> pd.DataFrame:
    held = REFERENCE[name]
    return pd.DataFrame(held["matrix"], index=held["things"], columns=held["things"])


def test_w_with_ties_equals_the_textbook():
    held = REFERENCE["concordance"]
    found = kendall_w(pd.DataFrame(held["ranks"]))
    assert round(found.w, 3) == held["w"]
    assert (round(found.chi_squared, 2), found.df, round(found.p_value, 3)) == (held["chi_squared"], 9, held["p_value"])


@given(panels)
def test_chi_squared_is_friedmans_and_w_lies_between_0_and_1(rows):
    found = kendall_w(pd.DataFrame(rows), permutations=0)
    if all(len(set(row)) == 1 for row in rows):
        assert np.isnan(found.w)
        return
    assert 0 <= found.w <= 1
    friedman = stats.friedmanchisquare(*np.array(rows, dtype=float).T)
    np.testing.assert_allclose([found.chi_squared, found.p_value], friedman, rtol=1e-9, atol=1e-9)


@given(panels, st.permutations(range(4)))
def test_w_knows_no_order_of_things_or_experts_and_no_scale(rows, order):
    ratings = pd.DataFrame(rows)
    changed = (10 * ratings[list(order)] + 3)[::-1]
    first, second = (kendall_w(each, permutations=0).w for each in (ratings, changed))
    assert first == pytest.approx(second, abs=1e-12, nan_ok=True)


def test_experts_of_one_mind_have_w_1_and_of_opposite_minds_0():
    assert kendall_w(pd.DataFrame([[1, 2, 3]] * 5)).w == pytest.approx(1)
    assert kendall_w(pd.DataFrame([[1, 2, 3], [3, 2, 1]])).w == pytest.approx(0)


def test_the_p_value_by_permutation_equals_all_orders_counted():
    """Three experts, three things, one order: of 6³ tables 6 agree so far, 1 in 36."""
    found = kendall_w(pd.DataFrame([[1, 2, 3]] * 3), permutations=20_000, rng=1)
    assert found.p_permutation == pytest.approx(1 / 36, abs=4 * np.sqrt(1 / 36 / 20_000))


def test_experts_who_did_not_rate_everything_are_counted_and_too_few_are_refused():
    found = kendall_w(pd.DataFrame([[1, 2, 3], [1, 3, 2], [1, None, 2]]))
    assert (found.n_experts, found.n_dropped) == (2, 1)
    with pytest.raises(TooLittleError, match="1 experts rated all of 3 things; agreement takes two of each"):
        kendall_w(pd.DataFrame([[1, 2, 3]]))


def test_critical_values_equal_the_exact_ones_of_ayre_and_scally():
    held = REFERENCE["content_validity"]["needed"]
    for n, (needed, ratio) in held.items():
        assert fewest_essential(int(n)) == needed
        assert (2 * needed - int(n)) / int(n) == pytest.approx(ratio, abs=5e-4)
    assert [np.isnan(fewest_essential(n)) for n in (1, 2, 3, 4)] == [True] * 4


def test_lawshes_printed_table_lets_panels_through_that_are_divided():
    """At .62, .49, .42 and .29 the fewest experts who pass are within chance or would be told apart by one vote."""
    for n, printed in REFERENCE["content_validity"]["lawshe_1975"].items():
        passing = int(np.ceil((printed * int(n) + int(n)) / 2 - 1e-9))
        assert passing <= fewest_essential(int(n)) or stats.binom.sf(passing - 1, int(n), 0.5) <= 0.05


@pytest.mark.parametrize(
    ("ratings", "essential"),
    [
        (["essential"] * 8 + ["useful", "Not necessary"], None),
        (["必要"] * 8 + ["有用但不必要", "不必要"], None),
        ([True] * 8 + [False] * 2, None),
        ([5, 5, 5, 5, 4, 4, 4, 4, 3, 1], 4),
        (["essential"] * 8 + ["useful", "useful", None], None),
    ],
)
def test_essential_is_read_in_words_truths_and_numbers(ratings, essential):
    row = content_validity(pd.DataFrame({"trust": ratings}), essential=essential).to_frame().iloc[0]
    assert (row["n"], row["n_essential"], row["verdict"]) == (10, 8, "unclear")
    assert row["ratio"] == pytest.approx(0.6)
    assert row["p_value"] == pytest.approx(56 / 1024)


def test_a_panel_too_small_for_any_verdict_says_so_and_the_index_is_the_mean_of_what_is_essential():
    panel = pd.DataFrame({"a": [True] * 9 + [False], "b": [True] * 10, "c": [True] * 5 + [False] * 5})
    found = content_validity(panel)
    assert found.to_frame()["verdict"].tolist() == ["essential", "essential", "unclear"]
    assert found.index == pytest.approx(0.9)
    small = content_validity(panel.head(4))
    assert small.to_frame()["verdict"].tolist() == ["unknown"] * 3
    assert np.isnan(small.index)


def test_what_is_no_rating_of_essential_is_refused():
    with pytest.raises(InputError, match="'a' is rated 'maybe'"):
        content_validity(pd.DataFrame({"a": ["essential", "maybe"]}))
    with pytest.raises(InputError, match="are numbers; say from which on they mean essential"):
        content_validity(pd.DataFrame({"a": [1, 2]}))
    with pytest.raises(TooLittleError, match="No expert rated anything"):
        content_validity(pd.DataFrame({"a": [None, None]}))


@pytest.mark.parametrize("name", ["wealth", "house"])
def test_weights_and_consistency_equal_saatys_examples(name):
    held, found = REFERENCE[name], ahp(matrix(name))
    assert found.weights.round(3).tolist() == held["weights"]
    digits = len(str(held["eigenvalue"]).partition(".")[2])
    assert round(found.eigenvalue, digits) == held["eigenvalue"]
    assert round(found.consistency_ratio, 2) == held["ratio"]
    assert bool(found.warnings) == (held["ratio"] > 0.1)


@given(priorities)
def test_a_consistent_matrix_gives_back_its_weights_with_ratio_0(values):
    weights = np.array(values) / np.sum(values)
    names = [f"t{at}" for at in range(len(weights))]
    found = ahp(pd.DataFrame(weights[:, None] / weights, index=names, columns=names))
    np.testing.assert_allclose(found.weights, weights, rtol=1e-8)
    assert found.consistency_ratio == pytest.approx(0, abs=1e-8)


def test_experts_are_put_together_by_the_geometric_mean():
    """One says 9 times, the other 1 / 4: together the root of 9 / 4, 1.5, so .6 and .4."""
    pairs = pd.DataFrame({"expert": ["A", "B"], "thing": "a", "against": "b", "times": ["9", "1/4"]})
    found = ahp(pairs)
    np.testing.assert_allclose(found.weights, [0.6, 0.4])
    np.testing.assert_allclose(found.experts["a"], [0.9, 0.2])
    assert (found.n_experts, found.n_inconsistent, found.consistency_ratio) == (2, 0, 0.0)


def test_a_pair_may_stand_either_way_round():
    pairs = pd.DataFrame({"thing": ["b", "a", "b"], "against": ["a", "c", "c"], "times": ["1/2", "6", "3"]})
    np.testing.assert_allclose(ahp(pairs).weights[["a", "b", "c"]], [0.6, 0.3, 0.1])


def test_rounded_fractions_are_made_exact_and_contradictions_refused():
    assert ahp(pd.DataFrame([[1, 3], [0.33, 1]], index=["a", "b"], columns=["a", "b"])).weights["a"] == pytest.approx(
        0.75
    )
    with pytest.raises(InputError, match="'a' against 'b' is 3 and the other way round 3; one is 1 divided by"):
        ahp(pd.DataFrame([[1, 3], [3, 1]], index=["a", "b"], columns=["a", "b"]))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([["A", "a", "b", 2], ["A", "b", "c", 2]], "Expert 'A': the comparison of 'a' with 'c' is missing"),
        ([["A", "a", "b", 2], ["A", "b", "a", 2]], "Expert 'A': the comparison of 'b' with 'a' stands twice"),
        ([["A", "a", "b", 0]], "Times must be a number above 0 or a fraction such as 1/3; got '0'"),
        ([["A", "a", "b", "often"]], "Times must be a number above 0 or a fraction such as 1/3; got 'often'"),
        ([["A", "a", "b", "1/"]], "Times must be a number above 0"),
    ],
)
def test_comparisons_that_cannot_be_used_are_named(rows, told):
    with pytest.raises(InputError) as caught:
        ahp(pd.DataFrame(rows, columns=["expert", "thing", "against", "times"]))
    assert told in str(caught.value)
    assert "'A'" not in str(caught.value.anonymous)


def test_fractions_are_read():
    assert [times_of(text) for text in ("1/4", "３", 0.5, "1 / 2")] == [0.25, 3, 0.5, 0.5]
