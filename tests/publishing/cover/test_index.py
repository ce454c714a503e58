"""The index: says what lies in the folder and how it has gone, also when several processes publish at once."""

import json
import os
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest
from browser import NARROW, axe, opened
from bs4 import BeautifulSoup
from bs4.element import Tag
from small_notebooks import SCRIPT, names

from loyalty_kit.core.estimates import Estimate, Tile
from loyalty_kit.publishing.cover import index
from loyalty_kit.publishing.cover.folder import page_facts
from loyalty_kit.publishing.cover.index import write_index
from loyalty_kit.publishing.history.history import HISTORY, History
from loyalty_kit.publishing.history.requests import Failure
from loyalty_kit.publishing.pages.document import document
from loyalty_kit.publishing.pages.failure import failure_page

HOSTILE = f'{SCRIPT}"><img src=x onerror=alert(1)>../\x07\x1b[31m'


def facts(name: str, **more: str) -> dict[str, str]:
    return {"name": name, "title": f"Title of {name}", "notebook": "10.ipynb", "parameters": "{}", **more}


def report(folder: Path, name: str, **more: str) -> None:
    (folder / f"{name}.html").write_text(document("Report", "", facts=facts(name, **more)), "utf-8")


def failure(folder: Path, name: str, sentence: str = "No.", **more: str) -> None:
    page = failure_page(Failure(sentence, source=sentence, traceback=sentence), facts=facts(name, **more))
    (folder / f"{name}.failed.html").write_text(page, "utf-8")


def entered(folder: Path, name: str, *values: float, outcome: str = "rendered", error: str | None = None) -> None:
    """Runs in the folder's history that recorded these values."""
    history = History(folder)
    for value in values:
        figures = (Estimate("loyalty", value, value - 2, value + 2, 400, f"Loyalty {SCRIPT}"),)
        run = history.begin(name, key=str(value))
        history.finish(run, outcome=outcome, seconds=1.0, error=error, estimates=figures)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "reports"
    path.mkdir()
    return path


def written(folder: Path) -> BeautifulSoup:
    return BeautifulSoup(write_index(folder, scratch=folder.parent).read_text("utf-8"), "html.parser")


def entries(page: BeautifulSoup) -> list[Tag]:
    return page.select("li.report")


def said(entry: Tag, part: str) -> str:
    """Text of a part of an entry; empty where it has none."""
    found = entry.select_one(part)
    return "" if found is None else " ".join(found.get_text(" ").split())


def test_reports_are_listed_by_name_with_title_parameters_and_link(folder):
    report(folder, "b 忠诚度#1", parameters=json.dumps({"wave": 2, "channel": "网店"}, ensure_ascii=False))
    report(folder, "A")
    page = written(folder)
    assert [said(entry, "h2") for entry in entries(page)] == ["Title of A", "Title of b 忠诚度#1"]
    assert [said(entry, ".about").partition(" · 10.ipynb")[0] for entry in entries(page)] == ["A", "b 忠诚度#1"]
    assert [said(entry, "details p") for entry in entries(page)] == ["defaults", "wave = 2 channel = 网店"]
    assert [link["href"] for link in page.select("h2 a")] == ["A.html", "b%20%E5%BF%A0%E8%AF%9A%E5%BA%A6%231.html"]


def test_each_report_tells_its_answer_its_figures_and_what_changed(folder):
    tiles = json.dumps([asdict(Tile(f"Loyalty {SCRIPT}", "61", "59 to 63", "holds", "good"))])
    report(folder, "a", answer=f"Most are loyal. {SCRIPT}", tiles=tiles, since="Loyalty rose.", moved="yes")
    report(folder, "b")
    first, second = entries(written(folder))
    assert (said(first, ".said"), said(first, ".changed")) == (f"Most are loyal. {SCRIPT}", "Loyalty rose.")
    assert said(first, ".tile.good") == f"Loyalty {SCRIPT} 61 59 to 63 holds"
    assert second.select(".said, .changed, .tile, .course") == []


def test_what_moved_is_counted_and_comes_before_what_did_not(folder):
    report(folder, "a", since="No figure moved.")
    report(folder, "b", since="Loyalty rose.", moved="yes")
    page = written(folder)
    assert "Figures moved since the last run in 1 of 2 reports." in page.main.get_text()
    assert [said(entry, ".changed") for entry in entries(page)] == ["Loyalty rose.", ""]
    report(folder, "b", since="No figure moved.")
    assert "In none of 2 reports has a figure clearly moved since the last run." in written(folder).main.get_text()


