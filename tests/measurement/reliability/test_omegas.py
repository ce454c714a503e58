"""Omega with its interval, of ordered answers and hierarchical: R's figures, closed forms, honest gaps."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.reliability.coefficients import one_factor
from loyalty_kit.measurement.reliability.hierarchical import hierarchy
from loyalty_kit.measurement.reliability.omega_interval import omega_interval
from loyalty_kit.measurement.reliability.reliability import reliability
from loyalty_kit.measurement.reliability.single_scale import omega_hierarchical, omega_total
from loyalty_kit.survey.codebook import Codebook

REFERENCE = Path(__file__).parents[2] / "reference"
LETTERS = {"agree": "A", "conscientious": "C", "extraversion": "E", "neuroticism": "N", "openness": "O"}
TURNED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
THURSTONE = """.828 .776 .779 .439 .493 .460 .432 .464 .425 .674 .447 .489 .443 .590 .541 .447 .432 .401 .381 .402 .288
.541 .537 .534 .350 .367 .320 .555 .380 .358 .359 .424 .446 .325 .598 .452"""


def book(scales: dict[str, list[str]], top: int = 6) -> Codebook:
    given = {
        name: {"items": items, "reverse": [item for item in items if item in TURNED]} for name, items in scales.items()
    }
    return Codebook.model_validate({"response": {"min": 1.0, "max": float(top)}, "scales": given})


@pytest.fixture(scope="module")
def found():
    """Reliability of the complete respondents of bfi, and R's figures."""
    answers = pd.read_csv(REFERENCE / "bfi.csv").dropna()
    scales = {name: [f"{letter}{i}" for i in range(1, 6)] for name, letter in LETTERS.items()}
    figures = json.loads((REFERENCE / "groups.json").read_text())["reliability"]
    return reliability(answers, book(scales)), figures


def test_omegas_error_equals_lavaans_robust_one(found):
    """R> omega := (l1+…)^2 / ((l1+…)^2 + e1+…); cfa(…, estimator = "MLR")   # lavaan 0.6-14

    The interval is lavaan's error on the scale of log ω/(1 − ω).
    """
    result, figures = found
    for row in result.scales.to_dict("records"):
        expected = figures[row["scale"]]["omega_mlr"]
        estimate, error = expected["estimate"], expected["std_error"]
        half = norm.ppf(0.975) * error / (estimate * (1 - estimate))
        ends = 1 / (1 + np.exp(-np.log(estimate / (1 - estimate)) - np.array([-half, half])))
        assert row["omega_total"] == pytest.approx(estimate, abs=1e-6)
        assert_allclose([row["omega_ci_low"], row["omega_ci_high"]], ends, atol=1e-6)


def test_ordinal_coefficients_equal_semtools(found):
    """R> reliability(fit)["alpha.ord", ]; compRelSEM(fit, ord.scale = TRUE)   # semTools 0.5-6, WLSMV"""
    result, figures = found
    table = result.scales.set_index("scale")
    assert_allclose(
        table["ordinal_alpha"], [figures[scale]["ordinal"]["alpha.ord"] for scale in table.index], atol=1e-6
    )
    assert_allclose(table["ordinal_omega"], [figures[scale]["comp_ord"] for scale in table.index], atol=1e-6)


def test_ordinal_omega_follows_the_distances_between_answers():
    """Answers 1, 2, 4 are not scored as 1, 2, 3; turning an item and shifting it change nothing."""
    rng = np.random.default_rng(0)
    steps = np.digitize(rng.normal(size=(800, 1)) + rng.normal(size=(800, 4)), [-0.5, 1])
    unlike = np.array([1, 2, 4])[steps]
    names = list("abcd")
    plain, own = (
        reliability(pd.DataFrame(x, columns=names), book({"trust": names})).scales for x in (steps + 1, unlike)
    )
    assert plain["ordinal_alpha"].item() == pytest.approx(own["ordinal_alpha"].item(), abs=1e-12)
    assert abs(plain["ordinal_omega"].item() - own["ordinal_omega"].item()) > 1e-4


def test_omega_hierarchical_equals_psychs_printed_solution():
    """R> omega(Thurstone)   # psych's vignette: Omega Hierarchical 0.74, Omega Total 0.93, g and F1 to F3 as here"""
    correlation = np.eye(9)
    correlation[np.tril_indices(9, -1)] = [float(r) for r in THURSTONE.split()]
    result = hierarchy(correlation + np.tril(correlation, -1).T)
    assert round(result.omega_hierarchical, 2) == 0.74
    assert round(result.omega_total, 2) == 0.93
    assert_allclose(result.general, [0.71, 0.73, 0.68, 0.65, 0.62, 0.56, 0.59, 0.58, 0.54], atol=0.0051)
    own = [result.groups[i, f] for f in range(3) for i in range(3 * f, 3 * f + 3)]
    assert_allclose(own, [0.56, 0.55, 0.52, 0.56, 0.49, 0.41, 0.61, 0.34, 0.46], atol=0.0101)


