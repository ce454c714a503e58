"""Enrolment with a covariate: csdid's doubly robust figures on mpdta, and nothing where nobody can be compared."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.statistics.causal import doubly_robust
from loyalty_kit.statistics.causal.doubly_robust import effects_of_rows
from loyalty_kit.statistics.causal.group_time import (
    by_event,
    group_time_cells,
    over_cohorts,
    over_events,
    over_member_periods,
)

FOLDER = Path(__file__).parents[2] / "reference/programme"
REFERENCE = json.loads((FOLDER / "event_study.json").read_text("utf-8"))["doubly_robust_lpop_csdid"]


@pytest.fixture(scope="module")
def wide():
    table = pd.read_csv(FOLDER / "mpdta.csv")
    outcome = table.pivot(index="countyreal", columns="year", values="lemp").to_numpy()
    first = table.groupby("countyreal")[["first.treat", "lpop"]].first()
    starts = np.where(first["first.treat"] == 0, 5, first["first.treat"] - 2003).astype(np.intp)
    return outcome, starts, first[["lpop"]].to_numpy()


@pytest.mark.parametrize("controls", ["never", "not_yet"])
def test_figures_equal_csdid(wide, controls, monkeypatch):
    """csdid 0.4.3: ATTgt(…, xformla='lemp ~ lpop').fit(est_method='dr'), five decimals; in blocks of 100 rows too."""
    monkeypatch.setattr(doubly_robust, "ROWS_AT_ONCE", 100)
    starts = np.unique(wide[1])
    cells = group_time_cells(starts, 5, starts < 5, controls)
    effects = effects_of_rows(*wide, cells)
    for name, average in (("simple", over_member_periods), ("event_overall", over_events)):
        each = average(effects, cells, starts)
        assert [each.estimates[0], each.errors[0]] == pytest.approx(REFERENCE[controls][name], abs=1e-5)
    overall = over_cohorts(effects, cells, starts)
    assert [overall.estimates[0], overall.errors[0]] == pytest.approx(REFERENCE[controls]["group_overall"], abs=1e-5)
    if controls == "never":
        events, each = by_event(effects, cells, starts)
        assert events.tolist() == REFERENCE["never"]["event"]["keys"]
        np.testing.assert_allclose(each.estimates, REFERENCE["never"]["event"]["att"], atol=1e-5)
        np.testing.assert_allclose(each.errors, REFERENCE["never"]["event"]["se"], atol=1e-5)


def test_a_covariate_that_tells_members_apart_is_refused(wide):
    outcome, starts, _ = wide
    cells = group_time_cells(np.unique(starts), 5, np.unique(starts) < 5, "never")
    with pytest.raises(TooLittleError, match="apart without error"):
        effects_of_rows(outcome, starts, (starts < 5).astype(float)[:, None], cells)
