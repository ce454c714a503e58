"""What a report leaves in its folder: the page, or the last good one under a banner beside the reason."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from small_notebooks import SCRIPT, names
from workshop import Workshop, job, run

from loyalty_kit.reporting.batches.waves import results
from loyalty_kit.reporting.pages.index import page_facts


@pytest.fixture
def broken(tmp_path) -> Path:
    """Folder of a report that was good once and has failed twice since."""
    folder = tmp_path / "reports"
    folder.mkdir()
    jobs = [job(tmp_path, f"a {SCRIPT.replace('/', '')}")]
    run(jobs, folder, Workshop())
    for answers in ("second", "third"):
        (tmp_path / "answers.csv").write_text(answers)
        run(jobs, folder, Workshop(**{jobs[0].name: 1}))
    return folder


def good_page(folder: Path) -> Path:
    return next(path for path in folder.glob("a *.html") if "failed" not in path.name)


def test_the_last_good_report_stands_under_one_dated_banner(broken):
    page = BeautifulSoup(good_page(broken).read_text("utf-8"), "html.parser")
    (banner,) = page.select("main aside.banner")
    assert re.search(r"\d{1,2} \w+ 20\d\d", banner.get_text())
    assert banner.a["href"].endswith(".failed.html")


def test_the_banner_runs_nothing_that_a_name_says(broken):
    page = BeautifulSoup(good_page(broken).read_text("utf-8"), "html.parser")
    assert len(page.select("script")) == 1
    assert "%3Cscript%3E" in page.select_one("aside.banner a")["href"]


def test_the_good_report_keeps_its_key_and_its_age(tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    jobs = [job(tmp_path)]
    (first,) = results(jobs, folder, carry_out=Workshop())
    age = first.path.stat().st_mtime_ns
    (tmp_path / "answers.csv").write_text("new")
    (second,) = results(jobs, folder, carry_out=Workshop(a=1))
    assert second.key != first.key
    assert page_facts(first.path)["key"] == first.key
    assert first.path.stat().st_mtime_ns == age


def test_a_good_run_takes_the_banner_away(broken, tmp_path):
    name = good_page(broken).stem
    assert run([job(tmp_path, name)], broken, Workshop()) == {name: "rendered"}
    assert "<aside" not in good_page(broken).read_text("utf-8")
    assert not [file for file in names(broken) if "failed" in file]
