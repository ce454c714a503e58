"""What must not be told of people: one rule on labels that hardly anybody shares."""

from collections.abc import Collection

from loyalty_kit.core.selection import FEWEST

_SOME = 5


def looks_like_ids(sizes: Collection[int], *, least: int = FEWEST) -> bool:
    """Whether the levels of a column look like ids: several, and most of them, are shared by hardly anybody.

    Parameters
    ----------
    sizes : collection of int
        Rows of each level.
    least : int
        Rows from which on a level may be told.

    Examples
    --------
    >>> looks_like_ids([400, 380, 2]), looks_like_ids([1, 1, 1, 1, 2, 300])
    (False, True)
    """
    rare = sum(size < least for size in sizes)
    return rare >= _SOME and 2 * rare > len(sizes)
