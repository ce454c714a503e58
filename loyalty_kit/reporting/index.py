"""The index of a folder of reports: rebuilt from the reports themselves, so that it cannot disagree with them."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

from loyalty_kit.reporting.document import FACT, document, table
from loyalty_kit.reporting.publication import publish

INDEX = "index.html"
REPORT = ".html"
FAILURE = ".failed.html"

_HEAD_BYTES = 65536
_ATTEMPTS = 20


@dataclass(frozen=True)
class _Page:
    """A file of the folder that the kit wrote."""

    file: str
    changed: int
    size: int
    facts: dict[str, str] = field(hash=False)


class _Facts(HTMLParser):
    """Facts in the meta elements of a page's head."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: dict[str, str] = {}
        self.in_head = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        self.in_head = self.in_head and tag != "body"
        if self.in_head and tag == "meta" and name.startswith(FACT):
            self.facts[name.removeprefix(FACT)] = given.get("content") or ""


def write_index(folder: Path, *, scratch: Path) -> Path:
    """Write the index of a folder's reports.

    Parameters
    ----------
    folder : Path
        Folder of reports; files that are none are passed over.
    scratch : Path
        Folder for passing files.

    Returns
    -------
    Path
        The index. Where another process published meanwhile, it is written again: of several that
        finish at once the last to write sees all reports.
    """
    target = folder / INDEX
    for _ in range(_ATTEMPTS):
        pages = _scan(folder)
        publish(_index_page(pages), target, scratch=scratch)
        if _scan(folder) == pages:
            break
    return target


def _scan(folder: Path) -> tuple[_Page, ...]:
    pages = []
    for path in sorted(folder.glob(f"[!.]*{REPORT}")):
        try:
            status = path.stat()
            facts = _facts(path, status.st_mtime_ns, status.st_size)
        except OSError:
            continue
        if path.name != INDEX and "name" in facts:
            pages.append(_Page(path.name, status.st_mtime_ns, status.st_size, facts))
    return tuple(pages)


@lru_cache(maxsize=4096)
def _facts(path: Path, changed: int, size: int) -> dict[str, str]:
    """Facts of a file as it was at that time and size."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).decode("utf-8", errors="replace")
    parser = _Facts()
    parser.feed(head)
    return parser.facts


def _index_page(pages: tuple[_Page, ...]) -> str:
    good = {page.file.removesuffix(REPORT): page for page in pages if not page.file.endswith(FAILURE)}
    failed = {page.file.removesuffix(FAILURE): page for page in pages if page.file.endswith(FAILURE)}
    names = sorted(good.keys() | failed.keys(), key=lambda name: (name.casefold(), name))
    rows = [_row(name, good.get(name), failed.get(name)) for name in names]
    headings = ["Report", "Outcome", "When", "Parameters", "Notebook"]
    count = "1 report" if len(rows) == 1 else f"{len(rows)} reports"
    body = table(headings, rows, caption=count) if rows else "<p>No report yet.</p>"
    return document("Reports", f"<h1>Reports</h1>\n{body}")


def _row(name: str, good: _Page | None, failed: _Page | None) -> list[str]:
    """Cells of one report: its last run, and the last good one where that is another."""
    last = failed or good
    if last is None:
        return []
    title = escape(last.facts.get("title") or name)
    heading = title if good is None else f'<a href="{_address(good)}">{title}</a>'
    outcome = "rendered"
    if failed is not None:
        outcome = f'<a href="{_address(failed)}">failed</a>, '
        outcome += f'<a href="{_address(good)}">last good report</a> {_time(good)}' if good else "no good report yet"
    return [
        f"{heading}<br><small>{escape(name)}</small>",
        outcome,
        _time(last),
        _parameters(last.facts.get("parameters", "")),
        escape(last.facts.get("notebook", "")),
    ]


def _address(page: _Page) -> str:
    return escape(quote(page.file))


def _time(page: _Page) -> str:
    moment = datetime.fromtimestamp(page.changed // 1_000_000_000).astimezone()
    return f'<time datetime="{moment.isoformat()}">{moment:%Y-%m-%d %H:%M}</time>'


def _parameters(text: str) -> str:
    """Parameters, one a line, from the JSON text that a report carries."""
    try:
        values = json.loads(text)
    except ValueError:
        return ""
    given = values.items() if isinstance(values, dict) else ()
    return "<br>".join(f"{escape(name)} = {escape(str(value))}" for name, value in given) or "defaults"
