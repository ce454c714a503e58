"""Cross-loadings and residual covariances that a user adds to a factor model, in lavaan's operators."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from loyalty_kit.core.errors import InputError, nearest
from loyalty_kit.core.messages import Message, message, shown

Kind = Literal["loading", "residual covariance"]

_OPERATORS: dict[str, Kind] = {"=~": "loading", "~~": "residual covariance"}


@dataclass(frozen=True)
class Added:
    """One element beyond simple structure: `first` is a scale for a loading, an item for a residual covariance."""

    kind: Kind
    first: str
    second: str

    @property
    def written(self) -> str:
        """How a user writes it."""
        return f"{self.first} {'=~' if self.kind == 'loading' else '~~'} {self.second}"

    @property
    def place(self) -> tuple[str, frozenset[str]]:
        """What it is, whichever way it was written."""
        return self.kind, frozenset((self.first, self.second))


def read_also(also: Sequence[str], scales: Mapping[str, Sequence[str]]) -> tuple[Added, ...]:
    """Read what a user adds to a structure of scales.

    Parameters
    ----------
    also : sequence of str
        'scale =~ item' for a cross-loading, 'item ~~ item' for a residual covariance.
    scales : dict of str to sequence of str
        Items of each scale of the model.

    Returns
    -------
    tuple of Added

    Raises
    ------
    InputError
        If a part is no such line, names what is not in the model, adds what is there, or stands twice.

    Examples
    --------
    >>> read_also(["trust =~ c"], {"trust": ["a", "b"], "value": ["c", "d"]})
    (Added(kind='loading', first='trust', second='c'),)
    """
    if isinstance(also, str) or not isinstance(also, Sequence):
        raise InputError(
            "'also' must be a list of lines such as 'trust =~ x4' and 'x1 ~~ x2'; got {given}.", given=shown(also)
        )
    found: list[Added] = []
    for line in also:
        added = _read(line, scales)
        if added.place in {other.place for other in found}:
            raise InputError("'also' holds '{line}' twice; leave one out.", line=added.written)
        found.append(added)
    return tuple(found)


def carried(
    also: Iterable[Added], before: Mapping[str, Sequence[str]], scales: Mapping[str, Sequence[str]]
) -> tuple[Added, ...]:
    """Those additions to scales `before` that still add something to those that they were merged or cut into."""
    home = {item: scale for scale, items in scales.items() for item in items}
    out: dict[tuple[str, frozenset[str]], Added] = {}
    for added in also:
        first = added.first
        if added.kind == "loading":
            first = next((home[item] for item in before[first] if item in home), "")
        there = first in (scales if added.kind == "loading" else home)
        if there and added.second in home and home[added.second] != first:
            found = Added(added.kind, first, added.second)
            out.setdefault(found.place, found)
    return tuple(out.values())


def _read(line: object, scales: Mapping[str, Sequence[str]]) -> Added:
    """One line, checked part by part."""
    operators = [sign for sign in _OPERATORS if isinstance(line, str) and sign in line]
    parts = [part.strip() for part in str(line).split(operators[0])] if operators else []
    if len(operators) != 1 or len(parts) != 2 or not all(parts):
        raise InputError(
            "'also' holds {line}, which is neither 'scale =~ item' (a cross-loading) nor 'item ~~ item' "
            "(a residual covariance).",
            line=shown(line),
        )
    added = Added(_OPERATORS[operators[0]], *parts)
    home = {item: scale for scale, items in scales.items() for item in items}
    if added.kind == "loading":
        _check_known(added, added.first, scales, message("scale"))
    else:
        _check_known(added, added.first, home, message("item"))
    _check_known(added, added.second, home, message("item"))
    if added.kind == "loading" and home[added.second] == added.first:
        raise InputError(
            "'{line}' in 'also' adds nothing: '{item}' is an item of '{scale}' already; leave the line out.",
            line=added.written,
            item=added.second,
            scale=added.first,
        )
    if added.first == added.second:
        raise InputError(
            "'{line}' in 'also' adds nothing: the residual variance of '{item}' is estimated already; name two items.",
            line=added.written,
            item=added.first,
        )
    return added


def _check_known(added: Added, name: str, known: Iterable[str], kind: Message) -> None:
    """Refuse a name that the model does not hold."""
    names = list(known)
    if name not in names:
        raise InputError(
            "'{name}' in '{line}' of 'also' is no {kind} of the factor model{guess}; it has {known}.",
            name=name,
            line=added.written,
            kind=kind,
            guess=nearest(name, names),
            known=names,
        )
