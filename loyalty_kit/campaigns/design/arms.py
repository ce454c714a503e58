"""Arms as people store them: 0 and '0', ' Control ' and 'control' are one arm, and arms are left out by name."""

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw

from loyalty_kit.core.cells import as_spelled, cell_text, level_of
from loyalty_kit.core.errors import InputError

MOST = 50
"""Levels up to which a column is one of arms, whose spellings are looked at."""


def _key(value: object) -> str:
    return cell_text(value).casefold()


def stored_arms(frame: Any, arm: str) -> dict[Any, int]:
    """Count the customers of each value of the arm column, as it stands in the table; missing ones are left out."""
    table = frame.group_by(arm).agg(nw.len().alias("customers in it"))
    table = table.collect() if isinstance(table, nw.LazyFrame) else table
    pairs = zip(table[arm].to_list(), table["customers in it"].to_list(), strict=True)
    return {value: int(n) for value, n in pairs if value is not None and value == value}


def labels_of(stored: Mapping[Any, int]) -> dict[Any, Any]:
    """Label of each stored value: without outer blanks, and of spellings that differ in case alone the most frequent.

    Examples
    --------
    >>> labels_of({"mail": 90, " Mail ": 3, "control": 93}), labels_of({True: 5, False: 5})
    ({'mail': 'mail', ' Mail ': 'mail', 'control': 'control'}, {True: 'TRUE', False: 'FALSE'})
    """
    chosen: dict[str, Any] = {}
    for value in sorted(stored, key=lambda value: (-stored[value], str(value))):
        chosen.setdefault(_key(value), cell_text(value) if isinstance(value, str) else level_of(value))
    text = any(isinstance(value, str) for value in stored)
    return {value: cell_text(label) if text else label for value in stored for label in [chosen[_key(value)]]}


def relabelled(frame: Any, arm: str, labels: Mapping[Any, Any]) -> Any:
    """Frame whose arm column has one label an arm; as it is where no text is spelled in another way."""
    changed = {value: label for value, label in labels.items() if isinstance(label, str) and value != label}
    if not changed or len(labels) > MOST or not any(isinstance(value, str) for value in labels):
        return frame
    text = nw.col(arm).cast(nw.String)
    made = text
    for value, label in changed.items():
        made = nw.when(text == str(value)).then(nw.lit(label)).otherwise(made)
    return frame.with_columns(made.alias(arm))


def named_arm(value: object, arms: Iterable[Any]) -> Any:
    """Arm that a person means by a value, whatever its type, case and blanks; the value where it is none.

    Examples
    --------
    >>> named_arm(" control", ["Control", "mail"]), named_arm("1", [0, 1]), named_arm(0, ["0", "1"])
    ('Control', 1, '0')
    """
    known = {_key(arm): arm for arm in arms}
    if _key(value) in known:
        return known[_key(value)]
    other = as_spelled(value, [cell_text(arm) for arm in known.values()])
    return known.get(other.casefold(), value)


def kept_arms(arms: Iterable[Any], control: object, present: Iterable[Any]) -> list[Any]:
    """Arms that are compared, control first; refuses a name that no customer's arm has."""
    known = list(present)
    if isinstance(arms, str):
        arms = [arms]
    named = [named_arm(arm, known) for arm in arms]
    strangers = [arm for arm in named if arm not in known]
    if strangers:
        raise InputError("'arms' names '{arm}', but no customer is in it.", arm=strangers[0])
    return [control, *(arm for arm in dict.fromkeys(named) if arm != control)]


def number_of(value: object) -> object:
    """Whole number that a text is, where the arms are numbers.

    Examples
    --------
    >>> number_of("1.0"), number_of(0), number_of("mail")
    (1, 0, 'mail')
    """
    try:
        return level_of(float(cell_text(value)))
    except ValueError:
        return value
