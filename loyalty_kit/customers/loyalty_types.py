"""Four types of loyalty, by how often customers buy and how much they interact."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import InputError, kind
from loyalty_kit.core.messages import message
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST, cell_texts
from loyalty_kit.customers.transactions.transactions import Transactions

Floats = npt.NDArray[np.float64]
TYPES = ("active", "passive", "chaser", "lapsed")
"""Often and much; often and little; seldom and much; seldom and little."""
DECILE = 0.1


@dataclass(frozen=True, eq=False)
class LoyaltyTypesResult(Result):
    """Customers by type of loyalty.

    Attributes
    ----------
    table : DataFrame
        type, customers, share, revenue_share, moved: share of its customers who are of another type where both cuts
        lie a tenth of the customers lower or higher.
    cuts : mapping of str to float
        Above which a customer buys often ('frequency') and interacts much ('interactions').
    n_used : int
        Customers who ever bought.
    n_unmatched : int
        Customers with interactions who never bought: they have no type.
    """

    table: pd.DataFrame
    cuts: dict[str, float]
    n_used: int
    n_unmatched: int
    types: npt.NDArray[np.intp]

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a type: type, customers, share, revenue_share, moved."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        return self.table[self.table["customers"] >= FEWEST]


def loyalty_types(
    transactions: Transactions, interactions: pd.Series | pd.DataFrame, *, cuts: tuple[float, float] | None = None
) -> LoyaltyTypesResult:
    """Types of loyalty: active (buys often, interacts much), passive (buys often), chaser (interacts), lapsed.

    Parameters
    ----------
    transactions : Transactions
        A log, as `lk.read_transactions` gives it.
    interactions : Series of shape (customers,), or DataFrame
        How much each customer interacts (visits, messages, likes), by customer id; who is not there does not. Or a log
        of events, whose rows are counted by its column `customer`.
    cuts : tuple of float, optional
        Purchases and interactions above which they are many; the medians if absent.

    Returns
    -------
    LoyaltyTypesResult

    Raises
    ------
    InputError
        If ids stand twice, numbers are negative or missing, or no id is a customer of the log.

    Notes
    -----
    A cut parts people who hardly differ. `moved` says how many of a type that concerns: those who change it where the
    cuts lie up to a tenth of the customers lower or higher.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> log = pd.DataFrame({"who": [1, 1, 1, 2, 2, 2, 3, 4], "when": pd.Timestamp("2026-01-01"), "paid": 5})
    >>> orders = read_transactions(log, customer="who", time="when", amount="paid")
    >>> found = loyalty_types(orders, pd.Series({1: 9, 3: 8}), cuts=(1, 1))
    >>> found.to_frame()[["type", "customers"]].values.tolist()
    [['active', 1], ['passive', 1], ['chaser', 1], ['lapsed', 1]]
    """
    if not isinstance(transactions, Transactions):
        raise InputError(
            "'transactions' must be a log, as lk.read_transactions gives it; got {given}.", given=kind(transactions)
        )
    ledger = transactions.ledger()
    customers = ledger.by_customer()
    ids = ledger.ids.iloc[customers.index]
    if isinstance(interactions, pd.DataFrame):
        check_columns(interactions.columns, ["customer"], message("The table of events"))
        interactions = interactions.groupby("customer").size()
    many, unmatched = _interactions(interactions, pd.Index(ids))
    often = customers["orders"].to_numpy(dtype=float)
    both = [_at(values, 0.5, given) for values, given in zip((often, many), cuts or (None, None), strict=True)]
    types = _types(often, many, both)
    moved = np.zeros(len(types), dtype=bool)
    for step in (-DECILE, DECILE):
        shifted = [_shifted(values, cut, step) for values, cut in zip((often, many), both, strict=True)]
        moved |= _types(often, many, shifted) != types
    sizes = np.bincount(types, minlength=len(TYPES))
    money = np.bincount(types, customers["spend"].to_numpy(), minlength=len(TYPES))
    return LoyaltyTypesResult(
        table=pd.DataFrame(
            {
                "type": TYPES,
                "customers": sizes,
                "share": sizes / len(types),
                "revenue_share": money / money.sum(),
                "moved": np.bincount(types, moved, minlength=len(TYPES)) / np.maximum(sizes, 1),
            }
        ),
        cuts={"frequency": both[0], "interactions": both[1]},
        n_used=len(types),
        n_unmatched=unmatched,
        types=types,
    )


def _interactions(given: pd.Series, ids: pd.Index) -> tuple[Floats, int]:
    """Interactions of each customer, 0 for who has none; and how many of the others there are."""
    if not isinstance(given, pd.Series) or not pd.api.types.is_numeric_dtype(given):
        raise InputError("'interactions' must be a Series of numbers by customer id; got {given}.", given=kind(given))
    by_text = pd.Series(given.to_numpy(dtype=float), index=cell_texts(pd.Series(given.index)))
    if by_text.index.has_duplicates:
        raise InputError("'interactions' holds a customer twice; add up what belongs to one.")
    if not (by_text >= 0).all():
        raise InputError("'interactions' must be numbers of zero or more, none missing.")
    known = by_text.index.isin(ids)
    if not known.any():
        raise InputError("No id of 'interactions' is a customer of the log.")
    return by_text.reindex(ids).fillna(0.0).to_numpy(), int((~known).sum())


def _types(often: Floats, many: Floats, cuts: list[float]) -> npt.NDArray[np.intp]:
    buys, interacts = often > cuts[0], many > cuts[1]
    return np.select([buys & interacts, buys, interacts], [0, 1, 2], default=3)


def _at(values: Floats, share: float, given: float | None) -> float:
    return float(np.quantile(values, share)) if given is None else float(given)


def _shifted(values: Floats, cut: float, step: float) -> float:
    """Cut that up to a tenth of the customers cross, lower or higher; equal values cross together or not at all."""
    levels, counts = np.unique(values, return_counts=True)
    below = np.concatenate([[0.0], np.cumsum(counts) / len(values)])
    ends = np.concatenate([[-np.inf], levels])
    crossed = (below - (values <= cut).mean()) * np.sign(step)
    fits = (crossed >= 0) & (crossed <= abs(step) + 1e-9)
    return float(ends[fits].max() if step > 0 else ends[fits].min())
