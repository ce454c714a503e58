"""Cells too small to be shown."""

import numpy as np
import pandas as pd


def small_cells(counts: pd.Series, min_cell: int) -> pd.Series:
    """Mark the counts that must not be shown: the small ones, and the next larger that would give one away.

    Parameters
    ----------
    counts : Series of shape (cells,)
        Counts of the cells of one total that is known.
    min_cell : int
        Smallest count that is shown.

    Returns
    -------
    Series of shape (cells,), bool
    """
    ordered = counts.sort_values(kind="stable")
    needed = int(((ordered > 0) & (ordered < min_cell)).sum())
    if needed:
        together = ordered.cumsum()
        enough = (together >= min_cell) & (np.arange(1, len(ordered) + 1) >= 2)
        needed = max(needed, int(enough.to_numpy().argmax()) + 1 if enough.any() else len(ordered))
    hidden = pd.Series(np.arange(len(ordered)) < needed, index=ordered.index)
    return hidden.reindex(counts.index)
