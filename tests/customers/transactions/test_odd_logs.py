"""Logs as shops have them that fit no model: every figure stands or says why it does not, and nobody is lost."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk

DAYS = pd.date_range("2025-01-01", "2026-06-30")


def log(customers: object, *, amounts: object = None, days: object = None) -> pd.DataFrame:
    """An order a row, with days and amounts of its own where none are given."""
    who = list(customers)
    rng = np.random.default_rng(len(who))
    when = rng.choice(DAYS, len(who)) if days is None else days
    paid = rng.lognormal(3, 1, len(who)).round(2) if amounts is None else amounts
    return pd.DataFrame({"who": who, "when": when, "paid": paid, "order": range(len(who))})


def regulars(buyers: int = 150, each: int = 6) -> list[str]:
    return [f"c{n}" for n in range(buyers)] * each


ONCE = [f"o{n}" for n in range(1900)]
ODD = {
    "only one-time buyers": log(ONCE),
    "95 in 100 bought once": log([*ONCE, *regulars(100, 5)]),
    "all within one month": log(regulars(), days=np.resize(pd.date_range("2026-06-01", "2026-06-30"), 900)),
    "all amounts equal": log(regulars(), amounts=25.0),
    "amounts of nothing": log(regulars(), amounts=np.where(np.arange(900) % 3 == 0, 0.0, 10.0)),
    "a refund larger than what was bought": pd.concat(
        [log(regulars()), pd.DataFrame({"who": ["c1"], "when": [DAYS[-1]], "paid": [-1e6], "order": [901]})]
    ),
    "a reseller": log([*regulars(), *["reseller"] * 150]),
    "every order on one day": log(regulars(), days=DAYS[100]),
    "thirty customers": log(regulars(30, 3)),
}


@pytest.mark.parametrize("table", ODD.values(), ids=ODD)
def test_everybody_who_bought_stands_in_one_segment(table):
    read = lk.read_transactions(table, customer="who", time="when", amount="paid", order="order")
    found = lk.rfm(read)
    bought = table[table["paid"] > 0].groupby("who")["paid"].sum()
    refunded = set(table.loc[table["paid"] < -1000, "who"])
    assert abs(found.n_used - len(bought)) <= len(refunded)
    assert found.table["customers"].sum() == found.n_used
    assert found.table["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("table", ODD.values(), ids=ODD)
def test_every_analysis_gives_figures_or_says_why_not(table):
    read = lk.read_transactions(table, customer="who", time="when", amount="paid", order="order")
    found = lk.rfm(read)
    results = {
        "check": read.check(at=found.at),
        "rfm": found,
        "revenue": lk.attempt(lk.concentration, read),
        "cohorts": lk.attempt(lk.retention, read),
    }
    for name, result in results.items():
        if isinstance(result, lk.TooLittleError):
            assert len(str(result)) > 20, name
            continue
        told = str(lk.describe(result))
        assert told, name
        assert "nan" not in told.lower().replace("finance", ""), name


def test_a_reseller_is_named_by_share_and_never_by_id():
    read = lk.read_transactions(ODD["a reseller"], customer="who", time="when", amount="paid", order="order")
    told = str(lk.describe(read.check(at=DAYS[-1].date())))
    assert "reseller" not in told
    assert "The customer with the most orders has 14.3% of them" in told
