"""From a campaign's table to rows that can be counted: one row a customer, or a cluster of customers."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

import narwhals as nw
import numpy as np
import pandas as pd

from loyalty_kit.campaigns.design.gaps import gap
from loyalty_kit.campaigns.design.moments_by_cell import column_number
from loyalty_kit.campaigns.design.rows import SIZE, Rows
from loyalty_kit.core.errors import InputError, rows
from loyalty_kit.core.messages import MOST, few, message, shown
from loyalty_kit.core.selection import FEWEST, looks_like_ids
from loyalty_kit.intake.panels.frames import is_lazy

MOST_LEVELS = 50


def repeated(frame: Any, customer: str, arm: str) -> tuple[int, int]:
    """Count customers who stand more than once in one arm, and customers who stand in several arms."""
    pairs = frame.group_by(customer).agg(nw.len().alias("rows"), nw.col(arm).n_unique().alias("arms"))
    pairs = pairs.filter(nw.col("rows") > 1).select("rows", "arms")
    table = pairs.collect() if is_lazy(frame) else pairs
    several = int((table["arms"] > 1).sum())
    return len(table) - several, several


def first_rows(frame: Any, customer: str, arm: str, duplicates: str, sent: str | None) -> Any:
    """One row a customer: the first, by `sent` where given.

    A customer who stands twice in one arm is refused unless `duplicates` is 'first'; one who stands in
    several arms counts in the first, as intended to treat.
    """
    if not is_lazy(frame) and not _any_repeated(frame[customer]):
        return frame
    same, several = repeated(frame, customer, arm)
    if same and duplicates == "error":
        remedy = message("one row a customer is needed, or duplicates='first'")
        if same == 1:
            raise InputError(
                "1 customer stands more than once in one arm (column '{column}'); {remedy}.",
                column=customer,
                remedy=remedy,
            )
        raise InputError(
            "{n} customers stand more than once in one arm (column '{column}'); {remedy}.",
            n=same,
            column=customer,
            remedy=remedy,
        )
    if not same and not several:
        return frame
    if is_lazy(frame) and sent is None:
        raise InputError(
            "{n} customers stand more than once and rows have no order; give sent= to tell the first.", n=same + several
        )
    if sent is not None:
        return frame.unique([customer], keep="first", order_by=[sent])
    return frame.unique([customer], keep="first", maintain_order=True)


def _any_repeated(column: Any) -> bool:
    missing = int(column.null_count())
    if missing:
        raise InputError(
            "Column '{column}' is missing in {n} rows; every customer needs an id.", column=column.name, n=missing
        )
    return bool(column.to_pandas().duplicated().any())


def check_measured(frame: Any, measured: Mapping[str, str], sent: str) -> None:
    """Refuse by name a covariate that was measured after the campaign went out."""
    late = frame.select(
        *((nw.col(date) > nw.col(sent)).sum().alias(f"late_{i}") for i, date in enumerate(measured.values()))
    )
    table = late.collect() if is_lazy(late) else late
    for i, (name, date) in enumerate(measured.items()):
        count = int(table[f"late_{i}"].to_list()[0] or 0)
        if count:
            raise InputError(
                "The covariate '{name}' was measured after the campaign for {n} customers ('{date}' lies after "
                "'{sent}'); only what was known before may adjust.",
                name=name,
                n=count,
                date=date,
                sent=sent,
            )


def filled(frame: Any, fill: Mapping[str, float], marked: Sequence[str]) -> Any:
    """Fill a lazily held frame's missing values, those of the columns in `marked` beside an indicator."""
    schema = frame.collect_schema()
    made = {}
    for name, value in fill.items():
        number = nw.col(name).cast(nw.Float64)
        lost = number.is_null() | number.is_nan() if schema[name].is_float() else number.is_null()
        made[name] = nw.when(lost).then(nw.lit(value)).otherwise(number)
        if name in marked:
            made[gap(name)] = nw.when(lost).then(nw.lit(1.0)).otherwise(nw.lit(0.0))
    return frame.with_columns(**made)


def check_levels(source: Any, by: Sequence[str]) -> None:
    """Refuse a by-column with so many levels that its cells say nothing, or one that looks like ids."""
    for name in by:
        sizes = _level_sizes(source, name)
        count = len(sizes)
        if looks_like_ids(sizes) and count <= MOST_LEVELS:
            raise InputError(
                "The by-column '{name}' looks like ids: {rare} of its {n} levels hold fewer than {least} customers "
                "each; name a column of segments.",
                name=name,
                rare=sum(size < FEWEST for size in sizes),
                n=count,
                least=FEWEST,
            )
        if count > MOST_LEVELS:
            raise InputError(
                "The by-column '{name}' has {n} levels; allowed are {most}. Group them first.",
                name=name,
                n=count,
                most=MOST_LEVELS,
            )


def _level_sizes(source: Any, name: str) -> list[int]:
    if isinstance(source, Rows):
        codes, levels = source.codes(name)
        return [int(n) for n in np.bincount(codes, minlength=len(levels))]
    sizes = source.group_by(name).agg(nw.len().alias("customers in it"))
    return [int(n) for n in sizes.collect()["customers in it"].to_list()]


