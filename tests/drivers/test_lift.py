"""What a step on a driver goes with: R's coefficients, by group those of its own fit, and no group of too few."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import loyalty_kit as lk
from loyalty_kit.drivers.regression import drivers

NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]


@pytest.fixture(scope="module")
def shops() -> pd.DataFrame:
    """The service matters in the store only; too few use the kiosk, hardly anybody the phone."""
    rng = np.random.default_rng(0)
    channel = np.repeat(["store", "web", "kiosk", "phone"], [200, 200, 20, 3])
    data = pd.DataFrame(rng.normal(60, 12, (423, 2)), columns=["service", "price"])
    effect = np.where(channel == "store", 0.8, 0.0)
    loyalty = 20 + effect * data["service"] + 0.3 * data["price"] + rng.normal(0, 8, 423)
    return data.assign(channel=channel, loyalty=loyalty)


def test_a_point_more_goes_with_rs_coefficient(result, reference):
    """R> lm(loyalty ~ .), sandwich::vcovHC(., "HC3"): coefficients and t intervals   # drivers.R"""
    frame = lk.lift(result).to_frame().set_index("driver").loc[NAMES]
    assert_allclose(frame["change"], [reference["coef"][name] for name in NAMES], rtol=1e-6)
    half = (frame["ci_high"] - frame["ci_low"]) / 2
    assert_allclose(half / [reference["se_hc3"][name] for name in NAMES], 1.97, atol=0.01)
    assert frame["n"].eq(250).all()


def test_another_step_is_a_multiple(result):
    one, five = (lk.lift(result, step=step).to_frame() for step in (1.0, 5.0))
    assert_allclose(five[["change", "ci_low", "ci_high"]], 5 * one[["change", "ci_low", "ci_high"]])


def test_a_group_has_the_coefficients_of_its_own_fit(shops):
    found = lk.lift(drivers(shops, drivers=["service", "price"]), by="channel")
    frame = found.to_frame()
    assert found.groups == ("store", "web")
    assert frame["group"].isna().sum() == 2
    store = drivers(shops[shops["channel"] == "store"], drivers=["service", "price"]).to_frame()
    own = frame[frame["group"] == "store"].set_index("driver").loc[["service", "price"]]
    assert_allclose(own[["change", "ci_low", "ci_high"]], store[["estimate", "ci_low", "ci_high"]], rtol=1e-8)
    assert own["n"].tolist() == [200, 200]
    web = frame[frame["group"] == "web"].set_index("driver")
    assert own["clear"].all()
    assert web["clear"].to_dict() == {"service": False, "price": True}


def test_groups_of_too_few_get_no_coefficients_and_are_named_with_their_number(shops):
    found = lk.lift(drivers(shops, drivers=["service", "price"]), by="channel")
    assert found.warnings == (
        "Group 'kiosk' of 'channel' is left out. It has 20 complete rows: ten to a coefficient, 30, are needed.",
        "Group 'phone' of 'channel' is left out. It has too few complete rows: ten to a coefficient, 30, are needed.",
    )


def test_levels_change_by_what_is_expected(table):
    found = drivers(table, outcome="CUSL3", drivers=NAMES, model="ordered")
    row = lk.lift(found).to_frame().set_index("driver").loc["satisfaction"]
    moved = found.predict(table.assign(satisfaction=table["satisfaction"] + 1))["predicted"]
    assert row["change"] == pytest.approx((moved - found.predict(table)["predicted"]).mean())


def test_a_group_of_a_ranking_that_is_not_given_has_no_rank(shops):
    few = shops[shops["channel"].isin(["store", "web"])]
    few = pd.concat([few[few["channel"] == "store"].head(30), few[few["channel"] == "web"]])
    model = drivers(few.assign(more=np.arange(len(few)) % 7), drivers=["service", "price", "more"])
    with pytest.raises(lk.GroupsError, match="'store' of 'channel' is left out. It has 30 complete rows"):
        lk.lift(model, by="channel")


@pytest.mark.parametrize(("by", "sentence"), [("service", "is the outcome or a driver"), ("city", "city")])
def test_a_column_that_groups_nobody_is_refused(shops, by, sentence):
    with pytest.raises(lk.InputError, match=sentence):
        lk.lift(drivers(shops, drivers=["service", "price"]), by=by)
