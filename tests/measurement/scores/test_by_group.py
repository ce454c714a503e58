"""Scores by group: order, labels, small groups, and differences only where scores may be compared."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

import loyalty_kit as lk
from loyalty_kit.measurement.scores.by_group import scores_by_group
from tests.helpers.clubs import MEMBERS, members


@pytest.fixture(scope="module")
def club() -> lk.results.ScoresByGroupResult:
    return scores_by_group(members(600), MEMBERS)


def rows(result: lk.results.ScoresByGroupResult, group: str, scale: str = "whole") -> pd.DataFrame:
    table = result.to_frame()
    return table[(table["group"] == group) & (table["scale"] == scale)].set_index("level")


def test_levels_stand_in_the_codebook_s_order_and_a_wave_never_fielded_has_nobody(club):
    assert rows(club, "tier").index.tolist() == ["Basic", "Silver", "Gold"]
    wave = rows(club, "wave")
    assert wave.index.tolist() == ["2025-1", "2025-2", "2026-1"]
    assert wave.loc["2026-1", "n"] == 0
    assert wave.loc["2026-1", ["mean", "ci_low", "ci_high"]].isna().all()


def test_means_are_those_of_the_scores_of_each_level(club):
    answers = members(600)
    scores = lk.score(answers, MEMBERS).frame
    expected = scores["whole"].groupby(answers["tier"]).mean()
    pd.testing.assert_series_equal(rows(club, "tier")["mean"], expected[["Basic", "Silver", "Gold"]], check_names=False)


def test_a_group_of_one_is_hidden_and_counted_and_nothing_tells_what_the_one_answered(club):
    assert club.hidden == {"channel": 2, "wave": 0, "tier": 0}
    assert rows(club, "channel").index.tolist() == ["store"]
    assert "fax" not in club.to_frame()["level"].tolist()
    assert "fax" not in club.comparability["channel"].levels


def test_differences_are_told_of_scores_that_may_be_compared_alone(club):
    standings = club.comparability["tier"].standings
    assert standings == {
        "loyalty": "comparable",
        "service": "comparable",
        "words": "comparable",
        "price": "one item",
        "whole": "comparable",
    }
    tier = club.differences[club.differences["group"] == "tier"]
    assert sorted(tier["scale"].unique()) == ["loyalty", "service", "whole", "words"]
    assert len(tier) == 3 * 4


def test_p_values_are_holm_s_over_the_differences_of_a_grouping(club):
    """statsmodels.stats.multitest.multipletests(p, method="holm")."""
    for _, part in club.differences.groupby("group"):
        expected = multipletests(part["p_value"], method="holm")[1]
        np.testing.assert_allclose(part["p_adjusted"].astype(float), expected, rtol=1e-12)
        np.testing.assert_array_equal(part["clear"].astype(bool), expected < 0.05)


def test_the_leading_score_comes_first_among_clear_differences(club):
    clear = club.clear()
    assert club.leading == "whole"
    assert clear["scale"].iloc[0] == "whole"
    assert set(clear["group"]) == {"tier"}


def test_an_item_that_means_something_else_to_a_group_keeps_its_scale_from_being_compared():
    answers = members(600)
    store = (answers["channel"] == "store").to_numpy()
    answers.loc[store, "L2"] = np.clip(answers.loc[store, "L2"] - 2, 1, 5)
    found = scores_by_group(answers, MEMBERS, by="channel", min_cell=1)
    judged = found.comparability["channel"]
    assert judged.standings["loyalty"] == "items apart"
    assert judged.items == {"loyalty": ["L2"]}
    assert judged.standings["whole"] == "parts"
    assert judged.standings["service"] == "comparable"
    assert set(found.differences["scale"]) == {"service", "words"}


def test_groups_too_small_to_be_examined_are_shown_and_not_compared():
    found = scores_by_group(members(24), MEMBERS, by="tier")
    assert set(found.comparability["tier"].standings.values()) <= {"not examined", "one item", "parts"}
    assert found.differences.empty
    assert found.to_frame()["mean"].notna().any()


def test_weights_count_and_those_of_weight_0_are_nobody():
    book = MEMBERS.edit(weight="w")
    answers = members(400)
    gold = (answers["tier"] == "Gold").to_numpy()
    answers.loc[gold, "w"] = 0.0
    found = scores_by_group(answers, book, by="tier")
    assert rows(found, "tier").loc["Gold", "n"] == 0
    basic = answers[answers["tier"] == "Basic"]
    scores = lk.score(basic, book).frame["whole"]
    assert rows(found, "tier").loc["Basic", "mean"] == pytest.approx(np.average(scores, weights=basic["w"]))


def test_a_scale_that_few_of_a_group_answered_is_hidden_there_with_another_group():
    answers = members(300)
    gold = answers.index[answers["tier"] == "Gold"]
    answers.loc[gold[3:], ["S1", "S2", "S3"]] = np.nan
    found = scores_by_group(answers, MEMBERS, by="tier")
    service = rows(found, "tier", "service")
    assert service["n"].isna().tolist() == [False, True, True]
    assert rows(found, "tier", "loyalty")["n"].notna().all()


def test_without_groups_there_is_no_row():
    found = scores_by_group(members(60), MEMBERS.edit(groups=None))
    assert found.to_frame().empty
    assert found.differences.empty
    assert lk.plot(found) is None
    assert lk.table(found) is None
    assert lk.table(found, "differences") is None
    assert "names no groups" in str(lk.describe(found))


@pytest.mark.slow
def test_where_tiers_do_not_differ_a_clear_difference_is_told_in_at_most_one_survey_of_twenty():
    """Family of 12 differences; 400 surveys, Monte Carlo error 1.1 points at 5 %."""
    told = [
        len(scores_by_group(members(200, gap=0.0, seed=seed), MEMBERS, by="tier").clear()) > 0 for seed in range(400)
    ]
    assert np.mean(told) <= 0.05 + 2 * 0.011
