"""Path models of groups: compared by permutation where constructs are the same, elsewhere refused with the reason."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.core.language import translate
from tests.helpers.four_constructs import KNOWN, book, survey

OTHER = {**KNOWN, ("trust", "loyalty"): -0.2, ("affection", "loyalty"): 0.8}


def two(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    names = ["store"] * len(first) + ["web"] * len(second)
    return pd.concat([first, second], ignore_index=True).assign(channel=names)


def alike(n: int = 150, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return two(survey(n, rng), survey(n, rng))


def apart(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return two(survey(n, rng), survey(n, rng, paths=OTHER))


def other_items(n: int = 300) -> pd.DataFrame:
    """On the web two items of trust measure it less."""
    rng = np.random.default_rng(3)
    second = survey(n, rng)
    second[["tr1", "tr2"]] = 5.5 + 0.5 * (second[["tr1", "tr2"]] - 5.5) + 1.5 * rng.normal(size=(n, 2))
    return two(survey(n, rng), second)


def compared(table: pd.DataFrame, estimator: str, **options: object) -> lk.results.PathGroupsResult:
    model = lk.path_model(table, book(), estimator=estimator, bootstrap=200)
    return model.by("channel", permutations=200, bootstrap=200, **options)


@pytest.mark.parametrize("estimator", ["pls", "plsc", "ml"])
def test_groups_that_are_alike_show_no_difference(estimator):
    result = compared(alike(), estimator)
    assert result.refusals == ()
    assert set(result.differences["verdict"]) == {"unclear"}
    assert len(result.paths) == 12
    assert result.groups.to_dict() == {"store": 150, "web": 150}


@pytest.mark.parametrize("estimator", ["plsc", "ml"])
def test_a_path_that_differs_is_found(estimator):
    table = compared(apart(), estimator).to_frame()
    found = table[table["verdict"] == "differs"]
    assert ("trust", "loyalty") in set(zip(found["source"], found["target"], strict=True))
    assert (found.loc[found["source"] == "trust", "difference"] > 0).all()


@pytest.mark.parametrize(
    ("estimator", "told", "chinese"),
    [
        ("pls", "Paths of 'store' and 'web' (channel) are not compared: their answers make up 'trust'", "路径不作比较"),
        ("ml", "Paths of the groups of 'channel' are not compared: their items do not load alike", "题目载荷不等"),
    ],
)
def test_groups_whose_constructs_differ_are_refused_with_the_reason_and_no_error(estimator, told, chinese):
    result = compared(other_items(), estimator)
    assert result.differences.empty
    assert len(result.paths) == 12
    (reason,) = result.refusals
    assert str(reason).startswith(told)
    assert chinese in translate(reason, language="zh")


def test_composites_carry_the_three_steps_of_micom():
    table = compared(alike(), "pls").composites
    assert list(table["construct"]) == ["satisfaction", "trust", "affection", "loyalty"]
    assert (table["correlation"] <= 1 + 1e-12).all()
    assert set(table["verdict"]) <= {"full", "partial"}
    shifted = alike()
    shifted.loc[shifted["channel"] == "web", ["tr0", "tr1", "tr2"]] += 1
    again = compared(shifted, "pls").composites.set_index("construct")
    assert again.loc["trust", "verdict"] == "partial"
    assert again.loc["trust", "mean_p"] < 0.05


def test_micom_correlations_equal_scores_computed_by_hand():
    """Correlation of scores of all respondents by the weights of each group's own model."""
    table = alike()
    items, columns = book(), [name for name in table if name != "channel"]
    whole = ((table[columns] - table[columns].mean()) / table[columns].std(ddof=0)).to_numpy()
    weights = [
        lk.path_model(table[table["channel"] == name], items, bootstrap=200).weights for name in ("store", "web")
    ]
    found = compared(table, "pls").composites["correlation"]
    byhand = [np.corrcoef(whole @ weights[0][:, j], whole @ weights[1][:, j])[0, 1] for j in range(4)]
    assert found.to_numpy() == pytest.approx(byhand, abs=1e-6)


def test_differences_are_those_of_the_groups_own_models():
    table = alike()
    result = compared(table, "pls")
    own = {
        name: lk.path_model(table[table["channel"] == name], book(), bootstrap=200).to_frame()["estimate"].to_numpy()
        for name in ("store", "web")
    }
    assert result.differences["difference"].to_numpy() == pytest.approx(own["store"] - own["web"], abs=1e-6)


def test_small_groups_are_named_and_left_out():
    table = alike()
    table.loc[:39, "channel"] = "phone"
    result = compared(table, "pls")
    assert set(result.groups.index) == {"store", "web"}
    assert result.warnings == ("Not compared, as too few answered all items: 'phone' of 'channel'.",)
    assert "人数太少" in translate(result.warnings[0], language="zh")
    assert set(compared(table, "pls", min_cell=40).groups.index) == {"phone", "store", "web"}


def test_one_group_is_an_error():
    with pytest.raises(lk.InputError, match="needs two groups of enough respondents; it has 'store'") as caught:
        compared(alike().assign(channel="store"), "pls")
    assert "两个人数足够的组" in translate(caught.value.message, language="zh")


def test_a_group_without_a_model_is_left_out_with_the_reason():
    table = alike()
    table.loc[table["channel"] == "web", "tr0"] = 4.0
    result = compared(table, "pls")
    assert result.differences.empty
    assert str(result.refusals[0]).startswith("'web' (channel) is left out: Item 'tr0' of construct 'trust' holds one")
    assert "未纳入" in translate(result.refusals[0], language="zh")


def test_the_same_seed_gives_the_same_differences():
    first, second = (compared(alike(), "pls", rng=5).to_frame() for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "surveys"), [("pls", 200), ("ml", 40)])
def test_equal_groups_are_told_apart_in_no_more_than_five_in_a_hundred(estimator, surveys):
    """Groups of 100 and 200 of one population: refused, or with any path that 'differs', each in at most 5 in 100."""
    rng, refused, wrong = np.random.default_rng(17), 0, 0
    for seed in range(surveys):
        table = two(survey(100, rng), survey(200, rng))
        result = lk.path_model(table, book(), estimator=estimator, bootstrap=200).by(
            "channel", permutations=200, bootstrap=200, rng=seed
        )
        refused += bool(result.refusals)
        wrong += bool((result.differences["verdict"] == "differs").any())
    error = np.sqrt(0.05 * 0.95 / surveys)
    print(f"{estimator}: refused {refused / surveys:.3f}, differ {wrong / surveys:.3f}, Monte Carlo error {error:.3f}")
    assert wrong / surveys < 0.05 + 3 * error
    assert refused / surveys < 0.05 + 3 * error
