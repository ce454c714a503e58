"""Importance: R's figures, the identities, brute force, the uncertainty of ranks, dominance."""

import importlib.util
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from driver_surveys import lmg_by_brute_force
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import loyalty_kit as lk
from loyalty_kit.drivers.fits.fits import fit
from loyalty_kit.drivers.fits.resampling import covariances
from loyalty_kit.drivers.importance.measures import driver_matrices, measured
from loyalty_kit.drivers.importance.subsets import draw_orderings, shapley, shapley_sampled, subset_r_squared
from loyalty_kit.drivers.regression import drivers

NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]


def importance_of(result, **options) -> pd.Series:
    return result.importance(bootstrap=0, **options).to_frame().set_index("driver")["importance"]


@st.composite
def tables(draw: st.DrawFn, most: int = 8) -> pd.DataFrame:
    """A table of 40 rows with 1 to `most` correlated drivers."""
    p = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.standard_normal((40, p)) + draw(st.floats(0, 2)) * rng.standard_normal((40, 1))
    y = x @ rng.normal(0, 1, p) + draw(st.floats(0.1, 5)) * rng.standard_normal(40)
    return pd.DataFrame(x, columns=[f"x{j}" for j in range(p)]).assign(loyalty=y)


def names(table: pd.DataFrame) -> list[str]:
    return [name for name in table if name.startswith("x")]


def test_the_table_keeps_its_columns_the_most_important_first(result):
    frame = result.importance(bootstrap=50).to_frame()
    assert list(frame.columns) == ["driver", "importance", "share", "ci_low", "ci_high", "rank", "p_top3"]
    assert frame["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    assert frame["importance"].is_monotonic_decreasing


def test_lmg_equals_r(result, reference):
    """R> 2 ** 6 calls of lm(), weighted by |S|! (5 − |S|)! / 6!   # drivers.R"""
    assert_allclose(importance_of(result)[NAMES], [reference["lmg"][name] for name in NAMES], atol=1e-6)


def test_relative_weights_equal_r(result, reference):
    """R> rw(X, y): eigen(cor(X)), Johnson's formula   # drivers.R"""
    found = importance_of(result, method="relative_weights")[NAMES]
    assert_allclose(found, [reference["relative_weights"][name] for name in NAMES], atol=1e-6)


@settings(max_examples=20)
@given(tables())
def test_lmg_adds_up_to_r_squared(table: pd.DataFrame):
    found = drivers(table, drivers=names(table))
    assert importance_of(found).sum() == pytest.approx(found.r_squared, abs=1e-12)


@settings(max_examples=20)
@given(tables(), st.sampled_from(["relative_weights", "pratt"]))
def test_relative_weights_and_pratt_add_up_to_r_squared(table: pd.DataFrame, method: str):
    found = drivers(table, drivers=names(table))
    assert importance_of(found, method=method).sum() == pytest.approx(found.r_squared, abs=1e-10)


@settings(max_examples=20)
@given(tables(most=6))
def test_lmg_equals_brute_force(table: pd.DataFrame):
    found = importance_of(drivers(table, drivers=names(table)))[names(table)]
    assert_allclose(found, lmg_by_brute_force(table[names(table)].to_numpy(), table["loyalty"].to_numpy()), atol=1e-10)


def test_lmg_equals_brute_force_with_eight_drivers_and_weights():
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.standard_normal((60, 9)) + rng.standard_normal((60, 1)), columns=[*"abcdefgh", "loyalty"])
    w = rng.uniform(0.2, 3, 60)
    found = importance_of(drivers(table, drivers=list("abcdefgh"), weight=w))[list("abcdefgh")]
    expected = lmg_by_brute_force(table[list("abcdefgh")].to_numpy(), table["loyalty"].to_numpy(), w)
    assert_allclose(found, expected, atol=1e-12)


@settings(max_examples=20)
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_the_drivers_does_not_matter(table: pd.DataFrame, random):
    order = names(table)
    random.shuffle(order)
    one, other = importance_of(drivers(table, drivers=names(table))), importance_of(drivers(table, drivers=order))
    assert_allclose(one[order], other[order], atol=1e-12)


@settings(max_examples=20)
@given(tables(), st.floats(0.01, 100), st.floats(-50, 50))
def test_units_do_not_matter(table: pd.DataFrame, factor: float, shift: float):
    moved = table.assign(x0=table["x0"] * factor + shift, loyalty=table["loyalty"] * -factor)
    one, other = (importance_of(drivers(data, drivers=names(table))) for data in (table, moved))
    assert_allclose(one[names(table)], other[names(table)], atol=1e-9)


