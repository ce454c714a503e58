"""Small line charts: a figure over its last runs, with the band of its intervals, as SVG in the page."""

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape

from loyalty_kit.core.estimates import Estimate

_WIDTH, _HEIGHT, _MARGIN = 120, 28, 4
_LEAST_SHARE = 0.1
"""Least part of the largest value that the height of a chart stands for."""

Point = tuple[float, float]


def sparkline(figures: Sequence[Estimate | None], *, label: str) -> str:
    """Line of a figure over runs, oldest first.

    Parameters
    ----------
    figures : sequence of Estimate or None
        One a run; None where a run does not have the figure, which interrupts the line.
    label : str
        What the chart shows, in words, for those who do not see it.

    Returns
    -------
    str
        An svg element in the colour of the text; empty where fewer than two runs have the figure.

    Examples
    --------
    >>> sparkline([Estimate("a", 1.0), Estimate("a", 2.0)], label="a: 1, 2").startswith('<svg class="sparkline"')
    True
    >>> sparkline([Estimate("a", 1.0)], label="a: 1")
    ''
    """
    known = [figure for figure in figures if figure is not None]
    if len(known) < 2:
        return ""
    low, high = _range([end for figure in known for end in (figure.estimate, *(figure.interval or ()))])

    def point(run: int, value: float) -> Point:
        # Halves first: the difference of two numbers may be too large where neither is.
        share = (value / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else 0.5
        across = run / (len(figures) - 1)
        return _MARGIN + across * (_WIDTH - 2 * _MARGIN), _HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN)

    parts = [_element("polygon", points, 'fill="currentColor" opacity="0.2"') for points in _bands(figures, point)]
    lines = [[point(run, figure.estimate) for run, figure in stretch] for stretch in _stretches(figures)]
    line = 'fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"'
    parts += [_element("polyline", points, line) for points in lines if len(points) > 1]
    dots = [points[0] for points in lines if len(points) == 1] + lines[-1][-1:]
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="currentColor"></circle>' for x, y in dots]
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    return f'<svg class="sparkline" role="img" aria-label="{escape(label)}" {size}>{"".join(parts)}</svg>'


def _range(values: Sequence[float]) -> Point:
    """Lowest and highest value of the chart: a change that is small beside the figure itself looks small."""
    low, high = min(values), max(values)
    room = _LEAST_SHARE * max(abs(low), abs(high)) - (high - low)
    wide = low - room / 2, high + room / 2
    return wide if room > 0 and all(map(math.isfinite, wide)) else (low, high)


def _bands(figures: Sequence[Estimate | None], point: Callable[[int, float], Point]) -> Iterator[list[Point]]:
    """Corners of the bands between runs that have intervals."""
    with_interval = [figure if figure is not None and figure.interval else None for figure in figures]
    for stretch in _stretches(with_interval):
        ends = [(run, figure.interval) for run, figure in stretch if figure.interval]
        if len(ends) > 1:
            yield [point(run, low) for run, (low, _) in ends] + [point(run, high) for run, (_, high) in ends[::-1]]


def _stretches(figures: Sequence[Estimate | None]) -> Iterator[list[tuple[int, Estimate]]]:
    """Group runs that have the figure one after another."""
    stretch: list[tuple[int, Estimate]] = []
    for run, figure in enumerate(figures):
        if figure is not None:
            stretch.append((run, figure))
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _element(name: str, points: Sequence[Point], style: str) -> str:
    return f'<{name} points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" {style}></{name}>'
