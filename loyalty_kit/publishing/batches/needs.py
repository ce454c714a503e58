"""Which reports of a batch need which: patterns resolved, circles refused, an order in which each finds its needs."""

import heapq
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter

from loyalty_kit.core.errors import InputError, nearest
from loyalty_kit.core.messages import message, together


def fits(name: str, pattern: str) -> bool:
    """Whether a report's name is meant by a name or by a pattern such as 'quality-*'; case does not count."""
    name, pattern = name.casefold(), pattern.casefold()
    return name == pattern or fnmatchcase(name, pattern)


def resolved(needs: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Names that each report needs.

    Parameters
    ----------
    needs : mapping of str to list of str
        Names and patterns by the name of the report that needs them; a pattern does not mean that report itself.

    Raises
    ------
    InputError
        If one means no report; a line for each.

    Examples
    --------
    >>> resolved({"quality-web": [], "quality-store": [], "summary": ["quality-*"]})["summary"]
    ('quality-web', 'quality-store')
    """
    found: dict[str, tuple[str, ...]] = {}
    faults = []
    for report, patterns in needs.items():
        meant: dict[str, None] = {}
        for pattern in patterns:
            names = [name for name in needs if fits(name, pattern)]
            names = [name for name in names if name != report or pattern.casefold() == report.casefold()]
            meant |= dict.fromkeys(names)
            if not names:
                hint = nearest(pattern, needs) or message(".")
                template = "report '{report}' needs '{pattern}', and no report is named so{hint}"
                faults.append(message(template, report=report, pattern=pattern, hint=hint))
        found[report] = tuple(meant)
    if faults:
        raise InputError(together(dict.fromkeys(faults)))
    return found


def in_order(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Names of reports, each behind those that it needs and otherwise as given.

    Raises
    ------
    InputError
        If reports need one another, with the way around.

    Examples
    --------
    >>> in_order({"summary": ["web"], "store": [], "web": []})
    ['store', 'web', 'summary']
    """
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        *others, circle = (message("'{name}'", name=name) for name in reversed(error.args[1]))
        for other in others[::-1]:
            circle = message("{name} needs {circle}", name=other, circle=circle)
        raise InputError(
            "report {circle}: no order can serve them; take one of these needs out.", circle=circle
        ) from None
    places = {name: place for place, name in enumerate(needs)}
    ready: list[tuple[int, str]] = []
    order: list[str] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heapq.heappush(ready, (places[name], name))
        _, first = heapq.heappop(ready)
        order.append(first)
        sorter.done(first)
    return order