def test_uncorrelated_drivers_are_alike_by_every_measure():
    """An orthogonal design: every measure is the squared correlation."""
    x = np.linalg.qr(np.column_stack([np.ones(32), np.random.default_rng(0).standard_normal((32, 4))]))[0][:, 1:]
    y = x @ [1, 2, 3, 4] + 0.3 * np.random.default_rng(1).standard_normal(32)
    found = drivers(pd.DataFrame(x, columns=list("abcd")).assign(loyalty=y), drivers=list("abcd"))
    first = importance_of(found, method="first")
    for method in ("lmg", "relative_weights", "pratt", "last"):
        assert_allclose(importance_of(found, method=method)[list("abcd")], first[list("abcd")], atol=1e-12)


def test_last_and_first_are_what_they_say(table, result):
    without = drivers(table, drivers=[name for name in NAMES if name != "value"]).r_squared
    assert importance_of(result, method="last")["value"] == pytest.approx(result.r_squared - without, abs=1e-12)
    alone = drivers(table, drivers=["value"]).r_squared
    assert importance_of(result, method="first")["value"] == pytest.approx(alone, abs=1e-12)


def test_drivers_share_what_controls_leave(table):
    found = drivers(table, drivers=["image", "value"], controls=["satisfaction", "region"])
    both = found.importance(bootstrap=0)
    controls = drivers(table.assign(d=0), drivers=["satisfaction"], controls=["region"]).r_squared
    assert both.controls_r_squared == pytest.approx(controls, abs=1e-12)
    assert both.to_frame()["importance"].sum() == pytest.approx(found.r_squared - controls, abs=1e-12)


def test_pratt_tells_where_it_is_negative(result):
    assert any("'quality'" in text for text in result.importance(method="pratt", bootstrap=0).warnings)


def test_a_negative_suppressor_is_named_beside_its_share(result, table):
    found = result.importance(bootstrap=0)
    assert found.suppressed == ("quality",) == tuple(result.suppressed["driver"])
    assert any("The share of 'quality' says how much" in text for text in found.warnings)
    assert drivers(table, drivers=["satisfaction", "value"]).importance(bootstrap=0).suppressed == ()


def test_where_levels_are_fitted_importance_adds_up_to_the_latent_r_squared(table):
    for model, outcome in (("ordered", "CUSL3"), ("logit", "returns")):
        found = drivers(table, outcome=outcome, drivers=NAMES, model=model)
        assert importance_of(found).sum() == pytest.approx(found.r_squared, abs=1e-12)


