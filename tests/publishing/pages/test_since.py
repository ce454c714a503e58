"""What changed since the last run: said first in a sentence, then shown figure by figure."""

import itertools
import json
import math
import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from small_notebooks import SCRIPT

from loyalty_kit.core.estimates import Estimate
from loyalty_kit.publishing.history.requests import PastRun
from loyalty_kit.publishing.pages.since import since_section
from loyalty_kit.publishing.pages.sparklines import sparkline

LOYALTY = Estimate("loyalty", 61.0, 59.0, 63.0, 390, "Loyalty")
RISEN = Estimate("loyalty", 66.0, 64.0, 68.0, 390, "Loyalty")
STILL = Estimate("loyalty", 62.0, 60.0, 64.0, 390, "Loyalty")
SHARE = Estimate("share", 0.30, label="Explained")
RISEN_SHARE = Estimate("share", 0.31, label="Explained")


def past(*figures: Estimate, started: str = "2026-11-15T06:30:00+08:00") -> tuple[PastRun, ...]:
    return (PastRun("1", started, figures),)


def headline(now: tuple[Estimate, ...], *last: Estimate, language: str = "en") -> str:
    section = BeautifulSoup(since_section(now, past(*last), language), "html.parser")
    return section.p.get_text()


def rows(html: str) -> list[list[str]]:
    table = BeautifulSoup(html, "html.parser").table
    return [[cell.get_text("|") for cell in row.find_all(["th", "td"])] for row in table.select("tbody tr")]


def test_what_rose_is_said_with_both_figures_and_the_interval():
    assert headline((RISEN,), LOYALTY) == (
        "Since the run of 15 November 2026: Loyalty rose from 61.0 to 66.0 (by 5.0; interval 2.2 to 7.8)."
    )


def test_what_fell_is_said_by_how_much_it_fell():
    assert "Loyalty fell from 66.0 to 61.0 (by 5.0; interval 2.2 to 7.8)." in headline((LOYALTY,), RISEN)


def test_an_interval_that_excludes_zero_does_not_seem_to_reach_it():
    last, now = Estimate("r", 0.5, 0.42, 0.58), Estimate("r", 0.386, 0.305, 0.467)
    assert "(by 0.114; interval 0.000 to" not in (said := headline((now,), last))
    assert re.search(r"fell from 0\.\d+ to 0\.\d+ \(by 0\.\d+; interval 0\.0*[1-9]\d* to", said)


def test_a_small_change_beside_the_figure_looks_small():
    def climb(first: float, second: float) -> float:
        svg = BeautifulSoup(sparkline([Estimate("a", first), Estimate("a", second)], label="a"), "html.parser")
        ends = [float(pair.split(",")[1]) for pair in svg.polyline["points"].split()]
        return ends[0] - ends[1]

    assert climb(0.970, 0.973) < 2 < 19 < climb(0.5, 0.9)


def test_where_nothing_moved_that_is_said():
    assert headline((STILL,), LOYALTY) == (
        "No figure differs clearly from the run of 15 November 2026; a small change would not show."
    )
    assert headline((LOYALTY,), LOYALTY) == "No figure has changed since the run of 15 November 2026."


def test_a_sample_of_another_size_is_told():
    said = headline((replace(STILL, n=1400), SHARE), LOYALTY, SHARE)
    assert said.endswith("Largest sample behind a figure: 390 then, 1,400 now.")


def test_a_figure_without_interval_is_not_judged():
    assert headline((RISEN_SHARE,), SHARE) == (
        "No figure can be judged against the run of 15 November 2026: an interval is lacking. "
        "Changed, but without an interval nothing can be said: Explained by +0.010."
    )


def test_a_change_too_small_to_be_shown_is_not_named():
    now = replace(SHARE, estimate=SHARE.estimate + 0.0004)
    assert headline((now,), SHARE) == (
        "No figure can be judged against the run of 15 November 2026: an interval is lacking."
    )


def test_new_and_vanished_figures_are_named():
    said = headline((STILL, SHARE), LOYALTY, Estimate("nps", 23.0, label="NPS"))
    assert said.endswith("New: Explained. No longer reported: NPS.")
    assert headline((SHARE,)).startswith("The run of 15 November 2026 recorded no figure")


def test_of_many_moves_the_clearest_are_named():
    now = [Estimate(f"f{size}", 50 + size, 49 + size, 51 + size) for size in (5, 9, 6, 8, 7)]
    last = [Estimate(f"f{size}", 50, 49, 51) for size in range(5, 10)]
    said = headline(tuple(now), *last)
    assert [said.index(f"f{size}") for size in (9, 8, 7)] == sorted(said.index(f"f{size}") for size in (9, 8, 7))
    assert said.endswith("2 more moved.")
    assert "f6" not in said


def other_parameters(then: str, now: str, language: str = "en") -> str:
    last = PastRun("1", "2026-11-15T06:30:00+08:00", (LOYALTY,), then)
    section = since_section((LOYALTY,), [last], language, parameters=now)
    assert "<b>" not in section
    return BeautifulSoup(section, "html.parser").p.get_text().partition(". " if language == "en" else "。")[2]


