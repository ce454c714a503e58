"""Pages that are no notebook (the index, a failure): the look of a report, and no script but the kit's own."""

import base64
import hashlib
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType

FACT = "loyalty-kit:"
"""What the names of the meta elements begin with that carry a report's facts."""

TAGS = {"en": "en", "zh": "zh-Hans"}
"""Languages by the names that browsers know them by."""

TEMPLATES = Path(__file__).parents[1] / "template"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WIDE = """
.page { grid-template-columns: minmax(0, 60rem); }
time { white-space: nowrap; }
small { color: var(--quiet); }
.reports { max-width: none; padding: 0; list-style: none; }
.report { margin: 0 0 1.25rem; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .5rem; }
.report > :last-child { margin-bottom: 0; }
.report h2 { margin: 0; font-size: 1.2rem; }
.report .about { margin: 0 0 .6rem; color: var(--quiet); font-size: .8125rem; }
.report :is(.said, .changed, .course) { margin: 0 0 .7rem; }
.report .changed { color: var(--quiet); font-size: .9375rem; }
.report :is(.course, summary, details p) { color: var(--quiet); font-size: .8125rem; }
.report details p { margin: .25rem 0 0; }
.report summary { cursor: pointer; }
.search { display: flex; flex-wrap: wrap; align-items: baseline; gap: .5rem .75rem; margin: 0 0 1.5rem; }
.search[hidden] { display: none; }
.search p { margin: 0; color: var(--quiet); }
.search input { flex: 0 1 20rem; min-width: 0; padding: .4rem .7rem; border: 1px solid var(--quiet); }
.search input { border-radius: .4rem; background: var(--paper); color: var(--ink); font: inherit; }
kbd { padding: 0 .35em; border: 1px solid var(--line); border-radius: .25rem; }
@media print { .search { display: none; } }
"""


def document(
    title: str, body: str, *, facts: Mapping[str, str] = MappingProxyType({}), language: str = "en", script: str = ""
) -> str:
    """HTML page.

    Parameters
    ----------
    title : str
        Text of the page's title.
    body : str
        HTML of its main part; whatever comes from elsewhere must be escaped already.
    facts : mapping of str to str
        Kept as meta elements named 'loyalty-kit:KEY'.
    language : {'en', 'zh'}
        Language of the page.
    script : str
        Source of the one script that runs; it may hold no '</script'.

    Returns
    -------
    str
        Page that loads nothing.
    """
    style = (TEMPLATES / "loyalty" / "report.css").read_text(encoding="utf-8")
    metas = "\n".join(f'<meta name="{FACT}{escape(key)}" content="{escape(value)}">' for key, value in facts.items())
    return printable(f"""<!DOCTYPE html>
<html lang="{TAGS[language]}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">
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
{f"<script>{script}</script>" if script else ""}
</body>
</html>
""")


def printable(page: str) -> str:
    """Page without control characters, which no browser shows and some programs obey."""
    return _CONTROL.sub("", page)


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


def _policy(script: str) -> str:
    """Content-Security-Policy under which nothing loads and only this script runs."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = f" script-src 'sha256-{digest}';" if script else ""
    return f"default-src 'none'; style-src 'unsafe-inline';{allowed} base-uri 'none'; form-action 'none'"
