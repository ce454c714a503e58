"""Tiles of report 50: what they say, and what they leave out."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk


@pytest.fixture(scope="module")
def log() -> lk.Transactions:
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(400), 1 + rng.poisson(rng.gamma(1.2, 3, 400)))
    rows = {"who": who, "when": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 400, len(who)), unit="D")}
    rows["paid"] = rng.gamma(1, 30, len(who))
    return lk.read_transactions(pd.DataFrame(rows), customer="who", time="when", amount="paid")


def test_each_tile_says_what_its_result_holds(log):
    found, revenue = lk.rfm(log), lk.concentration(log)
    moves = lk.rfm(log, at="2025-08-01").moves(found, samples=20)
    groups = lk.segments(found.frame, columns=list(found.frame), k=2, samples=10)
    top, at_risk, stay, real = lk.tiles(revenue, found, moves, groups.structure(samples=19))
    at_risk_customers = found.to_frame().set_index("segment")["customers"]["at_risk"]
    assert top.value == f"{revenue.to_frame()['estimate'][0]:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
    assert (at_risk.value, at_risk.verdict) == (f"{at_risk_customers:,}", "write to them next")
    table = moves.to_frame().set_index(["from", "to"])
    assert stay.value.startswith(f"{table.loc[('champions', 'champions'), 'share']:.0%}"[:-1])
    assert real.heading == "Are there groups beside these?" and real.value


def test_why_there_is_no_result_makes_no_tile(log):
    few = lk.attempt(lk.concentration, log.until("2025-01-01"))
    assert isinstance(few, lk.TooLittleError)
    assert lk.tiles(few, lk.rfm(log))[0].heading == "Customers at risk"


def test_the_table_of_the_first_screen_says_what_to_do_with_each_segment(log):
    html = lk.table(lk.rfm(log), "todo").as_raw_html()
    assert "keep; ask for a recommendation" in html and "write to them next, with a holdout" in html
