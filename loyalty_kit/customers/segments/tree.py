"""Segments as rules that can be said aloud: a tree of at most three splits."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.results import Result
from loyalty_kit.customers import segments as room

Whole = npt.NDArray[np.intp]
SPLITS = 3
FOLDS = 5


class Condition(NamedTuple):
    """Condition of a rule: a column above a border, or up to it."""

    column: str
    above: bool
    border: float

    def told(self, column: str) -> str:
        """Text of the condition under a name of the column."""
        return f"{column} {'>' if self.above else '≤'} {self.border:.4g}"


@dataclass(frozen=True, eq=False)
class TreeResult(Result):
    """Rules of at most three splits, and how often they find the segment.

    Attributes
    ----------
    table : DataFrame
        rule (conditions, joined), segment, customers, share_right.
    conditions : tuple of tuple of Condition
        Of each rule.
    accuracy : float
        Share of customers whose segment the rules find, in folds that they were not made of.
    largest : float
        Share that naming the largest segment always would find.
    n_used : int
        Customers.
    """

    table: pd.DataFrame
    conditions: tuple[tuple[Condition, ...], ...]
    accuracy: float
    largest: float
    n_used: int

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a rule: rule, segment, customers, share_right."""
        return self.table.copy()


def tree_of(table: pd.DataFrame, labels: Whole, seed: int) -> TreeResult:
    """Rules that lead to segments, from the columns as they are."""
    values = table.to_numpy(dtype=float)
    model = room.learners.DecisionTreeClassifier(max_leaf_nodes=SPLITS + 1, min_samples_leaf=0.01, random_state=seed)
    sizes = np.bincount(labels)
    folds = max(2, min(FOLDS, int(sizes[sizes > 0].min())))
    held_out = room.learners.cross_val_predict(
        model, values, labels, cv=room.learners.StratifiedKFold(folds, shuffle=True, random_state=seed)
    )
    model.fit(values, labels)
    leaves = model.apply(values)
    found = model.predict(values)
    paths = _paths(model, list(map(str, table.columns)))
    records = []
    for leaf, conditions in paths:
        inside = leaves == leaf
        rule = " & ".join(condition.told(condition.column) for condition in conditions)
        records.append((rule, int(found[inside][0]), int(inside.sum()), float((labels == found)[inside].mean())))
    return TreeResult(
        table=pd.DataFrame(records, columns=["rule", "segment", "customers", "share_right"]),
        conditions=tuple(conditions for _, conditions in paths),
        accuracy=float((held_out == labels).mean()),
        largest=float(sizes.max() / len(labels)),
        n_used=len(labels),
    )


def _paths(model: Any, names: list[str]) -> list[tuple[int, tuple[Condition, ...]]]:
    """Leaves with the conditions that lead to them, from left to right."""
    tree = model.tree_
    found: list[tuple[int, tuple[Condition, ...]]] = []
    waiting: list[tuple[int, tuple[Condition, ...]]] = [(0, ())]
    while waiting:
        node, conditions = waiting.pop()
        if tree.children_left[node] < 0:
            found.append((node, conditions))
            continue
        name, border = names[tree.feature[node]], float(tree.threshold[node])
        waiting.append((tree.children_right[node], (*conditions, Condition(name, True, border))))
        waiting.append((tree.children_left[node], (*conditions, Condition(name, False, border))))
    return found
