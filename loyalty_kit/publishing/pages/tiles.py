"""Tiles of a report: on its page, with what changed since the last run, and in the index."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Any

from nbformat import NotebookNode
from pydantic import TypeAdapter

from loyalty_kit.core.estimates import TILES, Change, Estimate, Tile
from loyalty_kit.core.language import term

_MOST = 8
_TILES = TypeAdapter(tuple[Tile, ...])


def read_tiles(payload: Any) -> tuple[Tile, ...]:
    """Tiles of one output or of a page's head, checked again: anything can stand in a file."""
    try:
        return _TILES.validate_json(payload if isinstance(payload, str) else json.dumps(payload))[:_MOST]
    except (TypeError, ValueError, RecursionError):
        return ()


def tiles_of(notebook: NotebookNode) -> tuple[Tile, ...]:
    """First tiles of an executed notebook; none where it shows none."""
    outputs = (output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ()))
    return next((tiles for data in outputs if TILES in data and (tiles := read_tiles(data[TILES]))), ())


def led_by_tiles(estimates: Sequence[Estimate], tiles: Sequence[Tile]) -> tuple[Estimate, ...]:
    """Estimates in their order, those of the tiles first: of these the index draws the course."""
    order = [tile.name for tile in tiles if tile.name]
    return tuple(sorted(estimates, key=lambda one: order.index(one.name) if one.name in order else len(order)))


def tiles_html(
    tiles: Sequence[Tile], *, changes: Mapping[str, Change] = MappingProxyType({}), language: str = "en"
) -> str:
    """Tiles as a list, a verdict by its shape and in words as well as by colour; empty where there are none.

    Parameters
    ----------
    tiles : sequence of Tile
        Their text comes from elsewhere and is escaped.
    changes : mapping of str to Change
        What became of the figures since the last run, by the names that history knows them by.
    language : {'en', 'zh'}
        Language of what is said of changes.

    Returns
    -------
    str
    """
    entries = "\n".join(_entry(tile, changes.get(tile.name), language) for tile in tiles)
    return f'<ul class="tiles">\n{entries}\n</ul>' if entries else ""


def change_text(change: Change | None, language: str) -> str:
    """Say in a few words whether a figure moved since the last run; nothing where that cannot be told."""
    if change is None or change.verdict not in ("moved", "unclear", "same"):
        return ""
    fell = change.verdict == "moved" and (change.difference or 0.0) < 0
    key = "fell" if fell else "rose" if change.verdict == "moved" else change.verdict
    return term(f"tile.{key}", language=language)


def _entry(tile: Tile, change: Change | None, language: str) -> str:
    parts = {
        "heading": tile.heading,
        "value": tile.value,
        "detail": tile.detail,
        "verdict": tile.verdict,
        "change": change_text(change, language),
    }
    told = "\n".join(f'<span class="tile-{name}">{escape(text)}</span>' for name, text in parts.items() if text)
    return f'<li class="tile {tile.tone}">\n{told}\n</li>'