def test_a_page_that_somebody_planted_does_not_hold_the_index_up(folder):
    report(folder, "a", moved="yes", tiles="[{", picture="no picture", language="xx")
    assert [said(entry, "h2") for entry in entries(written(folder))] == ["Title of a"]


def test_those_that_failed_come_first_and_keep_what_their_last_good_page_said(folder):
    report(folder, "a", answer="All is well.")
    report(folder, "z", answer="Most are loyal.")
    failure(folder, "z")
    page = written(folder)
    assert [said(entry, "h2") for entry in entries(page)] == ["Title of z", "Title of a"]
    assert said(entries(page)[0], ".said") == "Most are loyal."


def test_without_a_history_the_time_is_that_of_the_file(folder):
    report(folder, "a")
    os.utime(folder / "a.html", (1_800_000_000, 1_800_000_000))
    page = written(folder)
    assert datetime.fromisoformat(page.select_one("time")["datetime"]).timestamp() == 1_800_000_000
    assert page.find("svg") is None
    assert not (folder / HISTORY).exists()


def test_with_a_history_the_time_and_the_line_are_those_of_its_good_runs(folder):
    report(folder, "a")
    os.utime(folder / "a.html", (1_800_000_000, 1_800_000_000))
    entered(folder, "a", 61.0, 64.0)
    page = written(folder)
    moment = History(folder).times("a")["rendered"]
    assert page.select_one("time")["datetime"] == moment.isoformat()
    assert page.svg["aria-label"] == f"Loyalty {SCRIPT}, 2 runs, oldest first: 61.0, 64.0"


def test_a_damaged_history_costs_only_the_history(folder):
    report(folder, "a")
    (folder / HISTORY).write_bytes(b"no database " * 1000)
    assert len(entries(written(folder))) == 1


def test_a_failed_report_says_why_and_links_to_its_failure_page_and_the_last_good_one(folder):
    report(folder, "a")
    failure(folder, "a")
    report(folder, "b")
    entered(folder, "a", 61.0)
    entered(folder, "a", 62.0, outcome="failed", error=f"The survey is gone. {SCRIPT}")
    page = written(folder)
    told = said(entries(page)[0], ".warning")
    assert told.startswith("failed ")
    assert told.endswith(f"The survey is gone. {SCRIPT} the last good report is kept")
    assert {link["href"] for link in entries(page)[0].select("a")} == {"a.html", "a.failed.html"}
    assert page.select_one(".warning").get_text() == "Failed in their last run: 1 of 2 reports."


def test_a_report_that_never_succeeded_is_listed(folder):
    failure(folder, "a")
    page = written(folder)
    assert said(entries(page)[0], ".warning").endswith("no good report yet")
    assert entries(page)[0].select(".about time, .course, h2 a") == []
    assert page.select_one(".warning").get_text() == "All reports failed in their last run."


def test_an_interrupted_run_is_told(folder):
    report(folder, "a")
    entered(folder, "a", 61.0)
    entered(folder, "a", 62.0, outcome="interrupted")
    assert said(entries(written(folder))[0], ".warning") == "the last run was interrupted"


def test_where_nothing_failed_there_is_no_banner(folder):
    report(folder, "a")
    page = written(folder)
    assert page.select_one(".warning") is None


def test_the_index_of_chinese_reports_is_chinese(folder):
    report(folder, "a", language="zh")
    page = written(folder)
    assert (page.html["lang"], page.h1.get_text()) == ("zh-Hans", "报告一览")
    report(folder, "b", language="en")
    page = written(folder)
    assert page.html["lang"] == "en"
    assert [link.get("lang") for link in page.select("h2 a")] == ["zh-Hans", None]


def test_files_that_are_no_reports_are_passed_over(folder):
    (folder / "other.html").write_text("<html><head><meta name='author' content='me'></head>")
    (folder / "body.html").write_text("<html><body><meta name='loyalty-kit:name' content='x'></body>")
    (folder / ".hidden.html").write_text("<meta name='loyalty-kit:name' content='x'>")
    (folder / "binary.html").write_bytes(bytes(range(256)))
    (folder / "folder.html").mkdir()
    page = written(folder)
    assert entries(page) == []
    assert "No report yet." in page.main.get_text()


def test_facts_of_what_is_no_page_are_none(folder):
    report(folder, "a", key="k")
    assert page_facts(folder / "a.html")["key"] == "k"
    assert page_facts(folder / "b.html") == page_facts(folder) == {}


