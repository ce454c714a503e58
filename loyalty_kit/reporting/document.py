"""Pages that are no notebook (the index, a failure): the look of a report, and no script at all."""

from collections.abc import Mapping
from html import escape
from types import MappingProxyType

from loyalty_kit.reporting.page import TEMPLATES

FACT = "loyalty-kit:"
"""What the names of the meta elements begin with that carry a report's facts."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_WIDE = (
    ".page { grid-template-columns: minmax(0, 72rem); } tbody th { min-width: 12rem; } time { white-space: nowrap; }"
)


def document(title: str, body: str, *, facts: Mapping[str, str] = MappingProxyType({})) -> str:
    """HTML page.

    Parameters
    ----------
    title : str
        Text of the page's title.
    body : str
        HTML of its main part; whatever comes from elsewhere must be escaped already.
    facts : mapping of str to str
        Kept as meta elements named 'loyalty-kit:KEY'.

    Returns
    -------
    str
        Page that loads nothing and runs nothing.
    """
    style = (TEMPLATES / "loyalty" / "report.css").read_text(encoding="utf-8")
    metas = "\n".join(f'<meta name="{FACT}{escape(key)}" content="{escape(value)}">' for key, value in facts.items())
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
{metas}
<style>{style}{_WIDE}</style>
</head>
<body>
<div class="page">
<main>
{body}
</main>
</div>
</body>
</html>
"""


def table(headings: list[str], rows: list[list[str]], *, caption: str) -> str:
    """HTML table; headings and caption are text, cells are HTML, the first of each row its heading."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "\n".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>' for first, *rest in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">\n<table>\n'
        f"<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )
