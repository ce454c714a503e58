"""Counts by group give nobody away."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.privacy import small_cells
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.groups import group_counts
from loyalty_kit.survey.reading import read_responses

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


WAVES = Codebook.parse(
    '[groups.wave]\nlabel = "Wave"\nlevels = { 1 = "Spring", 2 = "Autumn", 3 = "Winter" }\n'
    "[response]\nmin = 1\nmax = 5\n[items]\nq.wording = 'A question'"
)


def test_levels_stand_in_the_codebook_s_order_and_one_that_nobody_has_is_counted_as_0():
    answers = pd.DataFrame({"wave": ["Autumn"] * 6 + [None] * 5 + ["Spring"] * 7 + ["Pilot"] * 8})
    table = group_counts(answers, WAVES).table
    assert table["group"].unique().tolist() == ["Wave"]
    assert list(zip(table["level"], table["n"], strict=True)) == [
        ("Spring", 7),
        ("Autumn", 6),
        ("Winter", 0),
        ("Pilot", 8),
        ("(none)", 5),
    ]


def test_a_level_that_nobody_has_is_not_taken_for_a_small_one():
    table = group_counts(pd.DataFrame({"wave": ["Spring"] * 9 + ["Autumn"] * 2 + ["Pilot"] * 7}), WAVES).table
    assert table["level"].tolist() == ["Spring", "Winter", "(other)"]


def test_respondents_get_the_labels_of_their_levels_when_the_survey_is_read(tmp_path):
    lines = ["wave,q", *["1,5"] * 4, *["2.0,3"] * 4, *["Pilot,3"] * 4]
    (tmp_path / "survey.csv").write_text("\n".join(lines), encoding="utf-8")
    read = read_responses(tmp_path / "survey.csv", WAVES)
    assert read["wave"].value_counts().to_dict() == {"Spring": 4, "Autumn": 4, "Pilot": 4}
    kept = read_responses(tmp_path / "survey.csv", WAVES, only=["wave = Spring"], min_cell=1)
    assert len(kept) == 4


def test_groups_with_labels_are_written_as_they_were_read():
    assert Codebook.parse(WAVES.to_toml()) == WAVES
    assert WAVES.levels("wave") == {"1": "Spring", "2": "Autumn", "3": "Winter"}
    assert Codebook.parse('groups = ["wave"]').levels("wave") == {}


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ('[groups.wave]\nlable = "Wave"', "key 'groups.wave.lable': no such key; did you mean 'label'?"),
        ('[groups.wave]\nlevels = { 1 = "A", 2 = "A" }', "key 'groups.wave': 'levels' calls two levels 'A'."),
        ("groups = 3", "key 'groups': must be a list, [ … ]; got 3."),
    ],
)
def test_a_fault_in_groups_is_told_once_and_with_its_key(groups, told):
    with pytest.raises(InputError) as refusal:
        Codebook.parse(groups)
    assert str(refusal.value) == f"The codebook 'codebook.toml', {told}"