def test_omega_hierarchical_recovers_a_hierarchy():
    """Pattern .8, .7, .6 of three groups, second-order loadings .9, .8, .7: the closed form."""
    pattern, gamma = np.zeros((9, 3)), np.array([0.9, 0.8, 0.7])
    for f in range(3):
        pattern[3 * f : 3 * f + 3, f] = [0.8, 0.7, 0.6]
    phi = np.outer(gamma, gamma)
    np.fill_diagonal(phi, 1)
    correlation = pattern @ phi @ pattern.T
    np.fill_diagonal(correlation, 1)
    general = pattern @ gamma
    result = hierarchy(correlation)
    assert_allclose(result.general, general, atol=1e-4)
    assert result.omega_hierarchical == pytest.approx(general.sum() ** 2 / correlation.sum(), abs=1e-4)


def test_what_cannot_be_told_has_its_reason():
    """Two items, three items, and an improper model: NaN and a sentence each, never a number."""
    rng = np.random.default_rng(1)
    latent = rng.normal(size=(300, 1))
    answers = pd.DataFrame(
        np.clip(np.round(3.5 + latent + rng.normal(size=(300, 10))), 1, 6), columns=[f"q{i}" for i in range(10)]
    )
    answers["q5"] = answers["q6"]
    answers["cents"] = rng.uniform(1, 6, 300)
    scales = {
        "pair": ["q0", "q1"],
        "three": ["q2", "q3", "q4"],
        "same": ["q5", "q6", "q7"],
        "fine": ["q8", "cents", "q9"],
    }
    result = reliability(answers, book(scales))
    table = result.scales.set_index("scale")
    why = result.untold.set_index(["scale", "coefficient"])["reason"].map(str)
    assert table.loc["pair", ["omega_total", "omega_ci_low", "ordinal_omega", "omega_hierarchical"]].isna().all()
    assert np.isfinite(table.loc["pair", "ordinal_alpha"])
    assert "unique one-factor solution" in why["pair", "omega_total"]
    assert table.loc["three", ["omega_ci_low", "omega_ci_high", "ordinal_omega"]].notna().all()
    assert "takes 6 items or more" in why["three", "omega_hierarchical"]
    assert table.loc["same", ["omega_ci_low", "ordinal_omega"]].isna().all()
    assert "20" in why["fine", "ordinal_omega"]


def test_all_scales_together_have_a_general_factor(found):
    """Bfi's five scales share little: most of a sum of everything is the scales' own."""
    result, _ = found
    together = result.together
    assert together is not None
    assert together.groups.shape == (25, 5)
    assert 0 < together.omega_hierarchical < together.omega_total < 1


def test_weights_that_repeat_respondents_give_the_omegas_of_the_longer_survey():
    """But for ordinal omega, whose least squares weigh each correlation by its error, which weights make larger."""
    rng = np.random.default_rng(2)
    x = np.digitize(rng.normal(size=(200, 1)) + rng.normal(size=(200, 6)), [-1, 0, 1]).astype(float)
    times = rng.integers(1, 4, 200)
    names = list("abcdef")
    weighted = reliability(
        pd.DataFrame(x, columns=names).assign(w=times),
        Codebook.model_validate(
            {"response": {"min": 0.0, "max": 3.0}, "weight": "w", "scales": {"trust": {"items": names}}}
        ),
    ).scales
    longer = reliability(
        pd.DataFrame(x.repeat(times, axis=0), columns=names),
        Codebook.model_validate({"response": {"min": 0.0, "max": 3.0}, "scales": {"trust": {"items": names}}}),
    ).scales
    same = ["omega_total", "omega_hierarchical", "ordinal_alpha"]
    assert_allclose(weighted[same].astype(float), longer[same].astype(float), atol=1e-6)


def test_single_sets_of_items_have_their_interval_and_their_refusals():
    rng = np.random.default_rng(3)
    items = pd.DataFrame(rng.normal(size=(300, 1)) + rng.normal(size=(300, 4)), columns=list("abcd"))
    found = omega_total(items, confidence=0.9)
    assert found.confidence == 0.9
    assert found.ci_low < found.estimate < found.ci_high
    few = omega_hierarchical(items)
    assert np.isnan(few.estimate)
    assert "takes 6 items or more" in few.warnings[0]
    with pytest.raises(InputError, match="factors"):
        omega_hierarchical(items, factors=2)


@pytest.mark.slow
@pytest.mark.parametrize("skewed", [False, True])
@pytest.mark.parametrize("n", [50, 100, 400])
def test_the_interval_of_omega_holds_its_level(n, skewed):
    """2,000 surveys each, Monte Carlo error .005: normal answers, and five-point answers piled up at the top."""
    loadings, cuts = np.array([0.8, 0.7, 0.6, 0.5, 0.7]), norm.ppf([0.04, 0.12, 0.27, 0.60])
    rng = np.random.default_rng(n)

    def drawn(size):
        x = rng.normal(size=(size, 1)) * loadings + rng.normal(size=(size, 5)) * np.sqrt(1 - loadings**2)
        return np.digitize(x, cuts) + 1.0 if skewed else x

    names = tuple("abcde")
    true = np.mean([one_factor(np.cov(drawn(1_000_000).T), names).omega for _ in range(5)])
    hits = []
    for _ in range(2000):
        x = drawn(n)
        found = omega_interval(ItemTable(names, x, np.ones(n)), one_factor(np.cov(x.T), names), confidence=0.95)
        hits.extend([found.low <= true <= found.high] if np.isfinite(found.std_error) else [])
    assert len(hits) > 1900
    assert 0.93 <= np.mean(hits) <= 0.965
