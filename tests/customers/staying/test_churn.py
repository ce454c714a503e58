"""Who stays away, judged out of time: R's features and coefficients, simulated shops, and bad input."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.customers.staying.known import known_at, median_gaps, stayed_away
from loyalty_kit.customers.transactions.day_numbers import as_date, day_number

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))

from shops import orders

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tests/reference/customers"
KNOWN = json.loads((FOLDER / "churn.json").read_text("utf-8"))
COHORTS = json.loads((FOLDER / "cohorts.json").read_text("utf-8"))
NAMES = {"customer": "customer", "time": "time", "amount": "amount", "order": "order"}
DAY = "2011-09-09"


@pytest.fixture(scope="module")
def shop() -> lk.Transactions:
    return lk.read_transactions(ROOT / "data/online_retail/orders.parquet", **NAMES)


@pytest.fixture(scope="module")
def found(shop) -> lk.results.ChurnResult:
    return lk.churn(shop, at=DAY, horizon=91)


def log(rows: pd.DataFrame) -> lk.Transactions:
    return lk.read_transactions(rows, customer="who", time="when", amount="paid")


def stopping(n: int = 120, days: int = 300) -> pd.DataFrame:
    """Customers buy every ten days or so; every second of them stops for good on some day, by lot."""
    rng = np.random.default_rng(3)
    day = rng.exponential(10, (n, 60)).cumsum(axis=1)
    stop = np.where(np.arange(n) % 2, days, rng.uniform(0, days, n))
    who, place = np.nonzero(day < stop[:, None])
    when = pd.Timestamp("2026-01-01") + pd.to_timedelta(day[who, place], "D")
    return pd.DataFrame({"who": who, "when": when, "paid": 10.0 + rng.gamma(2, 3, len(who))})


def test_what_is_known_of_each_customer_equals_the_table_that_r_was_given(shop):
    ledger, day = shop.ledger(), day_number(DAY)
    table = known_at(ledger, day)
    table["churned"] = stayed_away(ledger, table.index.to_numpy(), day, 91)
    known = pd.read_csv(FOLDER / "online_retail_churn.csv", dtype={"customer": str}).set_index("customer")
    table = table.set_axis(ledger.ids.iloc[table.index].to_numpy())
    pd.testing.assert_frame_equal(table.loc[known.index], known[list(table)], check_dtype=False, check_names=False)


def test_the_regression_equals_glm_on_the_same_rows(shop, found):
    """R> glm(churned ~ recency + tenure + log_days + log_amount, binomial), all rows; odds a standard deviation."""
    ledger, day = shop.ledger(), day_number(DAY) - 91
    table = known_at(ledger, day)
    away = stayed_away(ledger, table.index.to_numpy(), day, 91)
    logit = pytest.importorskip("statsmodels.api")
    fitted = logit.Logit(away, logit.add_constant((table - table.mean()) / table.std(ddof=0))).fit(disp=0)
    np.testing.assert_allclose(found.ratios["odds_ratio"], np.exp(fitted.params[1:]), rtol=1e-6)
    np.testing.assert_allclose(found.ratios[["ci_low", "ci_high"]], np.exp(fitted.conf_int()[1:]), rtol=1e-6)


def test_the_rule_by_the_own_gap_marks_as_many_as_r_counts(found):
    rule = found.lapsed(multiple=2)
    assert (rule.now, rule.n_now) == (COHORTS["lapsed_rule"]["lapsed"], COHORTS["lapsed_rule"]["customers"])


def test_online_retail_is_ranked_but_not_calibrated_as_autumn_comes(found):
    (row,) = found.to_frame().to_dict("records")
    assert found.verdict == "tells" and 0.70 < row["ci_low"] < row["auc"] < row["ci_high"] < 0.77
    assert row["brier"] < row["brier_base"]
    assert found.expected_over_observed > 1.1 and "1.20 times as many" in found.warnings[0]


def test_a_forecast_is_fitted_to_what_was_known_before_its_day(shop, found):
    later = shop.until("2011-12-01")
    assert found.fitted_at == as_date(day_number(DAY) - 91)
    cut = lk.churn(later, at="2011-08-31", horizon=91)
    whole = lk.churn(shop, at="2011-08-31", horizon=91)
    assert cut.to_frame().equals(whole.to_frame())


def test_half_who_stopped_are_told_from_half_who_did_not():
    found = lk.churn(log(stopping()), at="2026-07-20", horizon=60)
    assert found.verdict == "tells" and found.auc > 0.9


def test_one_price_for_all_leaves_the_amount_out_by_name():
    rows = stopping().assign(when=lambda told: told["when"].dt.floor("D"), paid=900.0).drop_duplicates()
    found = lk.churn(log(rows), at="2026-07-20", horizon=60)
    assert found.ratios["feature"].tolist() == ["recency", "tenure", "log_days"]
    assert "log_amount" in str(found.warnings[0])


@pytest.mark.parametrize("model", ["logistic", "boosting"])
def test_who_leaves_by_lot_is_told_no_better_than_the_base_rate(model):
    rng = np.random.default_rng(5)
    who, day = rng.integers(0, 600, 2400), rng.integers(0, 240, 2400)
    rows = pd.DataFrame({"who": who, "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(day, "D"), "paid": 9.0})
    # Recency and tenure of uniform days tell nothing of later ones.
    found = lk.churn(log(rows), at="2026-06-01", horizon=70, model=model)
    assert found.verdict == "no_better"
    assert found.ci_low < 0.5


def test_more_features_count_and_one_that_holds_the_outcome_is_refused(shop):
    ledger, day = shop.ledger(), day_number(DAY)
    ids = ledger.ids
    noise = pd.DataFrame({"noise": np.random.default_rng(1).normal(size=len(ids)), "same": 1.0}, index=ids)
    found = lk.churn(shop, at=DAY, horizon=91, features=noise)
    assert "noise" in found.ratios["feature"].tolist()
    assert "all customers have one value" in str(found.warnings[0]) and "same" in str(found.warnings[0])
    away = stayed_away(ledger, np.arange(len(ids)), day - 91, 91)
    with pytest.raises(lk.InputError, match="'leak' of 'features' tells who leaves almost without error"):
        lk.churn(shop, at=DAY, horizon=91, features=pd.DataFrame({"leak": away}, index=ids))
    with pytest.raises(lk.InputError, match="'features' has no number for"):
        lk.churn(shop, at=DAY, horizon=91, features=noise.head(100))
    with pytest.raises(lk.InputError, match="'recency'.*which the log gives"):
        lk.churn(shop, at=DAY, horizon=91, features=noise.rename(columns={"noise": "recency"}))


@pytest.mark.parametrize(
    ("rows", "asked", "told"),
    [
        (stopping(), {"at": "2026-07-01", "horizon": 200}, "needs twice as many"),
        (stopping(), {"at": "2026-10-20", "horizon": 60}, "'at' may lie between 2026-03-0"),
        (stopping(24), {"at": "2026-06-01", "horizon": 60}, "can be told where 20 or more do"),
        (stopping(), {"at": "soon", "horizon": 60}, "'at' must be a date"),
        (stopping(), {"at": "2026-06-01", "horizon": 0}, "'horizon'"),
        (stopping().drop_duplicates("who"), {"at": "2026-01-05", "horizon": 4}, "who leaves can be told where 20"),
    ],
)
def test_bad_input_gives_a_sentence(rows, asked, told):
    with pytest.raises((lk.InputError, lk.TooLittleError), match=told):
        lk.churn(log(rows), **asked)


def test_refunds_alone_are_no_customers():
    rows = pd.concat([stopping(), pd.DataFrame({"who": [999], "when": [pd.Timestamp("2026-02-01")], "paid": -5.0})])
    found = [lk.churn(log(given), at="2026-07-20", horizon=60).to_frame() for given in (rows, stopping())]
    assert found[0].equals(found[1])


def test_ids_as_floats_and_as_texts_give_one_result():
    rows = stopping()
    given = [rows, rows.assign(who=rows["who"].astype(float)), rows.assign(who=rows["who"].astype(str))]
    told = [lk.churn(log(one), at="2026-07-20", horizon=60).to_frame() for one in given]
    assert told[0].equals(told[1]) and told[0].equals(told[2])


def test_a_point_more_brings_what_those_who_came_spent():
    rows = stopping()
    given = log(rows)
    found = lk.churn(given, at="2026-07-20", horizon=60)
    after = rows[(rows["when"] >= "2026-07-21") & (rows["when"] < "2026-09-19")]
    known = rows.loc[rows["when"] < "2026-07-21", "who"].unique()
    spent = after[after["who"].isin(known)].groupby("who")["paid"].sum()
    kept = found.keeping(margin=0.5)
    assert kept.worth == pytest.approx(0.01 * rows["who"].nunique() * 0.5 * spent.mean())
    half = 1.959964 * spent.std() / np.sqrt(len(spent)) * 0.01 * rows["who"].nunique() * 0.5
    assert kept.ci_high - kept.worth == pytest.approx(half, rel=1e-6)
    assert kept.n_came == len(spent) and 0 < kept.away < 1


def test_the_gap_is_the_median_of_three_or_more():
    rows = pd.DataFrame({"who": [1] * 4 + [2] * 3, "day": [0, 2, 12, 15, 0, 5, 9]})
    rows = rows.assign(when=pd.Timestamp("2026-01-01") + pd.to_timedelta(rows["day"], "D"), paid=1.0)
    assert median_gaps(log(rows).ledger(), day_number("2026-02-01")).to_dict() == {0: 3.0}


@pytest.mark.slow
def test_risks_are_calibrated_in_a_steady_shop_and_one_that_grows_but_not_across_seasons():
    """A pace that doubles in a year looks alike at both days, and so keeps risks calibrated; a season does not."""
    ratios = {"steady": [], "grows": [], "season": []}
    slopes, told = [], 0
    for seed in range(20):
        for kind, found in ratios.items():
            rows, _ = orders(kind, 1500, 78, 0, np.random.default_rng(seed))
            result = lk.churn(log(rows), at="2026-04-01", horizon=84)
            found.append(result.expected_over_observed)
            slopes += [result.slope] if kind == "steady" else []
            told += kind == "season" and any("times as many" in one for one in result.warnings)
    off = {kind: np.abs(np.log(found)).mean() for kind, found in ratios.items()}
    for kind, found in ratios.items():
        print(
            f"{kind}: expected over observed {np.mean(found):.3f} ({np.std(found) / 20**0.5:.3f}), off {off[kind]:.3f}"
        )
    print(f"slope {np.mean(slopes):.3f} ({np.std(slopes) / 20**0.5:.3f}); season told in {told} of 20")
    for kind in ("steady", "grows"):
        assert abs(np.mean(ratios[kind]) - 1) < 0.02 + 2 * np.std(ratios[kind]) / 20**0.5
    assert abs(np.mean(slopes) - 1) < 0.12
    assert off["season"] > 3 * off["steady"] and told >= 5


def test_rolling_days_are_those_of_the_model_at_each():
    """Each row is what lk.churn says at that day; days lie half a horizon apart, the last one last."""
    rows, _ = orders("steady", 700, 70, 0, np.random.default_rng(2))
    log = lk.read_transactions(rows, customer="who", time="when", amount="paid")
    found = lk.churn(log, at="2026-01-31", horizon=80)
    table = found.rolling()
    assert list(table)[:5] == ["cut", "customers", "said", "left", "expected_over_observed"]
    assert table["cut"].tolist()[-2:] == ["2025-12-22", "2026-01-31"]
    last, before = table.iloc[-1], table.iloc[-2]
    assert (last["auc"], last["ci_low"], last["left"]) == (found.auc, found.ci_low, found.left)
    again = lk.churn(log, at="2025-12-22", horizon=80)
    assert (before["auc"], before["expected_over_observed"]) == (again.auc, again.expected_over_observed)
    assert len(table) <= 5
    assert "2025-12-22" in lk.table(found, "rolling").as_raw_html()