def clusters(
    source: Any, keys: Sequence[str], cluster: str, columns: Sequence[str], caps: dict[str, tuple[str, float]]
) -> Any:
    """One row a cluster and cell: sums of the columns over its complete customers, and how many they are."""
    if isinstance(source, Rows):
        values = source.matrix(columns)
        whole = ~np.isnan(values).any(axis=1)
        coded = {
            key: pd.Series(np.asarray(source.codes(key)[1], dtype=object)[source.codes(key)[0]])
            for key in [*keys, cluster]
        }
        table = pd.DataFrame({**coded, **dict(zip(columns, values.T, strict=True)), SIZE: 1.0})[whole]
        return Rows(
            nw.from_native(
                table.groupby([*keys, cluster], sort=False, dropna=False).sum().reset_index(), eager_only=True
            )
        )
    numbers = source.select(*keys, cluster, **{f"c{i}": column_number(name, caps) for i, name in enumerate(columns)})
    for i in range(len(columns)):
        numbers = numbers.filter(~nw.col(f"c{i}").is_null())
    sums = [nw.col(f"c{i}").sum().alias(name) for i, name in enumerate(columns)]
    return numbers.group_by([*keys, cluster]).agg(*sums, nw.len().cast(nw.Float64).alias(SIZE))


def straddling(source: Any, arm: str, cluster: str) -> int:
    """Clusters with customers in more than one arm."""
    if isinstance(source, Rows):
        table = pd.DataFrame({"arm": source.codes(arm)[0], "cluster": source.codes(cluster)[0]})
        return int((table.groupby("cluster")["arm"].nunique() > 1).sum())
    pairs = source.group_by(cluster).agg(nw.col(arm).n_unique().alias("arms")).filter(nw.col("arms") > 1)
    return int(pairs.select(nw.len().alias("n")).collect()["n"].to_list()[0])


def check_planned(planned: Mapping[Any, float], control: object) -> None:
    """Refuse planned shares that are not positive, do not sum to 1, or leave out control."""
    bad = {arm: share for arm, share in planned.items() if isinstance(share, bool) or not share > 0}
    if bad or abs(sum(planned.values()) - 1) > 0.005:
        raise InputError("'planned' must hold shares above 0 that sum to 1; got {given}.", given=shown(dict(planned)))
    if control not in planned:
        raise InputError(
            "'planned' lacks the control '{control}'; it names {arms}.", control=control, arms=list(planned)
        )


def order_arms(
    present: Sequence[Any],
    control: object,
    planned: Mapping[Any, float] | None,
    sizes: Mapping[Any, int] = MappingProxyType({}),
) -> tuple[Any, ...]:
    """Arms, control first, refusing strangers to the plan and a campaign without control or treatment.

    In a report only arms that are planned, or that many share by their `sizes`, are named: a column of addresses may
    stand for the arms by mistake.
    """
    if control not in present:
        _refuse_without_control(present, control, {**sizes, **dict.fromkeys(planned or (), FEWEST)})
    if planned is not None:
        strangers = [arm for arm in present if arm not in planned]
        if strangers:
            _refuse_strangers(strangers, present, planned, sizes)
        absent = [arm for arm in planned if arm not in present]
        if absent:
            raise InputError("'planned' names the arm '{arm}', but no customer is in it.", arm=absent[0])
    known = list(planned) if planned is not None else sorted(present, key=str)
    arms = (control, *(arm for arm in known if arm != control))
    if len(arms) < 2:
        raise InputError(
            "Every customer is in the control '{control}'; a campaign needs at least one other arm.", control=control
        )
    return arms


def _refuse_without_control(present: Sequence[Any], control: object, sizes: Mapping[Any, int]) -> NoReturn:
    shared = _shared(present, sizes)
    alone = [arm for arm in present if arm not in shared]
    arms = few([*shared, *alone], min(len(shared), MOST))
    raise InputError(
        "No customer is in the control '{control}'; the arms are {arms}.",
        control=control,
        arms=list(present),
        anonymous=message("No customer is in the control '{control}'; the arms are {arms}.", control=control, arms=arms)
        if shared
        else message("No customer is in the control '{control}'; arms found: {n}.", control=control, n=len(present)),
    )


def _refuse_strangers(
    strangers: Sequence[Any], present: Sequence[Any], planned: Mapping[Any, float], sizes: Mapping[Any, int]
) -> NoReturn:
    shared, arms = _shared(strangers, sizes), list(planned)
    count = {"n": len(strangers), "count": len(present), "arms": arms}
    spread = message(" (in {rows})", rows=rows(sum(sizes[arm] for arm in strangers))) if sizes else ""
    raise InputError(
        "The arm '{arm}' is not in 'planned', which names {arms}.",
        arm=strangers[0],
        arms=arms,
        anonymous=message("The arm '{arm}' is not in 'planned', which names {arms}.", arm=shared[0], arms=arms)
        if shared
        else message("'planned' lacks {n} of the {count} arms{spread}; it names {arms}.", spread=spread, **count),
    )


def _shared(arms: Sequence[Any], sizes: Mapping[Any, int]) -> list[Any]:
    return [arm for arm in arms if sizes.get(arm, 0) >= FEWEST]
