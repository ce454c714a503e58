"""Segments of a log are told in the report's language, and cuts of a scale are called cuts."""

import re

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk


@pytest.fixture(scope="module")
def groups():
    rng = np.random.default_rng(2)
    kind = np.repeat([0, 1], 60)
    table = {"days_since_last": 90 - 80 * kind, "purchases": 1 + 9 * kind, "amount": 20 + 180 * kind}
    frame = pd.DataFrame({name: rng.normal(centre, 1 + centre / 20) for name, centre in table.items()})
    return lk.segments(frame, columns=list(table), k=2, samples=10)


@pytest.fixture
def chinese():
    lk.speak("zh")
    yield
    lk.speak("en")


def test_what_a_log_measures_has_a_name_in_chinese(groups, chinese):
    rules = lk.table(groups.tree()).as_raw_html()
    page = f"{lk.describe(groups)} {lk.table(groups).as_raw_html()} {rules}"
    assert "消费次数" in page
    assert not re.search("days_since_last|purchases|amount", page)


def test_columns_of_ones_own_keep_their_names(groups):
    own = lk.segments(
        groups.frame.set_axis(["gap", "visits", "spend"], axis=1), columns=["gap", "visits", "spend"], k=2
    )
    assert re.search("high (spend|visits)", str(lk.describe(own)))


def test_where_there_is_no_structure_groups_are_cuts():
    scale = pd.DataFrame(np.random.default_rng(3).normal(size=(200, 2)), columns=["a", "b"])
    cut = lk.segments(scale, columns=["a", "b"], k=2, samples=10)
    structure = cut.structure(samples=19)
    assert structure.verdict == "none"
    assert "they are no types of people" in str(lk.describe(cut, structure=structure))
    assert "2 segments" in str(lk.describe(cut))
