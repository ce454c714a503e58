"""Second forms of figures for narrow screens, drawn only where a page asks for them."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

_FORMS: "WeakKeyDictionary[Figure, tuple[Callable[[], Figure], tuple[object, ...]]]" = WeakKeyDictionary()


def has_narrow_form(figure: Figure, draw: Callable[[], Figure]) -> None:
    """Keep how a figure is drawn again for a narrow screen."""
    _FORMS[figure] = (draw, _marks(figure))


def narrow_form(figure: Figure) -> Figure | None:
    """Draw a figure's narrow form; None where it has none, or was changed since, which that form would not show."""
    draw, marks = _FORMS.get(figure, (None, ()))
    if draw is None or marks != _marks(figure):
        return None
    narrow = draw()
    plt.close(narrow)
    return narrow


def _marks(figure: Figure) -> tuple[object, ...]:
    """Tell what a user changes of a figure that the kit drew: its words, its limits, how much is drawn.

    Ticks are left out: they come into being only when the figure is laid out.
    """
    return tuple(
        (
            *(axes.get_title(place) for place in ("left", "center", "right")),
            *(axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale(), axes.get_yscale()),
            *(text.get_text() for text in axes.texts),
            *(len(drawn) for drawn in (axes.lines, axes.patches, axes.collections, axes.images, axes.artists)),
            *(axes.get_xlim(), axes.get_ylim()),
        )
        for axes in figure.axes
    )
