"""Weights by a panel: from its table or file into the index, with rounds and a rule when to stop."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.publishing.reports.keys import _beside
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.experts.expert_weights import expert_weights
from loyalty_kit.survey.scoring import score

THINGS = ["trust", "price", "service"]
BOOK = """
response = { min = 1, max = 5 }
scales.trust = { items = ["a"], label = "Trust" }
scales.price = { items = ["b"], label = "Price" }
scales.service = { items = ["c"], label = "Service" }
[index.loyalty]
label = "Loyalty index"
scales = ["trust", "price", "service"]
weights = "experts"
experts = "experts.csv"
"""
ANSWERS = pd.DataFrame({"a": [5.0, 1, 3], "b": [1.0, 3, 5], "c": [3.0, 5, 1]})


@pytest.fixture(autouse=True)
def english():
    yield
    lk.speak("en")


def panel(rows: list[list[object]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns)


def study(folder: Path, experts: str, extra: str = "", head: str = "") -> Codebook:
    (folder / "experts.csv").write_text(experts, encoding="utf-8")
    (folder / "codebook.toml").write_text(head + BOOK + extra, encoding="utf-8")
    return Codebook.read(folder / "codebook.toml")


def test_each_experts_ratings_count_alike_however_high_they_are():
    """6, 3, 1 and 60, 30, 10 are the same shares; with 2, 2, 4: (.6 + .6 + .25) / 3 and so on."""
    found = expert_weights(panel([[6, 3, 1], [60, 30, 10], [2, 2, 4]], THINGS), things=THINGS)
    np.testing.assert_allclose(found.weights, [1.45 / 3, 0.85 / 3, 0.7 / 3])
    assert found.weights.sum() == pytest.approx(1)
    assert (found.source, found.n_experts, found.n_dropped) == ("ratings", 3, 0)


def test_the_last_round_counts_and_the_rule_says_when_to_stop():
    first = [["A", 1, 9, 5, 1], ["B", 1, 1, 5, 9], ["C", 1, 5, 9, 1], ["D", 1, 5, 1, 9]]
    second = [[name, 2, 9, 5, 1] for name in "ABCD"]
    columns = ["expert", "round", *THINGS]
    found = expert_weights(panel([*second, *first], columns), things=THINGS)
    assert found.rounds["round"].tolist() == ["1", "2"]
    assert found.rounds["w"].round(3).tolist() == [0.0, 1.0]
    assert found.stop == "agreed"
    np.testing.assert_allclose(found.weights, [9 / 15, 5 / 15, 1 / 15])
    assert expert_weights(panel(first, columns), things=THINGS).stop == "go_on"
    still = [[name, 2, *rest] for name, _, *rest in first]
    assert expert_weights(panel([*first, *still], columns), things=THINGS).stop == "settled"
    assert expert_weights(panel(first[:1], columns), things=THINGS).stop == "unknown"
    assert expert_weights(panel(second[:2], columns), things=THINGS).stop == "few"


def test_rounds_are_in_the_order_of_their_numbers():
    rows = [["A", name, *ratings] for name, ratings in (("10", [1, 2, 3]), ("9", [3, 2, 1])) for _ in range(1)]
    found = expert_weights(panel(rows, ["expert", "round", *THINGS]), things=THINGS)
    assert found.rounds["round"].tolist() == ["9", "10"]
    assert found.weights["service"] == 0.5


def test_comparisons_in_pairs_give_saatys_weights_and_agreement_of_the_experts_own():
    rows = [
        [name, one, other, times]
        for name in "ABC"
        for one, other, times in (("trust", "price", 2), ("trust", "service", 6), ("price", "service", 3))
    ]
    found = expert_weights(panel(rows, ["expert", "thing", "against", "times"]), things=THINGS)
    np.testing.assert_allclose(found.weights, [0.6, 0.3, 0.1])
    assert (found.source, found.stop, found.n_experts) == ("pairs", "agreed", 3)
    assert found.hierarchy.consistency_ratio == pytest.approx(0, abs=1e-9)


def test_content_validity_is_told_where_it_is_said_what_means_essential():
    rows = [[5, 4, 2]] * 5
    found = expert_weights(panel(rows, THINGS), things=THINGS, essential=4)
    assert found.content.to_frame()["verdict"].tolist() == ["essential", "essential", "unclear"]


def test_experts_who_did_not_rate_everything_do_not_count_and_are_counted():
    found = expert_weights(panel([[6, 3, 1], [None, 1, 1], [0, 0, 0]], THINGS), things=THINGS)
    assert (found.n_experts, found.n_dropped) == (1, 2)
    with pytest.raises(TooLittleError, match="No expert of the last round rated everything"):
        expert_weights(panel([[None, 1, 1]], THINGS), things=THINGS)


@pytest.mark.parametrize(
    ("rows", "columns", "told"),
    [
        ([[1, 2]], ["trust", "prices"], "The table of experts says nothing of 'price'; did you mean 'prices'?"),
        ([["much", 1, 1]], THINGS, "rates 'trust' with 'much', which is no number"),
        ([[-1, 1, 1]], THINGS, "rates 'trust' below zero; ratings are zero or more"),
        ([["A", 1, 1, 1], ["A", 2, 2, 2]], ["expert", *THINGS], "has expert 'A' twice in a round"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(rows, columns, told):
    with pytest.raises(InputError) as caught:
        expert_weights(panel(rows, columns), things=THINGS)
    assert told in str(caught.value)
    assert "'A'" not in str(caught.value.anonymous)


def test_what_is_weighed_is_two_things_or_more():
    for wrong in ("trust", ["trust"], ["trust", "trust"]):
        with pytest.raises(InputError, match="'things' must name two things or more"):
            expert_weights(panel([[1]], ["trust"]), things=wrong)
    rows = [["A", "trust", "price", 2]]
    with pytest.raises(InputError, match="'essential' is for ratings"):
        expert_weights(panel(rows, ["expert", "thing", "against", "times"]), things=["trust", "price"], essential=3)


def test_the_index_is_weighed_by_the_table_beside_the_codebook(tmp_path):
    book = study(tmp_path, "expert,trust,price,service\nA,6,3,1\nB,60,30,10\n")
    scores = score(ANSWERS, book)
    np.testing.assert_allclose(scores.weights["loyalty"], [0.6, 0.3, 0.1])
    np.testing.assert_allclose(scores.frame["loyalty"], [0.6 * 100 + 0.1 * 50, 0.3 * 50 + 0.1 * 100, 0.6 * 50 + 30])
    assert scores.experts["loyalty"].n_experts == 2
    # The folder goes with the codebook where it is edited, and is no part of what it says.
    assert book.edit(title="Spring").folder == tmp_path
    assert Codebook.parse(book.to_toml()) == book


def test_a_table_of_experts_in_chinese_and_in_another_encoding_is_read(tmp_path):
    book = study(tmp_path, "", head='file.encoding = "gb18030"')
    text = "expert,round,trust,price,service\n王,1,6,3,1\n李,1,６,3,1\n"
    (tmp_path / "experts.csv").write_bytes(text.encode("gb18030"))
    np.testing.assert_allclose(score(ANSWERS, book).weights["loyalty"], [0.6, 0.3, 0.1])


def test_an_absent_table_of_experts_is_said(tmp_path):
    book = study(tmp_path, "")
    (tmp_path / "experts.csv").unlink()
    with pytest.raises(lk.UnreadableError, match=r"The table of experts '.*experts.csv' does not exist"):
        score(ANSWERS, book)


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ('weights = "experts"', 'weights = "experts" and experts = "FILE.csv" go together'),
        ('experts = "a.csv"', 'weights = "experts" and experts = "FILE.csv" go together'),
        ("essential = 3", "'essential' needs weights = \"experts\""),
    ],
)
def test_keys_of_the_index_that_do_not_go_together_are_refused(extra, told):
    with pytest.raises(InputError) as caught:
        Codebook.parse(f"{BOOK.partition('weights =')[0]}\n{extra}")
    assert told in str(caught.value)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_index_and_results_are_told_laid_out_and_drawn(language, tmp_path):
    lk.speak(language)
    book = study(
        tmp_path,
        "expert,trust,price,service\n" + "A,6,3,1\n" * 1 + "B,6,3,1\nC,6,3,1\nD,6,3,1\nE,6,3,1\n",
        "essential = 3\n",
    )
    scores = lk.score(ANSWERS, book)
    told = list(lk.describe(scores, "index"))
    assert len(told) >= 5
    if language == "en":
        assert told[1] == "The weights in Loyalty index come from the ratings of 5 experts; rounds: 1."
        assert told[2].startswith("The experts agree on the order (Kendall's W 1.00, p = .001)")
        assert "Called essential by more experts than chance explains: Trust and Price." in told
        assert "Not shown to be essential: Service." in told
    rows = [["A", "trust", "price", 2], ["A", "trust", "service", 6], ["A", "price", "service", 3]]
    pairs = panel(rows, ["expert", "thing", "against", "times"])
    results = [scores.experts["loyalty"], lk.expert_weights(pairs, things=THINGS), lk.ahp(pairs)]
    results += [lk.kendall_w(panel([[1, 2, 3], [1, 3, 2]], THINGS)), scores.experts["loyalty"].content]
    for result in results:
        assert lk.describe(result)
        assert lk.table(result) is not None
        assert lk.plot(result) is not None
    assert lk.table(results[0], "rounds") is not None


def test_experts_without_agreement_are_told_what_to_do():
    rows = [[9, 5, 1], [1, 5, 9], [5, 9, 1], [5, 1, 9]]
    told = list(lk.describe(lk.expert_weights(panel(rows, THINGS), things=THINGS)))
    assert any("do not agree enough yet" in text for text in told)
    two = list(lk.describe(lk.expert_weights(panel(rows[:1] * 2, THINGS), things=THINGS)))
    assert any("that it may be chance" in text and "ask further experts" in text for text in two)
    one = list(lk.describe(lk.expert_weights(panel(rows[:1], THINGS), things=THINGS)))
    assert any("cannot be told: there is one only" in text for text in one)


def test_a_report_is_made_again_where_its_table_of_experts_changed(tmp_path):
    study(tmp_path, "expert,trust,price,service\nA,6,3,1\n")
    assert _beside(tmp_path / "codebook.toml") == [tmp_path / "experts.csv"]
    assert _beside(tmp_path / "experts.csv") == []
