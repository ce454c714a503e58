"""The digest: a mail without script that tells what the index tells, small enough for any mail program."""

import base64
import email
import json
from dataclasses import asdict
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from small_notebooks import SCRIPT

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.estimates import Tile
from loyalty_kit.publishing.cover.digest import MOST_BYTES, write_digest
from loyalty_kit.publishing.history.requests import Failure
from loyalty_kit.publishing.pages.document import document
from loyalty_kit.publishing.pages.failure import failure_page

PIXEL = base64.b64encode(b"\x89PNG" + b"0" * 9000).decode()


@pytest.fixture(autouse=True)
def outside_a_job(monkeypatch):
    """Take away what the machine that runs the tests says of a job of its own."""
    for name in ("CI_JOB_URL", "BUILD_URL"):
        monkeypatch.delenv(name, raising=False)


def report(folder: Path, name: str, **more: str) -> None:
    facts = {"name": name, "title": f"Title of {name}", "notebook": "10.ipynb", "parameters": "{}", **more}
    (folder / f"{name}.html").write_text(document("Report", "", facts=facts), "utf-8")


def mail(folder: Path) -> EmailMessage:
    target = folder / "mail" / "digest.eml"
    write_digest(folder, target)
    assert target.stat().st_size < MOST_BYTES
    return email.message_from_bytes(target.read_bytes(), policy=default)


def html(message: EmailMessage) -> BeautifulSoup:
    return BeautifulSoup(message.get_body(("html",)).get_content(), "html.parser")


TILES = json.dumps([asdict(Tile("Loyalty", "61 of 100", "59 to 63", "holds", "good"))])


def test_it_tells_answer_figures_and_changes_with_and_without_layout(tmp_path):
    report(tmp_path, "a", answer="Most are loyal.", tiles=TILES, since="Loyalty rose.", moved="yes")
    message = mail(tmp_path)
    told = html(message).get_text(" ")
    plain = message.get_body(("plain",)).get_content()
    for text in ("Title of a", "Most are loyal.", "61 of 100", "59 to 63", "holds", "Loyalty rose."):
        assert text in told
        assert text in plain
    assert message["Subject"] == "Reports: 1, figures moved in 1, failed: 0"


def test_pictures_are_attached_and_have_a_text(tmp_path):
    report(tmp_path, "a", picture=PIXEL, **{"picture-alt": "Loyalty by channel"})
    message = mail(tmp_path)
    (image,) = html(message).select("img")
    (part,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert image["src"] == "cid:" + part["Content-ID"].strip("<>")
    assert image["alt"] == "Loyalty by channel"
    assert part.get_content() == base64.b64decode(PIXEL)


def test_pictures_that_would_make_it_too_large_are_left_out(tmp_path):
    for number in range(20):
        report(tmp_path, f"r{number:02}", answer="Most are loyal.", picture=PIXEL)
    shown = len(html(mail(tmp_path)).select("img"))
    assert 0 < shown < 20


def test_so_many_reports_that_no_mail_holds_them_are_refused(tmp_path):
    for number in range(200):
        report(tmp_path, f"r{number:03}", answer="Most are loyal. " * 20)
    with pytest.raises(InputError, match=r"digest of 200 reports has over 100000 bytes"):
        write_digest(tmp_path, tmp_path / "digest.eml")
    assert not (tmp_path / "digest.eml").exists()


def test_a_failed_report_comes_first_and_says_so(tmp_path):
    report(tmp_path, "a", answer="All is well.")
    page = failure_page(Failure("No."), facts={"name": "z", "title": "Title of z", "notebook": "n", "parameters": "{}"})
    (tmp_path / "z.failed.html").write_text(page, "utf-8")
    message = mail(tmp_path)
    assert [title.get_text() for title in html(message).select("h2")] == ["Title of z", "Title of a"]
    assert "failed" in html(message).select_one("div").get_text()
    assert message["Subject"] == "Reports: 2, figures moved in 0, failed: 1"


def test_text_of_reports_is_text_and_nothing_runs_or_loads(tmp_path):
    tiles = json.dumps([asdict(Tile(SCRIPT, SCRIPT, SCRIPT, SCRIPT))])
    report(tmp_path, "a", title=SCRIPT, answer=SCRIPT, since=SCRIPT, moved="yes", tiles=tiles, picture=PIXEL)
    page = html(mail(tmp_path))
    assert page.select("script, style, link, form, iframe") == []
    assert all(image["src"].startswith("cid:") for image in page.select("img"))
    assert page.get_text().count(SCRIPT) == 7


def test_the_same_reports_give_the_same_bytes_and_no_date(tmp_path):
    report(tmp_path, "a", answer="Most are loyal.", picture=PIXEL)
    first, second = ((tmp_path / f"{name}.eml") for name in "12")
    write_digest(tmp_path, first)
    write_digest(tmp_path, second)
    assert first.read_bytes() == second.read_bytes()
    assert email.message_from_bytes(first.read_bytes())["Date"] is None


@pytest.mark.parametrize("picture", ["no base64!", "", "é"])
def test_a_picture_that_is_none_is_left_out(tmp_path, picture):
    report(tmp_path, "a", picture=picture)
    assert html(mail(tmp_path)).select("img") == []


def test_a_page_that_somebody_planted_does_not_hold_the_mail_up(tmp_path):
    report(tmp_path, "a", moved="yes", tiles="[{", picture="no picture", language="xx")
    assert [title.get_text() for title in html(mail(tmp_path)).select("h2")] == ["Title of a"]


def test_a_folder_without_reports_says_so(tmp_path):
    assert "No report yet." in mail(tmp_path).get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("address", "root", "way"),
    [("CI_JOB_URL", "CI_PROJECT_DIR", "artifacts/file"), ("BUILD_URL", "WORKSPACE", "artifact")],
)
def test_in_a_job_that_shows_its_files_each_title_leads_to_its_report(tmp_path, monkeypatch, address, root, way):
    folder = tmp_path / "my reports"
    folder.mkdir()
    report(folder, "a")
    monkeypatch.setenv(address, "https://ci.example.org/jobs/7/")
    monkeypatch.setenv(root, str(tmp_path))
    message, link = mail(folder), f"https://ci.example.org/jobs/7/{way}/my%20reports/a.html"
    assert html(message).h2.a["href"] == link
    assert link in message.get_body(("plain",)).get_content()


@pytest.mark.parametrize(("url", "root"), [("javascript:x", "."), ("https://ci.example.org", "elsewhere"), ("", ".")])
def test_where_no_address_is_known_nothing_is_linked(tmp_path, monkeypatch, url, root):
    report(tmp_path, "a")
    monkeypatch.setenv("CI_JOB_URL", url)
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path / root))
    assert html(mail(tmp_path)).a is None
