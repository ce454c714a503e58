"""Sets of items that are often bought together, counted on bits."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Bits = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]

Itemset = tuple[int, ...]
BLOCK = 256
"""Candidates that are counted at a time, so that memory stays small."""


class Baskets(NamedTuple):
    """Which orders hold which item: a row of bits an item, how often each stands, the items, count of orders."""

    bits: Bits
    counts: Whole
    items: pd.Index
    orders: int


def baskets_of(order: pd.Series, item: pd.Series) -> Baskets:
    """Orders as bits; an item that stands twice in an order counts once."""
    order_codes, orders = pd.factorize(order)
    item_codes, items = pd.factorize(item)
    bits = np.zeros((len(items), (len(orders) + 7) // 8), dtype=np.uint8)
    np.bitwise_or.at(bits, (item_codes, order_codes >> 3), (128 >> (order_codes & 7)).astype(np.uint8))
    return Baskets(bits, _count(bits), pd.Index(items), len(orders))


def frequent(baskets: Baskets, least: int, longest: int) -> dict[Itemset, int]:
    """Count every set of up to `longest` items that at least `least` orders hold.

    Notes
    -----
    Depth first (Eclat): a set is extended only by items behind its last one, and only where it is frequent itself,
    since no larger set can be more frequent. Orders that hold all of a set are the bits that its items share.

    References
    ----------
    Zaki, M. J. (2000). Scalable algorithms for association mining. IEEE Transactions on Knowledge and Data
    Engineering 12(3), 372–390.
    """
    often = np.flatnonzero(baskets.counts >= least)
    # Rare items first: their sets are small, and most branches end early.
    often = often[np.argsort(baskets.counts[often], kind="stable")]
    found: dict[Itemset, int] = {(int(item),): int(baskets.counts[item]) for item in often}
    waiting: list[tuple[Itemset, Bits, Whole]] = [
        ((int(item),), baskets.bits[item], often[place + 1 :]) for place, item in enumerate(often)
    ]
    while waiting:
        base, held, candidates = waiting.pop()
        if len(base) >= longest or not len(candidates):
            continue
        counts = np.concatenate(
            [
                _count(held & baskets.bits[candidates[start : start + BLOCK]])
                for start in range(0, len(candidates), BLOCK)
            ]
        )
        kept = candidates[counts >= least]
        for place, (item, count) in enumerate(zip(kept, counts[counts >= least], strict=True)):
            longer = (*base, int(item))
            found[longer] = int(count)
            if len(longer) < longest:
                waiting.append((longer, held & baskets.bits[item], kept[place + 1 :]))
    return {tuple(sorted(items)): count for items, count in found.items()}


def count_of(baskets: Baskets, items: Itemset) -> int:
    """Orders that hold all of some items."""
    return int(_count(np.bitwise_and.reduce(baskets.bits[list(items)], axis=0)[None])[0])


def _count(bits: Bits) -> Whole:
    width = bits.shape[-1] // 8 * 8
    whole = np.bitwise_count(np.ascontiguousarray(bits[..., :width]).view(np.uint64)).sum(axis=-1, dtype=np.int64)
    rest: Whole = whole + np.bitwise_count(bits[..., width:]).sum(axis=-1, dtype=np.int64)
    return rest
