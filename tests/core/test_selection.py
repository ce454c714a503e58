"""Rows of a table that meet the conditions of a notebook."""

import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError

TABLE = pd.DataFrame(
    {
        "channel": ["store", "web", "web", None],
        "渠道": ["门店", "网站", "网站", "应用"],
        "wave": [1.0, 1.0, 2.0, None],
        "code": ["007", "7", "7", "7"],
        "member": [True, False, True, True],
        "since": pd.to_datetime(["2026-03-01", "2026-03-02", "2026-03-01", None]),
        "a = b": ["x", "y", "y", "y"],
    }
)


@pytest.mark.parametrize(
    ("only", "kept"),
    [
        ([], [0, 1, 2, 3]),
        (["channel = web"], [1, 2]),
        (["channel=web", "wave = 2"], [2]),
        (["渠道 = 网站"], [1, 2]),
        (["wave = 1"], [0, 1]),
        (["wave = 1.0"], [0, 1]),
        (["wave = 01"], [0, 1]),
        (["code = 007"], [0]),
        (["code = ００７"], [0]),
        (["member = TRUE"], [0, 2, 3]),
        (["member = True"], [0, 2, 3]),
        (["member = false"], [1]),
        (["member = 1"], [0, 2, 3]),
        (["since = 2026-03-01"], [0, 2]),
    ],
)
def test_rows_that_meet_every_condition_are_kept(only, kept):
    before = TABLE.copy()
    assert lk.keep_only(TABLE, only, min_cell=1).index.tolist() == kept
    pd.testing.assert_frame_equal(TABLE, before)


@pytest.mark.parametrize(
    ("only", "sentence"),
    [
        (["chanel = web"], "The table of rows lacks the column 'chanel'; did you mean 'channel'?"),
        (["channel = wbe"], "No row has 'wbe' in column 'channel'; it holds 'store', 'web'."),
        (["channel = stor"], "No row has 'stor' in column 'channel'; did you mean 'store'?"),
        (["channel"], "'only' must list conditions as 'channel = store'; got 'channel'."),
        (["channel = "], "'only' must list conditions as 'channel = store'; got 'channel = '."),
        ("channel = web", "'only' must be a list of conditions, as ['channel = store']; got 'channel = web'."),
        (["wave = 2", "channel = store"], "No row has 'store' in column 'channel'; it holds 'web'."),
    ],
)
def test_a_condition_that_cannot_be_met_is_refused_in_a_sentence(only, sentence):
    with pytest.raises(InputError) as error:
        lk.keep_only(TABLE, only, min_cell=1)
    assert str(error.value) == sentence


def test_values_that_few_have_are_not_named():
    table = pd.DataFrame({"name": [f"person {number}" for number in range(40)], "shop": ["a"] * 36 + ["b"] * 4})
    with pytest.raises(InputError, match="^No row has 'person' in column 'name'.$"):
        lk.keep_only(table, ["name = person"])
    with pytest.raises(InputError, match="^No row has 'c' in column 'shop'; it holds 'a' and rarer values.$"):
        lk.keep_only(table, ["shop = c"])


def test_a_report_about_too_few_is_refused_without_their_number():
    table = pd.DataFrame({"channel": ["web"] * 6 + ["app"] * 4, "wave": [1, 2] * 5})
    with pytest.raises(InputError) as error:
        lk.keep_only(table, ["channel = app"])
    assert str(error.value) == (
        "Fewer than 5 rows meet 'channel = app': a report about so few would tell what single people answered; "
        "at least 5 are needed (min_cell)."
    )
    with pytest.raises(InputError, match="Fewer than 5 rows meet 'channel = web' and 'wave = 1'"):
        lk.keep_only(table, ["channel = web", "wave = 1"])
    assert len(lk.keep_only(table, ["channel = web"])) == 6
    assert len(lk.keep_only(table, ["channel = app"], min_cell=4)) == 4


def test_a_table_is_not_refused_for_being_small():
    assert len(lk.keep_only(TABLE, [])) == 4


@pytest.mark.parametrize("fewest", [0, True, 2.5])
def test_the_fewest_rows_are_a_whole_number(fewest):
    with pytest.raises(InputError, match="'min_cell' must be a whole number"):
        lk.keep_only(TABLE, [], min_cell=fewest)


def test_a_campaign_can_be_read_for_some_customers_only(tmp_path):
    file = tmp_path / "customers.csv"
    rows = [f"{arm},{shop},{i % 2},{i}" for i, (arm, shop) in enumerate([("A", "01"), ("none", "01"), ("A", "1")] * 9)]
    file.write_text("\n".join(["arm,shop,bought,spend", *rows]), encoding="utf-8")
    plan = {"arm": "arm", "shares": ["none: 1", "A: 1"], "outcomes": ["bought", "spend"], "profit": "0.4 * spend"}
    assert len(lk.read_campaign(file, only=["shop = 01"], **plan).frame) == 18
    assert len(lk.read_campaign(file, only=["shop = 01", "bought = 1"], **plan).frame) == 9
    with pytest.raises(InputError, match="Fewer than 10 rows meet 'shop = 01' and 'bought = 1'"):
        lk.read_campaign(file, only=["shop = 01", "bought = 1"], min_cell=10, **plan)


def test_what_a_report_says_of_conditions_names_their_columns_and_no_value(monkeypatch):
    table = pd.DataFrame({"id": [f"C{number}" for number in range(9)], "arm": ["a", "b", "b"] * 3})
    monkeypatch.setenv("LOYALTY_KIT_ANONYMOUS", "1")
    said = {}
    for only in (["id = C3"], ["id = C77"], ["arm = b", "id = C3"], ["arm = b", "id C3"]):
        with pytest.raises(InputError) as error:
            lk.keep_only(table, only)
        said[only[-1], len(only)] = str(error.value)
    few = "a report about so few would tell what single people answered; at least 5 are needed (min_cell)."
    assert list(said.values()) == [
        f"Fewer than 5 rows meet what 'only' asks of 'id': {few}",
        "No row has the value asked for in column 'id'.",
        "No row has the value asked for in column 'id'.",
        "'only' must list conditions as 'channel = store'; entry 2 is none.",
    ]
