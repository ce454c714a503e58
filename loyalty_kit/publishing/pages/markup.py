"""HTML that others wrote, made harmless: only known elements and attributes stay, and nothing is loaded."""

import base64
import os
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bs4 import BeautifulSoup
from bs4.builder import ParserRejectedMarkup
from bs4.dammit import EntitySubstitution
from bs4.element import PreformattedString, Tag
from bs4.formatter import HTMLFormatter

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.pages import formulas

ELEMENTS = frozenset(
    "a abbr b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption figure"
    " h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup"
    " table tbody td tfoot th thead time tr u ul var".split()
)
"""Elements that stay; of the rest only the content does."""

SILENCED = frozenset(
    "applet audio base button canvas embed frame frameset head iframe input link meta noembed noframes noscript"
    " object plaintext script select svg template textarea title video xmp".split()
)
"""Elements that go with all that they hold."""

ATTRIBUTES = frozenset("alt class colspan datetime dir height lang open rowspan scope span start width".split())
DECLARATIONS = frozenset(
    "background-color color font-style font-weight text-align text-decoration vertical-align white-space".split()
)
IMAGES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
ATTACHMENT = "attachment:"
Attachments = Mapping[str, Mapping[str, str]]
"""Images that a markdown cell carries: by name their data in base64, by type."""

DATA_IMAGE = re.compile(r"data:image/(gif|jpeg|png|svg\+xml|webp)[;,]", re.IGNORECASE)
PLAIN_VALUE = re.compile(r"(?:[-#.,%\w\s]|\b(?:rgb|hsl)a?\([-.,%/\w\s]*\))+")
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
STYLER_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
STYLER_SELECTOR = re.compile(r"#T_[-\w]+(?:[ .:>\w()-]*)")


class _AsWritten(HTMLFormatter):
    """HTML with attributes in the order that they were written in, each in double quotes."""

    def attributes(self, tag: Tag) -> list[tuple[str, Any]]:
        return [(name, value) for name, value in tag.attrs.items()]

    @classmethod
    def quoted_attribute_value(cls, value: str) -> str:
        quoted = value.replace('"', "&quot;")
        return f'"{quoted}"'


AS_WRITTEN = _AsWritten(entity_substitution=EntitySubstitution.substitute_xml, void_element_close_prefix="")


def parse(html: str) -> BeautifulSoup:
    """Tree of a piece of HTML, whatever it looks like; what the parser refuses is text."""
    try:
        soup = BeautifulSoup(f"<!---->{html}", "html.parser")  # without a tag, Beautiful Soup warns of 'a file name'
    except ParserRejectedMarkup:
        soup = BeautifulSoup(f"<!---->{escape(html, quote=False)}", "html.parser")
    for node in soup.find_all(string=True):
        if isinstance(node, PreformattedString):
            node.extract()
    return soup


def neutral(html: str, *, folder: Path | None = None, attachments: Attachments | None = None) -> str:
    """HTML without script, form, frame, handler or anything that loads.

    Parameters
    ----------
    html : str
        A piece of HTML; unclosed elements are closed.
    folder : Path, optional
        Where images named by a relative path lie; they are embedded. Images from anywhere else
        give way to their alternative text.
    attachments : mapping, optional
        Images of the cell, which addresses that begin with 'attachment:' name.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the cell has no such attachment.

    Examples
    --------
    >>> neutral('<p onclick="steal()">Loyal<script>alert(1)</script> <a href="javascript:x">customers</a>')
    '<p>Loyal <a>customers</a></p>'
    """
    soup = parse(html)
    for tag in soup.find_all(True):
        if tag.decomposed:
            continue
        if tag.name == "math":
            _keep_formula(tag)
        elif tag.name in formulas.ELEMENTS and tag.find_parent("math") is not None:
            continue
        elif tag.name == "style":
            _keep_styler_rules(tag)
        elif tag.name in SILENCED:
            tag.decompose()
        elif tag.name not in ELEMENTS:
            tag.unwrap()
        else:
            _keep_attributes(tag)
            if tag.name == "img":
                _keep_image(tag, folder, attachments)
    _keep_styled_ids(soup)
    return soup.decode(formatter=AS_WRITTEN)


