"""Dates of a campaign file of which the order cannot be told stop the reading, with the line that says it."""

import re
from pathlib import Path

import pytest

import loyalty_kit as lk

GIVEN = {
    "arm": "arm",
    "shares": ["none: 1", "A: 1"],
    "outcomes": ["bought", "spend"],
    "profit": "spend",
    "period": "day",
}


def written(folder: Path, days: tuple[str, str]) -> Path:
    path = folder / "customers.csv"
    rows = [f"{'A' if n % 4 < 2 else 'none'},{n % 3 // 2},{n % 3 // 2 * 10},{days[n % 2]}" for n in range(80)]
    path.write_text("\n".join(["arm,bought,spend,day", *rows]) + "\n", encoding="utf-8")
    return path


def test_days_or_months_first_are_asked_about_and_then_known(tmp_path):
    path = written(tmp_path, ("03/04/2026", "05/06/2026"))
    with pytest.raises(lk.InputError, match=re.escape('"mdy"')):
        lk.read_campaign(path, **GIVEN)
    for order, days in (("dmy", ["2026-04-03", "2026-06-05"]), ("mdy", ["2026-03-04", "2026-05-06"])):
        campaign = lk.read_campaign(path, **GIVEN, file={"dates": order})
        assert sorted(campaign.frame["day"].unique()) == days


def test_a_day_above_twelve_decides_and_the_file_keeps_its_words(tmp_path):
    campaign = lk.read_campaign(written(tmp_path, ("03/04/2026", "25/03/2026")), **GIVEN)
    assert sorted(campaign.frame["day"].unique()) == ["03/04/2026", "25/03/2026"]
