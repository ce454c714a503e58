"""The three verbs of a report: describe, table and plot, each by the type of a result and the view asked for."""

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, TypeVar, cast

import loyalty_kit.reporting as reporting
from loyalty_kit.core.drawing.behind import explain
from loyalty_kit.core.drawing.narrow import has_narrow_form
from loyalty_kit.core.errors import GroupsError, InputError, TooLittleError, kind
from loyalty_kit.core.language import translate
from loyalty_kit.core.messages import labelled
from loyalty_kit.reporting.behind import ReportTable
from loyalty_kit.reporting.canvas import drawn_narrowly
from loyalty_kit.reporting.methods import METHOD, method_of
from loyalty_kit.reporting.sentences import Passage, Sentence

if TYPE_CHECKING:
    from great_tables import GT
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

View = TypeVar("View", bound=Callable[..., Any])
Views = dict[type, dict[str, Callable[..., Any]]]
"""Functions by type of result and name of view; the first of a type is what it shows where no view is named."""

_NOT_MADE = (TooLittleError, GroupsError)
"""Reasons that stand where a report has no result: said in its place, with nothing to draw."""

SENTENCES: Views = {}
TABLES: Views = {}
FIGURES: Views = {}


def describes(result: type, view: str) -> Callable[[View], View]:
    """Register a function that says in sentences what a view of a result shows."""
    return register(SENTENCES, result, view)


def tabulates(result: type, view: str) -> Callable[[View], View]:
    """Register a function that lays out a view of a result as a table."""
    return register(TABLES, result, view)


def draws(result: type, view: str) -> Callable[[View], View]:
    """Register a function that draws a view of a result on the axes given, or on new ones where these are None."""
    return register(FIGURES, result, view)


def describe(result: Any, view: str | None = None, **options: Any) -> Passage:
    """Say in sentences what a result shows; they stay true for every result.

    Parameters
    ----------
    result : result of an analysis
        What a function of the kit gave; None, or the error that kept an analysis from being made, where the
        view says which analysis that was. Why data carry too little for one is said, folded, without a view.
    view : str, optional
        Which of the result's views; its first where not given, 'method' for how it was computed, with the settings
        of this run. A view that the result does not have is refused with the names of those that it has.
    **options : Any
        What a view takes beside the result.

    Returns
    -------
    Passage
        Sentences in the language of the report, a paragraph each in a notebook.

    Raises
    ------
    InputError
        If the result has no sentences, or no such view.

    Examples
    --------
    >>> import loyalty_kit as lk
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"channel": ["web"] * 9 + ["store"] * 7})
    >>> print(describe(lk.group_counts(answers, lk.Codebook.parse('groups = ["channel"]'))))
    Respondents by channel.
    """
    if isinstance(result, TooLittleError):
        return Passage([Sentence(translate(result.said), "left_out")])
    if view == METHOD and (lines := method_of(result)):
        return Passage(map(Sentence, lines))
    with labelled(getattr(result, "labels", None)):
        passage: Passage = view_of(SENTENCES, "describe", result, view)(result, **options)
        if not any(one in views for one in type(result).__mro__ for views in (TABLES, FIGURES)):
            passage.method = method_of(result)
    return passage


def table(result: Any, view: str | None = None, **options: Any) -> "GT | None":
    """Lay a result out as the table of a report.

    Parameters
    ----------
    result : result of an analysis
        None where there is nothing to show.
    view : str, optional
        Which of the result's views; its first where not given.
    **options : Any
        What a view takes beside the result.

    Returns
    -------
    GT or None
        Text from the data escaped, numbers rounded; full precision stands in `result.to_frame()`. None for
        None, for a TooLittleError or GroupsError, and where the view has no row.

    Raises
    ------
    InputError
        If the result has no table, or no such view.
    """
    if result is None or isinstance(result, _NOT_MADE):
        return None
    with labelled(getattr(result, "labels", None)):
        function = view_of(TABLES, "table", result, view)
        laid_out: GT | None = function(result, **options)
        if isinstance(laid_out, ReportTable):
            laid_out.method = method_of(result, name_of(TABLES, result, function))
    return laid_out


