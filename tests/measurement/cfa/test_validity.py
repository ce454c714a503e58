"""Validity of scales: semTools' figures, and verdicts that follow them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from surveys import simulate

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.confirmatory import cfa
from loyalty_kit.measurement.cfa.validity import ValidityResult

REFERENCE = Path(__file__).parents[2] / "reference"
SETS = {"bfi": "bfi", "holzinger": "holzinger1939", "ecsi": "ecsi_mobile"}


@pytest.fixture(scope="module", params=SETS)
def checked(request, _frames) -> tuple[str, ValidityResult, dict]:
    """Validity of a data set's scales without bootstrap, and R's figures."""
    figures = json.loads((REFERENCE / f"{SETS[request.param]}.json").read_text())
    lines = (line.split(" =~ ") for line in figures["model"].split("\n"))
    scales = {scale: items.split(" + ") for scale, items in lines}
    return request.param, cfa(_frames[request.param], scales).validity(bootstrap=0), figures


def matrix(table: dict) -> pd.DataFrame:
    return pd.DataFrame(table["values"], table["rows"], table["cols"])


def test_average_variance_extracted_equals_semtools(checked):
    """R> semTools::reliability(fit)["avevar", ]   # semTools 0.5-6"""
    _, result, figures = checked
    assert_allclose(result.ave, pd.Series(figures["cfa_ave"])[result.ave.index], atol=1e-4)


def test_composite_reliability_equals_semtools(checked):
    """R> semTools::reliability(fit)["omega", ]   # semTools 0.5-6

    On bfi R's is of unreversed items, so that only the scale without reversed items compares.
    """
    name, result, figures = checked
    scales = ["neuroticism"] if name == "bfi" else list(result.composite_reliability.index)
    assert_allclose(result.composite_reliability[scales], pd.Series(figures["cfa_omega"])[scales], atol=1e-4)


def test_htmt_equals_semtools(checked):
    """R> semTools::htmt(model, data, htmt2 = FALSE)   # semTools 0.5-6"""
    _, result, figures = checked
    pd.testing.assert_frame_equal(result.htmt, matrix(figures["htmt1"]), atol=1e-4)


def test_htmt2_equals_semtools(checked):
    """R> semTools::htmt(model, data)   # semTools 0.5-6, geometric means"""
    _, result, figures = checked
    pd.testing.assert_frame_equal(result.htmt2, matrix(figures["htmt"]), atol=1e-4)


