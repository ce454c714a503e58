"""Who would recommend: the distribution, the score by group, and what the camps think of the scales."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.scores.recommendation import recommendation
from tests.helpers.clubs import MEMBERS, members

BOOK = lk.Codebook.parse('groups = ["shop"]\nitems.q = { min = 0, max = 10, role = "recommend" }')


@pytest.fixture(scope="module")
def club() -> lk.results.RecommendationResult:
    return recommendation(members(600), MEMBERS)


def test_every_answer_from_0_to_10_has_a_row_and_the_camps_are_bain_s():
    """Reichheld (2003): 9 and 10 promoters, 7 and 8 passives, 0 to 6 detractors."""
    found = recommendation(pd.DataFrame({"q": [10, 9, 9, 8, 3, np.nan], "shop": "a"}), BOOK).to_frame()
    assert found["answer"].tolist() == list(range(11))
    assert found["camp"].tolist() == ["detractors"] * 7 + ["passives"] * 2 + ["promoters"] * 2
    assert found["n"].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 1]
    assert found["share"].sum() == pytest.approx(1)


def test_shares_of_the_answers_add_up_to_the_camps_of_the_net_promoter_score(club):
    whole = club.overall["recommend"]
    shares = club.answers.groupby("camp")["share"].sum()
    for camp in ("promoters", "passives", "detractors"):
        assert shares[camp] == pytest.approx(getattr(whole, camp))
    assert whole.estimate == pytest.approx(lk.net_promoter(members(600)["recommend"]).estimate)


def test_the_score_of_a_level_is_that_of_its_respondents(club):
    answers = members(600)
    gold = lk.net_promoter(answers.loc[answers["tier"] == "Gold", "recommend"])
    row = club.groups[club.groups["level"] == "Gold"].iloc[0]
    assert row[["estimate", "ci_low", "ci_high", "n"]].tolist() == [
        gold.estimate,
        gold.ci_low,
        gold.ci_high,
        gold.n_used,
    ]


def test_levels_of_few_are_hidden_and_a_wave_never_fielded_has_nobody(club):
    assert club.hidden["recommend", "channel"] == 2
    wave = club.groups[club.groups["group"] == "wave"]
    assert wave["level"].tolist() == ["2025-1", "2025-2", "2026-1"]
    assert wave["n"].tolist()[-1] == 0


def test_promoters_and_detractors_are_compared_by_welch_s_test(club):
    """scipy.stats.ttest_ind(promoters, detractors, equal_var=False)."""
    answers = members(600)
    scores = lk.score(answers, MEMBERS).frame["service"]
    up, down = scores[answers["recommend"] >= 9], scores[answers["recommend"] <= 6]
    row = club.gaps[club.gaps["scale"] == "service"].iloc[0]
    welch = stats.ttest_ind(up, down, equal_var=False)
    assert row["difference"] == pytest.approx(up.mean() - down.mean())
    assert row["p_value"] == pytest.approx(welch.pvalue)
    means = club.scores[club.scores["scale"] == "service"].set_index("camp")["mean"]
    assert means[["promoters", "detractors"]].tolist() == pytest.approx([up.mean(), down.mean()])


def test_a_scale_that_holds_the_question_itself_is_marked_as_such_with_its_index():
    book = lk.Codebook.parse("""
    response = { min = 0, max = 10 }
    scales.loyalty.items = ["q", "r"]
    scales.other.items = ["s"]
    index.whole.scales = ["loyalty", "other"]
    items.q.role = "recommend"
    """)
    answers = members(200)[["recommend", "L1", "S1"]].set_axis(["q", "r", "s"], axis=1)
    found = recommendation(answers, book)
    assert found.gaps.set_index("scale")["holds_item"].to_dict() == {"loyalty": True, "other": False, "whole": True}
    told = str(lk.describe(found))
    assert "farthest apart on other" in told
    assert "loyalty and whole holds the question itself" in told or "hold the question itself" in told


def test_weights_count_in_shares_and_means():
    answers = members(300)
    found = recommendation(answers, MEMBERS.edit(weight="w"))
    nines = np.average((answers["recommend"] == 9).astype(float), weights=answers["w"])
    assert found.answers.set_index("answer")["share"][9] == pytest.approx(nines)


def test_a_question_that_few_answered_is_not_shown():
    answers = members(60)
    answers.loc[4:, "recommend"] = np.nan
    found = recommendation(answers, MEMBERS)
    assert found.few == ("recommend",)
    assert found.to_frame().empty and found.groups.empty and found.scores.empty
    assert lk.plot(found) is None and lk.table(found, "groups") is None and lk.table(found, "scores") is None
    assert "fewer than 5 answers" in str(lk.describe(found))


def test_camps_of_few_have_no_mean_scores():
    answers = members(80).assign(recommend=8.0)
    answers.loc[:2, "recommend"] = 0.0
    found = recommendation(answers, MEMBERS)
    assert found.gaps.empty
    assert found.scores["mean"].isna().all()
    assert "not compared" in str(lk.describe(found))


def test_a_survey_without_the_question_says_so():
    found = recommendation(members(60), MEMBERS.edit(items=None))
    assert "marks no question on recommendation" in str(lk.describe(found))
    assert lk.plot(found) is None and lk.plot(found, "groups") is None and lk.table(found) is None


def test_answers_outside_0_to_10_are_refused():
    with pytest.raises(InputError, match="11"):
        recommendation(pd.DataFrame({"q": [11.0] * 9, "shop": "a"}), BOOK)
