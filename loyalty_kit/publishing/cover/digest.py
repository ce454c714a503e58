"""A digest of a folder's reports as a mail: what the index tells, in what mail programs show."""

import base64
import binascii
import os
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from pathlib import Path
from urllib.parse import quote

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.estimates import Tile
from loyalty_kit.core.language import term
from loyalty_kit.publishing.cover.folder import FolderReport, language_of, reports_of, scan
from loyalty_kit.publishing.files.publication import publish_bytes
from loyalty_kit.publishing.history.history import History
from loyalty_kit.publishing.pages.failure import reason
from loyalty_kit.publishing.pages.tiles import read_tiles

MOST_BYTES = 100_000
"""Of the whole mail; pictures that would make it larger are left out, since what they show is told in words too."""

_LONGEST = 300
_BASES = (("CI_JOB_URL", "CI_PROJECT_DIR", "artifacts/file"), ("BUILD_URL", "WORKSPACE", "artifact"))
"""Where GitLab and Jenkins show the files of a job: variables with its address and its folder, and the way there."""
_COLOURS = {"good": "#1a6b3c", "bad": "#b3261e", "open": "#8a5200", "plain": "#1d2329"}
_SHAPES = {"good": "●", "bad": "◆", "open": "◐", "plain": ""}
_BODY = "font-family:-apple-system,'Segoe UI',Roboto,'PingFang SC','Microsoft YaHei',sans-serif;color:#1d2329"
_CARD = "max-width:640px;margin:0 0 16px;padding:12px 16px;border:1px solid #d9dfe5;border-radius:6px"
_CELL = "padding:8px 12px 8px 0;vertical-align:top;font-size:13px;color:#56616d"
_FIGURE = "display:block;font-size:22px;color:#1d2329"


def write_digest(folder: Path, target: Path) -> None:
    """Write the digest of a folder's reports as a mail that a program sends, or that opens as a draft.

    Parameters
    ----------
    folder : Path
        Folder of reports.
    target : Path
        The mail; put in its place when it is whole.

    Raises
    ------
    InputError
        If there are so many reports that the mail is too large without any picture.

    Notes
    -----
    A text without and one with layout, styles within its elements, no script, pictures attached; less than 100 kB.
    It names no sender, receiver or date, so that the same reports give the same bytes. Within a job of GitLab or
    Jenkins each title leads to its report among what the job leaves behind; elsewhere no address is known.
    """
    reports = reports_of(scan(folder), History(folder).courses())
    language, base = language_of(reports), _base(folder)
    mails = (_mail(reports, language, base, pictures).as_bytes() for pictures in range(len(reports), -1, -1))
    written = next((mail for mail in mails if len(mail) < MOST_BYTES), None)
    if written is None:
        raise InputError(
            "The digest of {count} reports has over {most} bytes without a picture; give them folders of their own.",
            count=len(reports),
            most=MOST_BYTES,
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    publish_bytes(written, target)


def _base(folder: Path) -> str:
    """Address under which a job shows the files of a folder; empty without a job, or where the folder lies outside."""
    for address, root, way in _BASES:
        url, within = os.environ.get(address, ""), os.environ.get(root, "")
        place = folder.resolve()
        if url.startswith(("https://", "http://")) and within and place.is_relative_to(Path(within).resolve()):
            inner = place.relative_to(Path(within).resolve()).parts
            return "/".join([url.rstrip("/"), way, *map(quote, inner), ""])
    return ""


def _mail(reports: list[FolderReport], language: str, base: str, with_pictures: int) -> EmailMessage:
    """Mail of these reports, with the pictures of the first so many."""
    broken = sum(report.failed is not None for report in reports)
    mail = EmailMessage(policy=SMTP)
    moved = sum(report.moved for report in reports)
    mail["Subject"] = term("digest.subject", language=language, count=len(reports), moved=moved, failed=broken)
    mail["X-Unsent"] = "1"
    mail.set_content(
        "\n\n".join(_plain(report, language, base) for report in reports) or term("contents.none", language=language)
    )
    pictures = {f"p{place}": found for place, one in enumerate(reports[:with_pictures]) if (found := _picture(one))}
    cards = "".join(
        _card(report, language, base, f"p{place}" if f"p{place}" in pictures else "")
        for place, report in enumerate(reports)
    )
    title = escape(term("contents.title", language=language))
    mail.add_alternative(
        f'<html><body style="{_BODY}"><h1 style="font-size:20px">{title}</h1>{cards}</body></html>', subtype="html"
    )
    page = mail.get_payload()[1]  # type: ignore[index]
    for name, picture in pictures.items():
        page.add_related(picture, "image", "png", cid=f"<{name}>", filename=f"{name}.png")  # type: ignore[union-attr]
    _name_boundaries(mail)
    return mail


def _name_boundaries(mail: EmailMessage) -> None:
    """Give each part's border a name by its place: by itself it is drawn by chance."""
    for place, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"loyalty-kit-{place}")


