"""The first screen's figures: at most four tiles, each with its interval and a verdict."""

from collections.abc import Callable
from dataclasses import asdict
from html import escape
from typing import Any, TypeVar

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.core.estimates import TILES, Tile
from loyalty_kit.core.language import level, number, term
from loyalty_kit.core.messages import labelled
from loyalty_kit.reporting.verbs import Views, register, view_of

MOST = 4
"""More are no summary, and do not fit above the picture."""

MAKERS: Views = {}
Maker = TypeVar("Maker", bound=Callable[..., list[Tile]])

_LIST = "display:flex;flex-wrap:wrap;gap:8px;margin:8px 0;padding:0;list-style:none"
_TILE = "flex:1 1 150px;padding:8px 12px;border:1px solid #8c959f;border-radius:6px"
_VALUE = "display:block;font-size:150%"


class Tiles(tuple[Tile, ...]):
    """Figures that stand side by side; a report shows them as tiles, with what changed since its last run."""

    def __str__(self) -> str:
        """Write a line a figure."""
        return "\n".join(
            term("tile.line", heading=tile.heading, told=term("tile.gap").join(_told(tile))) for tile in self
        )

    def _repr_html_(self) -> str:
        tiles = "".join(
            f'<li style="{_TILE}">{escape(tile.heading)}<strong style="{_VALUE}">{escape(tile.value)}</strong>'
            f"{'<br>'.join(escape(text) for text in (tile.detail, tile.verdict) if text)}</li>"
            for tile in self
        )
        return f'<ul style="{_LIST}">{tiles}</ul>' if tiles else ""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Give the tiles as data too, from which a page writes its own."""
        return {TILES: [asdict(tile) for tile in self]} if self else {}


def makes_tiles(result: type) -> Callable[[Maker], Maker]:
    """Register a function that sums a result up as tiles."""
    return register(MAKERS, result, "tiles")


def tiles(*results: Any) -> Tiles:
    r"""Sum results up as the figures of a first screen.

    Parameters
    ----------
    *results : results of analyses
        The most important one first; None, and why data carry too little for one, are passed over.

    Returns
    -------
    Tiles
        At most four, in the order of the results.

    Raises
    ------
    InputError
        If a result has no tiles.

    Examples
    --------
    >>> import loyalty_kit as lk
    >>> import pandas as pd
    >>> book = lk.Codebook.parse("response = {min = 1, max = 5}\nscales.trust.items = ['a', 'b']")
    >>> answers = pd.DataFrame({"a": [1, 2, 4, 5, 5], "b": [2, 2, 4, 4, 5]})
    >>> print(lk.tiles(lk.reliability(answers, book)))
    Scales that are reliable enough: 0 of 1; 1 not settled
    """
    found: list[Tile] = []
    for result in results:
        if result is not None and not isinstance(result, TooLittleError):
            with labelled(getattr(result, "labels", None)):
                found += view_of(MAKERS, "tiles", result, None)(result)
    return Tiles(found[:MOST])


def between(low: float, high: float, confidence: float, *, digits: int = 0) -> str:
    r"""Write an interval below a figure; nothing where there is none.

    Examples
    --------
    >>> between(61.2, 66.4, 0.95).replace("\xa0", " ")
    '95 % interval 61 to 66'
    """
    if not low <= high:
        return ""
    ends = {"low": number(low, digits), "high": number(high, digits)}
    return term("tile.between", level=level(confidence), **ends)


def _told(tile: Tile) -> list[str]:
    return [text for text in (tile.value, tile.detail, tile.verdict) if text]
