"""Tiles sum results up: at most four, in both languages, and nothing where there is nothing."""

import numpy as np
import pandas as pd
import pytest
from surveys import simulate

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.estimates import TILES
from loyalty_kit.core.language import SPOKEN

BOOK = lk.Codebook.parse(
    "response = {min = 1, max = 10}\n"
    "scales.a = {items = ['a_1', 'a_2', 'a_3'], role = 'outcome', label = 'Loyalty'}\n"
    "scales.b = {items = ['b_1', 'b_2', 'b_3'], label = 'Value'}\n"
    "index.total = {scales = ['a', 'b'], label = 'Index'}\n"
)


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    table, _ = simulate(200, scales={"a": 3, "b": 3}, rng=4)
    return table


def test_scales_and_scores_give_the_index_and_how_many_scales_may_be_used(answers):
    quality = lk.reliability(answers, BOOK)
    index, scales = lk.tiles(lk.score(answers, BOOK), quality)
    mean = lk.score(answers, BOOK).summary().set_index("scale").loc["total", "mean"]
    assert (index.heading, index.value, index.name) == ("Index", f"{mean:.1f} of 100", "score/total")
    trusted = sum(verdict == "trust" for verdict in quality.verdicts.values())
    assert scales.value == f"{trusted} of 2"


def test_without_an_index_the_outcome_is_summed_up(answers):
    book = lk.Codebook.parse("response = {min = 1, max = 10}\nscales.a = {items = ['a_1', 'a_2'], role = 'outcome'}")
    assert [tile.name for tile in lk.tiles(lk.score(answers, book))] == ["score/a"]


def test_there_are_never_more_than_four(answers):
    quality = lk.reliability(answers, BOOK)
    assert len(lk.tiles(*[quality] * 6)) == 4


def test_nothing_is_summed_up_as_nothing():
    tiles = lk.tiles(None, lk.TooLittleError("Too few."))
    assert (len(tiles), tiles._repr_html_(), tiles._repr_mimebundle_()) == (0, "", {})


def test_what_has_no_tiles_is_refused():
    with pytest.raises(InputError, match="'tiles' takes a result of the kit"):
        lk.tiles(pd.DataFrame())


def test_text_of_the_data_is_escaped_where_a_notebook_shows_it():
    book = lk.Codebook.parse(
        "response = {min = 1, max = 5}\nscales.a = {items = ['a', 'b'], role = 'outcome', label = '<script>x</script>'}"
    )
    table = pd.DataFrame(np.random.default_rng(1).integers(1, 6, (60, 2)).astype(float), columns=["a", "b"])
    tiles = lk.tiles(lk.score(table, book))
    assert "<script>" not in tiles._repr_html_()
    assert tiles._repr_mimebundle_()[TILES][0]["heading"] == "<script>x</script>"


def test_a_model_that_predicts_nobody_ranks_nothing(monkeypatch):
    rng = np.random.default_rng(3)
    scores = pd.DataFrame(rng.normal(50, 10, (80, 4)), columns=["loyalty", "price", "quality", "service"])
    model = lk.drivers(scores, outcome="loyalty", drivers=["price", "quality", "service"])
    found = model.importance(bootstrap=50), model.validate(repeats=3), lk.priorities(model, scores, bootstrap=50)
    (tile,) = lk.tiles(lk.judge_drivers(model, *found))
    assert tile.verdict == "not shown to predict; no ranking"
    monkeypatch.setenv(SPOKEN, "zh")
    assert lk.tiles(lk.judge_drivers(model, *found))[0].verdict == "未显示预测力；不作排名"
