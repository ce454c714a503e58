"""Effects of weighting equal R on NSW against CPS-1; their intervals cover under selection on what is known."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.statistics.causal.sensitivity import e_value, e_values
from loyalty_kit.statistics.causal.weighting import (
    balancing_weights,
    effect_by_balancing,
    effect_by_regression,
    effect_on_treated,
)
from loyalty_kit.statistics.weights import effective_n

FOLDER = Path(__file__).parents[2] / "reference/programme"
REFERENCE = json.loads((FOLDER / "matching.json").read_text("utf-8"))
COVARIATES = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]


@pytest.fixture(scope="module")
def nsw() -> pd.DataFrame:
    table = pd.read_parquet(FOLDER / "nsw_cps.parquet").astype({"re74": float, "re75": float, "re78": float})
    return table.assign(u74=(table["re74"] == 0) * 1, u75=(table["re75"] == 0) * 1)


def arrays(table: pd.DataFrame, covariates: list[str]):
    return tuple(table[names].to_numpy(dtype=float) for names in ("treat", "re78", covariates))


@pytest.fixture(scope="module")
def observed(nsw) -> pd.DataFrame:
    """The treated of the experiment against people of the population survey."""
    return nsw[(nsw["treat"] == 1) | (nsw["sample"] == "cps")]


def test_the_experiment_is_that_of_r(nsw):
    trial = nsw[nsw["sample"] == "nsw"].groupby("treat")["re78"].mean()
    assert len(nsw[nsw["sample"] == "nsw"]) == REFERENCE["experiment"]["n"]
    assert trial[1] - trial[0] == pytest.approx(REFERENCE["experiment"]["difference"], rel=1e-6)


@pytest.mark.parametrize(
    ("flags", "name"), [([], "att_weighting_plain"), (["u74", "u75"], "att_weighting_with_zero_flags")]
)
def test_weighting_by_the_odds_equals_r(observed, flags, name):
    """R 4.2.2: glm(treat ~ …, binomial), weights e / (1 − e), M-estimation of the error (matching.R)."""
    found = effect_on_treated(*arrays(observed, COVARIATES + flags))
    reference = REFERENCE[name]
    assert found.estimate == pytest.approx(reference["estimate"], rel=1e-6)
    assert found.error == pytest.approx(reference["se_m_estimation"], rel=1e-6)
    others = observed["treat"].to_numpy() == 0
    assert effective_n(found.weights[others]) == pytest.approx(reference["effective_controls"], rel=1e-6)


def test_entropy_balancing_equals_r(observed):
    """R 4.2.2: the dual by optim(…, method = 'BFGS') (matching.R)."""
    treated, outcome, covariates = arrays(observed, COVARIATES)
    found = effect_by_balancing(treated, outcome, covariates)
    reference = REFERENCE["entropy_balancing"]
    assert found.estimate == pytest.approx(reference["estimate"], rel=1e-6)
    assert effective_n(found.weights[treated == 0]) == pytest.approx(reference["effective_controls"], rel=1e-6)
    apart = found.weights[treated == 0] @ covariates[treated == 0] - covariates[treated == 1].mean(axis=0)
    assert np.abs(apart / covariates.std(axis=0)).max() < 1e-8


def test_regression_equals_r(observed):
    """R: estimatr::lm_robust(re78 ~ treat + …, se_type = 'HC3')."""
    found = effect_by_regression(*arrays(observed, COVARIATES))
    assert found.estimate == pytest.approx(REFERENCE["regression"]["estimate"], rel=1e-6)
    assert found.error == pytest.approx(REFERENCE["regression"]["se_hc3"], rel=1e-6)


def test_balancing_that_is_impossible_is_refused():
    with pytest.raises(TooLittleError, match="members lie beyond everybody else"):
        balancing_weights(np.array([[1.0], [2.0], [3.0]]))


def test_balancing_is_found_where_its_last_step_is_lost_in_rounding():
    """Table 1,560 of the simulation below: means were within 1.3e-8 and no step was seen to do better."""
    rng = np.random.default_rng(0)
    for _ in range(1559):
        drawn(rng)
    treated, _, x = drawn(rng)
    own = treated > 0
    apart = (x[~own] - x[own].mean(axis=0)) / x[own].std(axis=0)
    assert np.abs(balancing_weights(apart) @ apart).max() < 1e-8


def test_e_values_are_those_of_the_paper():
    """VanderWeele & Ding (2017): a risk ratio of 3.9 has 7.26, its lower end 1.8 has 3.0; d = 0.5 stands for 1.58."""
    assert [e_value(3.9), e_value(1.8)] == pytest.approx([7.26, 3.0], abs=0.005)
    assert e_values(5.0, -1.0, 11.0, 10.0) == (pytest.approx(e_value(np.exp(0.91 * 0.5))), 1.0)
    assert e_values(-5.0, -8.0, -2.0, 10.0)[1] == pytest.approx(e_value(np.exp(0.91 * 0.2)))


def drawn(rng: np.random.Generator, n: int = 500):
    """Joining leans on x; the effect is 1 + x, so that of those who join is the mean of 1 + x among them."""
    x = rng.normal(size=(n, 2))
    chance = 1 / (1 + np.exp(1.2 - 0.7 * x[:, 0] - 0.4 * x[:, 1]))
    treated = (rng.random(n) < chance).astype(float)
    outcome = 2 * x[:, 0] + x[:, 1] + (1 + x[:, 0]) * treated + rng.normal(size=n)
    return treated, outcome, x


@pytest.mark.slow
@pytest.mark.parametrize("method", [effect_by_balancing, effect_on_treated])
def test_intervals_on_the_treated_cover(method):
    """2,000 tables of 500 with effects that differ: 95 % within three Monte Carlo errors of .005."""
    big = drawn(np.random.default_rng(1), 2_000_000)
    truth = 1 + big[2][big[0] > 0, 0].mean()
    rng = np.random.default_rng(0)
    found = [method(*drawn(rng)) for _ in range(2000)]
    covered = np.mean([abs(one.estimate - truth) < 1.959964 * one.error for one in found])
    print(method.__name__, covered)
    assert covered == pytest.approx(0.95, abs=3 * np.sqrt(0.05 * 0.95 / 2000) + 0.005)
    assert np.mean([one.estimate for one in found]) == pytest.approx(truth, abs=0.02)