def test_text_of_reports_is_shown_and_nothing_else(folder):
    report(folder, "a", title=HOSTILE, parameters=json.dumps({HOSTILE: HOSTILE}), notebook=HOSTILE)
    entered(folder, "a", 61.0, 64.0)
    page = written(folder)
    assert page.main.find(["script", "img"]) is None
    assert len(page.find_all("script")) == 1
    assert page.main.get_text().count(f'{SCRIPT}"><img') == 4
    assert not any(mark in page.decode() for mark in "\x07\x1b")
    assert [link["href"] for link in page.select("a")] == ["a.html"]


@pytest.mark.parametrize("parameters", ["", "no JSON", "[1]", "[" * 100_000, '{"a": [1, {"b": null}]}', '"text"'])
def test_parameters_that_are_none_do_not_stop_the_index(folder, parameters):
    report(folder, "a", parameters=parameters)
    assert len(entries(written(folder))) == 1


def test_a_file_whose_name_is_no_unicode_is_linked(folder):
    report(folder, "a")
    try:
        (folder / "a.html").rename(folder / os.fsdecode(b"caf\xe9.html"))
    except OSError:
        pytest.skip("this file system takes only Unicode")
    assert [link["href"] for link in written(folder).select("h2 a")] == ["caf%E9.html"]


def test_text_of_a_failure_is_escaped(folder):
    failure(folder, "a", SCRIPT, title=SCRIPT, parameters=json.dumps({SCRIPT: SCRIPT}), notebook=SCRIPT)
    page = BeautifulSoup((folder / "a.failed.html").read_text("utf-8"), "html.parser")
    assert page.find("script") is None
    assert page.main.get_text().count(SCRIPT) == 7


def test_only_its_own_script_may_run(folder):
    report(folder, "a")
    policy = written(folder).find("meta", attrs={"http-equiv": True})["content"]
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert "script-src" not in document("No script", "")


def test_a_report_that_lands_during_the_writing_is_listed(folder, monkeypatch):
    report(folder, "a")
    publish = index.publish

    def publish_late(text, target, *, scratch):
        if not (folder / "b.html").exists():
            report(folder, "b")
        publish(text, target, scratch=scratch)

    monkeypatch.setattr(index, "publish", publish_late)
    assert len(entries(written(folder))) == 2


def test_the_index_is_the_only_file_that_is_added(folder):
    report(folder, "a")
    written(folder)
    assert names(folder) == ["a.html", "index.html"]


def test_each_page_of_many_is_read_once(folder, monkeypatch):
    for number in range(200):
        report(folder, f"r{number}")
    write_index(folder, scratch=folder.parent)
    monkeypatch.setattr(Path, "open", None)
    began = time.monotonic()
    index.scan(folder)
    assert time.monotonic() - began < 2


@pytest.fixture
def pages(folder) -> list[str]:
    """Addresses of an index and of a failure page with long lines."""
    report(folder, "a", parameters=json.dumps({"survey": "a/very/long/path/to/a/survey/file/of/answers.csv"}))
    report(folder, "c 忠诚度", language="zh")
    entered(folder, "a", 61.0, 64.0, 62.0)
    failure(folder, "b", "one long line without any break " * 20)
    written(folder)
    return [(folder / name).as_uri() for name in ("index.html", "b.failed.html")]


@pytest.mark.browser
def test_index_and_failure_page_load_nothing_and_fit_a_phone(browser, pages):
    for url in pages:
        with opened(browser, url, width=NARROW) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_index_and_failure_page_are_accessible(browser, pages, scheme):
    source = axe()
    for url in pages:
        with opened(browser, url, scheme=scheme) as page:
            page.evaluate(source)
            assert page.evaluate("axe.run().then(found => found.violations.map(fault => fault.id))") == []


@pytest.mark.browser
def test_reports_are_found_by_keyboard(browser, pages):
    with opened(browser, pages[0]) as page:
        visible = page.locator(".report:visible")
        assert visible.count() == 3
        page.keyboard.press("/")
        page.keyboard.type("忠诚 title")
        assert visible.count() == 1
        assert page.locator("#hits").inner_text() == "1 of 3 reports"
        page.keyboard.press("Escape")
        assert visible.count() == 3
        assert (page.locator("#search").input_value(), page.locator("#hits").inner_text()) == ("", "")
        page.keyboard.type("nothing like it")
        assert visible.count() == 0
        assert page.locator("#hits").inner_text() == "0 of 3 reports"


@pytest.mark.browser
def test_the_age_of_a_report_is_told_when_the_page_is_read(browser, pages):
    with opened(browser, pages[0]) as page:
        assert page.locator(".report").nth(0).locator("time + small").inner_text() == "this minute"
