"""What a report leaves in its folder: the page, or the last good one under a banner beside the reason."""

import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from small_notebooks import SCRIPT, names, write_notebook
from workshop import Workshop, job, run

from loyalty_kit.publishing.batches.scheduler import results
from loyalty_kit.publishing.cover.folder import page_facts
from loyalty_kit.publishing.reports.jobs import prepare_job


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


def test_a_report_that_is_cut_off_or_under_a_banner_is_made_anew(tmp_path, broken):
    name = good_page(broken).stem
    (broken / f"{name}.failed.html").unlink()
    (tmp_path / "answers.csv").write_text("")
    jobs = [job(tmp_path, name)]
    assert run(jobs, broken, Workshop()) == {name: "rendered"}
    assert run(jobs, broken, Workshop()) == {name: "unchanged"}
    whole = good_page(broken).read_bytes()
    good_page(broken).write_bytes(whole[: len(whole) // 2])
    assert run(jobs, broken, Workshop()) == {name: "rendered"}


def test_what_lies_beside_a_report_goes_with_it(tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    jobs = [job(tmp_path)]
    run(jobs, folder, Workshop())
    for ending in ("pdf", "xlsx"):
        (folder / f"a.{ending}").write_text("of the first report")
    assert run(jobs, folder, Workshop()) == {"a": "unchanged"}
    assert {"a.pdf", "a.xlsx"} <= set(names(folder))
    (tmp_path / "answers.csv").write_text("new")
    assert run(jobs, folder, Workshop()) == {"a": "rendered"}
    assert not {"a.pdf", "a.xlsx"} & set(names(folder))


def test_a_report_whose_parameters_are_long_is_known_again(tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    write_notebook(tmp_path / "a.ipynb", "1", parameters='text: str = ""')
    jobs = [prepare_job(tmp_path / "a.ipynb", {"text": "x" * 100_000}, base=tmp_path)]
    assert [run(jobs, folder, Workshop())["a"] for _ in range(2)] == ["rendered", "unchanged"]


def test_the_folder_is_made_again_where_a_cell_removed_it(tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()

    class Removing(Workshop):
        def __call__(self, requests):
            for answer in super().__call__(requests):
                shutil.rmtree(folder)
                yield answer

    assert run([job(tmp_path)], folder, Removing()) == {"a": "rendered"}
    assert "a.html" in names(folder)


def test_no_banner_is_written_through_a_link(tmp_path):
    folder, elsewhere = tmp_path / "reports", tmp_path / "elsewhere.html"
    folder.mkdir()
    elsewhere.write_text("<!--loyalty-kit:banner--> somebody's own")
    (folder / "a.html").symlink_to(elsewhere)
    assert run([job(tmp_path)], folder, Workshop(a=1)) == {"a": "failed"}
    assert (folder / "a.html").is_symlink()
    assert elsewhere.read_text() == "<!--loyalty-kit:banner--> somebody's own"
