"""Lots first in, first out: as a plain loop over the postings has it, to the last point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from points import by_loop

from loyalty_kit.core.errors import InputError
from loyalty_kit.programme.points.lots import Lots
from loyalty_kit.programme.points.validity import Validity, add_months, months_between, validity_of

VALIDITIES = [Validity(days=60), Validity(months=3), Validity()]


@st.composite
def postings(draw):
    """Postings of up to four members over some months, many on one day, some above the balance."""
    n = draw(st.integers(1, 30))
    member = np.sort(np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))))
    day = np.array(draw(st.lists(st.integers(18_900, 19_200), min_size=n, max_size=n)))
    earns = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    points = np.array(draw(st.lists(st.integers(1, 50), min_size=n, max_size=n)), dtype=float)
    order = np.lexsort((~earns, day, member))
    member, day, earns, points = member[order], day[order], earns[order], points[order]
    at = int(day.max()) + draw(st.integers(0, 120))
    return member, day, np.where(earns, points, 0.0), np.where(earns, 0.0, points), at


@pytest.mark.parametrize("validity", VALIDITIES, ids=["days", "months", "never"])
@given(given_postings=postings())
def test_balances_and_lots_are_those_of_a_plain_loop(validity, given_postings):
    member, day, earned, used, at = given_postings
    lots = Lots.of(member, day, earned, used, validity)
    balance, taken, left = by_loop(member, day, earned, used, validity, at)
    assert lots.balance.tolist() == balance
    found = zip(*(part.tolist() for part in lots.taken), strict=True)
    assert sorted(found) == taken
    there = lots.open_at(at)
    assert {lot: there[lot] for lot in left} == left


@given(given_postings=postings())
def test_no_point_is_lost(given_postings):
    """What was earned has been taken, has expired, or is there."""
    member, day, earned, used, at = given_postings
    lots = Lots.of(member, day, earned, used, Validity(days=60))
    taken = np.bincount(lots.taken.lot, lots.taken.points, minlength=len(day))
    left = lots.open_at(at)
    expired = np.where(lots.ends <= at, earned - taken, 0.0)
    assert (expired >= 0).all()
    assert (taken + left + expired).tolist() == earned.tolist()


@given(given_postings=postings(), seed=st.integers(0, 9))
def test_the_order_of_equal_times_changes_no_balance(given_postings, seed):
    member, day, earned, used, at = given_postings
    shuffled = np.random.default_rng(seed).permutation(len(day))
    order = shuffled[np.lexsort((used[shuffled] > 0, day[shuffled], member[shuffled]))]
    one = Lots.of(member, day, earned, used, Validity(months=3))
    other = Lots.of(member[order], day[order], earned[order], used[order], Validity(months=3))
    assert one.balance_at(at).tolist() == other.balance_at(at).tolist()


def test_a_lot_can_be_used_up_to_the_day_before_its_end():
    """100 points of 10 January with 3 months: used on 9 April they count, on 10 April there is nothing."""
    day = np.array(["2026-01-10", "2026-04-09"], dtype="datetime64[D]").astype(np.int64)
    member, earned, used = np.zeros(2, dtype=np.int64), np.array([100.0, 0.0]), np.array([0.0, 40.0])
    assert Lots.of(member, day, earned, used, Validity(months=3)).balance.tolist() == [100, 60]
    assert Lots.of(member, day + [0, 1], earned, used, Validity(months=3)).balance.tolist() == [100, -40]


def test_months_are_those_of_the_calendar():
    days = np.array(["2024-01-31", "2024-02-29", "2023-12-30"], dtype="datetime64[D]").astype(np.int64)
    ends = add_months(days, np.array([1, 12, 2])).astype("datetime64[D]").astype(str)
    assert ends.tolist() == ["2024-02-29", "2025-02-28", "2024-02-29"]
    assert months_between(days, add_months(days, np.array([1, 12, 2]))).tolist() == [1, 12, 2]
    assert months_between(days, add_months(days, np.array([1, 12, 2])) - 1).tolist() == [0, 11, 1]


@pytest.mark.parametrize("wrong", [0, -3, True, "24", "24 weeks", "0 months", None, 1.5])
def test_a_validity_that_says_nothing_is_refused(wrong):
    with pytest.raises(InputError, match="'validity' must say how long points are valid"):
        validity_of(wrong)
