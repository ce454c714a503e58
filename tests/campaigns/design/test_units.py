"""One row a customer: duplicates, customers in two arms, clusters."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Rate, Ratio
from loyalty_kit.campaigns.design.units import order_arms
from loyalty_kit.core.errors import InputError


def test_a_customer_who_stands_twice_in_one_arm_is_refused(shoppers):
    doubled = pd.concat([shoppers, shoppers[:2]])
    with pytest.raises(InputError, match=r"2 customers stand more than once in one arm \(column 'id'\)"):
        Campaign(doubled, arm="arm", control="none", customer="id").evaluate([Rate("bought")])


def test_the_first_row_counts_on_request(shoppers):
    doubled = pd.concat([shoppers, shoppers[:2]])
    found = Campaign(doubled, arm="arm", control="none", customer="id", duplicates="first").evaluate([Rate("bought")])
    expected = Campaign(shoppers, arm="arm", control="none").evaluate([Rate("bought")])
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())


def test_a_customer_in_two_arms_counts_in_the_first(shoppers):
    other = shoppers[:3].assign(arm=np.where(shoppers["arm"][:3] == "A", "B", "A"))
    found = Campaign(pd.concat([shoppers, other]), arm="arm", control="none", customer="id").evaluate([Rate("bought")])
    assert found.n_used == len(shoppers)


def test_the_first_assignment_is_told_by_its_date(shoppers):
    shoppers["sent"] = pd.Timestamp("2026-03-02")
    earlier = shoppers[:1].assign(arm="A" if shoppers["arm"][0] != "A" else "B", sent=pd.Timestamp("2026-03-01"))
    both = pd.concat([shoppers, earlier])
    found = Campaign(both, arm="arm", control="none", customer="id", sent="sent").evaluate([Rate("bought")])
    expected = Campaign(both[both["id"].ne(0) | both["sent"].lt("2026-03-02")], arm="arm", control="none")
    assert found.table["n_treatment"].tolist() == expected.evaluate([Rate("bought")]).table["n_treatment"].tolist()


def test_a_missing_customer_id_is_refused(shoppers):
    shoppers["id"] = shoppers["id"].astype(float).where(shoppers.index > 0)
    with pytest.raises(InputError, match="Column 'id' is missing in 1 rows; every customer needs an id"):
        Campaign(shoppers, arm="arm", control="none", customer="id").evaluate([Rate("bought")])


@pytest.fixture
def households():
    """400 households of 1 to 5 customers, randomised as a whole."""
    rng = np.random.default_rng(0)
    house = np.repeat(np.arange(400), rng.integers(1, 6, 400))
    arm = np.where(rng.random(400) < 0.5, "A", "none")[house]
    y = rng.normal(size=400)[house] + rng.normal(size=len(house))
    return pd.DataFrame({"house": house, "arm": arm, "y": y, "x": y + rng.normal(size=len(house)), "z": house % 2})


def test_errors_by_household_are_near_those_of_statsmodels(households):
    """statsmodels: OLS(y ~ arm).fit(cov_type="cluster"), CR0 without small-sample factors."""
    data = households
    treated = (data["arm"] == "A").astype(float)
    given = {"groups": data["house"], "use_correction": False}
    fit = sm.OLS(data["y"], sm.add_constant(treated)).fit(cov_type="cluster", cov_kwds=given)
    found = Campaign(data, arm="arm", control="none", cluster="house").evaluate([Mean("y")]).table.iloc[0]
    assert found["difference"] == pytest.approx(fit.params["arm"], abs=1e-10)
    assert found["standard_error"] == pytest.approx(fit.bse["arm"], rel=0.01)


def test_n_counts_customers_and_not_households(households):
    found = Campaign(households, arm="arm", control="none", cluster="house").evaluate([Mean("y")], by="z")
    assert found.to_frame()["n"].iloc[0] == len(households)


def test_covariates_shrink_errors_by_household(households):
    campaign = Campaign(households, arm="arm", control="none", cluster="house", covariates=["x"])
    errors = campaign.evaluate([Mean("y")]).table["standard_error"]
    assert errors[0] < 0.95 * errors[1]


def test_households_in_several_arms_are_told(shoppers):
    effects = Campaign(shoppers, arm="arm", control="none", cluster="household").evaluate([Mean("spend")])
    assert "264 households have customers in several arms and count in each" in effects.warnings[-1]


STRANGE = {
    "an empty table": (lambda d: d[:0], {}, [Rate("bought")], {}, "The campaign's table holds no customer."),
    "two columns of one name": (
        lambda d: pd.concat([d, d[["age"]]], axis=1),
        {},
        [Rate("bought")],
        {},
        "two columns of one name",
    ),
    "an infinite covariate": (
        lambda d: d.assign(age=np.inf),
        {"covariates": ["age"]},
        [Rate("bought")],
        {},
        "Column 'age' holds infinite values",
    ),
    "mixed values": (
        lambda d: d.assign(bought=[True, "no", None] * 300),
        {},
        [Rate("bought")],
        {},
        "Column 'bought' holds mixed values; store it as numbers",
    ),
    "covariates as text": (lambda d: d, {"covariates": "age"}, [Rate("bought")], {}, "must list columns, as ['age']"),
    "segments by arm": (lambda d: d, {}, [Rate("bought")], {"by": "arm"}, "'arm' is the column of the arms"),
    "the cost of a stranger": (
        lambda d: d,
        {},
        [Profit("spend", margin=0.4, cost={"C": 1.0})],
        {},
        "'cost' names the arm 'C'; the arms are 'none', 'A', 'B'.",
    ),
}


@pytest.mark.parametrize("case", STRANGE)
def test_a_strange_table_gets_one_sentence(shoppers, case):
    change, given, metrics, options, sentence = STRANGE[case]
    with pytest.raises(InputError) as error:
        Campaign(change(shoppers), arm="arm", control="none", **given).evaluate(metrics, **options)
    assert sentence in str(error.value)


def test_a_ratio_over_nothing_has_no_interval(shoppers):
    effects = Campaign(shoppers.assign(none=0.0), arm="arm", control="none").evaluate([Ratio("spend", "none")])
    assert effects.to_frame()[["difference", "ci_low", "p_value"]].isna().all(axis=None)


PLAN = {"none": 0.5, "A": 0.5}


def refusal(*arms: str, planned: dict[str, float] | None = None, **sizes: int) -> InputError:
    with pytest.raises(InputError) as error:
        order_arms(arms, "none", planned, sizes)
    return error.value


def test_a_page_names_no_arm_where_the_control_is_absent_but_those_that_many_share():
    wrong = "No customer is in the control 'none'; "
    assert refusal("ann", "bob").message == wrong + "the arms are 'ann', 'bob'."
    assert refusal("ann", "bob").anonymous == wrong + "arms found: 2."
    assert refusal("ann", "bob", ann=1, bob=4).anonymous == wrong + "arms found: 2."
    assert refusal("ann", "mail", "bob", ann=1, mail=5, bob=1).anonymous == wrong + "the arms are 'mail' and 2 more."
    assert refusal("ann", "A", planned=PLAN).anonymous == wrong + "the arms are 'A' and 1 more."


def test_a_page_names_no_arm_that_is_not_planned_but_one_that_many_share():
    named = "The arm '{}' is not in 'planned', which names 'none', 'A'."
    present = ("none", "A", "ann", "mail")
    assert refusal(*present, planned=PLAN).message == named.format("ann")
    assert refusal(*present, planned=PLAN, none=9, A=9, ann=1, mail=5).anonymous == named.format("mail")
    assert refusal(*present, planned=PLAN, none=9, A=9, ann=1, mail=4).anonymous == (
        "'planned' lacks 2 of the 4 arms (in 5 rows); it names 'none', 'A'."
    )
    assert refusal(*present, planned=PLAN).anonymous == "'planned' lacks 2 of the 4 arms; it names 'none', 'A'."


def test_money_as_decimals_is_numbers(shoppers):
    """pandas 11670: SQL gives decimals, which pandas holds as objects."""
    decimals = shoppers.assign(spend=[Decimal(f"{value:.4f}") for value in shoppers["spend"]])
    decimals.loc[3, "spend"] = None
    rounded = shoppers.assign(spend=shoppers["spend"].round(4))
    rounded.loc[3, "spend"] = np.nan
    expected = Campaign(rounded, arm="arm", control="none").evaluate([Mean("spend")]).to_frame()
    found = Campaign(decimals, arm="arm", control="none").evaluate([Mean("spend")]).to_frame()
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)


def test_decimals_beside_a_column_of_texts_have_their_mean():
    """pandas 11670, its ten amounts: the mean of decimals was lost; 693.0 − 670.2 = 22.8."""
    amounts = [Decimal(f"{value}.00") for value in (628, 383, 651, 575, 1114, 241, 572, 609, 820, 1223)]
    table = pd.DataFrame({"arm": ["none"] * 5 + ["mail"] * 5, "B": [None] * 5 + ["TEST", *[None] * 4], "C": amounts})
    row = Campaign(table, arm="arm", control="none").evaluate([Mean("C")]).table.iloc[0]
    assert (row["control"], row["treatment"], row["difference"]) == pytest.approx((670.2, 693.0, 22.8))


@pytest.mark.parametrize(
    ("written", "content"),
    [
        ("€{:.2f}", "amounts with the sign '€'"),
        ("￥{:,.2f}", "amounts with the sign '￥'"),
        ("US${:,.2f}", "amounts with the sign 'US$'"),
        ("{:.2f}元", "amounts with the sign '元'"),
        ("{:.2f} EUR", "amounts with the sign 'EUR'"),
        ("{:,.2f}", "numbers with marks between their digits"),
        ("about {:.0f}", "text"),
    ],
)
def test_amounts_as_text_are_refused_with_what_makes_them_text(shoppers, written, content):
    table = shoppers.assign(spend=[written.format(1000 + value) for value in shoppers["spend"]])
    with pytest.raises(InputError) as error:
        Campaign(table, arm="arm", control="none").evaluate([Mean("spend")])
    assert str(error.value) == f"Column 'spend' holds {content}; store it as numbers, or as true and false."


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_a_column_of_ids_is_no_by_column_and_is_not_quoted(shoppers, engine):
    few = shoppers[:40].assign(who=[f"ann{i // 2}" for i in range(40)])
    frame = few if engine == "pandas" else pytest.importorskip("duckdb", reason="DuckDB is not installed").from_df(few)
    with pytest.raises(InputError, match="'who' looks like ids: 20 of its 20 levels hold fewer than 5") as error:
        Campaign(frame, arm="arm", control="none").evaluate([Mean("spend")], by="who")
    assert "ann1" not in str(error.value)
