"""The table of items: read once from any frame, checked, and resampled into correlation matrices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_columns, check_weight
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.summaries import Summarized
from loyalty_kit.statistics.moments import Floats, Missing, Moments
from loyalty_kit.statistics.resampling import resample_counts


@dataclass(frozen=True, eq=False)
class ItemTable(Summarized):
    """Answers of respondents to items, with a weight for each respondent.

    Attributes
    ----------
    names : tuple of str
        Items, in the order of the columns.
    values : array of shape (respondents, items)
        Answers; NaN where missing.
    weights : array of shape (respondents,)
        Positive: respondents of weight zero are left out.
    index : Index or None
        Of the rows in the frame that they were read from, where they were.
    """

    names: tuple[str, ...]
    values: Floats
    weights: Floats
    index: pd.Index | None = None

    def complete(self) -> "ItemTable":
        """Table of the respondents who answer every item."""
        rows = np.isfinite(self.values).all(axis=1)
        if not rows.any():
            raise InputError("No respondent answers every one of the items {items}.", items=list(self.names))
        return self.where(np.asarray(rows))

    def where(self, rows: npt.NDArray[np.bool_]) -> "ItemTable":
        """Table of the respondents that a mask chooses."""
        index = None if self.index is None else self.index[rows]
        return ItemTable(self.names, self.values[rows], self.weights[rows], index)

    def moments(self, missing: Missing = "listwise") -> Moments:
        """Weighted n, means and covariances of the items."""
        return Moments.of(pd.DataFrame(self.values, columns=list(self.names)), weight=self.weights, missing=missing)


def read_items(items: Any, *, weight: Any = None) -> ItemTable:
    """Read items into numbers.

    Parameters
    ----------
    items : DataFrame of shape (respondents, items)
        Anything that Narwhals takes. Infinite answers count as missing.
    weight : str or array-like of shape (respondents,), optional
        Weight column, then no item, or weights in row order; zero or more, none missing.

    Returns
    -------
    ItemTable

    Raises
    ------
    InputError
        If there are fewer than two items, one is not numeric, holds no answer or never varies.

    Examples
    --------
    >>> read_items(pd.DataFrame({"A1": [1, 5, None], "A2": [2, 4, 4]})).complete().values.shape
    (2, 2)
    """
    frame = numeric_frame(items)
    if isinstance(weight, str):
        check_columns(frame.columns, [weight], message("The table of items"))
        frame, weight = frame.drop(columns=weight), frame[weight]
    names = tuple(frame.columns)
    if len(names) < 2:
        raise InputError("At least two items are needed; got {given}.", given=list(names) or message("none"))
    w = check_weight(weight, len(frame))
    values = frame.to_numpy()[w > 0]
    check_varied(names, values)
    return ItemTable(names, values, w[w > 0], frame.index[w > 0])


def numeric_frame(items: Any, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Frame of floats with its index, names as text and infinite values as missing; of all columns or of some."""
    if not isinstance(items, pd.DataFrame):
        table: Any = nw.from_native(items, pass_through=True)
        if not isinstance(table, nw.DataFrame | nw.LazyFrame):
            raise InputError(
                "Items must be a data frame, respondents × items; got {given}.", given=type(items).__name__
            )
        items = (table.collect() if isinstance(table, nw.LazyFrame) else table).to_pandas()
    names = [str(name) for name in items.columns]
    doubles = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if doubles:
        raise InputError("The table of items holds {items} twice.", items=list(doubles))
    wanted = names if columns is None else list(columns)
    check_columns(names, wanted, message("The table of items"))
    return pd.DataFrame({name: _numbers(items.iloc[:, names.index(name)], name) for name in wanted}, index=items.index)


def check_varied(names: Sequence[str], values: Floats) -> None:
    """Refuse items that hold no answer, or the same answer throughout."""
    present = np.isfinite(values)
    empty = [name for name, answers in zip(names, present.sum(axis=0), strict=True) if not answers]
    if empty:
        if len(empty) == 1:
            raise InputError("Item {items} holds no answer; without answers there is no correlation.", items=empty)
        raise InputError("Items {items} hold no answer; without answers there is no correlation.", items=empty)
    low = np.where(present, values, np.inf).min(axis=0)
    high = np.where(present, values, -np.inf).max(axis=0)
    flat = [name for name, same in zip(names, low == high, strict=True) if same]
    if len(flat) == 1:
        raise InputError(
            "Item {items} holds the same answer in every row; without variance there is no correlation.", items=flat
        )
    if flat:
        raise InputError(
            "Items {items} hold the same answer in every row; without variance there is no correlation.", items=flat
        )


def correlations(values: Floats, weights: Floats) -> Floats:
    """Weighted Pearson correlations of complete rows; NaN for a column without variance.

    Parameters
    ----------
    values : array of shape (rows, items)
        Centred or not; centring keeps digits.
    weights : array of shape (rows,)
        Zero or more.
    """
    centred = values - weights @ values / weights.sum()
    products = centred.T @ (centred * weights[:, None])
    sd = np.sqrt(np.diag(products))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(products / np.outer(sd, sd))


def resampled(table: ItemTable, replicates: int, rng: np.random.Generator) -> Floats:
    """Correlation matrices of bootstrap samples of complete respondents.

    Samples in which an item never varies have no correlations and are left out: fewer matrices than
    `replicates` may come back.

    Parameters
    ----------
    table : ItemTable
        Complete respondents.
    replicates : int
        Number of samples.
    rng : Generator
        Source of chance.

    Returns
    -------
    array of shape (replicates or fewer, items, items)
    """
    n, p = table.values.shape
    centred = table.values - table.values.mean(axis=0)
    matrices = np.empty((replicates, p, p))
    for b in range(replicates):
        matrices[b] = correlations(centred, resample_counts(n, 1, rng)[0] * table.weights)
    varied = (np.abs(matrices.reshape(replicates, -1)) <= 1 + 1e-9).all(axis=1)
    return matrices[varied]


def _numbers(column: pd.Series, name: str) -> npt.NDArray[np.float64]:
    if not pd.api.types.is_numeric_dtype(column) and column.notna().any():
        raise InputError("Column '{column}' must be numeric; got {given}.", column=name, given=str(column.dtype))
    numbers = pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)
