"""Campaigns from files: every kind of file gives the same campaign, and each mistake one sentence."""

import openpyxl
import pandas as pd
import pyreadstat
import pytest

import loyalty_kit as lk
from loyalty_kit.campaigns.customer_file import planned_shares, profit_of
from loyalty_kit.campaigns.design.metrics import Profit, Rate
from loyalty_kit.core.errors import InputError, UnreadableError

OPTIONS = {
    "arm": "分组",
    "shares": ["None: 1", "A: 3"],
    "outcomes": ["bought", "spend", "before"],
    "profit": "0.4 * spend - cost",
    "customer": "id",
    "by": ["region"],
}


@pytest.mark.parametrize(("arms", "way"), [([], "; leave it out: arms = ['A']."), (["A"], None)])
def test_a_report_tells_of_no_arm_of_a_few(tmp_path, monkeypatch, arms, way):
    table = pd.DataFrame({"arm": ["none"] * 9 + ["A"] * 9 + ["vip"] * 2, "bought": [0, 1] * 10, "spend": 1.0})
    table.to_csv(tmp_path / "c.csv", index=False)
    given = {"arm": "arm", "shares": ["none: 9", "A: 9", "vip: 2"], "outcomes": ["bought", "spend"], "profit": "spend"}
    assert "vip" in lk.read_campaign(tmp_path / "c.csv", **given).sizes
    monkeypatch.setenv("LOYALTY_KIT_ANONYMOUS", "1")
    if way is None:
        assert set(lk.read_campaign(tmp_path / "c.csv", **given, arms=arms).sizes) == {"none", "A"}
        return
    with pytest.raises(InputError) as error:
        lk.read_campaign(tmp_path / "c.csv", **given, arms=arms)
    assert str(error.value) == (
        f"An arm has fewer than 5 customers, and a report tells of arms of at least as many (min_cell){way}"
    )


@pytest.fixture
def table():
    """Eight customers; ids with leading zeros, an arm called None and a region called NA."""
    return pd.DataFrame(
        {
            "id": [f"{i:04d}" for i in range(8)],
            "分组": ["None", "A"] * 4,
            "region": ["NA", "NA", "EU", "EU"] * 2,
            "bought": [1, 0, 0, 1, 1, 1, 0, 1],
            "spend": [9.5, 0, 0, 2.5, 3.0, 4.25, 0, 7.0],
            "before": [1.5, 2.5, 3.0, 4.0, 5.5, 6.0, 7.0, 8.0],
            "cost": [0.0, 0.1] * 4,
        }
    )


def test_every_kind_of_file_gives_the_same_campaign(table, tmp_path):
    names = ("utf8.csv", "utf16.csv", "gb.csv", "euro.csv", "a.xlsx", "a.parquet", "a.sav")
    files = {name: tmp_path / name for name in names}
    table.to_csv(files["utf8.csv"], index=False, encoding="utf-8-sig")
    table.to_csv(files["utf16.csv"], index=False, encoding="utf-16")
    table.to_csv(files["gb.csv"], index=False, encoding="gb18030", sep="\t")
    table.to_csv(files["euro.csv"], index=False, sep=";", decimal=",")
    table.to_excel(files["a.xlsx"], index=False)
    table.to_parquet(files["a.parquet"])
    pyreadstat.write_sav(table, files["a.sav"])
    for file in files.values():
        campaign = lk.read_campaign(file, **OPTIONS)
        assert campaign.control == "None"
        assert dict(campaign.planned) == {"None": 0.25, "A": 0.75}
        assert campaign.frame["id"].tolist() == table["id"].tolist()
        assert campaign.frame["region"].tolist() == table["region"].tolist()
        assert campaign.frame["spend"].tolist() == table["spend"].tolist()


def test_a_numbered_arm_is_read_as_text(table, tmp_path):
    file = tmp_path / "a.parquet"
    table.assign(分组=[0.0, 1.0] * 4).to_parquet(file)
    campaign = lk.read_campaign(file, **OPTIONS | {"shares": ["0: 1", "1: 1"]})
    assert set(campaign.frame["分组"]) == {"0", "1"}


def test_arms_and_segments_of_an_spss_file_go_by_their_value_labels(table, tmp_path):
    coded = table.assign(分组=[1.0, 2.0] * 4, region=[1.0, 1.0, 2.0, 3.0] * 2)
    labels = {"分组": {1.0: "None", 2.0: "A"}, "region": {1.0: "NA", 2.0: "EU"}}
    pyreadstat.write_sav(coded, tmp_path / "a.sav", variable_value_labels=labels)
    campaign = lk.read_campaign(tmp_path / "a.sav", only=["region = NA"], min_cell=4, **OPTIONS)
    assert campaign.frame["分组"].tolist() == ["None", "A"] * 2
    assert campaign.frame["spend"].tolist() == [9.5, 0, 3.0, 4.25]
    everyone = lk.read_campaign(tmp_path / "a.sav", **OPTIONS)
    assert everyone.frame["region"].tolist() == ["NA", "NA", "EU", "3"] * 2


