"""What a report says of scores by group and of recommendation, in both languages."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

import loyalty_kit as lk
from tests.helpers.clubs import MEMBERS, members


@pytest.fixture(scope="module")
def club() -> lk.results.ScoresByGroupResult:
    return lk.scores_by_group(members(600), MEMBERS)


@pytest.fixture(scope="module")
def camps() -> lk.results.RecommendationResult:
    return lk.recommendation(members(600), MEMBERS)


def test_a_clear_difference_names_the_higher_level_first_with_its_interval(club):
    told = str(lk.describe(club))
    assert re.search(r"Loyalty index by Club tier: Gold stands higher than Basic, [\d.]+ against [\d.]+ of 100", told)
    assert "after Holm's correction" in told
    assert "Further clear differences by Club tier" in told


def test_no_clear_difference_is_a_result():
    told = str(lk.describe(lk.scores_by_group(members(600, gap=0.0), MEMBERS, by="tier")))
    assert "By Club tier no two levels differ clearly on any score that may be compared" in told


def test_what_may_not_be_compared_is_said_with_its_reason(club):
    told = str(lk.describe(club))
    assert "No differences are told, by any group, of Fair price" in told
    answers = members(600)
    store = (answers["channel"] == "store").to_numpy()
    answers.loc[store, "L2"] = np.clip(answers.loc[store, "L2"] - 2, 1, 5)
    apart = str(lk.describe(lk.scores_by_group(answers, MEMBERS, by="channel", min_cell=1)))
    assert "Loyalty by Channel is not compared, as these of its items work differently in the levels: L2." in apart
    assert "By Channel Loyalty index rests on scales that may not be compared" in apart


def test_hidden_levels_are_counted_not_named_and_a_wave_never_fielded_is_named(club):
    told = str(lk.describe(club))
    assert "Levels of Channel that are not shown" in told and "fax" not in told
    assert "Levels of Wave that nobody in the file has: 2026-1." in told
    assert "fax" not in lk.table(club).as_raw_html() + lk.table(club, "differences").as_raw_html()


def test_a_survey_of_30_says_why_nothing_is_compared():
    told = str(lk.describe(lk.scores_by_group(members(30), MEMBERS, by="tier")))
    assert "could not be examined" in told or "too few" in told
    assert "stand beside one another, and their differences are not told: Loyalty" in told
    assert "stands higher than" not in told


def test_the_tile_tells_the_clear_difference_of_the_leading_score_and_nothing_without_one(club):
    (tile,) = lk.tiles(club)
    assert tile.heading == "Loyalty index, by Club tier"
    assert tile.value.endswith(" points")
    assert tile.verdict == "Gold above Basic"
    assert lk.tiles(lk.scores_by_group(members(600, gap=0.0), MEMBERS, by="wave")) == ()


def test_the_figure_has_a_row_a_level_in_order_with_its_n(club):
    axes = lk.plot(club)
    names = [text.get_text() for text in axes.get_yticklabels()][::-1]
    assert [name.split(" (")[0] for name in names] == [
        "Channel: store",
        "Wave: 2025-1",
        "Wave: 2025-2",
        "Club tier: Basic",
        "Club tier: Silver",
        "Club tier: Gold",
    ]
    plt.close(axes.figure)


def test_camps_are_told_by_word_as_well_as_by_colour(camps):
    axes = lk.plot(camps)
    words = [text.get_text() for text in axes.texts]
    assert {word.split()[0] for word in words} >= {"Promoters", "Passives", "Detractors"}
    assert len({bar.get_facecolor() for bar in axes.patches}) == 3
    plt.close(axes.figure)
    plt.close(lk.plot(camps, "groups").figure)


def test_where_promoters_and_detractors_lie_apart_is_told(camps):
    told = str(lk.describe(camps))
    assert "Promoters and detractors lie farthest apart on" in told
    assert re.search(r"By Club tier the net promoter score runs from −?\d+ \(Basic;", told)
    alike = members(300).assign(recommend=np.tile([0.0, 8.0, 10.0], 100))
    assert "do not differ clearly on any score" in str(lk.describe(lk.recommendation(alike, MEMBERS)))


def test_tables_have_the_camps_and_their_gap(camps):
    html = lk.table(camps).as_raw_html() + lk.table(camps, "scores").as_raw_html()
    for word in ("Promoters", "Passives", "Detractors", "Promoters less detractors", "Gold"):
        assert word in html


def test_all_of_it_is_said_in_chinese(club, camps, monkeypatch):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")
    told = str(lk.describe(club)) + str(lk.describe(camps))
    assert "按Club" not in told
    assert "Gold 高于 Basic" in told and "推荐者与贬损者差距最大的是" in told
    assert "波次" in lk.describe(club, "groups")[0] or "Channel" in told


def test_of_eight_scales_three_that_can_be_judged_are_three_of_eight():
    book = lk.Codebook.read("data/corporate_reputation/codebook.toml")
    quality = lk.reliability(lk.read_responses("data/corporate_reputation/survey.csv", book), book)
    assert str(lk.describe(quality, "answer")).startswith("3 of the 8 scales can be judged by reliability, and each")
    (tile,) = lk.tiles(quality)
    assert tile.value == "3 of 8"
    assert tile.verdict == "5 of one item or formative"
