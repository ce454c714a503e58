"""Factorial designs: several factors drawn by lot at once, each customer in one combination of their levels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import narwhals as nw

from loyalty_kit.campaigns.design.arms import MOST, labels_of, named_arm, number_of, stored_arms
from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message, shown

CROSS = " × "
"""What stands between the levels of a combination, and between the names of the factors."""


@dataclass(frozen=True)
class Factors:
    """Factors of a campaign and their levels, the level of control first.

    Attributes
    ----------
    names : tuple of str
        Columns of the factors.
    levels : tuple of tuple of str
        Levels of each factor, control's first.
    spelled : tuple of (str, int)
        Levels that the table writes in several ways, with the number of these.

    Examples
    --------
    >>> crossed = Factors(("subject", "offer"), (("plain", "short"), ("none", "5 €")))
    >>> crossed.name, crossed.cells
    ('subject × offer', ('plain × none', 'plain × 5 €', 'short × none', 'short × 5 €'))
    """

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    spelled: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        """Name of the column of combinations."""
        return CROSS.join(self.names)

    @property
    def cells(self) -> tuple[str, ...]:
        """Labels of all combinations, that of control first."""
        return tuple(CROSS.join(levels) for levels in self.combinations)

    @property
    def combinations(self) -> list[tuple[str, ...]]:
        """Levels of all combinations, that of control first."""
        return list(product(*self.levels))

    def cell(self, value: object) -> str:
        """Label of the combination that a person means by its levels, a mapping of factors to these, or its label."""
        return CROSS.join(self.chosen(value))

    def chosen(self, value: object) -> tuple[str, ...]:
        """Levels of the combination that a person means."""
        if isinstance(value, str):
            parts: Sequence[object] = dict(zip(self.cells, self.combinations, strict=True)).get(value, ())
            parts = parts or value.split(CROSS.strip())
        elif isinstance(value, Mapping):
            parts = [value.get(name) for name in self.names]
        else:
            parts = list(value) if isinstance(value, list | tuple) else [value]
        pairs = list(zip(parts, self.levels, strict=False))
        named = [named_arm(part, levels) for part, levels in pairs]
        if len(parts) != len(self.names) or any(one not in own for one, own in zip(named, self.levels, strict=False)):
            raise InputError(
                "A combination names a level of each factor, as {example}; got {given}.",
                example=shown(list(self.combinations[0])),
                given=shown(value),
            )
        return tuple(named)


def crossed(frame: Any, names: Sequence[str], control: object) -> tuple[Any, Factors]:
    """Cross the factors: the table with a column of combinations, and the factors with their levels.

    Parameters
    ----------
    frame : narwhals DataFrame or LazyFrame
        One row a customer.
    names : list of str
        Columns of the factors, two or more.
    control : list of object, or mapping of factor to object
        Level of each factor that got nothing, or what was done so far.

    Raises
    ------
    InputError
        If a column is absent, holds one level or very many, or `control` is no combination of their levels.
    """
    if len(names) < 2 or len(set(names)) < len(names):
        raise InputError(
            "'arm' must name one column, or two or more different factors; got {given}.", given=list(names)
        )
    present = frame.collect_schema().names()
    check_columns(present, names, message("The campaign's table"))
    joined = CROSS.join(names)
    if joined in present:
        raise InputError("The table holds a column '{column}' already; name it, or rename it.", column=joined)
    stored = {name: labels_of(stored_arms(frame, name)) for name in names}
    for name in names:
        _check_levels(name, len(set(stored[name].values())))
    known = [list(dict.fromkeys(map(cell_text, stored[name].values()))) for name in names]
    texts = [tuple(sorted(levels, key=_place)) for levels in known]
    base = Factors(tuple(names), tuple(texts)).chosen(control)
    levels = tuple((first, *(one for one in own if one != first)) for first, own in zip(base, texts, strict=True))
    parts = [_labelled(name, stored[name]) for name in names]
    made = nw.concat_str(parts, separator=CROSS, ignore_nulls=False).alias(joined)
    counts = [Counter(map(str, labels.values())) for labels in stored.values()]
    several = tuple((label, n) for own in counts for label, n in own.items() if n > 1)
    return frame.with_columns(made), Factors(tuple(names), levels, several)


def _place(level: str) -> tuple[bool, float, str]:
    """Place of a level among others: numbers by size, then texts."""
    number = number_of(level)
    return (False, float(number), "") if isinstance(number, int | float) else (True, 0.0, level)


def _check_levels(name: str, count: int) -> None:
    if count < 2:
        raise InputError("The factor '{factor}' holds a single level; leave it out of 'arm'.", factor=name)
    if count > MOST:
        raise InputError(
            "The factor '{factor}' holds {n} levels; at most {most} can be crossed.", factor=name, n=count, most=MOST
        )


def _labelled(name: str, labels: Mapping[Any, Any]) -> Any:
    """Label of each row's level as text; none where the level is missing."""
    made = nw.lit(None).cast(nw.String) if not labels else None
    for value, label in labels.items():
        one = nw.when(nw.col(name) == nw.lit(value)).then(nw.lit(cell_text(label)))
        made = one if made is None else one.otherwise(made)
    return made


def labels_of_cells(labels: Mapping[str, str] | None, factors: Factors) -> dict[str, str]:
    """Labels with those of the combinations whose levels have any."""
    known = labels or {}
    cells = zip(factors.cells, factors.combinations, strict=True)
    made = {cell: CROSS.join(known.get(level, level) for level in levels) for cell, levels in cells}
    return {**{cell: label for cell, label in made.items() if cell != label}, **known}


def planned_cells(planned: Mapping[Any, float] | None, factors: Factors) -> dict[str, float] | None:
    """Planned share of each combination by its label."""
    return None if planned is None else {factors.cell(value): share for value, share in planned.items()}
