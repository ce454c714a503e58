"""Estimates that a notebook records while it runs, and that its report is compared by from run to run."""

import json
import math
import re
import sys
from dataclasses import asdict, replace
from numbers import Real
from typing import Any

from nbformat import NotebookNode

from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.language import translate
from loyalty_kit.core.messages import Message, message, shown
from loyalty_kit.core.results import Result

MIME = "application/vnd.loyalty-kit.estimates+json"
"""Kind of the output that carries them; no notebook and no page shows it."""

_LONGEST = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def record(
    name: str | Result | TooLittleError,
    estimate: float | None = None,
    ci_low: float | None = None,
    ci_high: float | None = None,
    n: int | None = None,
    *,
    label: str = "",
) -> None:
    """Keep an estimate, so that the report's next run tells whether it moved.

    Parameters
    ----------
    name : str, Result or TooLittleError
        What history knows the estimate by, the same in each run and language, as 'loyalty_index'; or a
        result, whose own estimates are then kept and nothing else is given. Of why there is none, nothing is kept.
    estimate : float
        Its value.
    ci_low, ci_high : float, optional
        Ends of its interval; both or neither. NaN counts as not given.
    n : int, optional
        Respondents or customers behind it.
    label : str
        What readers call it; the name where not given.

    Raises
    ------
    InputError
        If the name is empty, a value is no number, or an interval ends before it begins.

    Notes
    -----
    Does nothing outside a notebook. Of two estimates of one name a report keeps the last, so a cell that is
    run again corrects itself. Results of one kind on one subject have the same names (two factor models, or the
    reliability of two groups): record the second figure by figure, each under a name of its own. A result's
    estimates that are no numbers are not kept.

    Examples
    --------
    >>> record("loyalty_index", 61.4, 59.2, 63.6, 412, label="Loyalty index")
    """
    if isinstance(name, TooLittleError):
        return
    if isinstance(name, Result):
        if (estimate, ci_low, ci_high, n, label) != (None, None, None, None, ""):
            raise InputError("A result records its own estimates; give it alone, or a name with the figure.")
        figures = (figure for figure in name.estimates() if math.isfinite(figure.estimate))
        kept = [
            _checked(replace(figure, name=_plain(figure.name), label=translate(figure.label))) for figure in figures
        ]
    elif estimate is None:
        raise InputError("'estimate' must be a finite number; got None for {name}.", name=shown(name))
    else:
        kept = [_checked(Estimate(name, estimate, ci_low, ci_high, n, label))]
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None and kept:
        shell.display_pub.publish(data={MIME: [asdict(figure) for figure in kept]}, metadata={})


def recorded(notebook: NotebookNode) -> tuple[Estimate, ...]:
    """Estimates that an executed notebook recorded.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs.

    Returns
    -------
    tuple of Estimate
        In the order in which their names first came, each as it was recorded last. What does not come from
        `record` is passed over.
    """
    found: dict[str, Estimate] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            for figure in _figures(output.get("data", {}).get(MIME)):
                found[figure.name] = figure
    return tuple(found.values())


def _figures(payload: Any) -> list[Estimate]:
    """Estimates of one output, checked again: anything can stand in a file."""
    try:
        entries = json.loads(payload) if isinstance(payload, str) else payload
        return [_checked(Estimate(**entry)) for entry in entries or ()]
    except (TypeError, ValueError):
        return []


def _checked(figure: Estimate) -> Estimate:
    """Plain numbers and text, or a refusal."""
    name, where = figure.name, message("The estimate {name}", name=shown(figure.name))
    if not isinstance(name, str) or not name.strip() or _CONTROL.search(name) or len(name) > _LONGEST:
        raise InputError(
            "'name' must be text of 1 to {most} characters, none of them a control character; got {given}.",
            most=_LONGEST,
            given=shown(name),
        )
    if not isinstance(figure.label, str):
        raise InputError("{where} has a label that must be text; got {given}.", where=where, given=kind(figure.label))
    value = _number(figure.estimate, "estimate", where)
    if value is None:
        raise InputError("{where} must be a finite number; got {given}.", where=where, given=shown(figure.estimate))
    low, high = _number(figure.ci_low, "ci_low", where), _number(figure.ci_high, "ci_high", where)
    if (low is None) != (high is None):
        raise InputError(
            "{where} has one end of an interval only; give both ci_low and ci_high, or neither.", where=where
        )
    if low is not None and high is not None and low > high:
        raise InputError(
            "{where} has an interval that ends before it begins: {low} to {high}.",
            where=where,
            low=f"{low:g}",
            high=f"{high:g}",
        )
    n = _count(figure.n, where)
    return replace(figure, estimate=value, ci_low=low, ci_high=high, n=n, label=_plain(figure.label))


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", str(text))[:_LONGEST]


def _number(value: object, what: str, where: Message) -> float | None:
    """Finite number, or None for what is missing; infinite ends and text are refused."""
    if value is None or (isinstance(value, Real) and math.isnan(value)):
        return None
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(
            "{where}: '{end}' must be a finite number; got {given}.", where=where, end=what, given=shown(value)
        )
    return float(value)


def _count(value: object, where: Message) -> int | None:
    """Whole number, or None for what is missing."""
    if value is None or (isinstance(value, Real) and math.isnan(value)):
        return None
    # Tables hand over whole numbers as floats where a row lacks one.
    whole = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value) and float(value) % 1 == 0
    if not isinstance(value, Real) or not whole or not 0 <= float(value) < 2**53:
        raise InputError(
            "{where}: 'n' must be a whole number of at least 0; got {given}.", where=where, given=shown(value)
        )
    return int(float(value))
