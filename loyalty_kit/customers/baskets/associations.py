"""What is bought together more than chance explains, and whether it still is later."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, special, stats
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.checks import check_columns, check_level, check_share, check_whole
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.customers.baskets.itemsets import Baskets, Itemset, baskets_of, count_of, frequent
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.statistics.multiplicity import benjamini_hochberg

Floats = npt.NDArray[np.float64]
LEAST_ORDERS = 5
LEVEL = 0.05
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
]


class _Rule(NamedTuple):
    antecedent: Itemset
    consequent: int
    together: int
    given: int
    then: int


@dataclass(frozen=True, eq=False)
class AssociationsResult(Result):
    """Rules: who buys the antecedent buys the consequent more often than others do.

    Attributes
    ----------
    table : DataFrame
        antecedent, consequent, orders, support, confidence, lift (shrunken), ci_low, ci_high, p_adjusted, and of the
        later period later_orders, later_confidence, later_low, later_high, held ('yes', 'no', 'unclear' or '' where
        there is no later period); the strongest first.
    n_used, n_later : int
        Orders that the rules are made of; orders of the later period.
    items : int
        Different items.
    rules : int
        Rules that were tested.
    prior : float
        Strength of the shrinkage: orders' worth of 'no association'.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    n_used: int
    n_later: int
    items: int
    rules: int
    prior: float
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a rule, the strongest first."""
        return self.table.copy()

    @property
    def clear(self) -> pd.DataFrame:
        """Rules that chance does not explain: adjusted p below .05 and the whole interval of the lift above 1."""
        return self.table[(self.table["p_adjusted"] < LEVEL) & (self.table["ci_low"] > 1)]


def associations(
    lines: Any,
    *,
    order: str | None = None,
    item: str | None = None,
    time: str | None = None,
    at: date | str | None = None,
    support: float = 0.01,
    least_confidence: float = 0.1,
    longest: int = 2,
    confidence: float = 0.95,
) -> AssociationsResult:
    """Rules of what is bought together, with shrunken lift, false-discovery rate and a later period as the test.

    Parameters
    ----------
    lines : table
        A row an item of an order; anything that Narwhals takes. Or a log, as `lk.read_transactions` gives it: its
        columns of order, category and time count, and refunds do not.
    order, item : str
        Columns of the order's id and of the item, of another table than a log.
    time : str, optional
        Column of the time, needed for `at`.
    at : date or str, optional
        Day after which orders are the later period, on which rules made before are tried.
    support : float
        Least share of orders that hold all items of a rule; never fewer than 5 orders.
    least_confidence : float
        Least share of orders with the antecedent that hold the consequent.
    longest : int
        Most items of a rule.
    confidence : float
        Level of the intervals.

    Returns
    -------
    AssociationsResult

    Raises
    ------
    TooLittleError
        If a log names no order or no category.
    InputError
        If a column is absent, or `at` stands without `time`.

    Notes
    -----
    With n orders together and e = (orders with the antecedent)(orders with the consequent) / (all orders) expected, the
    lift n / e is shrunken toward 1: e times the lift is Poisson, the lift is gamma with mean 1 whose strength a is
    fitted to all rules; lift = (a + n) / (a + e), with the quantiles of that gamma as its interval. p is Fisher's
    exact test, one-sided, adjusted by Benjamini and Hochberg over all rules that were tested. A rule has held where
    the later interval of its confidence (Wilson) lies above the later share of the consequent.

    References
    ----------
    DuMouchel, W. (1999). Bayesian data mining in large frequency tables. The American Statistician 53(3), 177–190.
    Hahsler, M., Grün, B. & Hornik, K. (2005). arules. Journal of Statistical Software 14(15); counts of its Groceries
    data are reproduced.

    Examples
    --------
    >>> lines = pd.DataFrame({"order": [1, 1, 2, 2, 3, 4, 5, 6] * 5, "item": list("abababcd") * 5})
    >>> lines["order"] += np.repeat(np.arange(5), 8) * 6
    >>> found = associations(lines, order="order", item="item")
    >>> found.to_frame()[["antecedent", "consequent", "orders"]].values.tolist()
    [['a', 'b', 10], ['b', 'a', 10]]
    """
    check_share(support, "support")
    check_share(least_confidence, "least_confidence")
    check_whole(longest, "longest", 2)
    check_level(confidence, "confidence")
    if isinstance(lines, Transactions):
        lines, order, item, time = _of_log(lines)
    if order is None or item is None:
        raise InputError("'order' and 'item' must name columns of the table of lines.")
    table = _table(lines, order, item, time, at)
    early, late = _parted(table, time, at)
    baskets = baskets_of(early[order], early[item])
    least = max(int(np.ceil(support * baskets.orders - 1e-9)), LEAST_ORDERS)
    rules = [
        rule for rule in _rules(frequent(baskets, least, longest)) if rule.together / rule.given >= least_confidence
    ]
    later = baskets_of(late[order], late[item]) if late is not None and len(late) else None
    found, prior = _estimated(rules, baskets, confidence)
    found = _tried_later(found, rules, baskets, later, confidence)
    return AssociationsResult(
        table=_strongest_first(found),
        n_used=baskets.orders,
        n_later=later.orders if later else 0,
        items=len(baskets.items),
        rules=len(rules),
        prior=prior,
        confidence=confidence,
    )


def _strongest_first(found: pd.DataFrame) -> pd.DataFrame:
    """Sort rules; those that differ by rounding stand in the order of their names."""
    strength = found.assign(strength=-found["ci_low"].round(9), count=-found["orders"])
    order = strength.sort_values(["strength", "count", "antecedent", "consequent"], kind="stable").index
    return found.loc[order].reset_index(drop=True)


def _of_log(log: Transactions) -> tuple[Any, str, str, str]:
    """Purchases of a log, and its columns of order, item and time."""
    columns = log.columns
    if columns.order is None or columns.category is None:
        raise TooLittleError(
            "What is bought together needs columns of the order and of what was bought; the log names no {lacking}.",
            lacking=message("order") if columns.order is None else message("category"),
        )
    kept = log.frame.filter(nw.col(columns.amount) > 0)
    return nw.to_native(kept), columns.order, columns.category, columns.time


def _table(lines: Any, order: str, item: str, time: str | None, at: date | str | None) -> pd.DataFrame:
    """Fetch the columns that are needed; lines without an order or an item say nothing."""
    if at is not None and time is None:
        raise InputError("'at' parts the orders by time; give `time`, the column of it.")
    try:
        frame: Any = nw.from_native(lines)
    except TypeError:
        raise InputError("'lines' must be a table; got {given}.", given=kind(lines)) from None
    names = [order, item, *([time] if time else [])]
    check_columns(frame.collect_schema().names(), names, message("The table of lines"))
    chosen = frame.select(names)
    table: pd.DataFrame = (chosen.collect() if isinstance(chosen, nw.LazyFrame) else chosen).to_pandas()
    return table.dropna(subset=[order, item])


def _parted(table: pd.DataFrame, time: str | None, at: date | str | None) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    if time is None or at is None:
        return table, None
    late = pd.to_datetime(table[time]) >= pd.Timestamp(at) + pd.Timedelta(days=1)
    return table[~late], table[late]


def _rules(sets: Mapping[Itemset, int]) -> Iterator[_Rule]:
    """Every rule with one consequent."""
    for items, together in sets.items():
        for then in items if len(items) > 1 else ():
            given = tuple(item for item in items if item != then)
            yield _Rule(given, then, together, sets[given], sets[then,])


def _estimated(rules: list[_Rule], baskets: Baskets, confidence: float) -> tuple[pd.DataFrame, float]:
    together, given, then = (
        np.array([getattr(rule, name) for rule in rules], dtype=float) for name in ("together", "given", "then")
    )
    expected = given * then / baskets.orders
    prior = _strength(together, expected)
    tail = (1 - confidence) / 2
    ends = [special.gammaincinv(prior + together, at) / (prior + expected) for at in (tail, 1 - tail)]
    p = stats.hypergeom.sf(together - 1, baskets.orders, given, then) if len(rules) else together
    table = pd.DataFrame(
        {
            "antecedent": [" + ".join(str(baskets.items[item]) for item in rule.antecedent) for rule in rules],
            "consequent": [str(baskets.items[rule.consequent]) for rule in rules],
            "orders": together.astype(int),
            "support": together / baskets.orders,
            "confidence": together / given,
            "lift": (prior + together) / (prior + expected),
            "ci_low": ends[0],
            "ci_high": ends[1],
            "p_adjusted": benjamini_hochberg(p),
        }
    )
    return table, prior


def _strength(together: Floats, expected: Floats) -> float:
    """Strength of the gamma prior with mean 1, by maximum likelihood of the negative binomial counts."""
    if len(together) < 2:
        return 1.0

    def loss(log_a: float) -> float:
        a = np.exp(log_a)
        return -float(stats.nbinom.logpmf(together, a, a / (a + expected)).sum())

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-5.0, 8.0), method="bounded").x))


def _tried_later(
    table: pd.DataFrame, rules: list[_Rule], baskets: Baskets, later: Baskets | None, confidence: float
) -> pd.DataFrame:
    """Table with what became of each rule in the later period."""
    if later is None:
        nothing = dict.fromkeys(["later_confidence", "later_low", "later_high"], np.nan)
        return table.assign(later_orders=0, **nothing, held="")[COLUMNS]
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
    low, high = proportion_confint(both, np.maximum(given, 1), 1 - confidence, "wilson")
    held = np.where(low > base, "yes", np.where(high < base, "no", "unclear"))
    return table.assign(
        later_orders=given.astype(int),
        later_confidence=np.divide(both, given, out=np.full(len(rules), np.nan), where=given > 0),
        later_low=np.where(given > 0, low, np.nan),
        later_high=np.where(given > 0, high, np.nan),
        held=np.where(given > 0, held, "unclear"),
    )[COLUMNS]