def test_fornell_and_larcker_compare_roots_of_ave_with_factor_correlations(holzinger):
    fitted = cfa(holzinger, {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"]})
    result = fitted.validity(bootstrap=0)
    assert_allclose(np.diag(result.fornell_larcker) ** 2, result.ave)
    assert result.fornell_larcker.loc["visual", "textual"] == fitted.factor_correlations.loc["visual", "textual"]
    assert result.pairs.loc[0, "fornell_larcker"]


def test_scales_that_are_one_are_not_called_distinct():
    responses, codebook = simulate(500, correlation=0.999, rng=1)
    pair = cfa(responses, codebook).validity(bootstrap=300).pairs.loc[0]
    assert pair["p_below_85"] < 0.05 and pair["ci_low"] < 1 < pair["ci_high"]
    assert pair["ci_low"] >= 0.9 and pair["verdict"].startswith("overlapping")


def test_where_the_interval_holds_the_bound_a_pair_is_not_settled():
    responses, codebook = simulate(150, scales={"image": 3, "loyalty": 3}, correlation=0.9, rng=2)
    pair = cfa(responses, codebook).validity(bootstrap=300).pairs.loc[0]
    assert pair["ci_low"] < 0.9 < pair["htmt"] and pair["verdict"].startswith("not settled")


def test_nothing_over_nothing_cannot_be_told():
    noise = np.random.default_rng(1).integers(1, 8, (200, 8)).astype(float)
    responses = pd.DataFrame(noise, columns=list("abcdefgh"))
    result = cfa(responses, {"image": list("abcd"), "loyalty": list("efgh")}).validity(bootstrap=50)
    assert result.pairs["verdict"].eq("untold").all()
    assert (result.scales["verdict"] == "unrelated").all()


@pytest.mark.parametrize("estimator", ["ml", "mlr", "wlsmv"])
def test_items_that_do_correlate_are_seen_to_by_every_estimator(estimator):
    responses, codebook = simulate(200, loadings=0.6, points=5, rng=1)
    assert (cfa(responses, codebook, estimator=estimator).validity(bootstrap=0).scales["independence_p"] < 0.001).all()


def test_scales_of_a_model_without_a_proper_solution_are_not_judged():
    """The second item is the third and a little more: the factor claims more than the whole of it."""
    responses, codebook = simulate(300, scales={"image": 3, "loyalty": 4}, loadings=0.8, rng=1)
    chance = np.random.default_rng(1).normal(0, 0.05, 300)
    responses["image_2"] = responses["image_3"] + chance
    responses["image_1"] = np.random.default_rng(2).normal(size=300) + 0.15 * responses["image_3"]
    model = cfa(responses, codebook)
    assert model.standing == "improper"
    assert model.validity(bootstrap=0).scales["verdict"].eq("improper").all()


def test_scales_apart_are_called_distinct():
    responses, codebook = simulate(500, correlation=0.2, rng=1)
    pair = cfa(responses, codebook).validity(bootstrap=300).pairs.loc[0]
    assert pair["p_below_85"] == 1.0
    assert pair["verdict"] == "distinct"


def test_verdicts_without_a_bootstrap_say_that_there_is_no_interval():
    responses, codebook = simulate(300, rng=1)
    pair = cfa(responses, codebook).validity(bootstrap=0).pairs.loc[0]
    assert np.isnan(pair["ci_low"]) and pair["verdict"] == "below"


@pytest.mark.parametrize(("loading", "verdict"), [(0.85, "together"), (0.65, "acceptable"), (0.35, "weak")])
def test_convergence_is_judged_by_ave_and_composite_reliability(loading, verdict):
    responses, codebook = simulate(2000, loadings=loading, rng=1)
    assert cfa(responses, codebook).validity(bootstrap=0).scales["verdict"].eq(verdict).all()


def test_the_same_seed_gives_the_same_probabilities():
    responses, codebook = simulate(200, rng=1)
    fitted = cfa(responses, codebook)
    first, second, third = (fitted.validity(bootstrap=50, rng=seed).pairs for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(third)


def test_polychoric_replicates_spread_like_a_bootstrap():
    """Standard deviation of HTMT over draws from the polychoric errors, and over 200 resampled surveys."""
    responses, codebook = simulate(300, points=5, rng=1)
    fitted = cfa(responses, codebook, estimator="wlsmv").validity(bootstrap=2000)
    pair = fitted.pairs.loc[0]
    drawn = (pair["ci_high"] - pair["ci_low"]) / (2 * 1.96)
    rng = np.random.default_rng(2)
    again = [
        cfa(responses.iloc[rng.integers(0, 300, 300)], codebook, estimator="wlsmv")
        .validity(bootstrap=0)
        .htmt.iloc[0, 1]
        for _ in range(60)
    ]
    assert fitted.method.startswith("draws")
    assert_allclose(drawn, np.std(again), rtol=0.3)


def test_pairwise_figures_are_labelled_by_scale():
    responses, codebook = simulate(100, scales={"价值": 3, "忠诚": 3}, rng=1)
    result = cfa(responses, codebook).validity(bootstrap=20)
    assert list(result.htmt) == list(result.htmt.index) == ["价值", "忠诚"]
    assert result.pairs.loc[0, ["first", "second"]].tolist() == ["价值", "忠诚"]
    assert result.replicates == 20


def test_one_scale_has_no_pairs():
    responses, codebook = simulate(100, scales={"trust": 4}, rng=1)
    result = cfa(responses, codebook).validity(bootstrap=10)
    assert result.pairs.empty and len(result.scales) == 1


def test_without_complete_respondents_htmt_has_no_interval_and_says_why():
    responses, codebook = simulate(300, rng=1)
    gaps = np.arange(300)[:, None] % 9 == np.arange(9)
    result = cfa(responses.mask(gaps), codebook, missing="fiml").validity()
    assert result.pairs["ci_low"].isna().all() and np.isfinite(result.pairs["htmt"]).all()
    assert result.warnings[-1].startswith("HTMT has no interval: 0 respondents")


def test_a_negative_number_of_replicates_is_refused():
    responses, codebook = simulate(100, rng=1)
    with pytest.raises(InputError, match="'bootstrap' must be a whole number"):
        cfa(responses, codebook).validity(bootstrap=-1)


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_turning_items_leaves_validity(seed):
    """HTMT takes correlations without their sign; reliability and AVE key items by their loading."""
    plain = cfa(*simulate(200, rng=seed)).validity(bootstrap=0)
    turned = cfa(*simulate(200, reverse=["image_1", "loyalty_2"], rng=seed)).validity(bootstrap=0)
    assert_allclose(turned.htmt, plain.htmt, atol=1e-9)
    assert_allclose(turned.composite_reliability, plain.composite_reliability, atol=1e-6)
    assert_allclose(turned.ave, plain.ave, atol=1e-6)
