"""Sections that have nothing to say are folded into one line at the end, which says why."""

import nbformat.v4 as v4
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.publishing.pages.page import report_page
from loyalty_kit.reporting.verbs import describe, plot, table

WHY = "Segments need 50 complete rows or more; got 30 of 30."


def shown(html: str) -> NotebookNode:
    return v4.new_code_cell("1", outputs=[v4.new_output("display_data", data={"text/html": html})])


def page(*cells) -> BeautifulSoup:
    notebook = v4.new_notebook(
        cells=[v4.new_markdown_cell("# What?"), *cells, v4.new_markdown_cell("## Limits\n\nSome.")]
    )
    return BeautifulSoup(report_page(notebook), "html.parser")


@pytest.fixture
def why() -> str:
    return describe(TooLittleError(WHY))._repr_html_()


def test_what_there_is_too_little_for_has_no_table_and_no_figure():
    assert str(describe(TooLittleError(WHY), "any view")) == WHY
    assert table(TooLittleError(WHY)) is None
    assert plot(TooLittleError(WHY)) is None


def test_the_section_gives_way_to_its_reason(why):
    found = page(v4.new_markdown_cell("## Groups?\n\nA program finds some."), shown(why), shown(why))
    assert [part.get_text() for part in found.select("h2")] == ["Limits"]
    (folded,) = found.select("details.left-out")
    assert (folded.summary.get_text(), folded.p.get_text()) == ("Left out: Groups?", WHY)
    assert "A program finds some." not in found.main.get_text()
    assert len(found.select("main .code")) == 2


def test_a_section_that_shows_something_stays(why):
    found = page(v4.new_markdown_cell("## Groups?\n\nA program finds some."), shown(why), shown("<p>Four.</p>"))
    assert [part.get_text() for part in found.select("h2")] == ["Groups?", "Limits"]
    assert "A program finds some." in found.main.get_text()
    assert found.select_one("details.left-out summary").get_text() == "Left out."


def test_a_table_beside_it_keeps_the_section(why):
    html = pd.DataFrame({"a": [1]}).to_html()
    found = page(v4.new_markdown_cell("## Groups?"), shown(why), shown(html))
    assert [part.get_text() for part in found.select("h2")] == ["Groups?", "Limits"]


def test_several_sections_make_one_line_at_the_end_in_their_order(why):
    other = describe(TooLittleError("No survey is given."))._repr_html_()
    found = page(
        v4.new_markdown_cell("## Groups?\n\nProse."),
        shown(why),
        v4.new_markdown_cell("## Found\n\nProse."),
        shown("<p>Four.</p>"),
        v4.new_markdown_cell("### In every group?\n\nProse."),
        shown(other),
    )
    assert [part.get_text() for part in found.select("h2, h3")] == ["Found", "Limits"]
    (folded,) = found.select("details.left-out")
    assert folded.summary.get_text() == "Left out: Groups?; In every group?"
    assert [part.get_text() for part in folded.select("p")] == [f"Groups? {WHY}", "In every group? No survey is given."]
    assert folded.find_next_sibling() is None


def test_a_section_with_a_part_that_says_something_stays(why):
    cells = v4.new_markdown_cell("## Groups?"), shown(why), v4.new_markdown_cell("### Signs"), shown("<p>Four.</p>")
    assert [part.get_text() for part in page(*cells).select("h2, h3")] == ["Groups?", "Signs", "Limits"]
