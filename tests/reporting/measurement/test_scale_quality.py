"""Sentences, tables and figures about scales: true for every result, escaped, readable in any script."""

import re
import warnings
from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loyalty_kit as lk
from loyalty_kit.measurement.reliability.reliability import reliability
from loyalty_kit.measurement.reliability.scale_verdict import scale_verdict
from loyalty_kit.reporting.sentences import Passage, Sentence, say
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.groups import group_counts
from loyalty_kit.survey.scoring import score
from loyalty_kit.survey.screening import screen
from loyalty_kit.survey.shares import NetPromoterResult, SharesResult, marked_shares, net_promoter

matplotlib.use("agg")

SCRIPT = "<script>alert(1)</script>"
BOOK = Codebook.parse(f"""
groups = ["channel"]
response = {{ min = 1, max = 5 }}
scales.trust = {{ items = ["a", "b", "c"], label = "信任 {SCRIPT}", role = "outcome" }}
scales.price = {{ items = ["d", "e", "f"], label = "价格" }}
scales.lone = {{ items = ["g"] }}
index.total = {{ scales = {{ trust = 1, price = 1 }}, label = "总指数" }}
items.a.wording = "{SCRIPT}"
items.g = {{ min = 0, max = 10, role = "recommend" }}
""")


def survey(n: int, *, strength: float = 2.0, flip: str = "", seed: int = 0) -> pd.DataFrame:
    """Two factors, three items each; `strength` of the factors, one item flipped."""
    rng = np.random.default_rng(seed)
    factors = np.repeat(rng.standard_normal((n, 2)), 3, axis=1)
    values = np.clip(np.round(3 + strength * factors / 2 + rng.standard_normal((n, 6)) / 2), 1, 5)
    frame = pd.DataFrame(values, columns=list("abcdef"))
    if flip:
        frame[flip] = 6 - frame[flip]
    return frame.assign(g=rng.integers(0, 11, n).astype(float), channel=[SCRIPT, "web"] * (n // 2) + ["web"] * (n % 2))


def shares(result) -> SharesResult:
    return SharesResult({"g": result}, {"g": "g"}, 5)


def everything(responses: pd.DataFrame) -> str:
    """All sentences of notebook 10 on these responses."""
    result, screening = reliability(responses, BOOK), screen(responses, BOOK)
    scores = score(responses, BOOK, reliability=result)
    passages = [
        lk.describe(replace(screening, leave_out=False), "sample"),
        lk.describe(result, "answer"),
        lk.describe(group_counts(responses, BOOK)),
        lk.describe(replace(screening, leave_out=False)),
        lk.describe(result),
        lk.describe(result, "items"),
        lk.describe(scores),
        lk.describe(scores, "index"),
        lk.describe(marked_shares(responses, BOOK)),
    ]
    return "\n".join(str(passage) for passage in passages)


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(0.7, 0.8, "trust"), (0.69, 0.8, "unsure"), (0.5, 0.69, "distrust"), (np.nan, 0.9, "unknown")],
)
def test_the_verdict_is_that_of_the_interval(low, high, told):
    assert scale_verdict(low, high) == told


def test_a_clear_result_says_which_scales_can_be_trusted():
    answer = str(lk.describe(reliability(survey(400), BOOK), "answer"))
    assert answer.startswith(
        "2 of the 3 scales can be judged by reliability, and each of them is reliable enough to use: 信任"
    )
    assert "Do first" not in answer


def test_a_poor_result_says_so_and_what_to_do_first():
    answer = str(lk.describe(reliability(survey(400).assign(c=survey(400, seed=9)["c"]), BOOK), "answer"))
    assert "ot reliable enough: 信任" in answer
    assert "mend it before its score ranks drivers" in answer
    assert "Do first: look at c in 信任" in answer


def test_an_item_that_runs_against_its_scale_comes_first_and_loudly():
    result = reliability(survey(400, flip="b"), BOOK)
    assert "Do first: check the keying of b" in str(lk.describe(result, "answer"))
    warned = [sentence for sentence in lk.describe(result) if sentence.tone == "warning"]
    assert any("'b'" in sentence for sentence in warned)


def test_a_weak_item_is_to_go_only_where_reliability_visibly_rises_without_it():
    rng = np.random.default_rng(5)
    poor = survey(400).assign(c=lambda table: table["c"].where(rng.random(400) < 0.25, rng.integers(1, 6, 400)))
    assert "Without it Cronbach's alpha would rise from" in str(lk.describe(reliability(poor, BOOK), "items"))
    noise = pd.DataFrame(rng.integers(1, 6, (300, 6)).astype(float), columns=list("abcdef"))
    told = lk.describe(reliability(noise.assign(g=5.0, channel="web"), BOOK), "items")
    for sentence in told:
        rises = re.search(r"rise from (\S+) to (\S+)\.$", sentence)
        kept = re.search(r"not raise Cronbach's alpha \((\S+) instead of (\S+)\)", sentence)
        assert not rises or rises[2] > rises[1]
        assert not kept or float(kept[1].replace("−", "-")) <= float(kept[2].replace("−", "-"))
    assert any("would not raise" in sentence for sentence in told)


def test_items_that_cannot_be_judged_are_not_said_to_be_sound():
    unanswered = survey(200).assign(f=np.nan)
    assert str(lk.describe(reliability(unanswered, BOOK), "items")).startswith("Of the items that can be judged,")
    nobody = unanswered.assign(c=np.nan)
    assert str(lk.describe(reliability(nobody, BOOK), "items")) == "No item can be judged on these data."


