"""Sentences of the analyses in the language of the report."""

import re

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.core.language import translate


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")


def test_every_warning_of_a_difficult_survey_is_told(chinese):
    book = lk.Codebook.parse(
        "response = { min = 1, max = 5 }\n"
        '[scales.one]\nitems = ["a"]\n[scales.made]\nkind = "formative"\nitems = ["b", "c"]\n'
        '[scales.turned]\nitems = ["d", "e", "f"]\n[scales.pair]\nitems = ["g", "h"]\n'
        '[index.all]\nscales = ["one", "turned", "pair"]\nweights = "loadings"'
    )
    rng = np.random.default_rng(3)
    base = rng.integers(1, 6, 30)
    answers = pd.DataFrame({name: rng.integers(1, 6, 30) for name in "abc"}).assign(
        d=base, e=6 - base, f=np.clip(base + rng.integers(0, 2, 30), 1, 5), g=base, h=6 - base
    )
    result = lk.reliability(answers, book)
    warnings = [*result.warnings, *lk.score(answers, book).warnings, *lk.screen(answers, book).warnings]
    assert len(warnings) >= 5
    for text in warnings:
        assert not re.search(r"[a-z]{3,} [a-z]{3,}", translate(text)), translate(text)


def test_what_is_kept_of_the_rows_is_said_in_either_language(monkeypatch):
    assert str(lk.describe(lk.Selection(["channel = store"]))) == "Only rows with 'channel = store' are used."
    assert lk.describe(lk.Selection([])) == ()
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")
    both = lk.describe(lk.Selection(["渠道 = 门店", "wave = 2"]))
    assert str(both) == "仅使用满足以下条件的记录：“渠道 = 门店”、“wave = 2”。"
