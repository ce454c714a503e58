"""Sentences, tables and figures about prices: true for every result, escaped, in both languages."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk

mpl.use("agg")

FOUR = 'too_cheap = "a", cheap = "b", expensive = "c", too_expensive = "d", currency = "¥"'
BOOK = lk.Codebook.parse(f'price = {{ {FOUR}, label = "<b>Pass</b>" }}')
LADDER = lk.Codebook.parse('response = { min = 0, max = 1 }\nprice = { currency = "€", ladder = { g = 10, h = 20 } }')
ROWS = [[10, 20, 30, 40], [20, 30, 40, 50], [30, 40, 50, 60], [20, 20, 30, 30]]


@pytest.fixture(autouse=True)
def english():
    yield
    lk.speak("en")


def four(times: int = 6) -> pd.DataFrame:
    return pd.DataFrame(ROWS * times, columns=list("abcd"), dtype=float)


def amount(value: float) -> str:
    return f"¥{value:.0f}" if value == round(value) else f"¥{value:.2f}"


def said(result, view: str | None = None) -> list[str]:
    return [text.replace("\xa0", " ") for text in lk.describe(result, view)]


def test_range_optimum_and_indifference_are_told_with_their_intervals():
    found = lk.price_sensitivity(four(30), BOOK, rng=1)
    rows = found.points.set_index("point")
    ends = {name: f"{amount(row.ci_low)} to {amount(row.ci_high)}" for name, row in rows.iterrows()}
    assert said(found) == [
        f"<b>Pass</b>: acceptable prices run from ¥27.50 to ¥35 (95 % intervals {ends['marginal_cheapness']} and "
        f"{ends['marginal_expensiveness']}; n = 120).",
        f"Resistance is least at ¥30 ({ends['optimal']}): 25 % find it too cheap and as many too expensive. This is "
        "the optimal price point; it says where fewest turn away, not what brings most.",
        f"At ¥30 ({ends['indifference']}) as many call the price cheap as call it expensive: 50 % each.",
    ]


def test_counts_of_a_few_are_not_told_but_what_they_change_is():
    table = four()
    table.loc[5] = [90, 20, 30, 40]
    table.loc[6, "a"] = np.nan
    told = said(lk.price_sensitivity(table, BOOK, rng=1))
    few = "Fewer than 5 respondents"
    assert f"{few} gave prices that do not rise from too cheap to too expensive; they are left out." in told
    assert f"{few} did not give all four prices, and do not count." in told
    assert any(text.startswith("With them the optimal price point would be ¥") for text in told)
    kept = said(lk.price_sensitivity(table, BOOK, out_of_order="keep", min_cell=1, rng=1))
    assert "Respondents whose prices do not rise from too cheap to too expensive: 1. They are kept." in kept
    assert any(text.startswith("Without them the optimal price point would be ¥") for text in kept)


def test_what_cannot_be_told_has_its_reason():
    step = np.arange(20.0) / 10
    apart = pd.DataFrame({"a": 10 + step, "b": 20 + step, "c": 30 + step, "d": 40 + step})
    found = lk.price_sensitivity(apart, BOOK, rng=1)
    assert any(
        text.startswith(
            "Optimal price point: cannot be told. Between ¥20 and ¥31.90 nobody finds a price too cheap and"
        )
        for text in said(found)
    )
    assert not any(text.startswith("Resistance") for text in said(found))
    assert lk.plot(found) is not None
    assert "–" in lk.table(found).as_raw_html()


def test_demand_is_told_with_the_best_price_and_how_sure_it_is():
    answers = pd.DataFrame({"g": [1.0] * 360 + [0] * 40, "h": [1.0] * 240 + [0] * 160})
    answers.loc[400] = [0.0, 1.0]
    told = said(lk.gabor_granger(answers, LADDER, rng=1))
    assert told[0] == (
        "Gabor and Granger: revenue is highest at €20 (95 % interval €20 to €20, n = 400), where 60 % would buy and "
        "every respondent asked brings €12."
    )
    assert "Fewer than 5 respondents would buy at a price but not at a lower one; they are left out." in told
    assert told[-1].startswith("More people say that they would buy than buy")
    nobody = said(lk.gabor_granger(pd.DataFrame({"g": [0.0] * 30, "h": [0.0] * 30}), LADDER, rng=1))
    assert nobody[0] == "Gabor and Granger: nobody would buy at any of the prices."


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_view_is_drawn_and_laid_out_in_both_languages(language):
    lk.speak(language)
    extra = f'{FOUR}, label = "<b>Pass</b>", intent_cheap = "e", intent_expensive = "f", ladder = {{ g = 10, h = 20 }}'
    book = lk.Codebook.parse(f"response = {{ min = 1, max = 5 }}\nprice = {{ {extra}, buys_from = 4 }}")
    table = four().assign(e=5.0, f=3.0, g=[5.0, 4, 4, 2] * 6, h=[5.0, 4, 1, 1] * 6)
    found = lk.price_sensitivity(table, book, rng=1)
    for view in ("price", "demand"):
        assert lk.plot(found, view) is not None
        html = lk.table(found, view).as_raw_html()
        assert ("point" if view == "price" else "demand") not in lk.describe(found, view)
        assert "<b>Pass" not in html and "<b>Pass" not in lk.describe(found, view)._repr_html_()
    assert len(lk.describe(found, "demand")) >= 3


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_part_that_was_not_asked_is_folded(language):
    lk.speak(language)
    found = lk.price_sensitivity(four(), BOOK, rng=1)
    assert [text.tone for text in lk.describe(found, "demand")] == ["left_out"]
    assert lk.table(found, "demand") is None and lk.plot(found, "demand") is None
    answers = pd.DataFrame({"g": [1.0] * 30, "h": [0.0] * 30})
    ladder = lk.price_sensitivity(answers, LADDER, rng=1)
    assert [text.tone for text in lk.describe(ladder)] == ["left_out"]
    assert lk.table(ladder) is None and lk.plot(ladder) is None
    assert lk.plot(ladder, "demand") is not None
