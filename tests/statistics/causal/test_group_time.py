"""Staggered enrolment: group-time effects and their averages are those of csdid and of R's did on mpdta."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.statistics.causal.cohorts import CohortMoments
from loyalty_kit.statistics.causal.group_time import (
    by_cohort,
    by_event,
    effects_of_moments,
    group_time_cells,
    over_cohorts,
    over_events,
    over_member_periods,
)

FOLDER = Path(__file__).parents[2] / "reference/programme"
REFERENCE = json.loads((FOLDER / "event_study.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def wide():
    table = pd.read_csv(FOLDER / "mpdta.csv")
    outcome = table.pivot(index="countyreal", columns="year", values="lemp").to_numpy()
    first = table.groupby("countyreal")["first.treat"].first().to_numpy()
    return outcome, np.where(first == 0, 5, first - 2003).astype(np.intp)


@pytest.fixture(scope="module", params=["never", "not_yet"])
def estimated(request, wide):
    cohorts = CohortMoments.of_rows(*wide)
    cells = group_time_cells(cohorts.starts, 5, cohorts.starts < 5, request.param)
    return cohorts, cells, effects_of_moments(cohorts, cells), REFERENCE["no_covariates"][request.param]


def close(effects, rows):
    np.testing.assert_allclose(effects.estimates, [row["att"] for row in rows], atol=1e-5)
    np.testing.assert_allclose(effects.errors, [row["se"] for row in rows], atol=1e-5)


def test_group_time_effects_equal_csdid(estimated):
    """csdid 0.4.3: ATTgt('lemp', 'year', 'countyreal', 'first.treat', mpdta).fit(est_method='reg')"""
    cohorts, cells, effects, reference = estimated
    labels = [(row["group"] - 2003, row["year"] - 2003) for row in reference["group_time"]]
    assert [(cohorts.starts[c], p) for c, p in zip(cells.cohort, cells.period, strict=True)] == labels
    close(effects, reference["group_time"])


def test_averages_and_their_errors_equal_csdid(estimated):
    cohorts, cells, effects, reference = estimated
    events, each = by_event(effects, cells, cohorts.starts)
    assert events.tolist() == [row["key"] for row in reference["event"]]
    close(each, reference["event"])
    close(by_cohort(effects, cells, cohorts.starts)[1], reference["group"])
    close(over_cohorts(effects, cells, cohorts.starts), [reference["group_overall"]])
    close(over_events(effects, cells, cohorts.starts), [reference["event_overall"]])
    close(over_member_periods(effects, cells, cohorts.starts), reference["simple"])


def test_effects_equal_the_published_ones(estimated):
    """README of R did 2.5.1, four decimals."""
    cohorts, cells, effects, _ = estimated
    if len(cells.cohort) and cells.controls.sum() == len(cells.cohort):
        published = REFERENCE["published_did_readme_never_treated"]
        each = by_event(effects, cells, cohorts.starts)[1]
        np.testing.assert_allclose(each.estimates, list(published["event"].values()), atol=6e-5)


def test_the_moments_are_those_of_the_influence_of_each_row(wide):
    """Second moments from cohort moments equal those of every customer's influence, written out."""
    outcome, starts = wide
    cohorts = CohortMoments.of_rows(outcome, starts)
    cells = group_time_cells(cohorts.starts, 5, cohorts.starts < 5, "never")
    effects = effects_of_moments(cohorts, cells)
    n, influence = len(starts), np.zeros((len(starts), len(cells.cohort)))
    for k, (cohort, period, base) in enumerate(zip(cells.cohort, cells.period, cells.base, strict=True)):
        change = outcome[:, period] - outcome[:, base]
        for sign, side in ((1, starts == cohorts.starts[cohort]), (-1, starts == 5)):
            influence[side, k] += sign * (change[side] - change[side].mean()) * n / side.sum()
    np.testing.assert_allclose(effects.second, influence.T @ influence / n, rtol=1e-9)


def test_a_joint_band_of_independent_effects_is_sidaks():
    """Five independent normals: 2.569 = Φ⁻¹((1 + .95^(1/5)) / 2); draws leave an error of .01."""
    from_rows = effects_of_moments(*independent(5))
    assert from_rows.critical_value(0.95, np.random.default_rng(0)) == pytest.approx(2.569, abs=0.02)
    chi2, df, p = from_rows.joint_test()
    assert chi2 == pytest.approx(((from_rows.estimates / from_rows.errors) ** 2).sum())
    assert df == 5 and 0 < p < 1


def independent(count):
    """One cohort a pair of periods, each with controls of its own."""
    rng = np.random.default_rng(1)
    starts = np.array([1, 2] * count, dtype=np.intp)
    means = rng.normal(size=(2 * count, 2))
    cohorts = CohortMoments(starts, np.full(2 * count, 40.0), means, np.tile(np.eye(2), (2 * count, 1, 1)))
    cells = group_time_cells(starts, 2, np.arange(2 * count) % 2 == 0, "never")
    own = np.array([np.arange(2 * count) == 2 * k + 1 for k in range(count)])
    return cohorts, type(cells)(cells.cohort, cells.period, cells.base, own, cells.target)
