"""Rules of what is bought together, tried on a later period that they were not made of."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.customers.baskets.itemsets import Baskets, Itemset, count_of
from loyalty_kit.customers.baskets.shrinkage import Lifts

Floats = npt.NDArray[np.float64]
COLUMNS = [
    "antecedent",
    "consequent",
    "orders",
    "support",
    "confidence",
    "lift",
    "ci_low",
    "ci_high",
    "p_adjusted",
    "later_orders",
    "later_confidence",
    "later_low",
    "later_high",
    "held",
    "held_expected",
]


class Rule(NamedTuple):
    """Who buys the antecedent buys the consequent: numbers of items; orders with both, the first, the second."""

    antecedent: Itemset
    consequent: int
    together: int
    given: int
    then: int


def tried_later(
    table: pd.DataFrame, rules: list[Rule], baskets: Baskets, later: Baskets | None, lifts: Lifts, confidence: float
) -> pd.DataFrame:
    """Table with what became of each rule in the later period, and how probably it holds there if its lift is right."""
    if later is None:
        nothing = dict.fromkeys(["later_confidence", "later_low", "later_high", "held_expected"], np.nan)
        return table.assign(later_orders=0, **nothing, held="")[COLUMNS]
    given, both, base = _later_counts(rules, baskets, later)
    low, high = proportion_confint(both, np.maximum(given, 1), 1 - confidence, "wilson")
    held = np.where(low > base, "yes", np.where(high < base, "no", "unclear"))
    there = given > 0
    return table.assign(
        later_orders=given.astype(int),
        later_confidence=np.divide(both, given, out=np.full(len(rules), np.nan), where=there),
        later_low=np.where(there, low, np.nan),
        later_high=np.where(there, high, np.nan),
        held=np.where(there, held, "unclear"),
        held_expected=_expected(lifts, given, base, confidence),
    )[COLUMNS]


def _later_counts(rules: list[Rule], baskets: Baskets, later: Baskets) -> tuple[Floats, Floats, Floats]:
    """Later orders with the antecedent, with all of the rule, and the later share of the consequent."""
    place = later.items.get_indexer(baskets.items)
    given, both, base = (np.zeros(len(rules)) for _ in range(3))
    for number, rule in enumerate(rules):
        before = tuple(int(place[item]) for item in rule.antecedent)
        then = int(place[rule.consequent])
        if min(before) >= 0:
            given[number] = count_of(later, before)
        if then >= 0:
            base[number] = later.counts[then] / later.orders
            both[number] = count_of(later, (*before, then)) if min(before) >= 0 else 0
    return given, both, base


def _expected(lifts: Lifts, given: Floats, base: Floats, confidence: float) -> Floats:
    """Probability that a rule's later interval lies above the later share, over what its lift may be.

    Notes
    -----
    Wilson's interval lies above the share b where more than n b + z sqrt(n b (1 - b)) of n later orders hold both.
    """
    z = stats.norm.ppf(0.5 + confidence / 2)
    least = np.floor(given * base + z * np.sqrt(given * base * (1 - base)))
    return np.where((given > 0) & (base > 0), lifts.more_than(least, given, base), 0.0)
