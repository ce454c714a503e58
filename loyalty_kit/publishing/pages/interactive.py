"""Outputs that need a script: drawn as still pictures where their own renderer is installed, else named."""

import base64
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from nbformat import NotebookNode, from_dict

from loyalty_kit.core.language import term

HIDDEN_TAG = "remove-cell"
SHARPNESS = 2
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")

_LONGEST = 200
# What only fetches a library's scripts shows nobody anything.
_LOADS = re.compile(r"application/vnd\.bokehjs_load\.v\d+\+json")
_TOLD = "scripts_told"
_SCRIPTED = re.compile(r"<(?:script|iframe|canvas|svg|video|audio|object|embed)\b", re.IGNORECASE)
_MARKUP = re.compile(r"<[^>]*>")
_MAJOR = re.compile(r"/v?(\d+)(?:\.\d+)*\.json$")

Drawing = tuple[str, str, dict[str, Any]]
"""Type of a picture, its data as a notebook holds it, and what a page must know of it."""


@dataclass(frozen=True)
class _Library:
    """A library of interactive figures.

    Attributes
    ----------
    name : str
        What people call it, and the key of the phrase that names it.
    kind : Pattern
        Types of its outputs.
    needs : tuple of str
        Modules that draw them; none where nothing does.
    draw : callable or None
        Picture of an output's data, by these modules.
    """

    name: str
    kind: re.Pattern[str]
    needs: tuple[str, ...] = ()
    draw: Callable[[Any], Drawing] | None = None


def still(notebook: NotebookNode, language: str) -> tuple[NotebookNode, tuple[str, ...]]:
    """Notebook whose interactive outputs are pictures, and what could not be drawn.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs; left as it is.
    language : {'en', 'zh'}
        Language of the page.

    Returns
    -------
    NotebookNode
        With a warning in the place of each output, or beside the rest of it, that a page cannot show.
    tuple of str
        These warnings in English, for the terminal; each once.
    """
    told: dict[str, None] = {}
    cells = []
    for cell in notebook.cells:
        if cell.get("outputs") and HIDDEN_TAG not in cell.metadata.get("tags", ()):
            outputs = [part for output in cell.outputs for part in _still(output, language, told)]
            cell = NotebookNode({**cell, "outputs": outputs})
        cells.append(cell)
    return NotebookNode({**notebook, "cells": cells}), tuple(told)


def _still(output: NotebookNode, language: str, told: dict[str, None]) -> Iterator[NotebookNode]:
    """Give what stands for an output."""
    data = output.get("data", {})
    if any(kind in data for kind in PICTURES):
        yield output
        return
    if any(map(_LOADS.fullmatch, data)):
        return
    library = next((one for one in _LIBRARIES if any(map(one.kind.fullmatch, data))), None)
    if library is None:
        if _TOLD in output.get("metadata", {}) or not _SCRIPTED.search(str(data.get("text/html", ""))):
            yield output
            return
        yield NotebookNode({**output, "metadata": {**output.metadata, _TOLD: True}})
        yield _warning("script", language, told)
        return
    key, values = library.name, {}
    if library.draw is not None and all(map(_installed, library.needs)):
        try:
            yield _picture(library.draw(data[next(filter(library.kind.fullmatch, data))]))
            return
        except Exception as error:
            # A renderer raises what it likes: no browser, a figure that its own library does not take.
            key, values = "undrawn", {"name": library.name.capitalize(), "said": _said(error)}
    yield _warning(key, language, told, **values)


def _warning(key: str, language: str, told: dict[str, None], **values: str) -> NotebookNode:
    told[term(f"interactive.{key}", language="en", **values)] = None
    text = term(f"interactive.{key}", language=language, **values)
    return _output({}, {"warning": text})


def _picture(drawing: Drawing) -> NotebookNode:
    kind, data, about = drawing
    return _output({kind: data}, {kind: about})


def _output(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> NotebookNode:
    made: NotebookNode = from_dict({"output_type": "display_data", "metadata": metadata, "data": data})
    return made


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _said(error: Exception) -> str:
    """First words of an error, on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _plotly(figure: Any) -> Drawing:
    """Draw a figure of Plotly, by kaleido; as PNG, since ids in its SVG are drawn by chance."""
    plain = {"data": figure["data"], "layout": figure.get("layout", {})}
    image: bytes = import_module("plotly.io").to_image(plain, format="png", scale=SHARPNESS, validate=False)
    width, height = (side // SHARPNESS for side in struct.unpack(">II", image[16:24]))
    about = {"width": width, "height": height, "alt": _title(plain["layout"].get("title"))}
    return "image/png", base64.b64encode(image).decode(), about


def _vega(spec: Any) -> Drawing:
    """Draw a chart of Altair, by vl-convert, which may load nothing."""
    library = import_module("vl_convert")
    major = _MAJOR.search(str(spec.get("$schema", "")))
    known = [one for one in library.get_vegalite_versions() if major and one.partition(".")[0] == major[1]]
    allowed: dict[str, Any] = {"allowed_base_urls": []}
    if "vega-lite" in str(spec.get("$schema", "vega-lite")):
        drawn = library.vegalite_to_svg(spec, vl_version=known[-1] if known else None, **allowed)
    else:
        drawn = library.vega_to_svg(spec, **allowed)
    return "image/svg+xml", drawn, {"alt": _title(spec.get("title"))}


def _title(title: Any) -> str:
    """Text of a figure's title, which may be text, lines, or a mapping that holds them."""
    if isinstance(title, Mapping):
        title = title.get("text", "")
    lines: Iterable[Any] = title if isinstance(title, list) else [title or ""]
    return " ".join(_MARKUP.sub(" ", " ".join(map(str, lines))).split())


_LIBRARIES = (
    _Library("plotly", re.compile(r"application/vnd\.plotly\.v\d+\+json"), ("plotly", "kaleido"), _plotly),
    _Library("altair", re.compile(r"application/vnd\.vega(?:lite)?(?:\.v[\d.]+)?\+json"), ("vl_convert",), _vega),
    _Library("bokeh", re.compile(r"application/vnd\.bokehjs_exec\.v\d+\+json")),
    _Library("widget", re.compile(r"application/vnd\.jupyter\.widget-view\+json")),
    _Library("script", re.compile(r"application/javascript|text/javascript")),
)
"""In the order in which they are looked for."""
