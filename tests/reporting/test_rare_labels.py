"""A hostile trial of every report: no label that hardly anybody shares, and no id, in anything that is published.

Each report is rendered on data with a group, segment, arm, option or item of two people, and once more with a column
shifted, so that ids stand where labels are due; of a campaign also by a selection that is one customer. Pages,
workbooks, pages of failures, the history and the index are searched, packed files unpacked, and the text of the
campaign's PDF; a report may be refused, but not by a sentence that gives somebody away.
"""

import re
import sqlite3
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import chromium
from surveys import simulate

RARE = "mallory-the-only"
"""Label that two people share."""
ID = "alice-"
"""Beginning of every id."""
SECRETS = (RARE, ID)


def survey(folder: Path) -> None:
    """Survey of 300 with a rare channel, a shifted one, and an option that two have ticked."""
    answers, book = simulate(300, scales={"loyalty": 4, "image": 4, "price": 3}, points=7, rng=2)
    channel = np.array(["store", "web"] * 150, dtype=object)
    channel[:2] = RARE
    ids = [f"{ID}{number:04d}@example.org" for number in range(300)]
    answers = answers.assign(channel=channel, shifted=ids[::-1], recommend=np.arange(300) % 11)
    answers.index = pd.Index(ids, name="id")
    answers.to_csv(folder / "survey.csv")
    for name in ("channel", "shifted"):
        items = {"recommend": {"min": 0, "max": 10, "role": "recommend"}}
        scales = {"loyalty": {"role": "outcome"}, "image": {"role": "driver"}, "price": {"role": "driver"}}
        made = book.edit(respondent="id", groups=[name], items=items, scales=scales)
        made.write(folder / f"{name}.toml")


def customers(folder: Path) -> None:
    """Customers of a campaign with a rare segment and a rare arm; a copy of the table in which a column was shifted."""
    rng = np.random.default_rng(3)
    n = 1200
    arm = rng.choice(["holdout", "coupon"], n).astype(object)
    segment = rng.choice(["town", "country"], n).astype(object)
    segment[:2] = RARE
    bought = rng.integers(0, 2, n)
    ids = np.array([f"{ID}{number:04d}@example.org" for number in range(n)])
    table = pd.DataFrame({"id": ids, "arm": arm, "segment": segment, "bought": bought})
    table["spend"] = bought * rng.lognormal(2, 0.5, n).round(2)
    table["week"] = rng.integers(1, 5, n)
    table.to_csv(folder / "customers.csv", index=False)
    table.assign(arm=np.where(np.arange(n) < 2, RARE, arm)).to_csv(folder / "rare_arm.csv", index=False)
    table.assign(segment=ids[::-1]).to_csv(folder / "shifted_segment.csv", index=False)
    table.assign(arm=ids[::-1]).to_csv(folder / "shifted_arm.csv", index=False)
    table.assign(spend=ids[::-1]).to_csv(folder / "shifted_spend.csv", index=False)
    table.assign(week=ids[::-1]).to_csv(folder / "shifted_week.csv", index=False)


def orders(folder: Path) -> None:
    """Log of orders with a rare country, and a copy in which ids stand in the place of amounts and of times."""
    rng = np.random.default_rng(4)
    ids = np.array([f"{ID}{number:04d}@example.org" for number in rng.integers(0, 150, 1500)])
    time = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 500, 1500), unit="D")
    log = pd.DataFrame({"customer": ids, "time": time, "amount": rng.lognormal(3, 1, 1500).round(2)})
    log = log.assign(order=np.arange(1500), country=np.where(np.arange(1500) < 2, RARE, "home"))
    log.to_csv(folder / "orders.csv", index=False)
    log.assign(amount=ids).to_csv(folder / "shifted_amount.csv", index=False)
    log.assign(time=ids).to_csv(folder / "shifted_time.csv", index=False)


