"""Tiles on a page: escaped, a verdict in words, what became of the figure; and among the facts in the head."""

import json
from dataclasses import asdict

import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode

from loyalty_kit.core.estimates import TILES, Estimate, Tile
from loyalty_kit.publishing.history.requests import PastRun
from loyalty_kit.publishing.pages.page import report_page
from loyalty_kit.publishing.pages.tiles import read_tiles, tiles_html

TILE = Tile("Loyalty <b>", "61 of 100", "95 % interval 59 to 63", "holds", "good", name="score/loyalty")


def notebook(*tiles: Tile) -> NotebookNode:
    """A title, an answer, its tiles, and a second section."""
    said = v4.new_output("display_data", {"text/html": '<p class="answer">Most are loyal.</p>'})
    shown = v4.new_output("execute_result", {TILES: [asdict(tile) for tile in tiles], "text/html": "<ul></ul>"})
    code = v4.new_code_cell("lk.tiles(scores)", outputs=[said, shown])
    return v4.new_notebook(
        cells=[v4.new_markdown_cell("# Are they loyal?"), code, v4.new_markdown_cell("## Who decides what")]
    )


def page(*tiles: Tile, then: float = 0.0) -> BeautifulSoup:
    now = [Estimate("score/loyalty", 61.0, 59.0, 63.0, label="Loyalty")]
    past = [PastRun("k", "2026-11-01T06:00:00+00:00", (Estimate("score/loyalty", then, then - 2, then + 2),))]
    return BeautifulSoup(report_page(notebook(*tiles), estimates=now, past=past if then else ()), "html.parser")


def test_a_tile_tells_its_figure_its_interval_and_its_verdict_in_words():
    (tile,) = page(TILE).select("li.tile")
    assert tile["class"] == ["tile", "good"]
    assert [part.get_text() for part in tile.select("span")] == [
        "Loyalty <b>",
        "61 of 100",
        "95 % interval 59 to 63",
        "holds",
    ]


@pytest.mark.parametrize(
    ("then", "told"),
    [
        (50.0, "higher than in the last run"),
        (70.0, "lower than in the last run"),
        (61.5, "no clear change since the last run"),
        (61.0, "as in the last run"),
    ],
)
def test_a_tile_says_whether_its_figure_moved_since_the_last_run(then, told):
    assert page(TILE, then=then).select_one(".tile-change").get_text() == told


def test_what_changed_stands_below_the_first_screen_where_tiles_are_on_it():
    with_tiles, without = page(TILE, then=50.0), page(then=50.0)
    order = [tag.get("class", [tag.name])[0] for tag in with_tiles.main.select("h1, .answer, .tiles, .since, h2")]
    assert order == ["h1", "answer", "tiles", "since", "h2"]
    order = [tag.get("class", [tag.name])[0] for tag in without.main.select("h1, .answer, .since, h2")]
    assert order == ["h1", "since", "answer", "h2"]


def test_answer_change_and_tiles_stand_in_the_head_for_the_index():
    facts = {meta["name"]: meta["content"] for meta in page(TILE, then=50.0).head.select("meta[name]")}
    assert facts["loyalty-kit:answer"] == "Most are loyal."
    assert facts["loyalty-kit:since"].startswith("Since the run of 1 November 2026: Loyalty rose from 50.0 to 61.0")
    assert facts["loyalty-kit:moved"] == "yes"
    assert read_tiles(facts["loyalty-kit:tiles"]) == (TILE,)


@pytest.mark.parametrize(
    "payload", ["", "{", "[1]", '[{"heading": 1}]', json.dumps([{"heading": "a", "value": "b", "tone": "x"}]), None, 3]
)
def test_what_is_no_tile_is_passed_over(payload):
    assert read_tiles(payload) == ()
    assert tiles_html(()) == ""
