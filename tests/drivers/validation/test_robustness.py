"""The grid of choices."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.drivers.regression import drivers

NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]


def test_the_plainest_grid_is_model_times_measure(result):
    found = result.robustness()
    assert found.to_frame()["settings"].tolist() == [4] * 6
    assert found.settings[["model", "method"]].drop_duplicates().to_numpy().tolist() == [
        ["ols", "lmg"],
        ["ols", "relative_weights"],
        ["ordered", "lmg"],
        ["ordered", "relative_weights"],
    ]


def test_every_choice_that_the_data_allow_is_crossed(table):
    found = drivers(table, drivers=NAMES, controls=["region"], weight="w").robustness(samples={"half": table.iloc[::2]})
    assert found.to_frame()["settings"].tolist() == [32] * 6
    first = found.settings.iloc[0]
    assert (first["sample"], bool(first["weighted"]), bool(first["controls"])) == ("all", True, True)
    assert set(found.settings.loc[found.settings["sample"] == "half", "n_used"]) == {125}


def test_a_sample_of_the_same_respondents_adds_no_setting(table):
    gaps = table.assign(image=table["image"].where(table.index > 4))
    samples = {"same": gaps.copy(), "complete": gaps.iloc[5:], "half": gaps.iloc[::2], "half again": gaps.iloc[::2]}
    found = drivers(gaps, drivers=NAMES).robustness(samples=samples)
    assert found.repeated == ("same", "complete", "half again")
    assert found.to_frame()["settings"].tolist() == [8] * 6
    assert set(found.settings["sample"]) == {"all", "half"}


def test_the_first_setting_is_the_result_itself(table):
    found = drivers(table, drivers=NAMES, controls=["region"], weight="w")
    first = found.robustness().settings.query("setting == 1").set_index("driver")
    np.testing.assert_allclose(first["estimate"], found.to_frame()["estimate"])
    share = found.importance(bootstrap=0).to_frame().set_index("driver")["share"]
    np.testing.assert_allclose(first["share"], share[first.index])


def test_counts_are_those_of_the_settings(result, table):
    found = result.robustness(samples={"half": table.iloc[::2]})
    own = found.settings[found.settings["driver"] == "quality"]
    row = found.to_frame().set_index("driver").loc["quality"]
    assert list(found.to_frame().columns) == [
        "driver", "settings", "in_top3", "sign_holds", "clear", "best_rank", "worst_rank",
    ]  # fmt: skip
    assert row["in_top3"] == (own["rank"] <= 3).sum()
    assert row["sign_holds"] == (own["estimate"] < 0).sum()
    assert row["clear"] == (own["ci_high"] < 0).sum()
    assert (row["best_rank"], row["worst_rank"]) == (own["rank"].min(), own["rank"].max())


def test_a_strong_driver_stays_and_noise_does_not():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.standard_normal((200, 5)), columns=list("abcde"))
    data["loyalty"] = (2 * data["a"] + rng.standard_normal(200)).round()
    halves = {f"half {i}": data.sample(100, random_state=i) for i in range(6)}
    found = drivers(data, drivers=list("abcde")).robustness(samples=halves).to_frame().set_index("driver")
    assert found.loc["a", ["in_top3", "sign_holds", "clear"]].tolist() == [28, 28, 28]
    assert (found.drop(index="a")["clear"] < 14).all()
    assert (found.drop(index="a")["worst_rank"] > 3).all()


def test_an_outcome_of_many_values_is_cut_into_bands_for_the_ordered_logit(table):
    rng = np.random.default_rng(0)
    many = table.assign(loyalty=table["loyalty"] + rng.uniform(0, 1, len(table)))
    found = drivers(many, drivers=NAMES).robustness()
    assert found.warnings == ()
    assert found.to_frame()["settings"].tolist() == [4] * 6


def test_a_yes_or_no_outcome_is_asked_by_logit_and_by_a_line(table):
    found = drivers(table, outcome="returns", drivers=NAMES, model="logit").robustness()
    assert set(found.settings["model"]) == {"ols", "logit"}


def test_a_setting_that_cannot_be_fitted_is_told(result, table):
    found = result.robustness(samples={"few": table.head(5)})
    assert found.to_frame()["settings"].tolist() == [4] * 6
    assert len(found.warnings) == 2
    assert found.warnings[0].startswith(
        "Sample 'few', unweighted, without controls, model 'ols' could not be fitted. 7"
    )


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [({"all": pd.DataFrame()}, "'samples' may not call one 'all'"), ({"x": [1]}, "Scores must be ScaleScores")],
)
def test_bad_samples_are_refused(result, samples, sentence):
    with pytest.raises(lk.InputError, match=sentence):
        result.robustness(samples=samples)
