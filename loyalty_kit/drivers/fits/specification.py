"""Which columns of a table of scores play which part in a driver model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_columns, check_same_rows
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.survey.scoring import ScaleScores

Scores = ScaleScores | pd.DataFrame
WHERE = message("The table of scores")


@dataclass(frozen=True)
class Specification:
    """Specification of a driver model: columns of the table and the part that each plays.

    Attributes
    ----------
    outcome, drivers, controls : str, tuple of str, tuple of str
        What is explained, by what, besides what.
    categorical : frozenset of str
        Controls that hold codes of groups, whatever their type.
    weight, cluster : str, optional
        Survey weights; units that were sampled together.
    """

    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...] = ()
    categorical: frozenset[str] = frozenset()
    weight: str | None = None
    cluster: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        extra = tuple(name for name in (self.weight, self.cluster) if name is not None)
        return (self.outcome, *self.drivers, *self.controls, *extra)


def read_specification(
    scores: Scores,
    *,
    outcome: str,
    drivers: Sequence[str] | None,
    controls: Sequence[str],
    weight: str | Sequence[float] | pd.Series | None,
    cluster: str | None,
    moderator: str | None,
) -> tuple[pd.DataFrame, Specification]:
    """Table and specification of a call; what it leaves open, the roles and weights of ScaleScores decide.

    Raises
    ------
    InputError
        If the outcome is absent, no driver is named, or a column is given two parts.
    """
    table = table_of(scores)
    carried = scores if isinstance(scores, ScaleScores) else None
    check_columns(table.columns, [outcome], _with_hint(outcome, carried))
    if drivers is None:
        drivers = _by_role(carried, outcome)
    for name, value in (("drivers", drivers), ("controls", controls)):
        if isinstance(value, str):
            raise InputError(
                "'{name}' must be a list of columns; got the single name '{value}'.", name=name, value=value
            )
    if weight is None:
        weight = carried.weight if carried else None
    elif not isinstance(weight, str):
        table, weight = _with_weights(table, weight)
    besides = [] if moderator is None or moderator in controls else [moderator]
    coded = {moderator, *(carried.groups if carried else ())} & {*controls, *besides}
    categorical = frozenset(name for name in coded if name is not None)
    specification = Specification(outcome, tuple(drivers), (*controls, *besides), categorical, weight, cluster)
    _check_parts(specification)
    return table, specification


def table_of(scores: Scores) -> pd.DataFrame:
    """Table behind the scores."""
    table = scores.frame if isinstance(scores, ScaleScores) else scores
    if not isinstance(table, pd.DataFrame):
        raise InputError("Scores must be ScaleScores or a pandas DataFrame; got {given}.", given=type(scores).__name__)
    return table


def _with_hint(outcome: str, carried: ScaleScores | None) -> Message:
    """Name of the table, with the codebook's outcome where another one is asked for."""
    known = [name for name, role in carried.roles.items() if role == "outcome"] if carried else []
    if not known or outcome in known:
        return WHERE
    return message("The table of scores (outcome in the codebook: {outcomes})", outcomes=list(known))


def _by_role(carried: ScaleScores | None, outcome: str) -> tuple[str, ...]:
    if carried is None:
        raise InputError("A plain table carries no roles; name the columns in 'drivers'.")
    drivers = tuple(name for name, role in carried.roles.items() if role == "driver" and name != outcome)
    if not drivers:
        raise InputError("No scale has the role 'driver' in the codebook; name the columns in 'drivers'.")
    return drivers


def _with_weights(table: pd.DataFrame, weight: Sequence[float] | pd.Series) -> tuple[pd.DataFrame, str]:
    """Table with weights given beside it as a column of its own."""
    check_same_rows(weight, table, "weight")
    values = np.asarray(weight, dtype=float)
    if values.shape != (len(table),):
        raise InputError(
            "'weight' must hold one number a row ({count}); got shape {shape}.",
            count=len(table),
            shape=str(values.shape),
        )
    name = "weight"
    while name in table:
        name += "_"
    return table.assign(**{name: values}), name


def _check_parts(specification: Specification) -> None:
    if not specification.drivers:
        raise InputError("'drivers' must name at least one column; got none.")
    if specification.outcome in specification.drivers:
        raise InputError(
            "'{name}' is the outcome and also a driver; leave it out of 'drivers'.", name=specification.outcome
        )
    parts = [
        specification.outcome,
        *specification.drivers,
        *specification.controls,
        *filter(None, [specification.weight]),
    ]
    twice = [name for name in dict.fromkeys(parts) if parts.count(name) > 1]
    if twice:
        raise InputError("{columns} plays two parts among outcome, drivers, controls and weight.", columns=list(twice))
