"""Groups to be compared, from a table of responses."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd

from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import GroupsError, InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.selection import group_name
from loyalty_kit.measurement.cfa.structure import Structure, read_answers
from loyalty_kit.measurement.correlations.items import ItemTable
from loyalty_kit.measurement.invariance.fit import GroupData
from loyalty_kit.measurement.invariance.groups import Groups, Member
from loyalty_kit.measurement.invariance.ordinal_groups import OrdinalGroups, check_categories, ordinal_member
from loyalty_kit.measurement.invariance.ordinal_moments import OrdinalMember
from loyalty_kit.measurement.latent.estimators import Estimator, MissingAnswers


def read_groups(
    responses: pd.DataFrame, structure: Structure, group: str, missing: MissingAnswers
) -> tuple[dict[str, ItemTable], tuple[str, ...]]:
    """Answers by group, in the codebook's order, and a sentence on the groups too small for any."""
    wanted = [group, *structure.items, *filter(None, [structure.weight])]
    check_columns(responses.columns, wanted, message("The table of responses"))
    present, by = responses[responses[group].notna()], group_label(structure, group)
    names = _ordered(present[group], structure, group)
    if len(names) < 2:
        if not names:
            raise GroupsError("'{by}' holds no group; comparing needs two groups or more.", by=by)
        raise GroupsError("'{by}' holds {groups}; comparing needs two groups or more.", by=by, groups=names)
    answering = present[list(structure.items)].notna().any(axis=1).groupby(present[group], sort=False).sum()
    small = [name for name in names if answering[name] <= len(structure.items)]
    sizes = present[group].value_counts()
    small_names = list(dict.fromkeys(group_name(name, sizes[name]) for name in small))
    if len(names) - len(small) < 2:
        raise GroupsError(
            "Comparing by '{by}' needs two groups with more respondents than the {items} items; too few are "
            "in {groups}.",
            by=by,
            items=len(structure.items),
            groups=small_names,
        )
    tables = {}
    for name in (name for name in names if name not in small):
        with _named(_label(name), by):
            tables[_label(name)] = read_answers(present[present[group] == name], structure, missing)
    told = message("Not compared, as too few answered: {groups} of '{by}'.", groups=small_names, by=by)
    return tables, (told,) if small else ()


@contextmanager
def _named(name: str, by: str) -> Iterator[None]:
    """Say in which group something is wrong."""
    try:
        yield
    except InputError as error:
        raise GroupsError("In group '{group}' of '{by}': {why}", group=name, by=by, why=error.said) from None


def sampled(
    tables: Mapping[str, ItemTable], structure: Structure, by: str, estimator: Estimator, missing: MissingAnswers
) -> GroupData:
    """Answers as the estimator needs them."""
    if estimator == "wlsmv":
        check_categories(tables, by)
        ordered: list[OrdinalMember] = []
        for name, table in tables.items():
            with _named(name, by):
                ordered.append(ordinal_member(table))
        return OrdinalGroups(tuple(tables), structure, tuple(ordered))
    robust, fiml = estimator == "mlr", missing == "fiml"
    members: list[Member] = []
    for name, table in tables.items():
        with _named(name, by):
            members.append(Member.of(table, robust=robust, fiml=fiml))
    return Groups(tuple(tables), structure, tuple(members), robust=robust, complete=not fiml)


def group_label(structure: Structure, group: str) -> str:
    """Label of the column of groups, or its name."""
    return structure.codebook.group_labels.get(group, group)


def _ordered(column: pd.Series, structure: Structure, group: str) -> list[Any]:
    """Put groups in the order of the codebook, those that it does not name in that of their appearance."""
    levels = list(structure.codebook.levels(group).values())
    return sorted(column.unique(), key=lambda name: levels.index(str(name)) if str(name) in levels else len(levels))


def _label(name: object) -> str:
    return f"{name:g}" if isinstance(name, float) else str(name)
