"""The index: says what lies in the folder, also when several processes publish at once."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest
from browser import NARROW, axe, opened
from bs4 import BeautifulSoup
from small_notebooks import SCRIPT, names

from loyalty_kit.reporting import index
from loyalty_kit.reporting.document import document
from loyalty_kit.reporting.execution import RunError
from loyalty_kit.reporting.failure import failure_page
from loyalty_kit.reporting.index import write_index


def facts(name: str, **more: str) -> dict[str, str]:
    return {"name": name, "title": f"Title of {name}", "notebook": "10.ipynb", "parameters": "{}", **more}


def report(folder: Path, name: str, **more: str) -> None:
    (folder / f"{name}.html").write_text(document("Report", "", facts=facts(name, **more)), "utf-8")


def failure(folder: Path, name: str, sentence: str = "No.", **more: str) -> None:
    page = failure_page(RunError(sentence, source=sentence, traceback=sentence), facts=facts(name, **more))
    (folder / f"{name}.failed.html").write_text(page, "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "reports"
    path.mkdir()
    return path


def written(folder: Path) -> BeautifulSoup:
    return BeautifulSoup(write_index(folder, scratch=folder.parent).read_text("utf-8"), "html.parser")


def rows(page: BeautifulSoup) -> list[list[str]]:
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])] for row in page.select("tbody tr")
    ]


def test_reports_are_listed_by_name_with_title_parameters_and_link(folder):
    report(folder, "b 忠诚度#1", parameters=json.dumps({"wave": 2, "channel": "网店"}, ensure_ascii=False))
    report(folder, "A")
    page = written(folder)
    assert [row[0] for row in rows(page)] == ["Title of A A", "Title of b 忠诚度#1 b 忠诚度#1"]
    assert rows(page)[1][3] == "wave = 2 channel = 网店"
    assert [link["href"] for link in page.select("tbody a")] == [
        "A.html",
        "b%20%E5%BF%A0%E8%AF%9A%E5%BA%A6%231.html",
    ]


def test_when_is_the_time_of_the_file(folder):
    report(folder, "a")
    os.utime(folder / "a.html", (1_800_000_000, 1_800_000_000))
    moment = datetime.fromisoformat(written(folder).select_one("time")["datetime"])
    assert moment.timestamp() == 1_800_000_000


def test_a_failed_report_links_to_its_failure_page_and_to_the_last_good_one(folder):
    report(folder, "a")
    failure(folder, "a")
    page = written(folder)
    assert rows(page)[0][1].startswith("failed , last good report")
    assert {link["href"] for link in page.select("tbody a")} == {"a.html", "a.failed.html"}


def test_a_report_that_never_succeeded_is_listed(folder):
    failure(folder, "a")
    assert rows(written(folder))[0][1] == "failed , no good report yet"


def test_files_that_are_no_reports_are_passed_over(folder):
    (folder / "other.html").write_text("<html><head><meta name='author' content='me'></head>")
    (folder / "body.html").write_text("<html><body><meta name='loyalty-kit:name' content='x'></body>")
    (folder / ".hidden.html").write_text("<meta name='loyalty-kit:name' content='x'>")
    (folder / "binary.html").write_bytes(bytes(range(256)))
    (folder / "folder.html").mkdir()
    assert rows(written(folder)) == []


def test_text_of_reports_is_escaped(folder):
    report(folder, "a", title=SCRIPT, parameters=json.dumps({SCRIPT: SCRIPT}), notebook=SCRIPT)
    page = written(folder)
    assert page.find("script") is None
    assert page.main.get_text().count(SCRIPT) == 4


def test_text_of_a_failure_is_escaped(folder):
    failure(folder, "a", SCRIPT, title=SCRIPT, parameters=json.dumps({SCRIPT: SCRIPT}), notebook=SCRIPT)
    page = BeautifulSoup((folder / "a.failed.html").read_text("utf-8"), "html.parser")
    assert page.find("script") is None
    assert page.main.get_text().count(SCRIPT) == 7


def test_a_report_that_lands_during_the_writing_is_listed(folder, monkeypatch):
    report(folder, "a")
    publish = index.publish

    def publish_late(text, target, *, scratch):
        if not (folder / "b.html").exists():
            report(folder, "b")
        publish(text, target, scratch=scratch)

    monkeypatch.setattr(index, "publish", publish_late)
    assert len(rows(written(folder))) == 2


def test_the_index_is_the_only_file_that_is_added(folder):
    report(folder, "a")
    written(folder)
    assert names(folder) == ["a.html", "index.html"]


@pytest.fixture
def pages(folder) -> list[str]:
    """Addresses of an index and of a failure page with long lines."""
    report(folder, "a", parameters=json.dumps({"survey": "a/very/long/path/to/a/survey/file/of/answers.csv"}))
    failure(folder, "b", "one long line without any break " * 20)
    written(folder)
    return [(folder / name).as_uri() for name in ("index.html", "b.failed.html")]


@pytest.mark.browser
def test_index_and_failure_page_load_nothing_and_fit_a_phone(browser, pages):
    for url in pages:
        with opened(browser, url, width=NARROW) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


@pytest.mark.browser
def test_index_and_failure_page_are_accessible(browser, pages):
    source = axe()
    for url in pages:
        with opened(browser, url) as page:
            page.evaluate(source)
            assert page.evaluate("axe.run().then(found => found.violations.map(fault => fault.id))") == []
