"""A file is a log of orders by the names and the content of its columns, in English, Chinese and German."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.customers.transactions.recognition import recognised

WHEN = pd.Timestamp("2026-01-05 10:00") + pd.to_timedelta(range(60), unit="D")


def log(**names: str) -> pd.DataFrame:
    held = {
        "customer": np.arange(60) % 20 + 501,
        "time": WHEN.strftime("%Y-%m-%d %H:%M:%S"),
        "amount": np.where(np.arange(60) % 15 == 14, -9.5, 20.0),
        "order": np.arange(60) + 90001,
        "channel": ["web", "store"] * 30,
    }
    return pd.DataFrame({name: held[meaning] for meaning, name in names.items()})


HEADERS = {
    "shop": {"customer": "Customer ID", "time": "Created at", "amount": "Total", "order": "Order ID"},
    "invoices": {"customer": "CustomerID", "time": "InvoiceDate", "amount": "amount", "order": "InvoiceNo"},
    "taobao": {"customer": "买家会员名", "time": "订单付款时间", "amount": "买家实际支付金额", "order": "订单编号"},
    "members": {
        "customer": "会员卡号",
        "time": "消费时间",
        "amount": "实付金额(元)",
        "order": "小票号",
        "channel": "门店",
    },
    "till": {"customer": "Kundennummer", "time": "Datum", "amount": "Betrag"},
}


@pytest.mark.parametrize("names", HEADERS.values(), ids=HEADERS)
def test_columns_are_known_by_their_names(tmp_path, names):
    file = tmp_path / "orders.csv"
    log(**names).to_csv(file, index=False)
    found = recognised(file)
    assert found is not None
    assert dict(found.columns.named()) == names
    ledger = found.read(file).ledger()
    assert (len(ledger), ledger.orders.sum(), ledger.refunds.sum()) == (20, 56, -38)


def test_a_chinese_export_with_title_total_and_thousands_marks_is_read(tmp_path):
    rows = log(**HEADERS["members"]).astype(str)
    rows["实付金额(元)"] = [f"￥{1000 + number:,.2f}" for number in range(60)]
    total = f'合计,,"￥{sum(1000 + number for number in range(60)):,.2f}",,\r\n'
    file = tmp_path / "订单.csv"
    file.write_bytes(("消费明细导出\r\n" + rows.to_csv(index=False) + total).encode("gb18030"))
    found = recognised(file)
    assert found is not None and found.language == "zh"
    assert [(number, str(reason)) for number, reason in found.left_out] == [(63, "begins with '合计'")]
    assert found.read(file).ledger().spend.sum() == 61770


def test_ids_as_floats_are_the_ids(tmp_path):
    file = tmp_path / "orders.csv"
    rows = log(**HEADERS["shop"])
    rows["Customer ID"] = rows["Customer ID"].astype(float)
    rows.loc[0, "Customer ID"] = np.nan
    rows.to_csv(file, index=False)
    found = recognised(file)
    assert found is not None and sorted(found.read(file).ledger().ids)[0] == "501"


def test_times_of_several_offsets_are_days_of_utc_until_somebody_says_otherwise(tmp_path):
    file = tmp_path / "orders.csv"
    rows = log(**HEADERS["shop"])
    rows["Created at"] = [f"{time:%Y-%m-%dT%H:%M:%S}{'+02:00' if time.month > 1 else '+01:00'}" for time in WHEN]
    rows.to_csv(file, index=False)
    found = recognised(file)
    assert found is not None and found.timezone == "UTC"


OTHERS = {
    "survey": "id,SAT1,SAT2,SAT3\n" + "".join(f"{n},{n % 5 + 1},3,{n % 4 + 1}\n" for n in range(30)),
    "campaign": "member,date,amount,arm\n" + "".join(f"{n},2026-01-05,3,control\n" for n in range(30)),
    "customers, a row each": "member,date,amount\n" + "".join(f"{n},2026-01-05,3\n" for n in range(30)),
    "no time": "member,amount\n1,2\n1,3\n",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_another_file_is_no_log(tmp_path, text):
    (tmp_path / "file.csv").write_text(text)
    assert recognised(tmp_path / "file.csv") is None


def test_lines_without_an_amount_are_told_how_to_get_one(tmp_path):
    (tmp_path / "lines.csv").write_text("CustomerID,InvoiceDate,InvoiceNo,Quantity,UnitPrice\n1,2026-01-05,7,2,3.5\n")
    with pytest.raises(lk.InputError, match=r"customer 'CustomerID'.* without an amount; add a column 'amount'"):
        recognised(tmp_path / "lines.csv")


def test_a_log_of_several_currencies_asks_for_their_rates(tmp_path):
    rows = log(**HEADERS["shop"]).assign(Currency=["EUR", "CNY"] * 30)
    rows.to_csv(tmp_path / "orders.csv", index=False)
    found = recognised(tmp_path / "orders.csv")
    assert found is not None and found.currencies == ("CNY", "EUR")
    with pytest.raises(lk.InputError, match="holds the currencies 'CNY', 'EUR'; give `rates`"):
        found.read(tmp_path / "orders.csv")


def test_a_shop_s_lines_are_orders_whose_total_stands_on_the_first(tmp_path):
    """Shopify's export: 'Name' is the order's, and lines after the first have no total."""
    rows = log(**{"customer": "Email", "time": "Created at", "amount": "Total"})
    rows["Name"] = [f"#{1001 + number // 2}" for number in range(60)]
    rows["Lineitem name"] = np.tile(["coffee", "filters", "tea", "mug"], 15)
    rows["Email"] = np.repeat(rows["Email"].to_numpy()[::2], 2)
    rows.loc[1::2, "Total"] = np.nan
    rows.to_csv(tmp_path / "orders.csv", index=False)
    found = recognised(tmp_path / "orders.csv")
    assert found is not None and (found.columns.order, found.columns.category) == ("Name", "Lineitem name")
    baskets = lk.associations(found.read(tmp_path / "orders.csv"))
    assert {tuple(row) for row in baskets.to_frame()[["antecedent", "consequent"]].to_numpy()} >= {
        ("coffee", "filters")
    }