def _keep_attributes(tag: Tag) -> None:
    """Drop what an element may not carry; links lead only to pages, mail and places in the report."""
    for name, value in list(tag.attrs.items()):
        text = value if isinstance(value, str) else " ".join(value)
        if name == "style" and (kept := _plain_style(text)):
            tag["style"] = kept
        elif not (
            name in ATTRIBUTES
            or (name == "href" and tag.name == "a" and _is_link(text))
            or (name == "src" and tag.name == "img")
            or (name == "id" and text.startswith("T_"))
        ):
            del tag[name]


def _is_link(url: str) -> bool:
    bare = re.sub(r"[\x00-\x20\x7f-\x9f]", "", url)
    scheme = SCHEME.match(bare)
    if scheme:
        return scheme[1].lower() in ("http", "https", "mailto")
    return not re.match(r"[/\\]{2}", bare)


def _plain_style(text: str) -> str:
    """Keep declarations that only set type and alignment, or a colour together with its background."""
    pairs = (part.partition(":")[::2] for part in text.replace("!important", "").split(";"))
    kept = {name.strip().lower(): value.strip() for name, value in pairs if PLAIN_VALUE.fullmatch(value)}
    kept = {name: value for name, value in kept.items() if name in DECLARATIONS}
    if "background-color" in kept:
        kept.setdefault("color", "#111")
    else:
        kept.pop("color", None)
    return "; ".join(f"{name}: {value}" for name, value in kept.items())


def _keep_formula(math: Tag) -> None:
    """Keep a formula that holds nothing but its own kind; how browsers read HTML within one cannot be foreseen."""
    parts = math.find_all(True)
    if any(part.name not in formulas.ELEMENTS or part.name == "math" for part in parts):
        math.decompose()
        return
    for part in (math, *parts):
        part.attrs = {
            name: value
            for name, value in part.attrs.items()
            if name in formulas.ATTRIBUTES and isinstance(value, str) and formulas.PLAIN_VALUE.fullmatch(value)
        }


def _keep_styler_rules(tag: Tag) -> None:
    """Leave of a style element the rules that pandas' Styler writes for its own cells."""
    rules = []
    for selectors, body in STYLER_RULE.findall(tag.get_text()):
        own = all(STYLER_SELECTOR.fullmatch(part.strip()) for part in selectors.split(","))
        style = _plain_style(body)
        if own and style:
            rules.append(f"{' '.join(selectors.split())} {{ {style} }}")
    if rules:
        tag.attrs = {}
        tag.string = "\n".join(rules)
    else:
        tag.decompose()


def _keep_styled_ids(soup: BeautifulSoup) -> None:
    """Drop each id that no kept rule speaks of."""
    rules = " ".join(str(style.string) for style in soup.find_all("style"))
    spoken = set(re.findall(r"#(T_[-\w]+)", rules))
    for tag in soup.find_all(id=True):
        if tag["id"] not in spoken:
            del tag["id"]


def _keep_image(tag: Tag, folder: Path | None, attachments: Attachments | None) -> None:
    source = str(tag.get("src", ""))
    if source.startswith(ATTACHMENT) and attachments is not None:
        embedded = _attached(source.removeprefix(ATTACHMENT), attachments)
    else:
        embedded = source if DATA_IMAGE.match(source) else _embedded(source, folder)
    if embedded:
        tag["src"] = embedded
    else:
        tag.replace_with(str(tag.get("alt", "")))


def _attached(source: str, attachments: Attachments) -> str:
    """Embed an image that the cell carries; empty where it is of no kind that a page shows."""
    found = attachments.get(source) or attachments.get(unquote(source))
    if not found:
        raise InputError(
            "A markdown cell shows the attachment '{name}', which it does not have; attach the image again.",
            name=unquote(source),
        )
    return next((f"data:{kind};base64,{found[kind]}" for kind in IMAGES.values() if kind in found), "")


def _embedded(source: str, folder: Path | None) -> str:
    """Embed an image of the folder as its data address; empty where there is none."""
    # Addresses are percent-encoded, by authors or by Markdown; where one leads is judged by what it means.
    name = unquote(source)
    if folder is None or SCHEME.match(source) or "\0" in name:
        return ""
    path = (folder / name).resolve()
    kind = IMAGES.get(path.suffix.lower())
    if kind is None or not path.is_relative_to(folder.resolve()) or not os.path.isfile(path):
        return ""
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
