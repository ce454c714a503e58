"""A report as PDF: tagged, in its language, whole or not at all."""

import os
import re
import stat
import sys

import nbformat.v4 as v4
import pytest
from browser import chromium

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.exports import pdf
from loyalty_kit.publishing.pages.page import report_page

TABLE = "<table><thead><tr><th>scale</th></tr></thead><tbody>" + "<tr><td>0.7</td></tr>" * 80 + "</tbody></table>"


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Bytes of the PDF of a Chinese report."""
    chromium()
    folder = tmp_path_factory.mktemp("pdf")
    cells = [
        v4.new_markdown_cell("# 忠诚吗？\n\n## 方法\n\n$\\alpha$"),
        v4.new_code_cell("1", outputs=[v4.new_output("display_data", data={"text/html": TABLE})]),
    ]
    (folder / "报告 #1.html").write_text(report_page(v4.new_notebook(cells=cells), language="zh"), encoding="utf-8")
    pdf.write_pdf(folder / "报告 #1.html", folder / "report.pdf")
    assert sorted(path.name for path in folder.iterdir()) == ["report.pdf", "报告 #1.html"]
    return (folder / "report.pdf").read_bytes()


@pytest.fixture
def browser_that(tmp_path, monkeypatch):
    """Function that puts a script in the browser's place."""
    if sys.platform == "win32":
        pytest.skip("a script in the browser's place needs a POSIX shell")

    def place(lines):
        script = tmp_path / "bin" / "chromium"
        script.parent.mkdir()
        script.write_text(f"#!/bin/sh\n{lines}\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(pdf, "find_browser", lambda: script)

    return place


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("<p>x</p>")
    return path


@pytest.mark.browser
def test_the_pdf_is_tagged_in_the_reports_language_with_an_outline(printed):
    assert (b"/StructTreeRoot" in printed, b"/Lang (zh-Hans)" in printed, b"/Outlines" in printed) == (True, True, True)


@pytest.mark.browser
def test_a_table_of_several_pages_is_tagged_as_one(printed):
    assert (len(re.findall(rb"/Type */Page\b", printed)) > 1, len(re.findall(rb"/S */Table\b", printed))) == (True, 1)


def test_where_no_browser_is_installed_one_sentence_says_so(monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda _: None)
    monkeypatch.setattr(pdf, "_MAC", ())
    for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match="neither Chromium nor Chrome nor Edge is installed here"):
        pdf.find_browser()


def test_a_browser_beside_the_path_is_found(monkeypatch, tmp_path):
    place = tmp_path / "Google" / "Chrome" / "Application" / "chrome.exe"
    place.parent.mkdir(parents=True)
    place.write_text("")
    place.chmod(0o755)
    monkeypatch.setattr(pdf.shutil, "which", lambda _: None)
    monkeypatch.setattr(pdf, "_MAC", ())
    monkeypatch.setenv("PROGRAMFILES", str(tmp_path))
    assert pdf.find_browser() == place


def test_a_browser_that_fails_is_quoted_and_the_old_pdf_stays(browser_that, report):
    browser_that("echo no display here >&2; exit 1")
    old = report.with_suffix(".pdf")
    old.write_bytes(b"old")
    with pytest.raises(InputError, match="printed no PDF of 'report.html'; it said: no display here"):
        pdf.write_pdf(report, old)
    assert old.read_bytes() == b"old"


def test_a_browser_that_hangs_is_ended_with_what_it_started(browser_that, report, monkeypatch, tmp_path):
    monkeypatch.setattr(pdf, "_SECONDS", 0.5)
    browser_that(f"sleep 60 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(InputError, match="within 0.5 seconds"):
        pdf.write_pdf(report, report.with_suffix(".pdf"))
    child = int((tmp_path / "child").read_text())
    assert not _runs(child)


def _runs(process):
    """Whether a process still runs; one that ended and was not yet collected does not."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as status:
            return status.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        pass
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return not os.path.isdir("/proc")


def test_the_sandbox_stays_on_for_all_but_root(browser_that, report, monkeypatch, tmp_path):
    monkeypatch.setattr(pdf.os, "geteuid", lambda: 1000)
    browser_that(f'echo "$@" > {tmp_path}/given')
    with pytest.raises(InputError):
        pdf.write_pdf(report, report.with_suffix(".pdf"))
    assert "--no-sandbox" not in (tmp_path / "given").read_text()


def test_an_absent_report_is_refused(tmp_path):
    with pytest.raises(InputError, match="absent.html' does not exist"):
        pdf.write_pdf(tmp_path / "absent.html", tmp_path / "a.pdf")
