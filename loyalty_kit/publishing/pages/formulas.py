"""Formulas written in LaTeX as MathML, which browsers set without a script."""

import re
import unicodedata
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

ELEMENTS = frozenset(
    "math menclose mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle msub msubsup msup"
    " mtable mtd mtext mtr munder munderover".split()
)
"""Elements of a formula; none of them leads anywhere or holds HTML."""

ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form frame height"
    " largeop linethickness lspace mathsize mathvariant maxsize minsize movablelimits notation rowlines rowspacing"
    " rspace scriptlevel separator stretchy symmetric voffset width".split()
)
PLAIN_VALUE = re.compile(r"[-+.%\w ]*")

_UNKNOWN = re.compile(r"\\[A-Za-z]+")
_LONGEST = 20_000
_ALONE = re.compile(
    r"\s*(?:\$\$(?P<block>.+)\$\$|\\\[(?P<bracket>.+)\\\]|\$(?P<inline>[^$]+)\$|\\\((?P<paren>.+)\\\)"
    r"|(?P<environment>\\begin\{(?P<name>[a-z]+\*?)\}.+\\end\{(?P=name)\}))\s*",
    re.DOTALL,
)
# Environments that only number a formula or place its lines; latex2mathml knows the others.
_PLAIN_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{(?:equation|displaymath|math)\*?\}")
_SAME = {"eqnarray": "align", "eqnarray*": "align*", "gather": "matrix", "gather*": "matrix", "multline": "matrix"}
_PARTS = {"mfrac": 2, "mover": 2, "mroot": 2, "msub": 2, "msubsup": 3, "msup": 2, "munder": 2, "munderover": 3}


def formula(latex: str, *, block: bool) -> str:
    r"""Set a formula in HTML.

    Parameters
    ----------
    latex : str
        The formula without its dollar signs.
    block : bool
        Whether it stands in a line of its own.

    Returns
    -------
    str
        A math element or, where the LaTeX cannot be read, the LaTeX as code.

    Examples
    --------
    >>> formula("n^2", block=False)
    '<math><mrow><msup><mi>n</mi><mn>2</mn></msup></mrow></math>'
    >>> formula(r"\frac{1}", block=False)
    '<code>\\frac{1}</code>'
    """
    set_out = _mathml(latex, block)
    if not block:
        return set_out or f"<code>{escape(latex)}</code>"
    return f'<span class="formula">{set_out or f"<code>{escape(latex.strip())}</code>"}</span>'


def lone_formula(text: str) -> str | None:
    """HTML of a text that is one formula between its delimiters; None where it is anything else."""
    found = _ALONE.fullmatch(text)
    if found is None:
        return None
    body = next(found[name] for name in ("block", "bracket", "environment", "inline", "paren") if found[name])
    return formula(body, block=True)


def _mathml(latex: str, block: bool) -> str:
    """Write the math element; empty where the LaTeX cannot be read."""
    if len(latex) > _LONGEST:
        return ""
    try:
        return _written(convert_to_element(_readable(latex), display="block" if block else "inline"))
    except Exception:
        # latex2mathml raises whatever its reader happens to meet in damaged LaTeX.
        return ""


def _readable(latex: str) -> str:
    """LaTeX in the words that latex2mathml knows."""
    bare = re.sub(r"\\label\{[^{}]*\}", "", _PLAIN_ENVIRONMENT.sub("", latex))
    for name, known in _SAME.items():
        bare = bare.replace(f"{{{name}}}", f"{{{known}}}")
    return " ".join(bare.split())


def _written(element: Element) -> str:
    """Element with its known attributes, text escaped; refused where it is no whole part of a formula."""
    name, text = element.tag, unescape(element.text or "")
    if name not in ELEMENTS or len(element) != _PARTS.get(name, len(element)):
        raise ValueError(f"A formula cannot hold this '{name}'.")
    if name != "mtext" and _UNKNOWN.fullmatch(text):
        raise ValueError(f"The command '{text}' is not known.")
    if name == "mi" and len(text) == 1 and unicodedata.category(text) == "Sm":
        name, text = "mo", text.replace("~", "∼")
    attributes = "".join(
        f' {key}="{value}"'
        for key, value in element.attrib.items()
        if key in ATTRIBUTES and PLAIN_VALUE.fullmatch(value) and (key, value) != ("display", "inline")
    )
    inner = escape(text, quote=False) + "".join(map(_written, element))
    return f"<{name}{attributes}>{inner}</{name}>{escape(unescape(element.tail or ''), quote=False)}"