def _card(report: FolderReport, language: str, base: str, picture: str) -> str:
    """One report: its title, its failure if it has one, its answer, its figures, what changed, its picture."""
    kept = report.good.facts if report.good else {}
    title = escape(report.facts.get("title") or report.name)
    if link := _link(report, base):
        title = f'<a href="{escape(link)}">{title}</a>'
    parts = [f'<h2 style="margin:0 0 8px;font-size:16px">{title}</h2>']
    if report.failed is not None:
        parts.append(f'<p style="color:{_COLOURS["bad"]}"><strong>{escape(_failure(report, language))}</strong></p>')
    if kept.get("answer"):
        parts.append(f"<p>{escape(kept['answer'])}</p>")
    tiles = read_tiles(kept.get("tiles", ""))
    if tiles:
        parts.append(f"<table><tr>{''.join(map(_cell, tiles[:4]))}</tr></table>")
    if report.moved:
        parts.append(f'<p style="color:#56616d">{escape(kept["since"])}</p>')
    if picture:
        alternative = escape(kept.get("picture-alt", ""))
        parts.append(f'<img src="cid:{picture}" alt="{alternative}" style="max-width:100%">')
    return f'<div style="{_CARD}">{"".join(parts)}</div>'


def _cell(tile: Tile) -> str:
    verdict = f"{_SHAPES[tile.tone]} {tile.verdict}".strip()
    told = f'<strong style="color:{_COLOURS[tile.tone]}">{escape(verdict)}</strong>' if tile.verdict else ""
    figure = f'<strong style="{_FIGURE}">{escape(tile.value)}</strong>'
    return f'<td style="{_CELL}">{escape(tile.heading)}{figure}{escape(tile.detail)}<br>{told}</td>'


def _plain(report: FolderReport, language: str, base: str) -> str:
    """One report in lines of text."""
    kept = report.good.facts if report.good else {}
    lines = [report.facts.get("title") or report.name]
    lines += [_failure(report, language)] if report.failed is not None else []
    lines += [kept["answer"]] if kept.get("answer") else []
    for tile in read_tiles(kept.get("tiles", "")):
        lines.append(" · ".join(filter(None, (tile.heading, tile.value, tile.detail, tile.verdict))))
    return "\n".join([*lines, *([kept["since"]] if report.moved else []), *filter(None, [_link(report, base)])])


def _link(report: FolderReport, base: str) -> str:
    """Address of the last good page, else of the failure's; nothing where no base is known."""
    page = report.good or report.failed
    return base + quote(os.fsencode(page.file)) if base and page is not None else ""


def _failure(report: FolderReport, language: str) -> str:
    """Say that a report failed, and why as far as history knows."""
    course, failed = report.course, term("contents.failed", language=language)
    known = course is not None and course.outcome == "failed" and course.error
    return f"{failed}: {reason(course.error, language=language, most=_LONGEST)}" if course and known else failed


def _picture(report: FolderReport) -> bytes:
    """Picture of the last good page; nothing where its head holds none."""
    text = report.good.facts.get("picture", "") if report.good else ""
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
