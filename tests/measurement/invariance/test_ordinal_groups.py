"""Groups that gave ordered answers: lavaan's WLSMV ladder after Wu and Estabrook, and what messy answers bring."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import GroupsError
from loyalty_kit.measurement.cfa.structure import read_answers, structure_of
from loyalty_kit.measurement.invariance.invariance import invariance
from loyalty_kit.measurement.invariance.ordinal_groups import OrdinalGroups, ordinal_member
from loyalty_kit.measurement.invariance.ordinal_model import ordinal_model, ordinal_start
from loyalty_kit.measurement.invariance.ordinal_moments import GroupLeastSquares

REFERENCE = Path(__file__).parents[2] / "reference"
LETTERS = {"agree": "A", "conscientious": "C", "extraversion": "E", "neuroticism": "N", "openness": "O"}
FIVE = {scale: [f"{letter}{i}" for i in range(1, 6)] for scale, letter in LETTERS.items()}
TWO = {scale: FIVE[scale] for scale in ("agree", "neuroticism")}
CASES = {"bfi_wlsmv": FIVE, "bfi_wlsmv_two": TWO, "bfi_wlsmv_three_answers": TWO}
NAMES = {
    "chi2": "chisq", "df": "df", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea", "srmr": "srmr",
    "chi2_scaled": "chisq.scaled", "p_value_scaled": "pvalue.scaled", "cfi_scaled": "cfi.scaled",
    "tli_scaled": "tli.scaled", "rmsea_scaled": "rmsea.scaled", "rmsea_scaled_low": "rmsea.ci.lower.scaled",
    "rmsea_scaled_high": "rmsea.ci.upper.scaled",
}  # fmt: skip
WIDE = {"cfi_fall": 0.9, "rmsea_rise": 0.9}
FEW = {"s": list("abcd"), "t": list("efgh")}


def answers(case: str) -> pd.DataFrame:
    """Complete answers of a case, as in groups.R."""
    complete = pd.read_csv(REFERENCE / "bfi.csv").drop(columns="age").dropna()
    if case == "bfi_wlsmv":
        return complete
    if case == "bfi_wlsmv_two":
        return complete.head(700)
    coarse, items = complete.head(900).copy(), [item for members in TWO.values() for item in members]
    coarse[items] = np.ceil(coarse[items] / 2)
    return coarse


def ordered(n: int, *, shift: float = 0.0, stretch: float = 1.0, seed: int = 3) -> pd.DataFrame:
    """Answers 1 to 5 of two halves; in the second 'b' is shifted and the first factor `stretch` times as wide."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(2 * n, 2)).repeat(4, axis=1)
    half = np.arange(2 * n) >= n
    factors[half, :4] *= stretch
    latent = 0.8 * factors + 0.6 * rng.normal(size=(2 * n, 8))
    latent[half, 1] += shift
    given = np.digitize(latent, [-1.2, -0.4, 0.4, 1.2]) + 1
    return pd.DataFrame(given, columns=list("abcdefgh")).assign(half=np.where(half, "second", "first"))


@pytest.fixture(scope="module", params=CASES)
def compared(request):
    """Result under a rule so wide that every level holds in full, and lavaan's figures."""
    figures = json.loads((REFERENCE / "groups.json").read_text())[request.param]
    given = {"group": "group", "estimator": "wlsmv", **WIDE}
    return invariance(answers(request.param), CASES[request.param], **given), figures


def test_every_level_equals_lavaan(compared):
    """R> semTools::measEq.syntax(model, data, ordered = …, ID.cat = "Wu.Estabrook.2016", parameterization = "theta")"""
    result, expected = compared
    table = result.to_frame().set_index("level")
    assert list(table.index) == ["configural", "thresholds", "metric", "scalar", "strict"]
    for level, figures in expected["fit"].items():
        for name, own in NAMES.items():
            atol = 1e-2 if name in {"chi2", "chi2_scaled"} else 1e-4
            assert_allclose(table.loc[level, name], figures[own], atol=atol, err_msg=f"{level} {name}")


def test_differences_between_levels_are_scaled_as_lavaan_does(compared):
    """R> lavTestLRT(freer, tighter)   # scaled.shifted: method = "satorra.2000", A.method = "delta", lavaan 0.6-14"""
    result, expected = compared
    table = result.to_frame().set_index("level")
    for level, change in expected["change"].items():
        assert_allclose(table.loc[level, "chi2_change"], change["chi2"], atol=1e-2, err_msg=level)
        assert table.loc[level, "df_change"] == change["df"]
        if change["df"]:
            assert_allclose(table.loc[level, "p_change"], change["p"], atol=1e-4, err_msg=level)


def test_thresholds_of_every_level_equal_lavaan(compared):
    """R> parameterEstimates(fit)[op == "|"]   # lavaan 0.6-14"""
    result, expected = compared
    own = result.thresholds.melt(["level", "group", "item"], var_name="cut").dropna(subset=["value"])
    own = own.set_index(["level", "group", "item", "cut"])["value"]
    for level, table in expected["thresholds"].items():
        groups = [str(expected["labels"][int(g) - 1]) for g in table["group"]]
        places = pd.MultiIndex.from_arrays([[level] * len(groups), groups, table["item"], table["cut"]])
        assert len(own.loc[[level]]) == len(groups)
        assert_allclose(own.loc[places], table["estimate"], atol=1e-3, err_msg=level)


