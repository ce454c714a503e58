"""Counts by group give nobody away."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.core.privacy import small_cells
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.groups import group_counts

BOOK = Codebook.parse('groups = ["channel"]')


def counts(**sizes: int) -> pd.DataFrame:
    levels = [name for name, size in sizes.items() for _ in range(size)]
    return group_counts(pd.DataFrame({"channel": levels}), BOOK).table.set_index("level")


def test_large_groups_are_counted():
    assert counts(web=20, store=30)["n"].to_dict() == {"web": 20, "store": 30}


def test_a_small_group_takes_the_next_larger_with_it_and_neither_is_named():
    table = counts(web=20, store=30, app=2)
    assert table["n"].isna().to_dict() == {"store": False, "(other)": True}


def test_two_small_groups_that_hide_each_other_are_enough():
    assert counts(web=20, app=3, social=4)["n"].isna().to_dict() == {"web": False, "(other)": True}


def test_one_small_group_alone_keeps_its_name():
    assert counts(app=3)["n"].isna().to_dict() == {"app": True}


def test_names_that_only_one_respondent_has_are_not_shown():
    table = counts(**{f"{number}@example.org": 1 for number in range(30)}, web=40, store=30)
    assert table.index.tolist() == ["web", "store", "(other)"]
    assert table.loc["(other)", ["n", "share"]].isna().all()


def test_a_missing_level_is_counted_as_such():
    table = group_counts(pd.DataFrame({"channel": ["web"] * 6 + [None] * 5}), BOOK).table
    assert table["level"].tolist() == ["web", "(none)"]


def test_no_groups_give_an_empty_table():
    assert group_counts(pd.DataFrame({"a": [1]}), Codebook()).table.empty


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_no_hidden_count_can_be_worked_out_from_the_total(sizes: list[int]):
    cells = pd.Series(sizes)
    hidden = small_cells(cells, 5)
    assert not hidden.any() or hidden.all() or (hidden.sum() >= 2 and cells[hidden].sum() >= 5)
    assert (cells[~hidden] >= 5).all()


def test_shares_are_of_all_respondents():
    np.testing.assert_allclose(counts(web=20, store=30)["share"], [0.4, 0.6])