ARMS = {"columns": ["arm", "id", "week"], "shares": ["holdout: 1", "coupon: 1"], "outcomes": ["bought", "spend"]}
CAMPAIGN = {**ARMS, "profit": "0.4 * spend - 0.05", "by": ["segment"], "min_cell": 5}
JOBS = {
    "quality": ("10-scale-quality", {"survey": "survey.csv", "codebook": "channel.toml", "min_cell": 5}),
    "quality_shifted": ("10-scale-quality", {"survey": "survey.csv", "codebook": "shifted.toml"}),
    "structure": ("20-factor-structure", {"survey": "survey.csv", "codebook": "channel.toml", "group": "channel"}),
    "structure_shifted": (
        "20-factor-structure",
        {"survey": "survey.csv", "codebook": "shifted.toml", "group": "shifted"},
    ),
    "drivers": ("30-loyalty-drivers", {"survey": "survey.csv", "codebook": "channel.toml", "by": "channel"}),
    "drivers_shifted": ("30-loyalty-drivers", {"survey": "survey.csv", "codebook": "shifted.toml", "by": "shifted"}),
    "campaign": ("40-campaign-test", {"customers": "customers.csv", **CAMPAIGN}),
    "campaign_rare_arm": ("40-campaign-test", {"customers": "rare_arm.csv", **CAMPAIGN}),
    **{
        f"campaign_{name}": ("40-campaign-test", {"customers": f"{name}.csv", **CAMPAIGN})
        for name in ("shifted_segment", "shifted_arm", "shifted_spend", "shifted_week")
    },
    **{
        f"campaign_{name}": ("40-campaign-test", {"customers": "customers.csv", **CAMPAIGN, "only": only})
        for name, only in {
            "of_one": [f"id = {ID}0003@example.org"],
            "of_nobody": [f"id = {ID}9999@example.org"],
            "of_few": ["arm = coupon", f"segment = {RARE}"],
            "misspelled": [f"id {ID}0003@example.org"],
        }.items()
    },
    "segments": ("50-customer-segments", {"orders": "orders.csv"}),
    "segments_amount": ("50-customer-segments", {"orders": "shifted_amount.csv"}),
    "segments_time": ("50-customer-segments", {"orders": "shifted_time.csv"}),
}
QUICK = {"20-factor-structure": {"bootstrap": 20}, "30-loyalty-drivers": {"bootstrap": 50}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Folder with every report of the trial."""
    made = tmp_path_factory.mktemp("rare")
    survey(made)
    customers(made)
    orders(made)
    lines = ['output = "out"']
    for name, (notebook, values) in JOBS.items():
        lines += ["[[report]]", f'notebook = "{notebook}"', f'name = "{name}"', "[report.parameters]"]
        lines += [f"{key} = {value!r}" for key, value in (values | QUICK.get(notebook, {})).items()]
    (made / "reports.toml").write_text("\n".join(lines), "utf-8")
    command = [sys.executable, "-m", "loyalty_kit", "render", "--excel"]
    subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=1200, check=False)
    return made / "out"


def drawn(pdf: bytes) -> str:
    """Text that a PDF draws, each run of glyphs read by each of its fonts, and all that it holds uncompressed."""
    streams = []
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            streams.append(zlib.decompress(found[1]).decode("latin-1"))
        except zlib.error:
            continue
    fonts, runs = [], []
    for text in streams:
        glyphs = {}
        for low, high, first in re.findall(r"<([0-9A-F]{4})> <([0-9A-F]{4})> <([0-9A-F]{4})>", text):
            for step in range(int(high, 16) - int(low, 16) + 1):
                glyphs[int(low, 16) + step] = chr(int(first, 16) + step)
        for glyph, char in re.findall(r"^<([0-9A-F]{4})> <([0-9A-F]{4})>$", text, re.MULTILINE):
            glyphs[int(glyph, 16)] = chr(int(char, 16))
        if "begincmap" in text:
            fonts.append(glyphs)
        else:
            runs += ["".join(re.findall(r"<([0-9A-F]+)>", run)) for run in re.findall(r"BT(.*?)ET", text, re.DOTALL)]
    codes = [[int(run[i : i + 4], 16) for i in range(0, len(run), 4)] for run in runs]
    read = ["".join(font.get(code, "") for code in run) for run in codes for font in fonts]
    return "\n".join([*read, pdf.decode("latin-1"), pdf.decode("utf-16-be", "replace")])


def contents(path: Path) -> str:
    """All text of a file; of a workbook of its parts, of the history of its tables, of a PDF what it draws."""
    if path.suffix == ".pdf":
        return drawn(path.read_bytes())
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return "\n".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    if path.suffix == ".sqlite":
        with sqlite3.connect(path) as history:
            return "\n".join(history.iterdump())
    return path.read_bytes().decode("utf-8", "replace")


@pytest.mark.slow
@pytest.mark.parametrize("name", JOBS)
def test_no_rare_label_and_no_id_stands_in_anything_that_a_report_publishes(folder, name):
    published = [path for path in folder.rglob("*") if path.is_file() and path.name.startswith(f"{name}.")]
    assert published
    for path in published:
        text = contents(path)
        assert [secret for secret in SECRETS if secret in text] == [], path.name


@pytest.mark.slow
def test_no_rare_label_and_no_id_is_drawn_in_the_pdf_of_a_campaign(folder):
    chromium()
    command = [sys.executable, "-m", "loyalty_kit", "render", "--pdf", "--only", "campaign"]
    subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, timeout=300, check=True)
    text = contents(folder / "campaign.pdf")
    assert "coupon" in text
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.slow
def test_no_rare_label_and_no_id_stands_in_the_index_and_the_history(folder):
    for name in ("index.html", "history.sqlite"):
        text = contents(folder / name)
        assert [secret for secret in SECRETS if secret in text] == [], name