def test_latent_means_and_their_errors_equal_lavaan(compared):
    """R> parameterEstimates(fit_scalar)[op == "~1"]   # lavaan 0.6-14"""
    result, expected = compared
    later = result.latent_means[result.latent_means["std_error"].notna()]
    assert_allclose(later["estimate"], expected["means"]["estimate"], atol=1e-4)
    assert_allclose(later["std_error"], expected["means"]["std_error"], atol=1e-4)


def test_slopes_and_curvature_equal_numeric_derivatives():
    """Central differences of the objective and of its slope, away from the minimum."""
    structure = structure_of(TWO)
    halves = {name: half for name, half in answers("bfi_wlsmv_two").groupby("group")}
    members = tuple(ordinal_member(read_answers(half, structure, "listwise")) for half in halves.values())
    thresholds = [member.thresholds for member in members]
    found = ordinal_model(TWO, thresholds, equal=frozenset({5, 0, 3}), released=frozenset({(0, 1), (5, 2)}))
    objective, rng = GroupLeastSquares(found, members), np.random.default_rng(1)
    at = ordinal_start(found, [m.matrix for m in members], thresholds) + rng.normal(0, 0.05, found.size)
    value, slope, _ = objective.evaluate(at)
    up, down = (
        np.array([objective.evaluate(at + h * e)[:2] for e in np.eye(found.size)], object) for h in (1e-5, -1e-5)
    )
    assert_allclose((up[:, 0] - down[:, 0]).astype(float) / 2e-5, slope, atol=1e-6 * abs(slope).max())
    numeric = -np.stack(list(up[:, 1] - down[:, 1])) / 2e-5
    assert_allclose(numeric, objective.observed(at), atol=1e-6 * abs(numeric).max())
    assert value < 0


def test_an_item_that_a_group_answers_apart_is_named_and_freed():
    result = invariance(ordered(800, shift=0.8), FEW, group="half", estimator="wlsmv")
    worst = result.items.groupby("level", sort=False).first()
    assert list(worst.index) == ["scalar"]
    assert worst.loc["scalar", "item"] == "b"
    assert result.items.loc[result.items["freed"], "item"].tolist() == ["b"]
    assert result.comparable
    assert "intercepts of b" in result.verdict


def test_groups_alike_hold_at_every_level_and_a_wider_factor_is_no_obstacle():
    result = invariance(ordered(800, stretch=1.4), FEW, group="half", estimator="wlsmv")
    assert result.levels["holds"].iloc[1:].all()
    assert result.method.startswith("Estimated by diagonally weighted least squares")


def test_an_answer_that_one_group_never_gives_is_named():
    responses = ordered(300)
    first = responses["half"] == "first"
    responses.loc[first & (responses["c"] == 5), "c"] = 4
    with pytest.raises(GroupsError, match=r"Nobody in group 'first' of 'half' gave the answer 5 to item 'c'"):
        invariance(responses, FEW, group="half", estimator="wlsmv")


def test_an_item_of_two_answers_is_named():
    responses = ordered(300)
    responses["c"] = (responses["c"] > 3).astype(int)
    with pytest.raises(GroupsError, match="Item 'c' has two answers"):
        invariance(responses, FEW, group="half", estimator="wlsmv")


def test_items_that_hardly_correlate_are_told_from_items_that_do():
    rng = np.random.default_rng(9)
    noise = pd.DataFrame(rng.integers(1, 5, size=(600, 8)), columns=list("abcdefgh"))
    assert sampled(noise).unrelated_p > 0.05
    assert sampled(ordered(300).drop(columns="half")).unrelated_p < 1e-6


def sampled(responses: pd.DataFrame) -> OrdinalGroups:
    """First and second half of the rows as two groups."""
    scales = {scale: [item for item in items if item in responses] for scale, items in FEW.items()}
    structure = structure_of({scale: items for scale, items in scales.items() if items})
    half = len(responses) // 2
    halves = (responses.iloc[:half], responses.iloc[half:])
    members = tuple(ordinal_member(read_answers(half, structure, "listwise")) for half in halves)
    return OrdinalGroups(("first", "second"), structure, members)


@pytest.mark.slow
def test_the_test_of_equal_thresholds_keeps_its_level():
    """300 surveys of twice 300 equal answers by a population model: 5 % of p values fall below .05 (error 1.3 %)."""
    rng, below = np.random.default_rng(17), 0
    for _ in range(300):
        latent = 0.8 * rng.normal(size=(600, 1)) + 0.6 * rng.normal(size=(600, 4))
        given = pd.DataFrame(np.digitize(latent, [-1, 0, 1]) + 1, columns=list("abcd"))
        groups = sampled(given)
        freer, tighter = (groups.fit(equal, frozenset()) for equal in (frozenset[int](), frozenset({5})))
        below += tighter.change(freer)[2] < 0.05
    assert 3 <= below <= 29


def test_score_tests_foretell_how_far_chi_square_falls_once_an_item_is_free():
    """A score statistic and the scaled difference of freeing that item test the same; near the null they agree."""
    groups, equal = sampled(ordered(2000, shift=0.12).drop(columns="half")), frozenset({5, 0, 3, 2})
    tight = groups.fit(equal, frozenset())
    for kind in (5, 0, 3, 2):
        free = groups.fit(equal, frozenset({(kind, 1)} | ({(3, 1)} if kind == 0 else set())))
        (test,) = groups.release_test(tight, kind, [1])
        chi2, df, _ = tight.change(free)
        if kind in (3, 2):
            assert test.df == df == 1
            assert_allclose(test.score, chi2, rtol=0.15, atol=0.5)
        assert test.score >= 0
