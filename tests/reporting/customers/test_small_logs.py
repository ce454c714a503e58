"""Report 50 on logs that cannot carry all of it: what they cannot carry is left out, and the report says why."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

import loyalty_kit as lk

ROOT = Path(__file__).parents[3]


def small_log(customers: int, days: int, repeats: float) -> pd.DataFrame:
    rng = np.random.default_rng(customers)
    who = np.repeat(np.arange(customers) + 70001, 1 + rng.poisson(repeats, customers))
    day = np.sort(rng.integers(0, days, len(who)))
    time = pd.Timestamp("2025-01-05") + pd.to_timedelta(day, unit="D")
    return pd.DataFrame({"customer": who, "time": time, "amount": rng.gamma(2, 20, len(who)).round(2)})


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, BeautifulSoup]:
    """Reports on 30 customers over a year, in English, and on three weeks of 200 customers, in Chinese."""
    folder = tmp_path_factory.mktemp("small")
    small_log(30, 400, 4).to_csv(folder / "few.csv", index=False)
    small_log(200, 21, 2).to_csv(folder / "short.csv", index=False)
    (folder / "reports.toml").write_text(
        f"""
        [[report]]
        notebook = "{(ROOT / "notebooks/50-customer-segments.ipynb").as_posix()}"
        name = "few"
        parameters = {{ orders = "few.csv", columns = ["customer", "time", "amount"] }}
        [[report]]
        notebook = "{(ROOT / "notebooks/50-customer-segments.ipynb").as_posix()}"
        name = "short"
        parameters = {{ orders = "short.csv", columns = ["customer", "time", "amount"], language = "zh" }}
        """,
        "utf-8",
    )
    results = lk.batch.run(folder / "reports.toml", output=folder / "out")
    assert [result.outcome for result in results] == ["rendered", "rendered"], results
    return {
        name: BeautifulSoup((folder / "out" / f"{name}.html").read_text("utf-8"), "html.parser")
        for name in ("few", "short")
    }


def left_out(page: BeautifulSoup) -> list[str]:
    return [" ".join(part.get_text(" ", strip=True).split()) for part in page.select("main details.left-out p")]


def test_thirty_customers_have_a_report_without_clusters(pages):
    why = "Are there groups at all? Segments need 50 complete rows or more; got 30 of 30."
    assert why in left_out(pages["few"])
    headings = [heading.get_text() for heading in pages["few"].select("h2")]
    assert "What moved, beyond chance?" in headings and "Are there groups at all?" not in headings


def test_three_weeks_have_a_report_without_moves(pages):
    whys = left_out(pages["short"])
    assert any(
        why.startswith("哪些移动超出偶然？ 截至 2024-07-27，没有顾客有过购买；记录中最早的购买在 2025-01-05。")
        for why in whys
    )
    assert "究竟有没有群体？" in [heading.get_text() for heading in pages["short"].select("h2")]


def test_few_customers_of_a_segment_or_a_score_are_not_counted_out(pages):
    page = pages["few"]
    for code in page.select(".code"):
        code.decompose()
    assert "fewer than 5 customers: too few for figures" in page.main.get_text()
    (borders,) = [table for table in page.select("table") if "Where the scores begin" in table.get_text()]
    counts = [
        row.select("td")[-1].get_text(strip=True) for row in borders.select("tbody tr") if len(row.select("td")) > 1
    ]
    assert counts and not {"1", "2", "3", "4"} & set(counts)


def test_no_id_stands_in_them(pages):
    assert all("7000" not in page.main.get_text() for page in pages.values())
