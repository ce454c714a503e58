"""Correction for measurement error: recovery of true coefficients, and what is told where it fails."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from driver_surveys import BETA, driver_survey, observed_coefficients, one_pair_alike
from numpy.testing import assert_allclose

import loyalty_kit as lk
from loyalty_kit.drivers.regression import drivers

ROOT = Path(__file__).parents[3]
NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]


def study(respondents: int, correlations: np.ndarray, *, rng: int, **options):
    answers, codebook = driver_survey(respondents, correlations, rng=np.random.default_rng(rng), **options)
    return lk.score(answers, codebook), lk.reliability(answers, codebook)


def recovery(runs: int, respondents: int, correlations: np.ndarray, **options) -> tuple[float, float, float]:
    """Coverage of corrected and of plain intervals, and the bias of the corrected in parts of the plain one."""
    plain_truth, truth = observed_coefficients(correlations, **options), np.array(BETA)
    covered, plain_covered, errors, plain_errors = [], [], [], []
    for run in range(runs):
        scores, reliability = study(respondents, correlations, rng=run, **options)
        found = drivers(scores, reliability=reliability, rng=run)
        corrected, plain = found.corrected, found.to_frame()
        covered.append(corrected["ci_low"].le(truth) & corrected["ci_high"].ge(truth))
        plain_covered.append(plain["ci_low"].le(plain_truth) & plain["ci_high"].ge(plain_truth))
        errors.append(corrected["estimate"] - truth)
        plain_errors.append(plain["estimate"] - truth)
    bias, plain_bias = (np.abs(np.mean(parts, axis=0)).mean() for parts in (errors, plain_errors))
    return float(np.mean(covered)), float(np.mean(plain_covered)), float(bias / plain_bias)


def test_true_coefficients_are_recovered_in_a_few_surveys():
    """Thirty runs, so the shares are known to about 2 %; the slow test is strict."""
    covered, plain_covered, bias = recovery(30, 400, one_pair_alike(4, pair=0.6))
    assert 0.89 <= covered <= 0.99
    assert 0.89 <= plain_covered <= 0.99
    assert bias < 0.25


@pytest.mark.slow
@pytest.mark.parametrize(
    ("respondents", "correlations", "options"),
    [
        (300, one_pair_alike(4, pair=0.3, others=0.3), {}),
        (300, one_pair_alike(4, pair=0.6, others=0.6), {}),
        (600, one_pair_alike(4), {}),
        (1000, one_pair_alike(4), {"item_reliability": 0.4}),
        (600, one_pair_alike(4, others=0.9), {"items": 4}),
    ],
    ids=["r .3", "r .6", "a pair at .9", "a pair at .9, alpha .67", "all at .9"],
)
def test_true_coefficients_are_recovered(respondents, correlations, options):
    """300 surveys each: 92–98 % covered on average over coefficients, a quarter of the plain bias at most."""
    covered, plain_covered, bias = recovery(300, respondents, correlations, **options)
    assert 0.92 <= covered <= 0.98
    assert 0.92 <= plain_covered <= 0.98
    assert bias < 0.25


def test_perfect_reliability_leaves_the_coefficients_alone(scores):
    found = drivers(scores, reliability=dict.fromkeys(NAMES, 1.0)).corrected
    assert_allclose(found["estimate"], found["plain"], rtol=1e-10)


def test_one_driver_is_divided_by_its_reliability():
    """By 0.8 + 0.2 a / (n − 1) rather, with a = 2 (1 + 4): Fuller's modification."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"a": rng.standard_normal(1000)})
    data["loyalty"] = data["a"] + rng.standard_normal(1000)
    found = drivers(data, drivers=["a"], reliability={"a": 0.8})
    plain = found.to_frame()["estimate"].item()
    assert found.corrected["estimate"].item() == pytest.approx(plain / (0.8 + 0.2 * 10 / 999), rel=1e-12)


def test_standardized_coefficients_are_of_true_scores():
    rng = np.random.default_rng(0)
    true = rng.standard_normal(5000)
    data = pd.DataFrame({"a": true + 0.5 * rng.standard_normal(5000)})
    outcome = 0.6 * true + 0.8 * rng.standard_normal(5000)
    data["loyalty"] = outcome + 0.5 * rng.standard_normal(5000)
    found = drivers(data, drivers=["a"], reliability={"a": 0.8, "loyalty": 0.8}).corrected
    assert found["standardized"].item() == pytest.approx(0.6, abs=0.04)


def test_controls_are_taken_as_free_of_error(scores):
    frame = scores.frame.assign(region=np.arange(250) % 3).astype({"region": str})
    found = drivers(frame, drivers=["image", "value"], controls=["region"], reliability={"image": 0.7, "value": 0.8})
    assert found.corrected["driver"].tolist() == ["image", "value"]


def test_where_drivers_are_too_alike_it_is_told(ecsi, scores):
    """ECSI's true scores are nearly collinear: its six-factor latent matrix is not positive definite."""
    codebook = lk.Codebook.read(ROOT / "data/ecsi_mobile/codebook.toml")
    found = drivers(scores, reliability=lk.reliability(ecsi, codebook))
    (told,) = [text for text in found.warnings if text.startswith("Correction for measurement error is not possible")]
    assert f"cannot be told apart (in {100 * found.correction_failures:.0f} % of bootstrap samples)." in told
    assert not found.correction_settled
    assert found.corrected["estimate"].notna().all()
    assert any("No positive reliability is known for 'complaints'" in text for text in found.warnings)


def test_an_alpha_below_zero_counts_as_not_known(ecsi, scores):
    codebook = lk.Codebook.read(ROOT / "data/ecsi_mobile/codebook.toml")
    reliability = lk.reliability(ecsi.assign(PERV2=11 - ecsi["PERV2"]), codebook)
    assert reliability.to_frame().set_index("scale").loc["value", "cronbach_alpha"] < 0
    found = drivers(scores, reliability=reliability)
    assert found.corrected.set_index("driver").loc[["value", "complaints"], "reliability"].isna().all()


def test_estimated_reliabilities_widen_the_intervals():
    scores, reliability = study(200, one_pair_alike(4, pair=0.5), rng=3, items=2)
    known = reliability.to_frame().set_index("scale")["cronbach_alpha"].to_dict()
    width = [
        (found["ci_high"] - found["ci_low"]).mean()
        for found in (drivers(scores, reliability=which).corrected for which in (reliability, known))
    ]
    assert width[0] > width[1]


def test_the_same_seed_gives_the_same_intervals(scores):
    one, other = (drivers(scores, reliability=dict.fromkeys(NAMES, 0.9), rng=4).corrected for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_without_reliabilities_nothing_is_corrected(result):
    assert result.corrected is None
    assert not result.correction_settled


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"reliability": {"image": -0.1}}, "reliability of 'image' must be above 0 and up to 1; got -0.1"),
        ({"reliability": {"image": 80}}, "reliability of 'image' must be above 0 and up to 1; got 80"),
        ({"reliability": {"image": 0.8}, "model": "ordered", "outcome": "loyalty"}, "in the linear model only"),
    ],
)
def test_bad_reliabilities_are_refused(scores, options, sentence):
    with pytest.raises(lk.InputError, match=sentence):
        drivers(scores, **options)
