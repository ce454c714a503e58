"""Rows of a table that meet the conditions of a notebook."""

import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.errors import InputError

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
        (["code = 007"], [0]),
        (["code = ００７"], [0]),
        (["member = TRUE"], [0, 2, 3]),
        (["since = 2026-03-01"], [0, 2]),
    ],
)
def test_rows_that_meet_every_condition_are_kept(only, kept):
    before = TABLE.copy()
    assert lk.keep_only(TABLE, only).index.tolist() == kept
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
        lk.keep_only(TABLE, only)
    assert str(error.value) == sentence


def test_no_value_is_named_where_values_are_as_many_as_people():
    table = pd.DataFrame({"name": [f"person {number}" for number in range(40)]})
    with pytest.raises(InputError, match="^No row has 'person' in column 'name'; it holds 40 different values.$"):
        lk.keep_only(table, ["name = person"])


def test_a_campaign_can_be_read_for_some_customers_only(tmp_path):
    file = tmp_path / "customers.csv"
    rows = [f"{arm},{shop},{i % 2},{i}" for i, (arm, shop) in enumerate([("A", "01"), ("none", "01"), ("A", "1")] * 9)]
    file.write_text("\n".join(["arm,shop,bought,spend", *rows]), encoding="utf-8")
    plan = {"arm": "arm", "shares": ["none: 1", "A: 1"], "outcomes": ["bought", "spend"], "profit": "0.4 * spend"}
    assert len(lk.read_campaign(file, only=["shop = 01"], **plan).frame) == 18
    assert len(lk.read_campaign(file, only=["shop = 01", "bought = 1"], **plan).frame) == 9