def test_the_sheet_that_holds_the_columns_is_read(table, tmp_path):
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        pd.DataFrame({"About": ["Spring"]}).to_excel(book, sheet_name="About", index=False)
        table.to_excel(book, sheet_name="Customers", index=False)
    assert len(lk.read_campaign(tmp_path / "a.xlsx", **OPTIONS).frame) == 8


def test_numbers_stored_as_text_are_numbers(table, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(list(table))
    for row in table.astype(str).itertuples(index=False):
        book.active.append(list(row))
    book.save(tmp_path / "a.xlsx")
    assert lk.read_campaign(tmp_path / "a.xlsx", **OPTIONS).frame["spend"].tolist() == table["spend"].tolist()


@pytest.mark.parametrize("spelling", [("FALSE", "TRUE"), ("False", "true"), ("0", "1"), ("0.0", "1.0")])
@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("stored", [[False, True], ["false", "true"], ["False", "True"]])
def test_arms_that_are_true_and_false_are_accepted_in_any_spelling(table, tmp_path, spelling, ending, stored):
    path, held = tmp_path / f"a.{ending}", table.assign(分组=stored * 4)
    match ending:
        case "csv":
            held.to_csv(path, index=False)
        case "xlsx":
            held.to_excel(path, index=False)
        case _:
            held.to_parquet(path)
    shares = [f"{spelling[0]}: 1", f"{spelling[1]}: 3"]
    campaign = lk.read_campaign(path, **OPTIONS | {"shares": shares})
    assert campaign.control == "FALSE"
    assert dict(campaign.planned) == {"FALSE": 0.25, "TRUE": 0.75}
    assert campaign.frame["分组"].tolist() == ["FALSE", "TRUE"] * 4
    only = lk.read_campaign(path, only=[f"分组 = {spelling[1]}"], min_cell=4, **OPTIONS | {"shares": shares})
    assert only.frame["分组"].tolist() == ["TRUE"] * 4


def test_arms_of_0_and_1_are_accepted_as_true_and_false(table, tmp_path):
    table.assign(分组=[0.0, 1.0] * 4).to_csv(tmp_path / "a.csv", index=False)
    campaign = lk.read_campaign(tmp_path / "a.csv", **OPTIONS | {"shares": ["false: 1", "true: 3"]})
    assert (campaign.control, set(campaign.frame["分组"])) == ("0", {"0", "1"})


def test_a_column_that_stands_twice_is_refused_where_it_is_needed(tmp_path):
    (tmp_path / "a.csv").write_text("分组,bought,spend,spend\nA,1,2,3\n", "utf-8")
    with pytest.raises(InputError, match="The customer file 'a.csv' has 2 columns 'spend'; write 'spend#1' for"):
        lk.read_campaign(tmp_path / "a.csv", **OPTIONS)


def test_a_blank_arm_is_no_arm(table, tmp_path):
    table.assign(分组=["None", " "] * 4).to_csv(tmp_path / "a.csv", index=False)
    campaign = lk.read_campaign(tmp_path / "a.csv", **OPTIONS)
    with pytest.raises(InputError, match="Column '分组' is missing in 4 rows; every customer needs an arm"):
        campaign.evaluate([Rate("bought")])


@pytest.mark.parametrize(
    ("formula", "profit"),
    [
        ("0.4 * spend - 0.02", Profit("spend", margin=0.4, cost=0.02)),
        ("0.4*spend - cost - coupon", Profit("spend", margin=0.4, cost="cost", coupon="coupon")),
        ("0.4 × 消费 − coupon − 0.02", Profit("消费", margin=0.4, cost=0.02, coupon="coupon")),
        ("net-margin - unit-cost", Profit("net-margin", margin=1.0, cost="unit-cost")),
        ("spend", Profit("spend", margin=1.0)),
    ],
)
def test_profit_reads_as_its_formula(formula, profit):
    assert profit_of(formula) == profit


@pytest.mark.parametrize("formula", ["", "0.4 *", "spend - 1 - 2", "spend - a - b - c"])
def test_another_formula_is_refused(formula):
    with pytest.raises(InputError, match="'profit' must read as"):
        profit_of(formula)


@pytest.mark.parametrize("shares", [["holdout", "A: 1"], ["A: 0", "B: 1"], ["A: 1", "A: 2"], [": 1", "A: 1"]])
def test_shares_of_another_form_are_refused(shares):
    with pytest.raises(InputError, match="'shares' must list each arm once"):
        planned_shares(shares)


def test_an_arm_may_hold_a_colon():
    assert planned_shares(["mail: red: 1", "none: 1"]) == {"mail: red": 0.5, "none": 0.5}


def test_one_arm_is_no_test():
    with pytest.raises(InputError, match="must name the control and at least one other arm"):
        planned_shares(["A: 1"])


def test_two_or_three_outcomes_are_needed():
    with pytest.raises(InputError, match="'outcomes' must name two or three different columns"):
        lk.campaign_metrics(["bought"], "spend")


def test_a_lacking_column_is_named_with_the_nearest(table, tmp_path):
    table.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="The customer file lacks the column 'spent'; did you mean 'spend'?"):
        lk.read_campaign(tmp_path / "a.parquet", **OPTIONS | {"profit": "0.4 * spent"})


