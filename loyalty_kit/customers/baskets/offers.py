"""The next best offer of each segment: who has what goes with it, and has not bought it yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep

from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST, cell_texts
from loyalty_kit.customers.baskets.associations import AssociationsResult
from loyalty_kit.customers.rfm.rfm import RfmResult
from loyalty_kit.customers.rfm.scoring import SEGMENTS
from loyalty_kit.customers.transactions.days import fetched
from loyalty_kit.customers.transactions.transactions import Transactions

Truths = npt.NDArray[np.bool_]
COLUMNS = ["segment", "offer", "because", "customers", "share", "confidence", "lift"]
TRIED = ["tried", "bought", "others_bought", "ci_low", "ci_high", "verdict"]


@dataclass(frozen=True, eq=False)
class OffersResult(Result):
    """The next best offer of each segment.

    Attributes
    ----------
    table : DataFrame
        segment, offer, because (what they have bought), customers (who have, and have not bought the offer), share of
        the segment, confidence and lift of the rule; and from the days after the rules: tried (customers of any segment
        who then stood so), bought (share of them who then bought the offer), others_bought (share of those who had
        bought neither), the interval of the difference ci_low, ci_high, and verdict ('yes', 'no', 'unclear' or '' where
        there are no later days).
    rules : int
        Rules that may be offers.
    n_used : int
        Customers.
    confidence : float
        Level of the interval.
    """

    table: pd.DataFrame
    rules: int
    n_used: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a segment for which there is an offer."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        return self.table[self.table["customers"] >= FEWEST]


def next_best_offer(
    transactions: Transactions,
    baskets: AssociationsResult,
    segments: RfmResult,
    *,
    before: RfmResult | None = None,
    confidence: float = 0.95,
) -> OffersResult:
    """Next best offer of each segment, from rules of what is bought together, tried on later purchases.

    Parameters
    ----------
    transactions : Transactions
        A log with columns of order and category.
    baskets : AssociationsResult
        Rules of that log.
    segments : RfmResult
        Segments of its customers, at the day of the offer.
    before : RfmResult, optional
        The same at the last day of which the rules are made (their `at`): who then stood as those do to whom the offer
        is now made tells whether it was then bought.
    confidence : float
        Level of the interval.

    Returns
    -------
    OffersResult

    Raises
    ------
    TooLittleError
        If the log names no category, or no rule is more than chance.

    Notes
    -----
    Of a segment's customers those are counted who have bought all of a rule's antecedent and never its consequent. The
    offer is the rule with the largest product of their number and of what it adds at least, confidence (1 − 1 /
    lower end of the lift). Later purchases show whether they buy it unasked, more often than those who have bought
    neither (Newcombe's interval of the difference); whether an offer makes them do so tells only a group without it.

    Examples
    --------
    >>> from loyalty_kit.customers.baskets.associations import associations
    >>> from loyalty_kit.customers.rfm.rfm import rfm
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> rng = np.random.default_rng(1)
    >>> has = rng.random((3000, 4)) < 0.2
    >>> has[:, 1] |= has[:, 0] & (rng.random(3000) < 0.6)
    >>> order, item = np.nonzero(has)
    >>> lines = pd.DataFrame({"order": order, "what": np.array(list("abcd"))[item], "paid": 1})
    >>> lines["who"], lines["when"] = order % 900, pd.Timestamp("2026-01-01") + pd.to_timedelta(order // 10, unit="D")
    >>> log = read_transactions(lines, customer="who", time="when", amount="paid", order="order", category="what")
    >>> offers = next_best_offer(log, associations(log), rfm(log))
    >>> sorted(offers.to_frame()["offer"].unique())
    ['a']
    """
    if not isinstance(transactions, Transactions) or not isinstance(baskets, AssociationsResult):
        raise InputError(
            "Offers need a log and its rules, as lk.read_transactions and lk.associations give them; got {given}.",
            given=f"{kind(transactions)}, {kind(baskets)}",
        )
    clear = baskets.clear
    if clear.empty:
        raise TooLittleError("No rule of what is bought together is more than chance, so none makes an offer.")
    sets = [baskets.sets[row] for row in clear.index]
    now = _Owned(transactions, segments, sets, clear["consequent"])
    then = None if before is None else _Owned(transactions.until(before.at), before, sets, clear["consequent"])
    rows = [_best(segment, now, clear) for segment in np.unique(segments.positions)]
    table = pd.DataFrame([row for row in rows if row], columns=[*COLUMNS, "rule"])
    tried = [
        _tried(now, then, rule, confidence) if then else (0, *[np.nan] * 4, "") for rule in table["rule"].astype(int)
    ]
    later = pd.DataFrame(tried, columns=TRIED, index=table.index)
    return OffersResult(pd.concat([table.drop(columns="rule"), later], axis=1), len(clear), segments.n_used, confidence)


class _Owned:
    """Which customer has bought what: the antecedents and the consequents of rules, customers × rules."""

    def __init__(
        self, log: Transactions, segments: RfmResult, sets: list[tuple[str, ...]], consequents: pd.Series
    ) -> None:
        bought = segments.ledger.purchases
        self.ids = pd.Index(segments.ledger.ids.to_numpy()[bought.customer[bought.starts]])
        self.positions = segments.positions
        items = pd.Index(sorted({*consequents, *(item for parts in sets for item in parts)}))
        owned = np.zeros((len(self.ids), len(items)), dtype=bool)
        who, what = _purchases(log, self.ids, items)
        owned[who, what] = True
        self.then: Truths = owned[:, items.get_indexer(pd.Index(consequents))]
        self.given: Truths = np.column_stack(
            [owned[:, items.get_indexer(pd.Index(parts))].all(axis=1) for parts in sets]
        )

    @property
    def open(self) -> Truths:
        """Who has the antecedent and not the consequent."""
        return self.given & ~self.then


def _purchases(log: Transactions, ids: pd.Index, items: pd.Index) -> tuple[Any, Any]:
    """Rows of customers and items that stand in the log together."""
    columns = log.columns
    if columns.category is None:
        raise TooLittleError(
            "What is bought together needs columns of the order and of what was bought; the log names no {lacking}.",
            lacking=message("category"),
        )
    pairs = log.frame.filter(nw.col(columns.amount) > 0).select(columns.customer, columns.category).unique()
    table = fetched(pairs).to_pandas().dropna()
    who = ids.get_indexer(pd.Index(cell_texts(table[columns.customer])))
    what = items.get_indexer(pd.Index(table[columns.category].astype(str)))
    known = (who >= 0) & (what >= 0)
    return who[known], what[known]


def _best(segment: int, now: _Owned, clear: pd.DataFrame) -> tuple[Any, ...] | None:
    """Row of a segment's offer; none where nobody is open to one."""
    inside = now.positions == segment
    eligible = now.open[inside].sum(axis=0)
    adds = eligible * (clear["confidence"] * (1 - 1 / clear["ci_low"])).to_numpy()
    rule = int(adds.argmax())
    if not eligible[rule]:
        return None
    row = clear.iloc[rule]
    reasons = (row["antecedent"], int(eligible[rule]), eligible[rule] / inside.sum(), row["confidence"], row["lift"])
    return (SEGMENTS[segment], row["consequent"], *reasons, rule)


def _tried(now: _Owned, then: _Owned, rule: int, confidence: float) -> tuple[Any, ...]:
    """Say what those who stood so at the earlier date bought until now, and those who had neither."""
    later = now.then[now.ids.get_indexer(then.ids), rule]
    groups = [then.open[:, rule], ~then.given[:, rule] & ~then.then[:, rule]]
    (n, others), (bought, also) = _counts(groups, later)
    if min(n, others) < FEWEST:
        return (n, *[np.nan] * 4, "unclear")
    low, high = confint_proportions_2indep(bought, n, also, others, method="newcomb", alpha=1 - confidence)
    verdict = "yes" if low > 0 else "no" if high < 0 else "unclear"
    return (n, bought / n, also / others, float(low), float(high), verdict)


def _counts(groups: list[Truths], later: Truths) -> Iterator[tuple[int, int]]:
    yield int(groups[0].sum()), int(groups[1].sum())
    yield int(later[groups[0]].sum()), int(later[groups[1]].sum())
