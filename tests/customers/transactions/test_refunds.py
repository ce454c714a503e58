"""A refund takes back the last equal purchase before it that is still there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.customers.transactions.refunds import matched, unpaid

ORDERS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([5.0, 7.25, -5.0, -7.25])), max_size=30)


def by_hand(orders: list[tuple[int, float]]) -> list[bool]:
    """One order after the other, with a pile of open purchases for each customer and amount."""
    piles: dict[tuple[int, float], list[int]] = {}
    found = [False] * len(orders)
    for position, (customer, amount) in enumerate(orders):
        pile = piles.setdefault((customer, abs(amount)), [])
        if amount > 0:
            pile.append(position)
        elif pile:
            found[pile.pop()] = found[position] = True
    return found


def arrays(orders: list[tuple[int, float]]):
    customer = np.array([who for who, _ in orders], dtype=np.int64)
    return customer, np.arange(len(orders), dtype=np.int64), np.array([amount for _, amount in orders], dtype=float)


@given(ORDERS)
def test_pairs_are_those_of_brackets(orders):
    assert matched(*arrays(orders)).tolist() == by_hand(orders)


@given(ORDERS)
def test_a_refund_without_any_purchase_before_it_is_found(orders):
    bought: set[int] = set()
    expected = []
    for customer, amount in orders:
        expected.append(amount < 0 and customer not in bought)
        bought |= {customer} if amount > 0 else set()
    assert unpaid(*arrays(orders)).tolist() == expected


def test_a_refund_before_its_purchase_takes_nothing_back():
    assert not matched(*arrays([(1, -5.0), (1, 5.0)])).any()


def test_a_part_of_the_amount_is_no_match():
    assert not matched(*arrays([(1, 20.0), (1, -5.0)])).any()
