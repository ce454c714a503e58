"""The effect of enrolment: mpdta's figures, the three answers, any kind of frame, and panels that cannot be read."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import loyalty_kit as lk

FOLDER = Path(__file__).parents[1] / "reference/programme"
REFERENCE = json.loads((FOLDER / "event_study.json").read_text("utf-8"))
NAMES = {"customer": "id", "period": "month", "outcome": "spend", "enrolled": "joined"}
MONTHS = [f"2026-{month:02d}" for month in range(1, 11)]


def club(*, n=1500, effect=6.0, drift=0.0, seed=0):
    """Customers over ten months: members enrol in months 4 to 8, spend more from the start, drift as is said."""
    rng = np.random.default_rng(seed)
    start = np.where(rng.random(n) < 0.5, rng.integers(3, 8, n), 99)
    level = rng.gamma(2, 20, n) + 30 * (start < 99)
    month = np.arange(10)
    spend = level[:, None] + 2 * month + effect * (month >= start[:, None]) + drift * month * (start[:, None] < 99)
    spend = spend + rng.normal(0, 15, (n, 10))
    frame = pd.DataFrame({"id": np.repeat(np.arange(n), 10), "month": np.tile(MONTHS, n), "spend": spend.ravel()})
    joined = [f"2026-{s + 1:02d}-15" if s < 99 else None for s in start]
    return frame.assign(joined=np.repeat(np.array(joined, dtype=object), 10))


@pytest.fixture(scope="module")
def table():
    return club()


@pytest.fixture(scope="module")
def found(table):
    return lk.enrolment_effect(table, **NAMES)


@pytest.mark.parametrize("controls", ["never", "not_yet"])
@pytest.mark.parametrize("covariates", [[], ["lpop"]])
def test_mpdta_gives_the_figures_of_csdid(controls, covariates):
    """csdid 0.4.3, as tests/reference/programme/event_study.json has them."""
    table = pd.read_csv(FOLDER / "mpdta.csv").replace({"first.treat": {0: np.nan}})
    names = {"customer": "countyreal", "period": "year", "outcome": "lemp", "enrolled": "first.treat"}
    found = lk.enrolment_effect(table, **names, controls=controls, covariates=covariates, min_cohort=20)
    reference = REFERENCE["no_covariates"][controls]["group_overall"]
    expected = REFERENCE["doubly_robust_lpop_csdid"][controls]["group_overall"] if covariates else [*reference.values()]
    error = (found.ci_high - found.ci_low) / 2 / 1.959964
    assert [found.estimate, error] == pytest.approx(expected, abs=1e-5)
    assert found.events["event"].tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert found.events["n_members"].tolist() == [131, 171, 171, 191, 60, 20, 20]
    assert (found.cohorts["cohort"] == ["2004", "2006", "2007"]).all()


def test_a_gain_is_found_and_believed(found):
    assert found.verdict == "gain" and found.reason == ""
    assert found.ci_low < 6 < found.ci_high and found.estimate == pytest.approx(6, abs=1.5)
    assert found.naive > 30 and found.naive_before == pytest.approx(30, abs=5)
    after = found.events[found.events["event"] >= 0]
    assert (after["band_low"] < after["ci_low"]).all() and (after["band_high"] > after["ci_high"]).all()
    assert found.overall()["average"].tolist() == ["cohorts", "events", "member_periods"]
    assert found.before()["p_value"].iloc[0] > 0.05


def test_where_enrolling_does_nothing_none_is_seen():
    found = lk.enrolment_effect(club(effect=0.0), **NAMES)
    assert found.verdict == "none" and found.ci_low < 0 < found.ci_high


def test_where_members_were_on_another_course_it_cannot_be_told():
    found = lk.enrolment_effect(club(effect=0.0, drift=2.0), **NAMES)
    assert (found.verdict, found.reason) == ("cannot_tell", "before")
    placebo = found.placebo(dates=200, rng=1)
    assert placebo.share > 0.7 and placebo.ci_low > 0


def test_a_loss_is_told_as_such():
    assert lk.enrolment_effect(club(effect=-6.0), **NAMES).verdict == "loss"


def test_without_a_period_to_check_it_cannot_be_told(table):
    late = table[table["month"] >= "2026-03"]
    found = lk.enrolment_effect(late[late["joined"].isna() | (late["joined"] < "2026-05")], **NAMES)
    assert (found.verdict, found.reason) == ("cannot_tell", "unchecked")
    assert found.placebo() is None and np.isnan(found.before_p_value)


def test_a_check_too_coarse_to_vouch_for_the_gain_says_so():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"id": np.repeat(np.arange(200), 9), "month": np.tile(np.arange(9), 200)})
    frame["joined"] = np.where(frame["id"] < 100, 2.0, np.nan)
    noise = np.where(frame["month"] < 2, 40, 4) * rng.normal(size=len(frame))
    frame["spend"] = noise + 12.0 * (frame["month"] >= frame["joined"])
    found = lk.enrolment_effect(frame, **NAMES)
    assert found.verdict == "cannot_tell" and found.reason == "weak"


def test_placebo_dates_cry_wolf_as_often_as_promised(table, found):
    placebo = found.placebo(dates=500, rng=0)
    assert placebo.share < 0.3 and placebo.ci_low < 0 < placebo.ci_high
    assert found.placebo(dates=500, rng=0).share == placebo.share


@pytest.mark.parametrize("make", [pl.from_pandas, lambda frame: duckdb.sql("select * from frame")])
@pytest.mark.parametrize("controls", ["never", "not_yet"])
def test_other_frames_give_the_same(table, make, controls):
    expected = lk.enrolment_effect(table, **NAMES, controls=controls)
    found = lk.enrolment_effect(make(table), **NAMES, controls=controls)
    pd.testing.assert_frame_equal(found.events, expected.events, rtol=1e-7, atol=1e-9)
    assert found.placebo_p_value == pytest.approx(expected.placebo_p_value, rel=1e-6)
    assert (found.n_used, found.n_dropped) == (expected.n_used, expected.n_dropped)


@pytest.fixture(scope="module")
def short(table):
    """Six of the months."""
    return table[table["month"] <= "2026-06"]


def lazily(frame):
    return duckdb.sql("select * from frame")


@pytest.mark.parametrize("make", [lambda frame: frame, lazily])
def test_a_missing_outcome_means_what_the_user_says(short, make):
    lacking = short[(short["id"] >= 20) | (short["month"] != "2026-05")]
    with pytest.raises(lk.InputError, match="20 of 1500 customers have no 'spend' in some period"):
        lk.enrolment_effect(make(lacking), **NAMES)
    zero = lk.enrolment_effect(make(lacking), **NAMES, missing="zero")
    written = short.assign(spend=short["spend"].where((short["id"] >= 20) | (short["month"] != "2026-05"), 0.0))
    assert zero.estimate == pytest.approx(lk.enrolment_effect(written, **NAMES).estimate)
    assert "20 customers without 'spend' in some period count as 0 there." in zero.warnings
    dropped = lk.enrolment_effect(make(lacking), **NAMES, missing="drop")
    assert dropped.estimate == pytest.approx(lk.enrolment_effect(short[short["id"] >= 20], **NAMES).estimate)
    assert (dropped.n_used, dropped.n_dropped) == (1480, 20)


@pytest.mark.parametrize("make", [lambda frame: frame, lazily])
def test_panels_that_cannot_be_read_are_refused(short, make):
    double = pd.concat([short, short.iloc[:3]])
    with pytest.raises(lk.InputError, match="The panel holds 3 rows too many"):
        lk.enrolment_effect(make(double), **NAMES)
    moved = short.copy()
    moved.loc[moved["id"].eq(1) & moved["month"].eq("2026-06"), "joined"] = "2026-09-01"
    moved.loc[moved["id"].eq(1) & moved["month"].eq("2026-05"), "joined"] = "2026-02-01"
    with pytest.raises(lk.InputError, match="1 customers have more than one date in 'joined'"):
        lk.enrolment_effect(make(moved), **NAMES)
    with pytest.raises(lk.InputError, match="'spend' holds infinite"):
        lk.enrolment_effect(make(short.assign(spend=short["spend"].where(short["id"] > 0, np.inf))), **NAMES)
    with pytest.raises(lk.TooLittleError, match="Nobody enrolled"):
        lk.enrolment_effect(make(short[short["joined"].isna()].assign(joined="2027-01")), **NAMES)
    with pytest.raises(lk.TooLittleError, match="at once"):
        lk.enrolment_effect(make(short.assign(joined="2026-05")), **NAMES)
    with pytest.raises(lk.TooLittleError, match="take controls = 'not_yet'"):
        lk.enrolment_effect(make(short[short["joined"] < "2026-07"]), **NAMES, controls="never")
    with pytest.raises(lk.TooLittleError, match="No 900 members enrolled in one period"):
        lk.enrolment_effect(make(short), **NAMES, min_cohort=900)
    with pytest.raises(lk.InputError, match="missing in 6 rows of the panel"):
        lk.enrolment_effect(make(short.assign(id=short["id"].where(short["id"] > 0))), **NAMES)


@pytest.mark.parametrize("make", [lambda frame: frame, lazily])
def test_members_without_a_period_before_are_left_out_also_as_controls(short, make):
    early = short.assign(joined=short["joined"].where(short["id"] >= 30, "2025-06-01"))
    found = lk.enrolment_effect(make(early), **NAMES)
    assert found.n_dropped == 30 and found.n_used == 1470
    assert found.estimate == pytest.approx(lk.enrolment_effect(short[short["id"] >= 30], **NAMES).estimate)
    assert "30 customers enrolled in the first period or before it" in found.warnings[0]


def test_zero_for_those_who_never_enrolled_is_refused_not_guessed():
    table = pd.read_csv(FOLDER / "mpdta.csv")
    names = {"customer": "countyreal", "period": "year", "outcome": "lemp", "enrolled": "first.treat"}
    with pytest.raises(lk.InputError, match="holds 0, which is no period of 'year'; leave it empty"):
        lk.enrolment_effect(table, **names)


def test_a_last_period_that_had_not_ended_is_told(table):
    partial = table.assign(spend=table["spend"].where(table["month"] != "2026-10", table["spend"] / 20))
    told = lk.enrolment_effect(partial, **NAMES).warnings
    assert any("The last period, '2026-10', looks partial" in text for text in told)


def test_small_cohorts_are_only_controls(table):
    few = table[~table["joined"].eq("2026-05-15") | (table["id"] % 6 == 0)]
    found = lk.enrolment_effect(few, **NAMES)
    assert "2026-05" not in found.cohorts["cohort"].tolist()
    assert any("they are controls until they enrol" in text for text in found.warnings)


def test_a_covariate_that_changes_or_says_nothing_is_refused(table):
    with pytest.raises(lk.InputError, match="'spend' changes within customers"):
        lk.enrolment_effect(table, **NAMES, covariates=["spend"])
    with pytest.raises(lk.InputError, match="'flat' is the same for every customer"):
        lk.enrolment_effect(table.assign(flat=1), **NAMES, covariates=["flat"])


def test_a_covariate_mends_courses_that_it_explains(table):
    """Those who live near drift upwards and enrol more often: without distance the drift passes for an effect."""
    rng = np.random.default_rng(5)
    near = rng.normal(size=1500)
    start = np.where(rng.random(1500) < 1 / (1 + np.exp(-1.5 * near)), rng.integers(3, 8, 1500), 99)
    month = np.arange(10)
    spend = 50 + 3 * near[:, None] * month + 4 * (month >= start[:, None]) + rng.normal(0, 8, (1500, 10))
    frame = pd.DataFrame({"id": np.repeat(np.arange(1500), 10), "month": np.tile(month, 1500), "spend": spend.ravel()})
    frame["joined"] = np.repeat(np.where(start < 99, start.astype(float), np.nan), 10)
    frame["near"] = np.repeat(near, 10)
    plain = lk.enrolment_effect(frame, **NAMES)
    adjusted = lk.enrolment_effect(frame, **NAMES, covariates=["near"])
    assert plain.verdict == "cannot_tell" and plain.estimate > 6
    assert adjusted.verdict == "gain" and adjusted.ci_low < 4 < adjusted.ci_high
