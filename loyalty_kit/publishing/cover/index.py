"""The index of a folder of reports: its pages say which reports there are, its history how they have gone."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

from loyalty_kit.core.language import given, moment, number, term
from loyalty_kit.publishing.files.publication import publish
from loyalty_kit.publishing.files.reading import read_regular
from loyalty_kit.publishing.history.history import Course, History
from loyalty_kit.publishing.pages.document import FACT, TAGS, TEMPLATES, document
from loyalty_kit.publishing.pages.failure import reason
from loyalty_kit.publishing.pages.since import course_line, figure_text
from loyalty_kit.publishing.pages.tiles import read_tiles, tiles_html

INDEX = "index.html"
REPORT = ".html"
FAILURE = ".failed.html"

_HEAD_BYTES = 65536
_RETRIES = 20
_LONGEST = 300
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class _Page:
    """A file of the folder that the kit wrote."""

    file: str
    changed: int
    size: int
    facts: dict[str, str] = field(hash=False)


@dataclass(frozen=True)
class _Report:
    """A report: its last good page, its failure page, and what history knows of it."""

    name: str
    good: _Page | None
    failed: _Page | None
    course: Course | None

    @property
    def facts(self) -> dict[str, str]:
        """Facts of the last run."""
        last = self.failed or self.good
        return last.facts if last else {}


class _Facts(HTMLParser):
    """Facts that stand in a page's head."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: dict[str, str] = {}
        self.in_head = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        meta = dict(attrs)
        name = meta.get("name") or ""
        self.in_head = self.in_head and tag != "body"
        if self.in_head and tag == "meta" and name.startswith(FACT):
            self.facts[name.removeprefix(FACT)] = meta.get("content") or ""


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

    Notes
    -----
    Without a history the times are those of the files, and no lines are drawn.
    """
    target = folder / INDEX
    for _ in range(_RETRIES):
        pages = _scan(folder)
        publish(_index_page(pages, History(folder).courses()), target, scratch=scratch)
        if _scan(folder) == pages:
            break
    return target


def page_facts(path: Path) -> dict[str, str]:
    """Facts that a page of the kit carries; empty for any other file and where there is none."""
    try:
        status = path.stat()
        return dict(_facts(path, status.st_mtime_ns, status.st_size))
    except OSError:
        return {}


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
    head = read_regular(path, _HEAD_BYTES).decode("utf-8", errors="replace")
    parser = _Facts()
    parser.feed(head.partition("<style")[0])
    return parser.facts


def _index_page(pages: tuple[_Page, ...], courses: Mapping[str, Course]) -> str:
    good = {page.file.removesuffix(REPORT): page for page in pages if not page.file.endswith(FAILURE)}
    failed = {page.file.removesuffix(FAILURE): page for page in pages if page.file.endswith(FAILURE)}
    names = sorted(good.keys() | failed.keys(), key=lambda name: (name not in failed, name.casefold(), name))
    reports = [_Report(name, good.get(name), failed.get(name), courses.get(name)) for name in names]
    chinese = bool(reports) and all(report.facts.get("language") == "zh" for report in reports)
    language = "zh" if chinese else "en"
    title = term("contents.title", language=language)
    body = _body(reports, language) if reports else f"<p>{_word('none', language)}</p>"
    script = (TEMPLATES / "index.js").read_text(encoding="utf-8")
    return document(title, f"<h1>{escape(title)}</h1>\n{body}", language=language, script=script)


def _body(reports: list[_Report], language: str) -> str:
    """Banner, search box and an entry a report, those that failed first."""
    count, broken = len(reports), sum(report.failed is not None for report in reports)
    key = "all_failed" if broken == count else "some_failed"
    banner = f'<p class="sentence warning">{_word(key, language, failed=broken, count=count)}</p>\n' if broken else ""
    told = _word("hits", language, shown="{shown}", count=count)
    search = (
        '<div class="search" role="search" hidden>'
        f'<label for="search">{_word("search", language)} <kbd aria-hidden="true">/</kbd></label>'
        '<input id="search" type="search" autocomplete="off" spellcheck="false" aria-keyshortcuts="/">'
        f'<p id="hits" role="status" data-told="{told}"></p></div>\n'
    )
    entries = "\n".join(_entry(report, language) for report in reports)
    return f'{banner}{search}<ol class="reports">\n{entries}\n</ol>'


def _entry(report: _Report, language: str) -> str:
    """One report: what it answers, its figures, what changed, how it has gone; parameters and size folded."""
    good, facts = report.good, report.facts
    title, own = _shown(facts.get("title") or report.name), facts.get("language", language)
    spoken = f' lang="{TAGS[own]}"' if own in TAGS and own != language else ""
    heading = f"<span{spoken}>{title}</span>" if good is None else f'<a href="{_address(good)}"{spoken}>{title}</a>'
    notebook = _shown(facts.get("notebook", ""))
    made = _time(report.course.rendered if report.course else None, good, language)
    below = [_shown(report.name), notebook, made]
    kept = good.facts if good else {}
    parts = [
        f"<h2>{heading}</h2>",
        f'<p class="about">{" · ".join(filter(None, below))}</p>',
        _outcome(report, language),
        f'<p class="said"{spoken}>{_shown(kept["answer"])}</p>' if kept.get("answer") else "",
        tiles_html(read_tiles(kept.get("tiles", "")), language=own).replace("<ul", f"<ul{spoken}", 1),
        f'<p class="changed"{spoken}>{_shown(kept["since"])}</p>' if kept.get("since") else "",
        _course(report.course, language),
        f"<details><summary>{_word('parameters', language)}</summary>"
        f"<p>{_parameters(facts.get('parameters', ''), language)}</p>"
        f"<p>{_word('size', language)}: {_size(good.size) if good else '–'}</p></details>",
    ]
    return f'<li class="report">\n{chr(10).join(filter(None, parts))}\n</li>'


def _outcome(report: _Report, language: str) -> str:
    """Say what became of a last run that failed, when, and why as far as history knows; nothing of a good one."""
    course = report.course
    if report.failed is None:
        stopped = course is not None and course.outcome == "interrupted"
        return f'<p class="sentence warning">{_word("interrupted", language)}</p>' if stopped else ""
    known = course if course and course.outcome == "failed" else None
    link = f'<a href="{_address(report.failed)}">{_word("failed", language)}</a>'
    link = f"<strong>{link}</strong> {_time(known.started if known else None, report.failed, language)}"
    why = _printable(reason(known.error, language=language, most=_LONGEST)) if known else ""
    parts = [link, f"<small>{why}</small>" if why else ""]
    parts.append(f"<small>{_word('kept' if report.good else 'no_good', language)}</small>")
    return f'<p class="sentence warning">{"<br>".join(filter(None, parts))}</p>'


def _course(course: Course | None, language: str) -> str:
    """Line of the first figure over the last good runs, with its name and last value."""
    if course is None or not course.figure:
        return ""
    last = course.figure[-1]
    label = last.label or last.name
    line = course_line(course.figure, label, language)
    return f'<p class="course">{line} {_shown(label)} {figure_text(last)}</p>' if line else ""


def _word(key: str, language: str, **values: object) -> str:
    return escape(term(f"contents.{key}", language=language, **values))


def _shown(text: object) -> str:
    """Text from elsewhere, which may hold anything."""
    return escape(_printable(text))


def _printable(text: object) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(text))


def _address(page: _Page) -> str:
    return escape(quote(os.fsencode(page.file)))


def _time(known: datetime | None, page: _Page | None, language: str) -> str:
    """When a page was made: as history says, else by its file."""
    if known is None and page is None:
        return ""
    when = known or datetime.fromtimestamp(page.changed // 1_000_000_000 if page else 0).astimezone()
    return f'<time datetime="{when.isoformat(timespec="seconds")}">{escape(moment(when, language=language))}</time>'


def _size(size: int) -> str:
    amount, unit = (size / 1e6, "MB") if size >= 999_500 else (size / 1e3, "KB")
    return f"{number(amount, 1 if unit == 'MB' else 0)}\N{NO-BREAK SPACE}{unit}"


def _parameters(text: str, language: str) -> str:
    """Parameters, one a line, from the JSON text that a report carries."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    lines = (f"{name} = {given(value)}" for name, value in values.items()) if isinstance(values, dict) else ()
    return "<br>".join(map(_shown, lines)) or _word("defaults", language)
