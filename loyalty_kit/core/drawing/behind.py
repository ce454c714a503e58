"""What stands behind a picture: how it was computed, and the values that it shows, read from what was drawn."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import LineCollection, PathCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator

from loyalty_kit.core.language import term
from loyalty_kit.core.tables import PictureValues, Value

MOST_ROWS = 60
"""A picture of more rows is told by its table."""
MOST_POINTS = 12
"""Of a line with more, so many are told, evenly spread, the last among them."""

_NEAR = 0.06
"""Rows; marks no farther apart belong together."""

_EXPLAINED: "WeakKeyDictionary[Figure, tuple[str, ...]]" = WeakKeyDictionary()


def explain(figure: Figure, lines: Sequence[str]) -> None:
    """Keep how what a figure shows was computed, a paragraph a line, for the page below it."""
    told = _EXPLAINED.get(figure, ())
    _EXPLAINED[figure] = (*told, *(line for line in lines if line not in told))


def explanation(figure: Figure) -> tuple[str, ...]:
    """How what a figure shows was computed; nothing where nobody said."""
    return _EXPLAINED.get(figure, ())


@dataclass(frozen=True)
class _Mark:
    """What is drawn beside the name of a row: a value, or an interval."""

    at: float
    name: str
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan


def values_of(figure: Figure) -> tuple[PictureValues, ...]:
    """Read the values that a figure shows.

    Parameters
    ----------
    figure : Figure
        Drawn by the kit or by anybody: maps of colours with numbers in their cells, rows of points, intervals and
        bars, named points, and lines over numbers or dates.

    Returns
    -------
    tuple of PictureValues
        One of each part of the figure whose values can be read; a length or height beside no axis has none.

    Examples
    --------
    >>> figure = Figure()
    >>> axes = figure.subplots()
    >>> _ = axes.barh([0, 1], [12.5, 30]), axes.set_yticks([0, 1], ["web", "store"]), axes.set_xlabel("Share (%)")
    >>> values_of(figure)[0].rows
    (('store', 30.0), ('web', 12.5))
    """
    found = (_map(axes) or _rows(axes) or _places(axes) or _lines(axes) for axes in figure.axes)
    return tuple(values for values in found if values is not None and 0 < len(values.rows) <= MOST_ROWS)


def _map(axes: Axes) -> PictureValues | None:
    """Read a map of colours by the numbers that stand in its cells."""
    mesh = next((one for one in axes.collections if isinstance(one, QuadMesh)), None)
    if mesh is None or not axes.texts:
        return None
    rows, columns = _texts(axes.yaxis), _texts(axes.xaxis)
    cells: list[list[Value]] = [[None] * len(columns) for _ in rows]
    for text in axes.texts:
        column, row = (math.floor(place) for place in text.get_position())
        if row < len(rows) and column < len(columns):
            cells[row][column] = text.get_text()
    told = tuple((row, *cell) for row, cell in zip(rows, cells, strict=True))
    return PictureValues(_title(axes), (axes.get_ylabel(), *columns), (0,) * (len(columns) + 1), told)


def _texts(axis: Axis) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def _rows(axes: Axes) -> PictureValues | None:
    """Read a figure whose rows have names by what is drawn beside each."""
    names = _texts(axes.yaxis)
    if not isinstance(axes.yaxis.get_major_locator(), FixedLocator) or not any(names) or not len(axes.get_xticks()):
        return None
    marks = _paired(list(_marks(axes)))
    series = list(dict.fromkeys(mark.name for mark in marks))
    spans = [name for name in series if any(mark.low == mark.low for mark in marks if mark.name == name)]
    told: list[tuple[Value, ...]] = []
    for place, name in reversed(list(zip(axes.get_yticks(), names, strict=True))):
        here = {mark.name: mark for mark in reversed(marks) if abs(mark.at - place) < 0.5}
        cells: list[Value] = [name]
        for one in series:
            mark = here.get(one)
            cells.append(None if mark is None else _known(mark.value))
            cells += [None if mark is None else _known(end(mark)) for end in _ENDS] if one in spans else []
        if any(cell is not None for cell in cells[1:]):
            told.append(tuple(cells))
    heads = [_heads(name, axes.get_xlabel(), name in spans) for name in series]
    columns = (axes.get_ylabel(), *(head for several in heads for head in several))
    digits = [_digits(axes.get_xlim(), (row[place] for row in told)) for place in range(1, len(columns))]
    return PictureValues(_title(axes), columns, (0, *digits), tuple(told))


_ENDS: tuple[Callable[[_Mark], float], ...] = (lambda mark: mark.low, lambda mark: mark.high)


def _marks(axes: Axes) -> Iterator[_Mark]:
    """Find bars, points and the strokes between two values that stand beside the rows."""
    for bars in axes.containers:
        if isinstance(bars, BarContainer) and bars.orientation == "horizontal":
            for bar in bars.patches:
                yield _Mark(bar.get_y() + bar.get_height() / 2, _named(bars), value=bar.get_width())
    for line in axes.lines:
        if line.get_transform() == axes.transData:
            xy = np.asarray(line.get_xydata(), dtype=float)
            yield from _stroke(xy, _named(line)) if line.get_marker() in _UNMARKED else _points(xy, _named(line))
    for drawn in axes.collections:
        if isinstance(drawn, LineCollection):
            for segment in drawn.get_segments():
                yield from _stroke(np.asarray(segment, dtype=float), _named(drawn))
        elif isinstance(drawn, PathCollection):
            yield from _points(np.asarray(drawn.get_offsets(), dtype=float), _named(drawn))


_UNMARKED = ("None", "none", "", " ", None)


def _points(xy: Any, name: str) -> Iterator[_Mark]:
    return (_Mark(float(y), name, value=float(x)) for x, y in xy)


def _stroke(xy: Any, name: str) -> Iterator[_Mark]:
    """Read a stroke along a row as an interval, one across it as a value."""
    if len(xy) == 2 and xy[0][1] == xy[1][1]:
        low, high = sorted(float(x) for x in xy[:, 0])
        yield _Mark(float(xy[0][1]), name, low=low, high=high)
    elif len(xy) == 2 and xy[0][0] == xy[1][0]:
        yield _Mark(float(xy[:, 1].mean()), name, value=float(xy[0][0]))


def _paired(marks: list[_Mark]) -> list[_Mark]:
    """Give each value the interval that is drawn through it; a stroke from nothing to a value is no interval."""
    values = [mark for mark in marks if mark.value == mark.value]
    stems = {(round(mark.at, 2), *sorted((0.0, mark.value))) for mark in values}
    spans = [mark for mark in marks if mark.low == mark.low and (round(mark.at, 2), mark.low, mark.high) not in stems]
    told = []
    for mark in values:
        own = (one for one in spans if abs(one.at - mark.at) < _NEAR and one.low <= mark.value <= one.high)
        span = next(own, None)
        if span is not None:
            spans.remove(span)
            mark = replace(mark, low=span.low, high=span.high)
        told.append(mark)
    return told


def _places(axes: Axes) -> PictureValues | None:
    """Read points that have their names beside them, in a plane of two values."""
    noted = [note for note in axes.texts if isinstance(note, Annotation) and note.xycoords == "data"]
    drawn: list[Any] = list(axes.lines)
    points = [line for line in drawn if len(line.get_xdata()) == 1 and line.get_transform() == axes.transData]
    at = {tuple(np.asarray(line.get_xydata(), dtype=float)[0]) for line in points}
    named = [note for note in noted if tuple(map(float, note.xy)) in at]
    if not named or len(named) < len(noted) or any(len(line.get_xdata()) > 2 for line in drawn):
        return None
    told = tuple((note.get_text(), float(note.xy[0]), float(note.xy[1])) for note in named)
    digits = (0, _digits(axes.get_xlim()), _digits(axes.get_ylim()))
    return PictureValues(_title(axes), ("", axes.get_xlabel(), axes.get_ylabel()), digits, told)


def _lines(axes: Axes) -> PictureValues | None:
    """Read lines over numbers or dates, with the bands around them, at some of their points."""
    drawn: list[Any] = [line for line in axes.lines if line.get_transform() == axes.transData]
    lines = [line for line in drawn if len(line.get_xdata()) > 2]
    if not lines or not len(axes.get_yticks()):
        return None
    first, *others = (list(line.get_xdata(orig=True)) for line in lines)
    up = _digits(axes.get_ylim())
    if any(other != first for other in others):
        told = [(_named(line), *_point(line, place)) for line in lines for place in _some(len(line.get_xdata()))]
        apart = (0, _digits(axes.get_xlim(), (x for _, x, _ in told)), up)
        return PictureValues(_title(axes), ("", axes.get_xlabel(), axes.get_ylabel()), apart, tuple(told))
    bands = [_band(axes, line) for line in lines]
    rows = [_across(lines, bands, place) for place in _some(len(first))]
    pairs = zip(lines, bands, strict=True)
    heads = [_heads(_named(line), axes.get_ylabel(), band is not None) for line, band in pairs]
    columns = (axes.get_xlabel(), *(head for several in heads for head in several))
    digits = (_digits(axes.get_xlim(), (row[0] for row in rows)), *[up] * (len(columns) - 1))
    return PictureValues(_title(axes), columns, digits, tuple(rows))


def _across(lines: list[Line2D], bands: list[Any], place: int) -> tuple[Value, ...]:
    """Value of every line at one place, with the ends of its band where it has one."""
    row = [_point(lines[0], place)[0]]
    for line, band in zip(lines, bands, strict=True):
        row += [_point(line, place)[1], *(_known(float(end)) for end in (() if band is None else band[place]))]
    return tuple(row)


def _band(axes: Axes, line: Any) -> Any:
    """Find the ends of the band in a line's colour, a pair a point; None where there is none around every point."""
    xy = np.asarray(line.get_xydata(), dtype=float)
    for area in axes.collections:
        if isinstance(area, PolyCollection) and to_rgb(np.asarray(area.get_facecolor())[0]) == to_rgb(line.get_color()):
            corners = np.vstack([path.vertices for path in area.get_paths()])
            beside = (corners[corners[:, 0] == x, 1] for x in xy[:, 0])
            ends = np.array([(one.min(), one.max()) if len(one) else (math.nan, math.nan) for one in beside])
            within = ~((xy[:, 1] < ends[:, 0]) | (xy[:, 1] > ends[:, 1]))
            if within.all() and np.nan_to_num(ends).any(axis=0).all():
                return ends
    return None


