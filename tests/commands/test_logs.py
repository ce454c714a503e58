"""`check` and `new --from` on a log of orders: its columns are known, and the study renders at once."""

import tomllib

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import loyalty_kit as lk
from loyalty_kit.__main__ import app


def call(*arguments) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path, monkeypatch):
    """An export in GB18030 with a total, refunds, ids as floats and rows without one."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    time = pd.Timestamp("2025-01-03") + pd.to_timedelta(np.sort(rng.integers(0, 420 * 24, 400)), unit="h")
    rows = pd.DataFrame(
        {
            "订单编号": np.arange(400) + 88001,
            "会员号": rng.integers(1, 90, 400) + 7000.0,
            "下单时间": time.strftime("%Y/%m/%d %H:%M"),
            "实付金额": rng.gamma(2, 60, 400).round(2) * np.where(rng.random(400) < 0.05, -1, 1),
        }
    )
    rows.loc[[3, 4], "会员号"] = np.nan
    total = f"合计,,,{rows['实付金额'].sum():.2f}\n"
    (tmp_path / "订单.csv").write_bytes((rows.to_csv(index=False) + total).encode("gb18030"))
    return tmp_path / "订单.csv"


def test_check_says_what_each_column_is_and_what_must_be_known(file):
    done = call("check", file)
    assert done.exit_code == 0, done.output
    assert "A log of orders: 400 rows, " in done.output
    assert "Left out: row 402: begins with '合计'" in done.output
    table = [line.split() for line in done.output.splitlines()]
    assert [["会员号", "customer"], ["下单时间", "time"], ["实付金额", "amount"], ["订单编号", "order"]] == [
        line for line in table if len(line) == 2 and line[1] in ("customer", "time", "amount", "order")
    ]
    assert "70" not in [word[:2] for word in done.output.split() if word.endswith(".0")]


def test_new_makes_a_study_whose_reports_are_ready(file, tmp_path):
    done = call("new", "study", "--from", file)
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "study").iterdir()) == ["reports.toml", "订单.csv"]
    reports = tomllib.loads((tmp_path / "study/reports.toml").read_text("utf-8"))["report"]
    parameters = {
        "orders": "订单.csv",
        "columns": ["会员号", "下单时间", "实付金额", "订单编号"],
        "file": ["rows: leave_out"],
        "language": "zh",
    }
    assert [report["parameters"] for report in reports] == [parameters, parameters]
    jobs = lk.batch.read_batch(tmp_path / "study/reports.toml").jobs
    assert [job.name for job in jobs] == ["customer-segments", "customer-value"]


def test_a_study_that_is_there_is_not_overwritten(file):
    assert call("new", "study", "--from", file).exit_code == 0
    done = call("new", "study", "--from", file)
    assert done.exit_code != 0 and "is there already" in done.output


def test_a_log_without_an_amount_is_told_how_to_get_one(tmp_path):
    (tmp_path / "lines.csv").write_text("CustomerID,InvoiceDate,InvoiceNo,Quantity\n1,2026-01-05,7,2\n")
    done = call("new", tmp_path / "study", "--from", tmp_path / "lines.csv")
    assert done.exit_code != 0 and "without an amount" in done.output
    assert not (tmp_path / "study").exists()


def test_a_log_of_several_currencies_becomes_a_study_that_asks_for_rates(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2026-01-01", periods=60).strftime("%Y-%m-%d")
    rows = pd.DataFrame(
        {"customer_id": np.arange(60) % 9, "order_date": days, "amount": 5, "currency": ["EUR", "USD"] * 30}
    )
    rows.to_csv("orders.csv", index=False)
    told = call("check", "orders.csv")
    assert told.exit_code == 1 and "give `rates` with what a unit of each is worth" in told.output
    done = call("new", "study", "--from", "orders.csv")
    assert done.exit_code == 0, done.output
    assert "Amounts stand in 'EUR', 'USD'" in done.output.replace("\n", " ")
    text = (tmp_path / "study/reports.toml").read_text("utf-8")
    assert '# rates = { "EUR" = 1.0, "USD" = 1.0 }' in text
    filled = tomllib.loads(text.replace("# rates", "rates"))["report"][0]["parameters"]
    assert filled["columns"] == ["customer_id", "order_date", "amount", "", "", "", "currency"]
    assert filled["rates"] == {"EUR": 1.0, "USD": 1.0}