def plot(result: Any, view: str | None = None, *, ax: "Axes | None" = None, **options: Any) -> "Axes | None":
    """Draw a result.

    Parameters
    ----------
    result : result of an analysis
        None where there is nothing to draw.
    view : str, optional
        Which of the result's views; its first where not given.
    ax : Axes, optional
        Where to draw; a new figure where not given.
    **options : Any
        What a view takes beside the result.

    Returns
    -------
    Axes or None
        None for None, and for a TooLittleError or GroupsError.

    Raises
    ------
    InputError
        If the result has no figure, or no such view.
    """
    if result is None or isinstance(result, _NOT_MADE):
        return None
    function = view_of(FIGURES, "plot", result, view)

    def draw(ax: "Axes | None" = None) -> "Axes | None":
        with labelled(getattr(result, "labels", None)):
            axes: Axes | None = function(result, ax=ax, **options)
        return axes

    def told(axes: "Axes | None") -> "Axes | None":
        if axes is not None:
            with labelled(getattr(result, "labels", None)):
                explain(cast("Figure", axes.get_figure()), method_of(result, name_of(FIGURES, result, function)))
        return axes

    if ax is not None:
        return told(draw(ax))
    axes = told(draw())
    if axes is not None:
        has_narrow_form(cast("Figure", axes.get_figure()), partial(drawn_narrowly, draw))
    return axes


def register(views: Views, result: type, view: str) -> Callable[[View], View]:
    """Keep a function by type and view."""

    def keep(function: View) -> View:
        views.setdefault(result, {})[view] = function
        return function

    return keep


def view_of(views: Views, verb: str, result: Any, name: str | None) -> Callable[..., Any]:
    """Find the function of the view asked for; an error that lists the views where there is none of that name."""
    known = _known(views, result, name)
    if known is None:
        raise InputError("'{verb}' takes a result of the kit; got {given}.", verb=verb, given=kind(result))
    if name is None and isinstance(result, (type(None), Exception)):
        raise InputError(
            "'{verb}' needs a view where there is no result; there are {known}.", verb=verb, known=list(known)
        )
    if name is not None and name not in known:
        raise InputError(
            "{given} has no view '{name}' to {verb}; it has {known}.",
            given=kind(result),
            name=name,
            verb=verb,
            known=list(known),
        )
    return known[next(iter(known)) if name is None else name]


def name_of(views: Views, result: Any, function: Callable[..., Any]) -> str:
    """Find the name of a view of a result by its function."""
    known = next(views[one] for one in type(result).__mro__ if one in views)
    return next(name for name, one in known.items() if one is function)


def _known(views: Views, result: Any, name: str | None) -> dict[str, Callable[..., Any]] | None:
    """Find the views of a type, in its area's modules, or in one after the other until one has the view asked for."""
    path = type(result).__module__.split(".")
    parts = _parts()
    anything = isinstance(result, (type(None), Exception))
    known = None
    for part in [path[1]] if path[0] == "loyalty_kit" and path[1] in parts else parts:
        _load(part)
        known = next((views[one] for one in type(result).__mro__ if one in views), None)
        # What there is no result of may be said by any area.
        if known is not None and (name in known or (name is None and not anything)):
            break
    return known


@cache
def _parts() -> tuple[str, ...]:
    """Parts of reporting: modules of every report first, then the areas."""
    found = sorted(iter_modules(reporting.__path__), key=lambda module: (module.ispkg, module.name))
    return tuple(module.name for module in found)


@cache
def _load(part: str) -> None:
    """Import a part of reporting, so that its views are registered."""
    module = import_module(f"{reporting.__name__}.{part}")
    for inner in iter_modules(module.__path__, f"{module.__name__}.") if hasattr(module, "__path__") else ():
        import_module(inner.name)
