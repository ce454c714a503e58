"""Every purchase against its channel's rule: planted faults are found, all and only."""

import numpy as np
import pandas as pd
import pytest
from points import ledger
from scipy import stats

from loyalty_kit.core.errors import InputError
from loyalty_kit.programme.earning import check_earning

COLUMNS = {"channel": "channel", "amount": "amount", "reference": "bill"}


def study(seed: int = 0, n: int = 3000, app: float = 1.0):
    """Purchases and their postings: 2 % missing, 0.5 % twice, some late, the app at `app` of the rate."""
    rng = np.random.default_rng(seed)
    bought = pd.DataFrame({"bill": [f"b{i}" for i in range(n)], "member": rng.integers(0, 400, n)})
    bought["channel"] = rng.choice(["till", "web", "app"], n)
    bought["amount"] = rng.gamma(2, 30, n).round(2) + 5
    bought["time"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D")
    rate = np.where(bought["channel"] == "app", app, 1.0)
    points = np.floor(bought["amount"] * rate + 1e-9)
    posted = bought.assign(kind="earn", points=points)
    missing, twice, late = np.split(rng.permutation(n)[: int(0.035 * n)], [int(0.02 * n), int(0.025 * n)])
    posted.loc[late, "time"] += pd.Timedelta(days=30)
    posted = pd.concat([posted.drop(index=missing), posted.loc[twice]], ignore_index=True)
    wrong = np.flatnonzero((points != np.floor(bought["amount"])).to_numpy())
    faults = {"missing": missing, "duplicate": twice, "wrong": np.setdiff1d(wrong, [*missing, *twice])}
    faults["late"] = np.setdiff1d(late, wrong)
    return bought, ledger(posted, reference="bill", channel="channel"), faults


@pytest.mark.parametrize("app", [1.0, 0.9])
def test_planted_faults_are_found_all_and_only(app):
    bought, held, faults = study(app=app)
    found = check_earning(bought, held, **COLUMNS, rules=1, time="time")
    verdict = found.purchases["verdict"].to_numpy()
    for name, rows in faults.items():
        assert np.flatnonzero(verdict == name).tolist() == sorted(rows), name
    table = found.to_frame()
    assert table["n"].sum() == 3000
    assert table[["matched", "missing", "wrong", "duplicate", "late"]].sum(axis=1).tolist() == table["n"].tolist()
    np.testing.assert_allclose(table["difference"], table["points_posted"] - table["points_due"])


def test_one_rate_for_all_is_told_from_another_rate_in_one():
    same = check_earning(*study(app=1.0)[:2], **COLUMNS, rules=1)
    assert same.p_value > 0.05
    apart = check_earning(*study(app=0.9)[:2], **COLUMNS, rules=1)
    assert apart.p_value < 1e-6
    rate = apart.to_frame().set_index("channel")
    assert rate.loc["app", "ci_high"] < 0.95
    assert rate.loc["till", "rate"] == 1


def test_the_joint_test_is_scipys_analysis_of_variance():
    """Points that are off by chance, purchase by purchase; purchases of unequal numbers."""
    rng = np.random.default_rng(1)
    channel = rng.choice(["till", "web", "app"], 120, p=[0.6, 0.3, 0.1])
    bought = pd.DataFrame({"bill": range(120), "channel": channel, "amount": 50.0})
    points = 50.0 + rng.integers(-5, 6, 120)
    posted = bought.assign(member=1, kind="earn", time=pd.Timestamp("2026-01-01"), points=points)
    found = check_earning(bought, ledger(posted, reference="bill"), **COLUMNS, rules=1)
    known = stats.f_oneway(*(points[channel == name] / 50 for name in ("till", "web", "app")))
    assert (found.statistic, found.p_value) == (pytest.approx(known.statistic), pytest.approx(known.pvalue))


@pytest.mark.parametrize(
    ("rounding", "due"), [("down", [10, 0, 3]), ("up", [11, 1, 3]), ("half_up", [11, 0, 3]), ("none", [10.5, 0.4, 3])]
)
def test_points_are_rounded_as_the_rule_says(rounding, due):
    """3.3 × … / 1.1 is 3 and not 2.9999999999999996."""
    bought = pd.DataFrame({"bill": ["1", "2", "3"], "channel": "web", "amount": [10.5, 0.4, 3.0000000000000004]})
    posted = pd.DataFrame({"member": 1, "time": pd.Timestamp("2026-01-01"), "kind": "earn", "points": 1, "bill": ["9"]})
    found = check_earning(bought, ledger(posted, reference="bill"), **COLUMNS, rules=1, rounding=rounding)
    assert found.purchases["due"].tolist() == pytest.approx(due)


def test_postings_without_a_purchase_are_a_surplus_of_their_channel():
    bought, held, _ = study(n=200)
    found = check_earning(bought.iloc[:190], held, **COLUMNS, rules=1)
    whole = check_earning(bought, held, **COLUMNS, rules=1)
    lost = whole.purchases.iloc[190:]
    postings = lost["verdict"].map({"missing": 0, "duplicate": 2}).fillna(1)
    assert whole.to_frame()["surplus"].sum() == 0
    assert found.to_frame()["surplus"].sum() == postings.sum()


def test_refunds_are_counted_and_not_judged():
    bought, held, _ = study(n=200)
    refund = pd.DataFrame({"bill": ["x1"], "channel": ["web"], "amount": [-20.0]})
    found = check_earning(pd.concat([bought, refund]), held, **COLUMNS, rules=1)
    assert (found.n_used, found.n_refunds) == (200, 1)


@pytest.mark.parametrize(
    ("change", "rules", "told"),
    [
        ({}, {"till": 1, "web": 1}, "'app' has no rule"),
        ({}, {"till": 1, "web": 1, "app": 1, "fax": 1}, "names 'fax', where nothing was bought"),
        ({"bill": "b1"}, 1, "must name each purchase once; 199 rows repeat one"),
        ({"channel": None}, 1, "lack a reference, a channel or an amount in 200 rows"),
        ({"amount": "much"}, 1, "Column 'amount' holds text"),
    ],
)
def test_what_does_not_meet_is_refused(change, rules, told):
    bought, held, _ = study(n=200)
    with pytest.raises(InputError, match=told):
        check_earning(bought.assign(**change), held, **COLUMNS, rules=rules)


def test_a_ledger_without_references_cannot_be_asked():
    bought, _, _ = study(n=50)
    posted = pd.DataFrame({"member": 1, "time": pd.Timestamp("2026-01-01"), "kind": "earn", "points": [1]})
    with pytest.raises(InputError, match="read it with reference="):
        check_earning(bought, ledger(posted), **COLUMNS, rules=1)
