"""What reports say of revised scales: three sentences at most, true for every result, in both languages."""

import matplotlib
import numpy as np
import pytest
from matplotlib.patches import Rectangle
from surveys import simulate

import loyalty_kit as lk

matplotlib.use("agg")


def revised(responses, book, *, group: str = "", bootstrap: int = 100):
    model = lk.cfa(responses, book)
    number = lk.retain(responses[list(book.measures)], codebook=book, bootstrap=100, simulations=50)
    groups = lk.invariance(responses, book, group=group) if group else None
    return lk.revise_scales(lk.judge_structure(model, model.validity(bootstrap=bootstrap), groups), number)


@pytest.fixture(scope="module")
def one():
    """Two scales that are one, an outcome apart from them with a weak item, and two groups."""
    answers, _ = simulate(400, scales={"trust": 4, "care": 4}, correlation=0.999, rng=3)
    loyal, _ = simulate(400, loadings={"loyalty": [0.8, 0.8, 0.7, 0.05]}, scales={}, rng=4)
    everything = answers.join(loyal.set_index(answers.index)).assign(channel=np.resize(["shop", "web"], 400))
    scales = {name: {"items": [f"{name}_{i}" for i in range(1, 5)]} for name in ("trust", "care", "loyalty")}
    scales["trust"]["label"] = "Trust in us"
    book = lk.Codebook.model_validate({"response": {"min": 1, "max": 10}, "scales": scales})
    return revised(everything, book, group="channel")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_headline_says_in_three_sentences_what_is_shared_what_to_do_and_whether_groups_compare(
    one, language, monkeypatch
):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", language)
    told = lk.describe(one, "answer")
    assert len(told) == 3 and {sentence.tone for sentence in told} == {"answer"}
    assert "Trust in us" in told[0] and "%" in told[0]
    assert "loyalty_4" in told[1] and "CFI" in told[1]
    assert "channel" in told[2]


def test_what_to_do_names_scales_by_their_labels(one):
    told = lk.describe(one, "answer")
    assert "make Trust in us and care one scale; leave out loyalty_4" in told[1]
    assert "keep loyalty" in told[1]
    assert "one scale, not several" in str(lk.describe(one, "scales"))
    assert "hardly measures loyalty" in str(lk.describe(one, "items"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_table_of_a_revision_is_laid_out(one, language, monkeypatch):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", language)
    for view in ("scales", "items", "steps"):
        assert "Trust in us" in lk.table(one, view).as_raw_html()
    tile = lk.tiles(one)[0]
    assert tile.value.replace(" ", "") in ("1of3", "1/3") and tile.tone == "bad"


def marks(ax) -> tuple[int, int]:
    """Count the black frames and the question marks."""
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    return sum(box.get_edgecolor()[:3] == (0, 0, 0) for box in boxes), sum("?" in text.get_text() for text in ax.texts)


def test_the_picture_frames_the_pair_that_is_not_two_scales_and_doubts_what_cannot_be_told(one):
    assert marks(lk.plot(one)) == (1, 0)
    few = revised(*simulate(90, scales={"a": 3, "b": 3, "c": 3}, rng=1))
    assert marks(lk.plot(few)) == (0, 3)


def test_a_structure_that_is_kept_is_said_to_be_so_with_its_fit():
    found = revised(*simulate(400, scales={"a": 4, "b": 4}, correlation=0.3, rng=1))
    told = lk.describe(found, "answer")
    assert told[0] == "Keep all 2 scales and their 8 items as the codebook has them."
    assert "fits the answers well" in told[1]
    assert str(lk.describe(found, "scales")) == "No scale is to be merged with another or dropped."
    assert lk.table(found, "misfits") is None and lk.table(found, "items") is None
    assert lk.tiles(found)[0].tone == "good"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_where_nothing_can_be_told_the_headline_says_why_and_names_no_action(language, monkeypatch):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", language)
    found = revised(*simulate(60, scales={"a": 3, "b": 3}, correlation=0.9, rng=1))
    told = str(lk.describe(found, "answer"))
    assert "100" in told and "60" in told
    assert not any(part in told for part in ("drop the", "one scale", "弃用量表", "合并为"))
    assert lk.tiles(found)[0].tone == "open"
    assert "100" in str(lk.describe(found, "items"))
    assert lk.table(found, "scales") is not None


def test_groups_of_an_option_are_called_chosen_and_not_chosen(monkeypatch):
    answers, book = simulate(400, scales={"trust": 3, "care": 3}, rng=3)
    asked = {"buys": {"kind": "ticks", "columns": {"buys_web": "Web shop"}}}
    given = book.model_dump(exclude_none=True) | {"items": asked, "groups": ["buys_web"]}
    ticked = lk.Codebook.model_validate(given)
    ladder = lk.invariance(answers.assign(buys_web=np.resize([1.0, 0.0], 400)), ticked, group="buys_web")
    assert "not chosen (200)" in lk.table(ladder).as_raw_html()
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")
    assert "未选" in lk.table(ladder).as_raw_html()
