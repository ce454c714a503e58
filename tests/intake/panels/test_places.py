"""Where dates lie among periods: the same month however it is written, and never a guess."""

from datetime import date

import pandas as pd
import pytest

from loyalty_kit.core.errors import InputError
from loyalty_kit.intake.panels.places import places_of

MONTHS = ["2026-01", "2026-02", "2026-03"]


@pytest.mark.parametrize(
    ("value", "periods", "place"),
    [
        ("2026-03-31", MONTHS, 2),
        ("2026-04-01", MONTHS, 3),
        ("2025-12-31", MONTHS, -1),
        ("2026/02/01 10:00", MONTHS, 1),
        ("2026年2月", MONTHS, 1),
        (pd.Timestamp("2026-02-28 23:00"), [pd.Timestamp(f"{month}-01") for month in MONTHS], 1),
        (date(2026, 1, 12), [date(2026, 1, 5), date(2026, 1, 12)], 1),
        (date(2026, 1, 19), [date(2026, 1, 5), date(2026, 1, 12)], 2),
        (2005, [2003, 2004, 2005], 2),
        (2006.0, [2003, 2004, 2005], 3),
        ("W10", ["W1", "W2", "W10"], 2),
    ],
)
def test_a_date_lies_in_its_period(value, periods, place):
    assert places_of(pd.Series([value], dtype=object), "joined", periods, "period").tolist() == [place]


@pytest.mark.parametrize("value", ["soon", 2026, "2026-13-01"])
def test_what_is_no_period_is_refused(value):
    with pytest.raises(InputError, match="must be written as the periods of 'month' are, as '2026-03'"):
        places_of(pd.Series([value], dtype=object), "joined", MONTHS, "month")