def test_latent_r_squared_is_that_behind_the_levels():
    """Ten levels cut from a latent outcome with logistic noise and R² = 0.4."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((20_000, 2)) @ np.array([[1.0, 0.5], [0.0, 0.9]])
    predictor = x @ [1.0, 0.5]
    predictor *= np.sqrt(0.4 / 0.6 * np.pi**2 / 3 / predictor.var())
    latent = predictor + rng.logistic(size=len(x))
    table = pd.DataFrame(x, columns=["a", "b"]).assign(
        loyalty=np.digitize(latent, np.quantile(latent, np.arange(1, 10) / 10))
    )
    found = drivers(table, drivers=["a", "b"], model="ordered")
    assert found.r_squared == pytest.approx(0.4, abs=0.02)
    behind = importance_of(drivers(table.assign(loyalty=latent), drivers=["a", "b"]))
    assert_allclose(importance_of(found)[["a", "b"]], behind[["a", "b"]], atol=0.02)


def test_rank_probabilities_are_probabilities(result):
    found = result.importance(bootstrap=200)
    assert_allclose(found.rank_probabilities.sum(axis=0), 1)
    assert_allclose(found.rank_probabilities.sum(axis=1), 1)
    assert found.to_frame()["p_top3"].sum() == pytest.approx(3)
    above = found.p_above.fillna(0.5)
    assert_allclose(above + above.T, 1)


def test_intervals_hold_the_shares_and_the_total(result):
    found = result.importance(bootstrap=200)
    frame = found.to_frame()
    assert ((frame["ci_low"] < frame["share"]) & (frame["share"] < frame["ci_high"])).all()
    assert frame["share"].sum() == pytest.approx(1)
    assert found.r_squared_ci_low < found.r_squared < found.r_squared_ci_high


def test_r_squared_is_recorded_with_its_interval_under_the_name_that_the_model_gives_it(result):
    found = result.importance(bootstrap=50)
    name = "drivers/loyalty/r_squared"
    (own,), (plain,) = ([one for one in which.estimates() if one.name == name] for which in (found, result))
    assert own.interval == (found.r_squared_ci_low, found.r_squared_ci_high)
    assert (own.estimate, own.n, own.label) == (plain.estimate, plain.n, plain.label)


def test_the_same_seed_gives_the_same_answer(result):
    one, same, other = (result.importance(bootstrap=100, rng=seed) for seed in (1, np.random.default_rng(1), 2))
    pd.testing.assert_frame_equal(one.to_frame(), same.to_frame())
    assert not one.to_frame()["ci_low"].equals(other.to_frame()["ci_low"])


def test_a_clear_winner_is_surely_first():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.standard_normal((300, 3)), columns=list("abc"))
    data["loyalty"] = 2 * data["a"] + 0.2 * data["b"] + rng.standard_normal(300)
    found = drivers(data, drivers=list("abc")).importance(bootstrap=200)
    assert found.rank_probabilities.loc["a", 1] == 1
    assert found.p_above.loc["a", "b"] == 1


def test_without_a_bootstrap_there_is_no_uncertainty_told(result):
    found = result.importance(bootstrap=0)
    assert found.to_frame()[["ci_low", "ci_high", "p_top3"]].isna().to_numpy().all()
    assert found.rank_probabilities.isna().to_numpy().all()


def test_samples_of_clusters_are_more_uncertain_where_clusters_differ():
    rng = np.random.default_rng(2)
    store = np.repeat(np.arange(20), 15)
    data = pd.DataFrame({"a": rng.standard_normal(20)[store], "b": rng.standard_normal(300), "store": store})
    data["loyalty"] = data["a"] + data["b"] + rng.standard_normal(20)[store] + rng.standard_normal(300)
    width = {}
    for errors, cluster in (("hc3", None), ("cluster", "store")):
        found = drivers(data, drivers=["a", "b"], errors=errors, cluster=cluster).importance(bootstrap=300)
        width[errors] = (found.to_frame()["ci_high"] - found.to_frame()["ci_low"]).mean()
    assert width["cluster"] > 1.3 * width["hc3"]


def test_a_bootstrap_of_levels_is_near_that_of_new_fits(table):
    """The infinitesimal jackknife against fitting each of the same samples again."""
    data = table.assign(y=np.digitize(table["CUSL3"], [6, 8, 10]))
    found = drivers(data, outcome="y", drivers=NAMES, model="ordered")
    x, y, rng = found.design.x, found.design.y, np.random.default_rng(0)
    rows = rng.integers(0, len(y), (1000, len(y)))
    counts = np.stack([np.bincount(drawn, minlength=len(y)) for drawn in rows]).astype(float)
    matrices = [covariances(found.design, found.fitted, counts)]
    again = []
    for drawn in rows:
        fitted = fit(y[drawn], x[drawn], weights=np.ones(len(y)), model="ordered", errors="classical")
        again.append(covariances(replace(found.design, x=x[drawn], y=y[drawn]), fitted))
    matrices.append(np.concatenate(again))
    quick, slow = (measured("lmg", driver_matrices(each, len(NAMES))[0]) for each in matrices)
    spreads = [(each / each.sum(axis=1, keepdims=True)).std(axis=0) for each in (quick, slow)]
    assert_allclose(spreads[0] / spreads[1], 1, atol=0.15)


@settings(max_examples=20)
@given(tables(most=6))
def test_dominance_is_what_comparing_all_subsets_says(table: pd.DataFrame):
    found = drivers(table, drivers=names(table)).importance(bootstrap=0)
    matrix = table[[*names(table), "loyalty"]].corr().to_numpy()
    explained = subset_r_squared(matrix[None])[:, 0]
    place = {name: j for j, name in enumerate(names(table))}
    for row in found.dominance.itertuples():
        a, b = place[row.driver], place[row.over]
        rest = [s for s in range(len(explained)) if not s >> a & 1 and not s >> b & 1]
        ahead = np.array([explained[s | 1 << a] - explained[s | 1 << b] for s in rest])
        assert (row.level == "complete") == (ahead >= -1e-12).all()
    assert len(found.dominance) == len(list(combinations(names(table), 2)))


def test_complete_dominance_implies_conditional_and_general(result):
    frame = result.importance(bootstrap=0)
    rank = frame.to_frame().set_index("driver")["rank"]
    assert (frame.dominance["driver"].map(rank) < frame.dominance["over"].map(rank)).all()


def test_twenty_drivers_are_exact_and_more_are_sampled_with_their_error():
    rng = np.random.default_rng(4)
    columns = [f"x{j}" for j in range(25)]
    data = pd.DataFrame(rng.standard_normal((400, 25)) + 0.7 * rng.standard_normal((400, 1)), columns=columns)
    data["loyalty"] = data[columns] @ rng.uniform(0, 0.3, 25) + rng.standard_normal(400)
    exact = drivers(data, drivers=columns[:20]).importance(bootstrap=0)
    assert exact.sampling_error is None
    assert exact.to_frame()["importance"].sum() == pytest.approx(exact.r_squared, abs=1e-12)
    sampled = drivers(data, drivers=columns).importance(bootstrap=10)
    assert sampled.to_frame()["importance"].sum() == pytest.approx(sampled.r_squared, abs=1e-8)
    assert 0 < sampled.sampling_error.max() < 0.05 * sampled.to_frame()["importance"].max()
    assert any("not all subsets" in text for text in sampled.warnings)
    with pytest.raises(lk.InputError, match="up to 20 drivers; got 25"):
        _ = sampled.dominance


def test_sampled_orders_come_near_the_exact_value_within_their_error():
    matrix = np.corrcoef(np.random.default_rng(0).standard_normal((50, 9)) + np.arange(50)[:, None] / 40, rowvar=False)
    values, errors = shapley_sampled(matrix[None], draw_orderings(8, 500, np.random.default_rng(1)))
    assert (np.abs(values - shapley(matrix[None])) < 4 * errors).all()


def test_samples_over_some_orders_agree_with_all_subsets():
    """Sixteen drivers: samples are measured over 100 orders, less the error of these on the data."""
    rng = np.random.default_rng(6)
    columns = [f"x{j}" for j in range(16)]
    data = pd.DataFrame(rng.standard_normal((300, 16)) + rng.standard_normal((300, 1)), columns=columns)
    data["loyalty"] = data[columns] @ rng.uniform(0, 0.3, 16) + 2 * rng.standard_normal(300)
    found = drivers(data, drivers=columns).importance(bootstrap=60).to_frame()
    rng, exact = np.random.default_rng(0), []
    for _ in range(60):
        sample = data.iloc[rng.integers(0, 300, 300)]
        values = measured("lmg", sample[[*columns, "loyalty"]].corr().to_numpy()[None])[0]
        exact.append(values / values.sum())
    low, high = np.quantile(exact, [0.025, 0.975], axis=0)
    found = found.set_index("driver").loc[columns]
    assert_allclose(found["ci_low"], low, atol=0.015)
    assert_allclose(found["ci_high"], high, atol=0.015)


def test_a_sample_in_which_a_driver_is_constant_does_no_harm():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"rare": (np.arange(30) < 2) * 1.0, "a": rng.standard_normal(30)})
    data["loyalty"] = data["a"] + data["rare"] + rng.standard_normal(30)
    for method in ("lmg", "relative_weights", "pratt", "last", "first"):
        frame = drivers(data, drivers=["rare", "a"]).importance(method=method, bootstrap=100).to_frame()
        assert np.isfinite(frame[["ci_low", "ci_high"]].to_numpy()).all()


@pytest.mark.skipif(importlib.util.find_spec("pingouin") is None, reason="pingouin is not installed")
def test_lmg_equals_pingouins(table, result):
    """pingouin.linear_regression(X, y, relimp=True)"""
    pingouin = importlib.import_module("pingouin")
    peer = pingouin.linear_regression(table[NAMES], table["loyalty"], relimp=True).set_index("names")["relimp"]
    assert_allclose(importance_of(result)[NAMES], peer[NAMES], atol=1e-10)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"method": "shap"}, "'method' must be one of 'lmg', 'relative_weights', 'pratt', 'last', 'first'; got 'shap'"),
        ({"bootstrap": -1}, "'bootstrap' must be a whole number of at least 0; got -1"),
        ({"rng": "x"}, "'rng' must be"),
    ],
)
def test_bad_options_are_refused(result, options, sentence):
    with pytest.raises(lk.InputError, match=sentence):
        result.importance(**options)
