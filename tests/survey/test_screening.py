"""Signs of careless answering, and whom they drop."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.core.errors import InputError
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.screening import screen

ROOT = Path(__file__).parents[2]
REFERENCE = json.loads((ROOT / "tests" / "reference" / "survey.json").read_text())
ITEMS = [f"q{n}" for n in range(1, 21)]
BOOK = Codebook.parse(f"response = {{ min = 1, max = 10 }}\nscales.all.items = {json.dumps(ITEMS)}")


@pytest.fixture(scope="module")
def ecsi() -> tuple[pd.DataFrame, Codebook]:
    folder = ROOT / "data" / "ecsi_mobile"
    return pd.read_csv(folder / "survey.csv").astype(float), Codebook.read(folder / "codebook.toml")


@pytest.fixture
def sound() -> pd.DataFrame:
    """200 respondents who answer with one mood and some noise."""
    rng = np.random.default_rng(3)
    answers = np.clip(np.round(6 + rng.normal(0, 1.2, (200, 1)) + rng.normal(0, 1.2, (200, 20))), 1, 10)
    return pd.DataFrame(answers, columns=ITEMS)


def test_distances_equal_r(ecsi):
    """R> mahalanobis(d, colMeans(d), cov(d)) (survey.R; tolerance 1e-8)."""
    result = screen(*ecsi)
    np.testing.assert_allclose(result.measures["mahalanobis"].iloc[[0, 1, 249]], REFERENCE["mahalanobis"], atol=1e-8)
    assert result.flags["mahalanobis"].sum() == REFERENCE["mahalanobis_below_001"]


def test_the_distance_of_an_incomplete_row_is_that_over_its_answers(ecsi):
    """R> mahalanobis(d[1, 3:24], colMeans(d)[3:24], cov(d)[3:24, 3:24]): only complete rows enter S."""
    responses, book = ecsi
    extra = responses.iloc[[0]].copy()
    extra.iloc[0, :2] = np.nan
    result = screen(pd.concat([responses, extra], ignore_index=True), book)
    assert result.measures["mahalanobis"].iloc[-1] == pytest.approx(
        REFERENCE["mahalanobis_row1_without_first_two"], abs=1e-8
    )


def test_runs_equal_r(ecsi):
    """R> apply(d, 1, function(x) max(rle(x)$lengths)); mean."""
    assert screen(*ecsi).measures["longest_run"].mean() == pytest.approx(REFERENCE["longest_run_mean"])


def test_a_fan_who_answers_10_throughout_shows_one_sign_and_is_kept(sound):
    result = screen(pd.concat([sound, pd.DataFrame([[10.0] * 20], columns=ITEMS)], ignore_index=True), BOOK)
    assert result.flags.iloc[-1].drop("mahalanobis").sum() == 1
    assert result.flags["same_answer"].iloc[-1]
    assert not result.dropped.iloc[-1]


def test_a_missing_answer_does_not_break_a_run(sound):
    row = [5.0] * 5 + [np.nan] + [5.0] * 6 + list(range(1, 9))
    result = screen(pd.concat([sound, pd.DataFrame([row], columns=ITEMS)], ignore_index=True), BOOK)
    assert result.measures["longest_run"].iloc[-1] == 11


def test_over_half_unanswered_is_dropped_on_that_alone(sound):
    sound.iloc[0, :11] = np.nan
    sound.iloc[1, :10] = np.nan
    assert screen(sound, BOOK).dropped.iloc[:2].tolist() == [True, False]


def test_two_signs_drop_a_respondent(sound):
    hasty = sound.assign(seconds=300.0)
    hasty.loc[0, ITEMS] = [3.0] * 20
    hasty.loc[0:1, "seconds"] = 60.0
    result = screen(hasty, BOOK, seconds="seconds")
    assert result.flags["speed"].iloc[:2].all()
    assert result.dropped.iloc[:2].tolist() == [True, False]


def test_the_time_that_the_codebook_names_is_a_sign_without_being_asked_for(sound):
    hasty = sound.assign(took=300.0)
    hasty.loc[0, "took"] = 90.0
    book = BOOK.edit(duration="took")
    assert screen(hasty, book).flags["speed"].tolist() == [True] + [False] * (len(sound) - 1)
    assert "speed" not in screen(sound, book).flags


def test_keep_leaves_out_the_dropped_and_nobody_else(sound):
    sound.iloc[4, :15] = np.nan
    result = screen(sound, BOOK)
    assert result.keep(sound).index.equals(sound.index.drop(4))


def test_screening_changes_nothing_by_itself(sound):
    before = sound.copy()
    screen(sound, BOOK)
    assert sound.equals(before)


def test_keep_refuses_other_rows_than_those_screened(sound):
    with pytest.raises(InputError, match="not the 200 that were screened"):
        screen(sound, BOOK).keep(sound.iloc[:5])


def test_the_table_counts_at_each_rule_who_is_flagged_and_who_drops_out(sound):
    sound.iloc[4, :15] = np.nan
    table = screen(sound, BOOK).to_frame().set_index("rule")
    assert table.loc["missing", ["flagged", "dropped"]].tolist() == [1, 1]


@pytest.mark.parametrize("rows", [0, 1, 30])
def test_few_respondents_are_screened_without_distances_and_told_so(sound, rows):
    result = screen(sound.iloc[:rows], BOOK)
    assert "mahalanobis" not in result.flags
    assert "could not be looked for" in result.warnings[0]


def test_a_constant_item_turns_distances_off_and_is_told(sound):
    result = screen(sound.assign(q1=4.0), BOOK)
    assert "an item is constant or follows from others" in result.warnings[0]


def test_careless_respondents_are_found_more_often_than_sound_ones(sound):
    rng = np.random.default_rng(5)
    random = pd.DataFrame(rng.integers(1, 11, (20, 20)).astype(float), columns=ITEMS)
    flags = screen(pd.concat([sound, random], ignore_index=True), BOOK).flags.any(axis=1)
    assert flags.iloc[200:].mean() > 0.8
    assert flags.iloc[:200].mean() < 0.05


def test_times_may_come_as_text_and_other_text_is_refused(sound):
    assert screen(sound.assign(t="300"), BOOK, seconds="t").measures["seconds"].eq(300).all()
    with pytest.raises(InputError, match="must hold times as numbers; got '12 min' in 200 rows"):
        screen(sound.assign(t="12 min"), BOOK, seconds="t")


def test_a_text_among_times_is_not_quoted_in_a_report(sound):
    with pytest.raises(InputError) as refused:
        screen(sound.assign(t="alice@example.org"), BOOK, seconds="t")
    assert refused.value.anonymous == "Column 't' must hold times as numbers; got text in 200 rows."
