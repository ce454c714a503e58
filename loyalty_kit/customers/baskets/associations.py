"""What is bought together more than chance explains, and whether it still is later."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.checks import check_columns, check_level, check_share, check_whole
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.customers.baskets.itemsets import Baskets, Itemset, baskets_of, frequent
from loyalty_kit.customers.baskets.later import Rule, tried_later
from loyalty_kit.customers.baskets.shrinkage import Lifts, Prior, lifts_of, prior_of
from loyalty_kit.customers.transactions.days import fetched
from loyalty_kit.customers.transactions.transactions import Transactions
from loyalty_kit.statistics.multiplicity import benjamini_hochberg

Floats = npt.NDArray[np.float64]
LEAST_ORDERS = 5
LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class AssociationsResult(Result):
    """Rules: who buys the antecedent buys the consequent more often than others do.

    Attributes
    ----------
    table : DataFrame
        antecedent, consequent, orders, support, confidence, lift (shrunken), ci_low, ci_high, p_adjusted, and of the
        later period later_orders, later_confidence, later_low, later_high, held ('yes', 'no', 'unclear' or '' where
        there is no later period) and held_expected, how probably it holds there if its lift is as said; the strongest
        first.
    n_used, n_later : int
        Orders that the rules are made of; orders of the later period.
    items : int
        Different items.
    rules : int
        Rules that were tested.
    prior : Prior
        What the lifts of all rules tell about each: (strength, shape, mean, weight) of two gammas.
    confidence : float
        Level of the intervals.
    sets : tuple of tuple of str
        Items of each rule's antecedent.
    """

    table: pd.DataFrame
    n_used: int
    n_later: int
    items: int
    rules: int
    prior: Prior
    confidence: float
    sets: tuple[tuple[str, ...], ...]

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
    lift n / e is shrunken toward 1: n is Poisson with mean e times the lift, and the lift is one of two gammas, one
    with mean 1 and one with any, which are fitted to all rules. Shown are the mean and the quantiles of what the lift
    then is. p is Fisher's exact test, one-sided, adjusted by Benjamini and Hochberg over all rules that were tested. A
    rule has held where the later interval of its confidence (Wilson) lies above the later share of the consequent. How
    probable that is follows from what its lift may be: later orders with both are binomial.

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
    found, prior, lifts = _estimated(rules, baskets, confidence)
    found = _strongest_first(tried_later(found, rules, baskets, later, lifts, confidence))
    return AssociationsResult(
        table=found.reset_index(drop=True),
        n_used=baskets.orders,
        n_later=later.orders if later else 0,
        items=len(baskets.items),
        rules=len(rules),
        prior=prior,
        confidence=confidence,
        sets=tuple(tuple(str(baskets.items[item]) for item in rules[row].antecedent) for row in found.index),
    )


def _strongest_first(found: pd.DataFrame) -> pd.DataFrame:
    """Sort rules; those that differ by rounding stand in the order of their names."""
    strength = found.assign(strength=-found["ci_low"].round(9), count=-found["orders"])
    order = strength.sort_values(["strength", "count", "antecedent", "consequent"], kind="stable").index
    return found.loc[order]


def _of_log(log: Transactions) -> tuple[Any, str, str, str]:
    """Purchases of a log, and its columns of order, item and time."""
    columns = log.columns
    if columns.order is None or columns.category is None:
        raise TooLittleError(
            "What is bought together needs columns of the order and of what was bought; the log names no {lacking}.",
            lacking=message("order") if columns.order is None else message("category"),
        )
    # A line without an amount is of an order whose total stands on its first line.
    kept = log.frame.filter((nw.col(columns.amount) > 0) | nw.col(columns.amount).is_null())
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
    table: pd.DataFrame = fetched(chosen).to_pandas()
    return table.dropna(subset=[order, item])


def _parted(table: pd.DataFrame, time: str | None, at: date | str | None) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    if time is None or at is None:
        return table, None
    late = pd.to_datetime(table[time]) >= pd.Timestamp(at) + pd.Timedelta(days=1)
    return table[~late], table[late]


def _rules(sets: Mapping[Itemset, int]) -> Iterator[Rule]:
    """Every rule with one consequent."""
    for items, together in sets.items():
        for then in items if len(items) > 1 else ():
            given = tuple(item for item in items if item != then)
            yield Rule(given, then, together, sets[given], sets[then,])


def _estimated(rules: list[Rule], baskets: Baskets, confidence: float) -> tuple[pd.DataFrame, Prior, Lifts]:
    together, given, then = (
        np.array([getattr(rule, name) for rule in rules], dtype=float) for name in ("together", "given", "then")
    )
    expected = given * then / baskets.orders
    prior = prior_of(together, expected)
    lifts = lifts_of(prior, together, expected)
    p = stats.hypergeom.sf(together - 1, baskets.orders, given, then) if len(rules) else together
    table = pd.DataFrame(
        {
            "antecedent": [" + ".join(str(baskets.items[item]) for item in rule.antecedent) for rule in rules],
            "consequent": [str(baskets.items[rule.consequent]) for rule in rules],
            "orders": together.astype(int),
            "support": together / baskets.orders,
            "confidence": together / given,
            "lift": lifts.mean,
            "ci_low": lifts.quantile((1 - confidence) / 2),
            "ci_high": lifts.quantile((1 + confidence) / 2),
            "p_adjusted": benjamini_hochberg(p),
        }
    )
    return table, prior, lifts
