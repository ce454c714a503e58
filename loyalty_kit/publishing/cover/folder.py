"""What lies in a folder of reports: pages that the kit wrote, and what they say of themselves in their heads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from loyalty_kit.publishing.files.reading import read_regular
from loyalty_kit.publishing.history.history import Course
from loyalty_kit.publishing.pages.document import FACT

INDEX = "index.html"
REPORT = ".html"
FAILURE = ".failed.html"

_HEAD_BYTES = 65536


@dataclass(frozen=True)
class ReportPage:
    """A file of the folder that the kit wrote."""

    file: str
    changed: int
    size: int
    facts: dict[str, str] = field(hash=False)


@dataclass(frozen=True)
class FolderReport:
    """A report: its last good page, its failure page, and what history knows of it."""

    name: str
    good: ReportPage | None
    failed: ReportPage | None
    course: Course | None

    @property
    def moved(self) -> bool:
        """Whether figures of the last good page moved since the run before."""
        facts = self.good.facts if self.good else {}
        return facts.get("moved") == "yes" and bool(facts.get("since"))

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


def page_facts(path: Path) -> dict[str, str]:
    """Facts that a page of the kit carries; empty for any other file and where there is none."""
    try:
        status = path.stat()
        return dict(_facts(path, status.st_mtime_ns, status.st_size))
    except OSError:
        return {}


def scan(folder: Path) -> tuple[ReportPage, ...]:
    """Find the pages of a folder that the kit wrote."""
    pages = []
    for path in sorted(folder.glob(f"[!.]*{REPORT}")):
        try:
            status = path.stat()
            facts = _facts(path, status.st_mtime_ns, status.st_size)
        except OSError:
            continue
        if path.name != INDEX and "name" in facts:
            pages.append(ReportPage(path.name, status.st_mtime_ns, status.st_size, facts))
    return tuple(pages)


@lru_cache(maxsize=4096)
def _facts(path: Path, changed: int, size: int) -> dict[str, str]:
    """Facts of a file as it was at that time and size."""
    head = read_regular(path, _HEAD_BYTES).decode("utf-8", errors="replace")
    parser = _Facts()
    parser.feed(head.partition("<style")[0])
    return parser.facts


def reports_of(pages: tuple[ReportPage, ...], courses: Mapping[str, Course]) -> list[FolderReport]:
    """Sort a folder's pages into reports: those that failed first, then those whose figures moved."""
    good = {page.file.removesuffix(REPORT): page for page in pages if not page.file.endswith(FAILURE)}
    failed = {page.file.removesuffix(FAILURE): page for page in pages if page.file.endswith(FAILURE)}
    reports = [FolderReport(name, good.get(name), failed.get(name), courses.get(name)) for name in good.keys() | failed]
    return sorted(reports, key=lambda one: (one.failed is None, not one.moved, one.name.casefold(), one.name))


def language_of(reports: list[FolderReport]) -> str:
    """Language of what is said of reports together: Chinese where all of them are."""
    return "zh" if reports and all(report.facts.get("language") == "zh" for report in reports) else "en"
