"""An executed notebook as one HTML page that loads nothing from anywhere."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bs4 import BeautifulSoup
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound
from traitlets import default

from loyalty_kit import __version__
from loyalty_kit.core.estimates import Estimate, Tile, compare
from loyalty_kit.core.language import term
from loyalty_kit.publishing.history.requests import PastRun
from loyalty_kit.publishing.notebooks.languages import notebook_kernel
from loyalty_kit.publishing.pages.document import FACT, TAGS, TEMPLATES, printable
from loyalty_kit.publishing.pages.interactive import still
from loyalty_kit.publishing.pages.markup import AS_WRITTEN
from loyalty_kit.publishing.pages.outputs import markdown_html, output_html, shown_outputs
from loyalty_kit.publishing.pages.since import since_section
from loyalty_kit.publishing.pages.structure import add_structure
from loyalty_kit.publishing.pages.tiles import tiles_of

_SENTENCES = 3
"""Of a report's answer that the index repeats."""


_MOST_PREVIEW = 30_000
"""Characters of the picture that a digest repeats; a page's head is read to 64 kB."""


class _Template(TemplateExporter):
    """The template 'loyalty' and the filters that it names."""

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "loyalty"

    @default("extra_template_basedirs")
    def _default_extra_template_basedirs(self) -> list[str]:
        return [str(TEMPLATES)]

    @default("filters")
    def _filters_default(self) -> dict[str, Any]:
        return {"markdown_html": markdown_html, "output_html": output_html, "shown_outputs": shown_outputs}


def report_page(
    notebook: NotebookNode,
    *,
    facts: Mapping[str, str] = MappingProxyType({}),
    folder: Path | None = None,
    language: str = "en",
    estimates: Sequence[Estimate] = (),
    past: Sequence[PastRun] = (),
) -> str:
    """Page of an executed notebook: one HTML text that needs nothing else.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs. The first heading of level 1 heads the page; a code cell's `metadata.caption`
        the caption of its figure or table. Cells tagged 'remove-cell' and code tagged 'hide-input' are left
        out.
    facts : mapping of str to str
        Facts on the report, kept as meta elements named 'loyalty-kit:KEY', the language with them. 'title'
        comes first in the page's title, and heads the page where the notebook has no heading of level 1.
    folder : Path, optional
        Folder of the notebook; images that its markdown names by a relative path are embedded from there.
    language : {'en', 'zh'}
        Language of the notebook's prose and sentences, and of what the page itself says.
    estimates : sequence of Estimate
        What the notebook recorded.
    past : sequence of PastRun
        Earlier runs, oldest first; what changed since stands below the notebook's first markdown cell, or above
        its second where there are tiles.

    Returns
    -------
    str
        The same for the same arguments, byte for byte.

    Raises
    ------
    InputError
        If there is no such language, or a markdown cell names an attachment that it does not have.

    Notes
    -----
    Text of outputs is escaped and their HTML kept to known elements (`markup.neutral`); a
    Content-Security-Policy forbids whatever is left to load or to run. Formulas are MathML.

    Examples
    --------
    >>> import nbformat.v4 as v4
    >>> page = report_page(v4.new_notebook(cells=[v4.new_markdown_cell("# Are customers loyal?")]))
    >>> "<title>Are customers loyal?</title>" in page
    True
    """
    words = {word: term(f"page.{word}", language=language) for word in ("skip", "contents", "code")}
    script = (TEMPLATES / "loyalty" / "report.js").read_text(encoding="utf-8")
    tiles = tiles_of(notebook)
    resources = {
        "tiles": tiles,
        "lexer": _lexer(notebook),
        "facts": {**facts, "language": language},
        "folder": folder,
        "tag": TAGS[language],
        "policy": _policy(script),
        "script": script,
        "changes": {change.name: change for change in compare(estimates, past[-1].estimates)} if past else {},
        "since": since_section(estimates, past, language, parameters=facts.get("parameters", "")),
        "style": (TEMPLATES / "loyalty" / "report.css").read_text(encoding="utf-8"),
        "version": __version__,
        "words": words,
    }
    exporter: Callable[[], _Template] = _Template  # nbconvert's own constructor is untyped
    html, _ = exporter().from_notebook_node(still(notebook, language)[0], resources)
    soup = BeautifulSoup(html, "html.parser")
    add_structure(soup, title=facts.get("title", ""), language=language)
    _add_summary(soup, tiles, _preview(notebook))
    return printable(soup.decode(formatter=AS_WRITTEN))


def _add_summary(soup: BeautifulSoup, tiles: Sequence[Tile], preview: Mapping[str, str]) -> None:
    """Put what index and digest tell of a report among the facts in its head: answer, change, tiles, a picture."""
    since = soup.select_one(".since p")
    found = {
        "answer": " ".join(paragraph.get_text().strip() for paragraph in soup.select("main .answer")[:_SENTENCES]),
        "since": since.get_text().strip() if since is not None else "",
        "moved": "yes" if since is not None and since.strong is not None else "",
        "tiles": json.dumps([asdict(tile) for tile in tiles], ensure_ascii=False) if tiles else "",
        **preview,
    }
    for name, text in found.items():
        if text and soup.title is not None:
            soup.title.insert_after(soup.new_tag("meta", attrs={"name": f"{FACT}{name}", "content": text}))


def _preview(notebook: NotebookNode) -> dict[str, str]:
    """Small picture of the notebook's first figure with its text; nothing where that is lacking or large."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    for about in (about for output in outputs for about in output.get("metadata", {}).values()):
        if isinstance(about, dict) and isinstance(about.get("preview"), str) and len(about["preview"]) < _MOST_PREVIEW:
            return {"picture": about["preview"], "picture-alt": str(about.get("alt", ""))}
    return {}


def _lexer(notebook: NotebookNode) -> str | None:
    """Name of what colours code in another language than Python; plain text where that is not known."""
    kernel = notebook_kernel(notebook)
    if kernel.is_python:
        return None
    try:
        return str(get_lexer_by_name(kernel.language.casefold()).aliases[0])
    except ClassNotFound:
        return "text"


def _policy(script: str) -> str:
    """Content-Security-Policy under which nothing loads and only this script runs."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
