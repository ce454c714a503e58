"""Groups: interactions, stability and its test, small groups."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import loyalty_kit as lk
from loyalty_kit.core.errors import ANONYMOUS
from loyalty_kit.drivers.regression import drivers

NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]


@pytest.fixture(scope="module")
def channels() -> pd.DataFrame:
    """Trust matters three times as much on the web; the level of loyalty differs as well."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.standard_normal((600, 2)), columns=["trust", "price"])
    data["channel"] = np.repeat(["store", "web"], 300)
    data["loyalty"] = np.where(data["channel"] == "web", 1.5, 0.5) * data["trust"] + 0.4 * data["price"]
    data["loyalty"] += np.where(data["channel"] == "web", 2.0, 0.0) + rng.standard_normal(600)
    return data


def test_a_driver_that_matters_more_in_a_group_is_found(channels):
    found = drivers(channels, drivers=["trust", "price"], moderator="channel").moderation
    tests = found.tests.set_index("driver")
    assert tests.loc["trust", "p_corrected"] < 1e-6
    assert tests.loc["price", "p_corrected"] > 0.05
    assert found.joint["p_value"] < 1e-6
    slopes = found.slopes.set_index(["driver", "group"])
    assert slopes.loc[("trust", "web"), "ci_low"] < 1.5 < slopes.loc[("trust", "web"), "ci_high"]
    assert slopes.loc[("trust", "store"), "ci_low"] < 0.5 < slopes.loc[("trust", "store"), "ci_high"]


def test_coefficients_by_group_are_those_of_the_group_alone(channels):
    found = drivers(channels, drivers=["trust", "price"], moderator="channel").moderation.slopes
    for group, own in channels.groupby("channel"):
        alone = drivers(own, drivers=["trust", "price"]).to_frame()
        here = found[found["group"] == group]
        assert_allclose(here["estimate"], alone["estimate"], rtol=1e-9)
        assert_allclose(here["std_error"], alone["std_error"], rtol=1e-9)


def test_the_main_table_is_the_model_without_interactions(channels):
    plain = drivers(channels, drivers=["trust", "price"], controls=["channel"])
    moderated = drivers(channels, drivers=["trust", "price"], moderator="channel")
    pd.testing.assert_frame_equal(plain.to_frame(), moderated.to_frame())


def test_stability_by_group_is_chows_test(table, more):
    """R> anova(lm(loyalty ~ drivers + region), lm(loyalty ~ drivers * region))"""
    found = drivers(table, drivers=NAMES, errors="classical").stability(by="region", bootstrap=0).moderation.joint
    assert found["statistic"] == pytest.approx(more["chow"]["statistic"], abs=1e-6)
    assert found["p_value"] == pytest.approx(more["chow"]["p"], abs=1e-6)
    assert found["df"] == more["chow"]["df"]


def test_stability_gives_ranks_in_each_group(channels):
    found = drivers(channels, drivers=["trust", "price"]).stability(by="channel", bootstrap=20)
    frame = found.to_frame()
    columns = ["driver", "group", "n", "estimate", "std_error", "ci_low", "ci_high", "share", "rank", "p_top3"]
    assert list(frame.columns) == columns
    web = drivers(channels[channels["channel"] == "web"], drivers=["trust", "price"]).importance(bootstrap=0).to_frame()
    here = frame[frame["group"] == "web"].set_index("driver")["share"]
    assert_allclose(here[web["driver"]], web["share"])
    assert frame["n"].tolist() == [300] * 4


def test_groups_that_are_alike_are_not_told_apart(table):
    """Regions were dealt out by turns, so whatever differs is chance."""
    found = drivers(table, drivers=NAMES).stability(by="region", bootstrap=0)
    assert found.moderation.joint["p_value"] > 0.01
    assert (found.moderation.tests["p_corrected"] > 0.05).all()


@pytest.mark.parametrize(("model", "outcome"), [("ordered", "CUSL3"), ("logit", "returns")])
def test_groups_are_compared_in_models_of_levels(table, model, outcome):
    found = drivers(table, outcome=outcome, drivers=["image", "value"], model=model).stability(by="region", bootstrap=0)
    assert len(found.to_frame()) == 6
    assert 0.001 < found.moderation.joint["p_value"] < 1


def test_waves_may_be_numbers(channels):
    wave = channels.assign(wave=np.where(channels["channel"] == "web", 2, 1))
    assert drivers(wave, drivers=["trust", "price"]).stability(by="wave", bootstrap=0).groups == (1, 2)


def test_a_group_of_three_is_left_out_and_told(channels):
    data = channels.copy()
    data.loc[:2, "channel"] = "kiosk"
    for found in (
        drivers(data, drivers=["trust", "price"], moderator="channel").moderation,
        drivers(data, drivers=["trust", "price"]).stability(by="channel", bootstrap=0),
    ):
        assert found.groups == ("store", "web")
        assert found.n_used == 597
        assert any("'kiosk' of 'channel' is left out. It has too few" in text for text in found.warnings)


def test_a_group_in_which_a_driver_never_varies_is_left_out_and_told(channels):
    data = channels.assign(channel=np.repeat(["store", "web", "app"], 200))
    data.loc[data["channel"] == "app", "trust"] = 1.0
    found = drivers(data, drivers=["trust", "price"]).stability(by="channel", bootstrap=0)
    assert found.groups == ("store", "web")
    assert any("'trust' is constant in the 200 complete rows" in text for text in found.warnings)


def test_a_control_level_that_is_alone_in_a_group_costs_one_respondent(channels):
    data = channels.assign(region=np.where(np.arange(600) % 2, "north", "south"))
    data.loc[[0, 300, 301], "region"] = "island"
    found = drivers(data, drivers=["trust", "price"], controls=["region"]).stability(by="channel", bootstrap=0)
    assert found.groups == ("store", "web")
    assert found.to_frame()["n"].tolist() == [300] * 4


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        ("chanel", "lacks the column 'chanel'; did you mean 'channel'"),
        ("trust", "'trust' is the outcome or a driver"),
        ("one", "'one' holds fewer than two groups among the complete rows"),
        ("loyalty", "'loyalty' is the outcome or a driver"),
        ("income", "'income' holds 60 different values, too many for groups; allowed are 50"),
        ("own", "A comparison by 'own' needs two groups that can carry the model"),
    ],
)
def test_bad_groups_are_refused(channels, by, sentence):
    data = channels.head(60).assign(one="x", income=np.arange(60.0), own=np.repeat([f"g{i}" for i in range(30)], 2))
    with pytest.raises(lk.InputError, match=sentence):
        drivers(data, drivers=["trust", "price"]).stability(by=by)


def test_a_group_of_a_few_is_not_named_in_a_report(monkeypatch):
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "y"]).assign(channel=["store", "web"] * 100)
    table.loc[:2, "channel"] = "alice@example.org"
    monkeypatch.setenv(ANONYMOUS, "1")
    told = " ".join(drivers(table, outcome="y", drivers=["a", "b"]).stability(by="channel").warnings)
    assert "Group '(n < 5)' of 'channel' is left out." in told
    assert "alice" not in told
