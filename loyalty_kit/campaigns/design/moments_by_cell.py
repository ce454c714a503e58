"""Moments of a campaign's rows by cell: from arrays in memory, or by a query where the rows lie elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

from loyalty_kit.campaigns.design.rows import Rows
from loyalty_kit.statistics.grouped_moments import Columns, GroupedMoments
from loyalty_kit.statistics.moments_by_query import moments_by_query
from loyalty_kit.statistics.moments_in_memory import moments_in_memory


def moments_by_cell(
    source: Any, keys: Sequence[str], sets: Sequence[Columns], caps: Mapping[str, tuple[str, float]]
) -> GroupedMoments:
    """Moments of each set of columns by cell; rows in memory know their caps already."""
    if not isinstance(source, Rows):
        derived = {name: column_number(name, caps) for name in caps}
        return moments_by_query(source.with_columns(**derived) if derived else source, keys, sets)
    values = {name: source.values(name) for names in sets for name in names}
    return moments_in_memory({key: source.codes(key) for key in keys}, values, sets, rows=len(source))


def column_number(name: str, caps: Mapping[str, tuple[str, float]]) -> Any:
    """Expression of a column as floating numbers, cut at its cap where it has one."""
    if name not in caps:
        return nw.col(name).cast(nw.Float64)
    column, limit = caps[name]
    number = nw.col(column).cast(nw.Float64)
    # To a database, what is no number is larger than any.
    return nw.when((number > limit) & ~number.is_nan()).then(nw.lit(limit)).otherwise(number)
