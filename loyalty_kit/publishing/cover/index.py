"""The index of a folder of reports: its pages say which reports there are, its history how they have gone."""

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from loyalty_kit.core.language import given, moment, number, term
from loyalty_kit.publishing.cover.folder import INDEX, FolderReport, ReportPage, language_of, reports_of, scan
from loyalty_kit.publishing.files.publication import publish
from loyalty_kit.publishing.history.history import Course, History
from loyalty_kit.publishing.pages.document import TAGS, TEMPLATES, document
from loyalty_kit.publishing.pages.failure import reason
from loyalty_kit.publishing.pages.since import course_line, figure_text
from loyalty_kit.publishing.pages.tiles import read_tiles, tiles_html

_RETRIES = 20
_LONGEST = 300
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


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
        pages = scan(folder)
        publish(_index_page(pages, History(folder).courses()), target, scratch=scratch)
        if scan(folder) == pages:
            break
    return target


def _index_page(pages: tuple[ReportPage, ...], courses: Mapping[str, Course]) -> str:
    reports = reports_of(pages, courses)
    language = language_of(reports)
    title = term("contents.title", language=language)
    body = _body(reports, language) if reports else f"<p>{_word('none', language)}</p>"
    script = (TEMPLATES / "index.js").read_text(encoding="utf-8")
    return document(title, f"<h1>{escape(title)}</h1>\n{body}", language=language, script=script)


def _body(reports: list[FolderReport], language: str) -> str:
    """Banner, what moved in all, search box and an entry a report."""
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
    compared = [report for report in reports if report.good and report.good.facts.get("since")]
    moved = sum(report.moved for report in compared)
    case = "moved" if moved else "still"
    news = f"<p>{_word(case, language, moved=moved, count=len(compared))}</p>\n" if compared else ""
    return f'{banner}{news}{search}<ol class="reports">\n{entries}\n</ol>'


def _entry(report: FolderReport, language: str) -> str:
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
        f'<p class="changed"{spoken}>{_shown(kept["since"])}</p>' if report.moved else "",
        _course(report.course, language),
        f"<details><summary>{_word('parameters', language)}</summary>"
        f"<p>{_parameters(facts.get('parameters', ''), language)}</p>"
        f"<p>{_word('size', language)}: {_size(good.size) if good else '–'}</p></details>",
    ]
    return f'<li class="report">\n{chr(10).join(filter(None, parts))}\n</li>'


def _outcome(report: FolderReport, language: str) -> str:
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


def _address(page: ReportPage) -> str:
    return escape(quote(os.fsencode(page.file)))


def _time(known: datetime | None, page: ReportPage | None, language: str) -> str:
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