def test_scores_that_round_alike_have_no_range():
    alike = survey(400).assign(**dict.fromkeys("abcdef", [1.0, 5.0] * 200), g=[0.0, 10.0] * 200)
    assert str(lk.describe(score(alike, BOOK))).startswith("On average, all scores lie at about 50,")


def test_a_reverse_keyed_item_is_marked_in_the_table():
    book = Codebook.parse('response = { min = 1, max = 5 }\nscales.one = { items = ["a", "b", "c"], reverse = ["c"] }')
    answers = survey(200).assign(c=lambda table: 6 - table["c"])
    html = lk.table(reliability(answers, book), "items").as_raw_html()
    assert html.count("reverse-keyed<") == 1


def test_nothing_to_judge_is_said():
    book = Codebook.parse('response = { min = 1, max = 5 }\nscales.one.items = ["a"]')
    answer = lk.describe(reliability(survey(50), book), "answer")
    assert str(answer).startswith("No scale can be judged")


@pytest.mark.parametrize("n", [0, 1, 3, 5, 30])
def test_every_sentence_stands_for_a_survey_of_few(n):
    text = everything(survey(n))
    assert not re.search(r"\bnan\b", text)
    assert f"All {n} respondents" in text


@given(st.integers(4, 40), st.floats(0, 3), st.integers(0, 99))
def test_no_sentence_holds_a_missing_number(n, strength, seed):
    assert not re.search(r"\bnan\b", everything(survey(n, strength=strength, seed=seed)))


def test_an_unclear_net_promoter_score_claims_no_winner():
    unclear = net_promoter(pd.Series([10, 9, 8, 3, 2, 9, 1]))
    text = str(lk.describe(shares(unclear)))
    assert "neither those who would recommend nor those who would not" in text


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(5, 40, "outnumber those who would not by 20"), (-40, -5, "would not recommend outnumber")],
)
def test_a_clear_net_promoter_score_names_its_direction(low, high, told):
    result = NetPromoterResult(np.sign(low) * 20.0, low, high, 0.4, 0.4, 0.2, 100, 0, 0.95)
    assert told in str(lk.describe(shares(result)))


def test_a_share_of_few_answers_is_not_shown():
    text = str(lk.describe(shares(net_promoter(pd.Series([10, 9, 8])))))
    assert text == "'g' has fewer than 5 answers and is not shown."


def test_screening_says_what_was_done():
    responses = survey(60)
    responses.iloc[:7, :7] = np.nan
    screening = screen(responses, BOOK)
    assert "who break two or leave over half unanswered: 7. Nobody was left out" in str(
        lk.describe(replace(screening, leave_out=False))
    )
    assert "left out, because they break two or leave over half unanswered: 7." in str(lk.describe(screening))
    assert "53 of the 60 respondents in the file are used" in str(lk.describe(screening, "sample"))


def test_a_sentence_shows_text_from_data_as_text():
    passage = Passage([Sentence(SCRIPT, "warning")])
    assert passage._repr_html_() == (
        '<p class="sentence warning"><strong>Warning:</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>'
    )


def test_a_phrase_is_filled_in():
    told = say("index.value", index="I", mean="1", interval="x", parts="y")
    assert told == "I stands at 1 of 100 (x). It is made of y."


def test_tables_escape_text_from_data():
    responses = survey(60)
    result = reliability(responses, BOOK)
    shown = [
        lk.table(result),
        lk.table(result, "items"),
        lk.table(score(responses, BOOK)),
        lk.table(group_counts(responses, BOOK)),
        lk.table(score(responses, BOOK), "index"),
    ]
    for table in shown:
        html = table.as_raw_html()
        assert SCRIPT not in html
        assert "&lt;script&gt;" in html


def test_a_table_is_the_same_bytes_for_the_same_result():
    once, again = (lk.table(reliability(survey(60), BOOK)).as_raw_html() for _ in range(2))
    assert once == again


def test_a_suppressed_group_shows_no_count():
    responses = survey(60).assign(channel=["web"] * 40 + ["store"] * 17 + ["app"] * 3)
    html = lk.table(group_counts(responses, BOOK)).as_raw_html()
    assert html.count("under 5 or withheld") == 1
    assert ">app<" not in html
    assert ">3<" not in html
    assert ">17<" not in html


@pytest.mark.parametrize("n", [4, 200])
def test_figures_draw_on_new_axes_or_on_the_given_ones(n):
    responses = survey(n)
    result, scores = reliability(responses, BOOK), score(responses, BOOK)
    before = dict(matplotlib.rcParams)
    for draw in (
        lambda ax: lk.plot(result, ax=ax),
        lambda ax: lk.plot(result, "items", ax=ax),
        lambda ax: lk.plot(scores, ax=ax),
    ):
        ax = draw(None)
        ax.figure.canvas.draw()
        assert draw(ax) is ax
        assert ax.get_xlabel()
        assert ax.get_title(loc="left")
        matplotlib.pyplot.close(ax.figure)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.font
def test_chinese_labels_are_drawn_with_a_font_that_has_them():
    ax = lk.plot(score(survey(60), BOOK))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax.figure.canvas.draw()
    assert "价格" in [label.get_text() for label in ax.get_yticklabels()]


def test_without_such_a_font_keys_stand_in_for_chinese_labels(monkeypatch):
    monkeypatch.setattr("loyalty_kit.reporting.canvas.cjk_font", lambda: None)
    ax = lk.plot(reliability(survey(60), BOOK))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["price", "trust"]