def _point(line: Any, place: int) -> tuple[Value, Value]:
    x, y = line.get_xdata(orig=True)[place], float(np.asarray(line.get_ydata(), dtype=float)[place])
    return (str(x) if isinstance(x, str) else _known(float(x))), _known(y)


def _some(count: int) -> list[int]:
    """Places of at most so many points, evenly spread."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, MOST_POINTS))})


def _heads(name: str, axis: str, spanned: bool) -> list[str]:
    """Headings of a series' columns: by its name, else by its axis."""
    if not spanned:
        return [name or axis]
    ends = [term(f"column.{end}", heading=name) if name else term(f"interval_{end}") for end in ("low", "high")]
    return [name or axis, *ends]


def _named(artist: Any) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else label


def _known(value: float) -> Value:
    return float(value) if math.isfinite(value) else None


def _digits(limits: tuple[float, float], values: Iterable[Value] = ()) -> int:
    """Digits after the point that an axis of this length lets the eye tell apart; none of whole numbers."""
    known = [value for value in values if isinstance(value, float)]
    if known and all(value.is_integer() for value in known):
        return 0
    width = abs(limits[1] - limits[0])
    return min(max(round(2.3 - math.log10(width)), 0), 4) if 0 < width < math.inf else 2


def _title(axes: Axes) -> str:
    return " ".join(next((title for where in ("left", "center") if (title := axes.get_title(where))), "").split())
