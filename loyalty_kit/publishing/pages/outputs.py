"""Cells and their outputs as HTML: one piece each, safe to stand in the page."""

import base64
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from mistune import HTMLRenderer
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath, MathInlineParser
from nbformat import NotebookNode

from loyalty_kit.core.estimates import TILES, Change
from loyalty_kit.core.tables import METHOD
from loyalty_kit.core.tables import MIME as TABLE
from loyalty_kit.publishing.pages.formulas import formula, lone_formula
from loyalty_kit.publishing.pages.markup import neutral
from loyalty_kit.publishing.pages.tables import download_link, method_html, values_html
from loyalty_kit.publishing.pages.terminal_text import terminal_html
from loyalty_kit.publishing.pages.tiles import read_tiles, tiles_html

ESTIMATES = "application/vnd.loyalty-kit.estimates+json"
"""Kind of the output that carries what a notebook records, which no page shows."""


SVG = "image/svg+xml"
DARK_FORM = "prefers-color-scheme:dark"
"""What a drawing with a dark form of its own asks for."""
NARROW = "34rem"
"""Up to which width of a screen figures are shown in their narrow form."""


class _Inline(MathInlineParser):
    """Text in which amounts of money, as in 'from $5 to $10' or 'US$2-US$4', are no formulas.

    As pandoc has it: no blank stands within the signs and no digit behind them; and none of a country before an amount.
    """

    SPECIFICATION: ClassVar[dict[str, str]] = {
        **MathInlineParser.SPECIFICATION,
        "inline_math_tex": r"(?<![$\\])(?:(?<![A-Za-z0-9])|(?=\$\D))\$(?=\S)"
        r"(?P<math_inline_tex>(?:\\\$|[^$])+?)(?<![$\\\s])\$(?!\d)",
    }


class _Renderer(IPythonRenderer):
    """Markdown as HTML, its formulas as MathML."""

    def inline_math(self, body: str) -> str:
        """Set a formula within a line."""
        return formula(body.strip(), block=False)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Name an image; those of the cell are embedded like those beside the notebook."""
        return HTMLRenderer.image(self, text, url, title)

    def block_math(self, body: str) -> str:
        """Set a formula in a line of its own."""
        return formula(body, block=True)

    def latex_environment(self, name: str, body: str) -> str:
        r"""Set a formula between \begin and \end."""
        return formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", block=True)


def markdown_html(cell: NotebookNode, folder: Path | None) -> str:
    """HTML of an author's markdown: raw HTML stays as far as it is harmless, images are embedded."""
    renderer = _Renderer(escape=False, exclude_anchor_links=True)
    html = _rendered(cell.source, renderer)
    return neutral(html, folder=folder, attachments=cell.get("attachments", {}))


def _rendered(source: str, renderer: _Renderer) -> str:
    return str(MarkdownWithMath(renderer=renderer, inline=_Inline(hard_wrap=False)).render(source))


def shown_outputs(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Leave out stderr, and make one text of what was printed in pieces, since a later piece may go back."""
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type != "stream":
            kept.append(output)
        elif output.name == "stdout" and kept and kept[-1].output_type == "stream":
            kept[-1] = NotebookNode({**kept[-1], "text": kept[-1].text + output.text})
        elif output.name == "stdout":
            kept.append(output)
    return kept


def output_html(
    output: NotebookNode,
    caption: str,
    *,
    changes: Mapping[str, Change] = MappingProxyType({}),
    language: str = "en",
) -> str:
    """One output of a code cell; empty for what a page has no use for.

    Parameters
    ----------
    output : NotebookNode
        Of type stream, display_data, execute_result or error.
    caption : str
        Caption of the figure or table in it.
    changes : mapping of str to Change
        What became of the report's figures since its last run, for its tiles.
    language : {'en', 'zh'}
        Language of the page.

    Returns
    -------
    str
    """
    if output.output_type == "stream":
        return _text(output.text)
    if output.output_type == "error":
        return _text(f"{output.ename}: {output.evalue}")
    data = output.data
    if ESTIMATES in data:
        return ""
    if TILES in data:
        return tiles_html(read_tiles(data[TILES]), changes=changes, language=language)
    if "warning" in output.metadata and not data:
        return f'<p class="sentence warning">{escape(output.metadata["warning"])}</p>'
    if "text/html" in data:
        download = download_link(data[TABLE], language) if TABLE in data else ""
        behind = _behind(method_html(data.get(METHOD, ()), language))
        html = neutral(data["text/html"])
        return f'<div class="output" data-caption="{escape(caption)}">{html}{download}{behind}</div>'
    if "text/markdown" in data:
        renderer = _Renderer(escape=True, exclude_anchor_links=True)
        html = neutral(_rendered(data["text/markdown"], renderer))
        return f'<div class="output" data-caption="{escape(caption)}">{html}</div>'
    for kind in (SVG, "image/png", "image/jpeg"):
        if kind in data:
            return _figure(kind, data[kind], output.metadata.get(kind, {}), caption, language)
    latex = data.get("text/latex", "")
    return lone_formula(latex) or _text(latex or data.get("text/plain", ""))


def _figure(kind: str, data: str, about: dict[str, Any], caption: str, language: str) -> str:
    encoded = _address(kind, data)
    dark = ' class="dark-form"' if kind == SVG and DARK_FORM in data else ""
    image = f'<img src="{encoded}" alt="{escape(str(about.get("alt", "")))}"{_size(about)}{dark}>'
    narrow = about.get("narrow")
    if isinstance(narrow, dict) and isinstance(narrow.get("data"), str):
        source = f'<source media="(max-width: {NARROW})" srcset="{_address(kind, narrow["data"])}"{_size(narrow)}>'
        image = f"<picture>{source}{image}</picture>"
    words = escape(str(about.get("caption", "") or caption))
    marked = " data-fontless" if about.get("fontless") else ""
    behind = _behind(values_html(about.get("values", ()), language), method_html(about.get("method", ()), language))
    return f"<figure{marked}>{image}{f'<figcaption>{words}</figcaption>' if words else ''}</figure>{behind}"


def _behind(*folded: str) -> str:
    """Give what stands folded below a figure or table."""
    html = "".join(folded)
    return f'<div class="behind">{html}</div>' if html else ""


def _address(kind: str, data: str) -> str:
    encoded = base64.b64encode(data.encode()).decode() if kind == SVG else escape("".join(data.split()))
    return f"data:{kind};base64,{encoded}"


def _size(about: Mapping[str, Any]) -> str:
    return "".join(f' {side}="{about[side]}"' for side in ("width", "height") if isinstance(about.get(side), int))


def _text(text: str) -> str:
    html = terminal_html(text)
    return f'<pre class="text">{html}</pre>' if html.strip() else ""
