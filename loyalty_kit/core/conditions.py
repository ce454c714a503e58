"""Conditions on rows as parameters write them, 'channel = store'; no frame is known here, nor loaded."""

from collections.abc import Sequence

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message, shown


def conditions(only: Sequence[str]) -> list[tuple[str, str]]:
    """Column and value of each condition.

    Examples
    --------
    >>> conditions(["channel = store"])
    [('channel', 'store')]
    """
    if isinstance(only, str) or not all(isinstance(entry, str) for entry in only):
        raise InputError("'only' must be a list of conditions, as ['channel = store']; got {given}.", given=shown(only))
    found = []
    for number, entry in enumerate(only, 1):
        column, value = _parts(entry)
        if not (column and value):
            raise InputError(
                "'only' must list conditions as 'channel = store'; got '{entry}'.",
                entry=entry,
                anonymous=message(
                    "'only' must list conditions as 'channel = store'; entry {number} is none.", number=number
                ),
            )
        found.append((column, cell_text(value)))
    return found


def untold(only: object) -> object:
    """Conditions with their columns alone: until the rows are counted, a value may be one person's.

    Examples
    --------
    >>> untold(["channel = store", "id = 1042"]), untold("1042")
    (['channel = …', 'id = …'], '…')
    """
    if isinstance(only, list | tuple):
        return [untold(entry) for entry in only]
    column, value = _parts(only) if isinstance(only, str) else ("", "")
    return f"{column} = …" if column and value else "…"


def _parts(condition: str) -> tuple[str, str]:
    """Column and value of a condition, as they are written; an empty one where it is none."""
    column, _, value = (part.strip() for part in condition.partition(" = " if " = " in condition else "="))
    return column, value