def test_parameters_that_differ_from_the_last_runs_are_told():
    then = json.dumps({"confidence": 0.95, "survey": "a.csv", "language": "en"})
    now = json.dumps({"confidence": 0.9, "survey": "a.csv", "only": ["渠道 = <b>店</b>"], "language": "zh"})
    assert other_parameters(then, now) == (
        "That run had other parameters, from which differences may come: confidence (0.95 then, 0.9 now) and "
        'only (the default then, ["渠道 = <b>店</b>"] now).'
    )
    assert other_parameters(then, now, "zh") == (
        "上一次运行使用的参数不同，差异可能由此产生：confidence（上次：0.95；本次：0.9）和 "
        'only（上次：默认值；本次：["渠道 = <b>店</b>"]）。'
    )


def test_a_long_value_is_cut_but_its_end_still_counts():
    then, now = (json.dumps({"only": ["a" * 100 + end]}) for end in "xy")
    assert "aaa… then" in other_parameters(then, now)


@pytest.mark.parametrize(("then", "now"), [("", "{}"), ('{"a": 1}', ""), ("[1]", "{}"), ("{", "{}"), ('{"a": 1}',) * 2])
def test_of_parameters_that_are_alike_or_not_known_nothing_is_said(then, now):
    assert other_parameters(then, now) == ""


def test_chinese_is_chinese():
    assert headline((RISEN,), LOYALTY, language="zh") == (
        "与上一次运行（2026年11月15日）相比：Loyalty 由 61.0 升至 66.0（上升 5.0，置信区间 2.2 至 7.8）。"
    )


def test_the_first_run_says_nothing():
    assert since_section((LOYALTY,), (), "en") == ""
    assert since_section((), past(), "en") == ""


def test_the_table_shows_both_runs_their_difference_and_the_verdict():
    found = rows(since_section((RISEN, RISEN_SHARE), past(LOYALTY, SHARE, Estimate("nps", 23.0)), "en"))
    assert [[cell.replace("\xa0", " ") for cell in row[:5]] for row in found] == [
        ["Loyalty", "61.0|59.0 to 63.0; n = 390", "66.0|64.0 to 68.0; n = 390", "+5.0|+2.2 to +7.8", "rose"],
        ["Explained", "0.300", "0.310", "+0.010", "changed; without an interval nothing can be said"],
        ["nps", "23.0", "–", "–", "no longer reported"],
    ]


def test_the_table_has_a_line_over_all_runs():
    runs = past(LOYALTY, started="2026-10-15T06:30:00+08:00") + past(SHARE) + past(STILL)
    section = BeautifulSoup(since_section((RISEN,), runs, "en"), "html.parser")
    assert section.svg["aria-label"] == "Loyalty, 4 runs, oldest first: 61.0, none, 62.0, 66.0"
    assert section.table.caption.get_text() == "Figures of this run and of the run of 15 November 2026, 06:30"


def test_labels_are_text():
    label = SCRIPT + '"&\x07'
    html = since_section((Estimate(SCRIPT, 2.0, label=label),), past(Estimate(SCRIPT, 1.0)), "en")
    page = BeautifulSoup(html, "html.parser")
    assert page.find("script") is None
    assert page.svg["aria-label"].startswith(label)


def test_figures_that_are_no_numbers_do_not_stop_the_page():
    now = (Estimate("a", math.nan), Estimate("b", 0.0, 0.0, 0.0), Estimate("c", 1e308, -1e308, 1e308))
    assert "No figure has changed" in headline(now, *now)


@given(st.lists(st.builds(Estimate, st.sampled_from("abc"), st.floats(-1e9, 1e9)), max_size=4))
def test_the_section_is_the_same_for_the_same_runs(figures):
    assert since_section(figures, past(*figures[:2]), "en") == since_section(figures, past(*figures[:2]), "en")


def numbers(html: str, tag: str) -> list[list[float]]:
    """Coordinates of each element of a tag."""
    found = BeautifulSoup(html, "html.parser").find_all(tag)
    return [[float(value) for value in element["points"].replace(",", " ").split()] for element in found]


def test_a_line_needs_two_runs():
    assert sparkline([], label="") == sparkline([None, LOYALTY], label="") == ""


def test_a_run_without_the_figure_interrupts_line_and_band():
    html = sparkline([LOYALTY, RISEN, None, STILL, None, STILL, RISEN], label="a")
    assert [len(points) // 2 for points in numbers(html, "polyline")] == [2, 2]
    assert [len(points) // 2 for points in numbers(html, "polygon")] == [4, 4]
    assert html.count("<circle") == 2


def test_a_higher_figure_stands_higher():
    (points,) = numbers(sparkline([LOYALTY, RISEN], label="a"), "polyline")
    assert points[0] < points[2]
    assert points[1] > points[3]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=13))
def test_a_line_stays_within_its_frame(values):
    html = sparkline([Estimate("a", value) for value in values], label="a")
    points = list(itertools.chain(*numbers(html, "polyline")))
    assert all(0 <= x <= 120 for x in points[::2])
    assert all(0 <= y <= 28 for y in points[1::2])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_word_is_missing(language):
    figures = [RISEN, LOYALTY, STILL, SHARE, RISEN_SHARE, Estimate("other", 1.0)]
    for now, last in itertools.permutations(figures, 2):
        assert since_section((now,), past(last), language)
        assert since_section((now,), past(), language)
        assert since_section((), past(last), language)
