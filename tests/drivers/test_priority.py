"""Where to act: shares against mean scores, quadrants with their certainty, the expected change."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import loyalty_kit as lk
from loyalty_kit.drivers.fits.fits import fit
from loyalty_kit.drivers.fits.resampling import covariances
from loyalty_kit.drivers.importance.measures import Measure, driver_matrices
from loyalty_kit.drivers.priority import LOOK_CLOSER, _of_samples, priorities
from loyalty_kit.drivers.regression import drivers

NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]
QUADRANTS = {"service": "act first", "product": "keep up", "price": "low priority", "app": "enough"}


@pytest.fixture(scope="module")
def market() -> pd.DataFrame:
    """Two drivers that matter, two that do not; one of each stands low."""
    rng = np.random.default_rng(0)
    means = pd.Series({"service": 40.0, "product": 70.0, "price": 40.0, "app": 70.0})
    data = pd.DataFrame(rng.standard_normal((500, 4)) * 10, columns=means.index) + means
    return data.assign(loyalty=0.8 * data["service"] + 0.8 * data["product"] + 10 * rng.standard_normal(500))


def test_drivers_fall_into_their_quadrants(market):
    found = priorities(drivers(market, drivers=list(QUADRANTS)), market, bootstrap=200)
    frame = found.to_frame().set_index("driver")
    assert frame["quadrant"].to_dict() == QUADRANTS
    assert frame.index[0] == "service"
    assert frame["p_act_first"].to_dict() == pytest.approx({"service": 1, "product": 0, "price": 0, "app": 0})
    assert found.share_cut == pytest.approx(0.25)
    assert found.performance_cut == pytest.approx(market[list(QUADRANTS)].to_numpy().mean())


@pytest.mark.parametrize("step", [5.0, -5.0])
def test_a_driver_with_a_negative_coefficient_is_no_place_to_act_first(market, step):
    against = market.assign(loyalty=market["loyalty"] - 1.6 * market["service"])
    found = priorities(drivers(against, drivers=list(QUADRANTS)), against, step=step, bootstrap=100)
    row = found.to_frame().set_index("driver").loc["service"]
    assert (row["quadrant"], row["p_act_first"]) == (LOOK_CLOSER, 0)
    assert found.warnings == (
        "'service' is important and low, yet its own coefficient is not positive: it is no place to act first.",
    )


@pytest.mark.parametrize(("model", "outcome"), [("ols", "loyalty"), ("ordered", "CUSL3"), ("logit", "returns")])
def test_coefficients_of_the_sample_itself_are_those_of_the_model(table, model, outcome):
    found = drivers(table, outcome=outcome, drivers=NAMES, controls=["region"], model=model, weight="w")
    measure = Measure.of("lmg", driver_matrices(covariances(found.design, found.fitted), 6)[0], np.random.default_rng())
    once = _of_samples(found.design, found.fitted, measure, np.ones((1, len(table))), np.random.default_rng())
    assert_allclose(once[0, 12:], found.to_frame()["estimate"], rtol=1e-8)


def test_a_driver_on_the_border_is_uncertain(market):
    near = market.assign(service=market["service"] + 15, product=market["product"] - 15)
    frame = priorities(drivers(near, drivers=["service", "product"]), near, bootstrap=200).to_frame()
    assert frame["p_act_first"].between(0.01, 0.99).any()


def test_the_table_keeps_its_columns(result, scores):
    frame = priorities(result, scores, bootstrap=20).to_frame()
    assert list(frame.columns) == [
        "driver", "share", "share_ci_low", "share_ci_high", "performance", "performance_ci_low", "performance_ci_high",
        "quadrant", "p_act_first", "expected_change", "change_ci_low", "change_ci_high", "change_per_cost",
    ]  # fmt: skip


def test_shares_and_scores_are_those_of_their_own_results(result, scores):
    frame = priorities(result, scores, bootstrap=500).to_frame().set_index("driver").loc[NAMES]
    own = result.importance(bootstrap=500).to_frame().set_index("driver").loc[NAMES]
    means = scores.summary().set_index("scale").loc[NAMES]
    assert_allclose(frame["share"], own["share"])
    assert_allclose(frame[["share_ci_low", "share_ci_high"]], own[["ci_low", "ci_high"]], atol=0.03)
    assert_allclose(frame["performance"], means["mean"])
    assert_allclose(frame[["performance_ci_low", "performance_ci_high"]], means[["ci_low", "ci_high"]], atol=0.6)


def test_expected_change_is_the_step_times_the_coefficient(result, scores):
    frame = priorities(result, scores, bootstrap=10).to_frame().set_index("driver").loc[NAMES]
    own = result.to_frame()
    assert_allclose(frame["expected_change"], 5 * own["estimate"])
    assert_allclose(frame[["change_ci_low", "change_ci_high"]], 5 * own[["ci_low", "ci_high"]])


@pytest.mark.parametrize(("model", "outcome"), [("ordered", "CUSL3"), ("logit", "returns")])
def test_expected_change_of_levels_is_that_of_the_predictions(table, model, outcome):
    found = drivers(table, outcome=outcome, drivers=NAMES, model=model)
    row = priorities(found, table, bootstrap=10).to_frame().set_index("driver").loc["satisfaction"]
    moved = found.predict(table.assign(satisfaction=table["satisfaction"] + 5))["predicted"]
    assert row["expected_change"] == pytest.approx((moved - found.predict(table)["predicted"]).mean())


@pytest.mark.parametrize(("model", "outcome"), [("ordered", "CUSL3"), ("logit", "returns")])
def test_error_of_the_change_of_levels_is_that_of_new_fits(table, model, outcome):
    """Fits of 200 bootstrap samples; the delta method, of first order, is within a sixth."""
    found = drivers(table, outcome=outcome, drivers=NAMES, model=model)
    frame = priorities(found, table, bootstrap=10).to_frame().set_index("driver").loc[NAMES]
    x, y = found.design.x, found.design.y
    rng, changes = np.random.default_rng(0), []
    for _ in range(200):
        rows = rng.integers(0, len(y), len(y))
        again = fit(y[rows], x[rows], weights=np.ones(len(y)), model=model, errors="classical")
        changes.append([(again.expected(x + 5 * unit) - again.expected(x)).mean() for unit in np.eye(6)])
    errors = (frame["change_ci_high"] - frame["change_ci_low"]) / 3.92
    assert_allclose(errors / np.std(changes, axis=0), 1, atol=1 / 6)


def test_change_per_cost_is_a_point_for_its_cost(result, scores):
    frame = (
        priorities(result, scores, bootstrap=10, costs={"image": 200.0, "value": 50.0}).to_frame().set_index("driver")
    )
    own = result.to_frame().set_index("driver")["estimate"]
    assert frame.loc["image", "change_per_cost"] == pytest.approx(own["image"] / 200)
    assert frame["change_per_cost"].isna().sum() == 4


def test_costs_come_from_the_codebook():
    codebook = lk.Codebook.parse('response = { min = 1, max = 5 }\nscales.trust = { items = ["a"], cost = 120.0 }')
    assert codebook.scales["trust"].cost == 120
    with pytest.raises(lk.InputError, match=r"scales.trust.cost"):
        lk.Codebook.parse('response = { min = 1, max = 5 }\nscales.trust = { items = ["a"], cost = -1.0 }')


def test_performance_counts_everybody_who_has_the_score(table):
    gaps = table.copy()
    gaps.loc[:99, "loyalty"] = np.nan
    found = priorities(drivers(gaps, drivers=NAMES), gaps, bootstrap=20)
    assert found.n_used == 150
    performance = found.to_frame().set_index("driver")["performance"]
    assert_allclose(performance[NAMES], table[NAMES].mean())


def test_performance_is_weighted(table):
    found = priorities(drivers(table, drivers=NAMES, weight="w"), table, bootstrap=20).to_frame().set_index("driver")
    assert found.loc["image", "performance"] == pytest.approx(np.average(table["image"], weights=table["w"]))


def test_clusters_are_drawn_whole(table):
    gaps = table.assign(cluster=table["cluster"].where(table.index > 4))
    found = drivers(gaps, drivers=NAMES, errors="cluster", cluster="cluster")
    assert np.isfinite(priorities(found, gaps, bootstrap=30).to_frame()["p_act_first"]).all()


def test_ellipses_describe_the_samples(result, scores):
    found = priorities(result, scores, bootstrap=500)
    ellipses = found.ellipses.set_index("driver")
    frame = found.to_frame().set_index("driver")
    width = frame["performance_ci_high"] - frame["performance_ci_low"]
    assert_allclose(ellipses["sd_performance"], width[ellipses.index] / 3.92, rtol=0.15)
    assert ellipses["correlation"].between(-1, 1).all()


def test_acting_on_a_driver_without_a_clear_coefficient_is_warned_of(result, scores):
    found = priorities(result, scores, bootstrap=20)
    first = found.to_frame().query("quadrant == 'act first' and change_ci_low <= 0")["driver"].tolist()
    assert first
    assert all(any(f"'{name}' lies in 'act first'" in text for text in found.warnings) for name in first)


def test_the_same_seed_gives_the_same_answer(result, scores):
    one, other = (priorities(result, scores, bootstrap=50, rng=2).to_frame() for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"costs": {"imige": 1.0}}, "'costs' names 'imige', which is no driver; did you mean 'image'"),
        ({"costs": {"image": 0}}, "The cost of 'image' must be a positive number; got 0"),
        ({"step": None}, "'step' must be a finite number; got None"),
        ({"bootstrap": 0}, "'bootstrap' must be a whole number of at least 1"),
    ],
)
def test_bad_options_are_refused(result, scores, options, sentence):
    with pytest.raises(lk.InputError, match=sentence):
        priorities(result, scores, **options)


def test_other_scores_than_the_models_are_refused(result, table):
    with pytest.raises(lk.InputError, match="not those that the drivers were fitted to"):
        priorities(result, table.head(100))
    with pytest.raises(lk.InputError, match="not those that the drivers were fitted to"):
        priorities(result, table.assign(image=table["image"] + 1))