def test_text_in_a_column_of_numbers_is_refused(table, tmp_path):
    table.assign(before="much").to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="holds 'much' in 8 rows of column 'before'"):
        lk.read_campaign(tmp_path / "a.parquet", **OPTIONS)


@pytest.mark.parametrize(
    ("arms", "named", "unnamed"),
    [
        (
            [f"{i}@example.org" for i in range(8)],
            "No customer is in the control 'None'; the arms are '0@example.org', ",
            "No customer is in the control 'None'; arms found: 8.",
        ),
        (
            ["None", "A", "ann@example.org", "A"] * 2,
            "The arm 'ann@example.org' is not in 'planned', which names 'None', 'A'.",
            "'planned' lacks 1 of the 3 arms (in 2 rows); it names 'None', 'A'.",
        ),
        (
            ["None", *["B"] * 6, "ann@example.org"],
            "The arm 'B' is not in 'planned'",
            "The arm 'B' is not in 'planned', which names 'None', 'A'.",
        ),
    ],
)
def test_arms_that_are_not_planned_are_refused_and_on_a_page_not_named_where_few_share_them(
    table, tmp_path, arms, named, unnamed
):
    table.assign(分组=arms).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError) as error:
        lk.read_campaign(tmp_path / "a.parquet", **OPTIONS)
    assert error.value.message.startswith(named)
    assert error.value.anonymous == unnamed


def test_customers_without_an_arm_are_told_when_the_campaign_is_evaluated(table, tmp_path):
    table.assign(分组=None).to_parquet(tmp_path / "a.parquet")
    campaign = lk.read_campaign(tmp_path / "a.parquet", **OPTIONS)
    with pytest.raises(InputError, match="Column '分组' is missing in 8 rows; every customer needs an arm"):
        campaign.evaluate([Rate("bought")])


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("gone.csv", None, "does not exist"),
        ("a.docx", b"x", "The customer file 'a.docx' ends in '.docx'; allowed are .csv"),
        ("a.sav", b"x", "is damaged, protected or no SPSS file"),
        ("a.parquet", b"no parquet", "is damaged, protected or no Parquet file"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"id,arm\n", "holds no customers"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path, name, data, sentence):
    file = tmp_path / name
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(UnreadableError, match=sentence):
        lk.read_campaign(file, **OPTIONS)


def test_a_study_is_simulated_where_its_truth_lies_beside_it(tmp_path):
    file = tmp_path / "members.csv"
    file.write_text("arm,bought,spend\nA,1,20\nA,0,0\nnone,0,0\nnone,1,10\n", "utf-8")
    options = {"arm": "arm", "shares": ["none: 1", "A: 1"], "outcomes": ["bought", "spend"], "profit": "0.4 * spend"}
    assert not lk.read_campaign(file, **options).simulated
    (tmp_path / "truth.json").write_text("{}", "utf-8")
    assert lk.read_campaign(file, **options).simulated


def test_amounts_are_read_as_people_store_them_and_a_wrong_one_is_shown_with_its_flaw(tmp_path):
    def read(*spent: str) -> list[float]:
        lines = [
            f'{arm},{bought},"{spend}"' for arm, bought, spend in zip("AABB", ("ja", "nein") * 2, spent, strict=True)
        ]
        (tmp_path / "c.csv").write_text("\n".join(["arm,bought,spend", *lines]), encoding="utf-8")
        campaign = lk.read_campaign(
            tmp_path / "c.csv",
            arm="arm",
            shares=["A: 1", "B: 1"],
            outcomes=["bought", "spend"],
            profit="0.4 * spend - 1",
        )
        return campaign.frame["spend"].tolist()

    assert read("¥1,200.50", "0", "￥80", "30元") == [1200.5, 0, 80, 30]
    with pytest.raises(InputError) as error:
        read("5", "1.2.3", "1", "2")
    assert error.value.message == (
        "The customer file 'c.csv' holds '1.2.3', which is no number, in 1 row of column 'spend' (first: data row 2), "
        "where numbers are needed."
    )
    assert "1.2.3" not in error.value.anonymous


def test_shares_name_an_arm_that_the_file_writes_in_several_ways(tmp_path):
    file = tmp_path / "customers.csv"
    arms = ["none"] * 4 + ["Mail"] * 3 + ["mail "] * 2
    pd.DataFrame({"arm": arms, "bought": [0, 1, 0] * 3, "spend": 1.0}).to_csv(file, index=False)
    given = {"outcomes": ["bought", "spend"], "profit": "0.4 * spend"}
    found = lk.read_campaign(file, arm="arm", shares=["none: 1", "mail: 1"], **given)
    assert found.sizes == {"none": 4, "Mail": 5}
    assert found.planned == {"none": 0.5, "Mail": 0.5}
