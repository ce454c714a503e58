"""Text of a terminal on a page: as a terminal would show it, and nothing that a terminal obeys."""

import re
from html import unescape

import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.publishing.pages.page import report_page
from loyalty_kit.publishing.pages.terminal_text import LONGEST_TEXT, terminal_html


def printed(*texts, name="stdout"):
    return v4.new_code_cell("", outputs=[v4.new_output("stream", name=name, text=text) for text in texts])


def plain(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("step 1/9\rstep 2/9", "step 2/9"),
        ("long line\rab", "abng line"),
        ("10 %\r100 %\rdone\n", "done%"),
        ("ab\bc", "ac"),
        ("a\b\b\bxyz", "xyz"),
        ("a\r\nb\r\n", "a\nb"),
        ("old text\r\x1b[Knew", "new"),
        ("old text\x1b[2K\rnew", "new"),
        ("first\nsecond\x1b[A\x1b[1Gone", "onest\nsecond"),
        ("bell\x07 null\x00 vertical\x0b form\x0c delete\x7f c1\x9b", "bell null vertical form delete c1"),
        ("\x1b]8;;https://example.org\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\text", "text"),
        ("\x1b]0;never closed", "0;never closed"),
        ("\x1b[?25lhidden cursor\x1b[?25h", "hidden cursor"),
        ("\x1bcreset \x1b(Bset", "reset set"),
        ("tab\tstays", "tab\tstays"),
        ("\n\nlines around\n\n", "lines around"),
        ("客户\r顾客", "顾客"),
    ],
)
def test_a_page_shows_what_a_terminal_would(text, seen):
    assert plain(terminal_html(text)) == seen


@pytest.mark.parametrize(
    ("code", "classes"),
    [
        ("31", "ansi-red"),
        ("91", "ansi-red"),
        ("1;32", "ansi-green ansi-bold"),
        ("4;36", "ansi-cyan ansi-underlined"),
        ("44", "ansi-on-blue"),
        ("37;41", "ansi-on-red"),
        ("7;35", "ansi-on-magenta"),
        ("7", "ansi-inverse"),
        ("38;5;9", "ansi-red"),
        ("38;5;21", "ansi-blue"),
        ("38;2;250;220;10", "ansi-yellow"),
        ("48;2;10;220;10", "ansi-on-green"),
    ],
)
def test_colours_are_kept_as_classes(code, classes):
    assert terminal_html(f"a\x1b[{code}mb\x1b[0mc") == f'a<span class="{classes}">b</span>c'


@pytest.mark.parametrize("code", ["", "0", "39", "38;5;240", "38;2;90;91;92", "38", "38;5", "38;2;1", "999", "1;22"])
def test_what_is_no_colour_leaves_the_text_plain(code):
    assert terminal_html(f"\x1b[{code}mtext") == "text"


def test_text_that_is_written_over_keeps_the_colour_of_the_last_writing():
    assert terminal_html("\x1b[31mred\x1b[0m\rR") == 'R<span class="ansi-red">ed</span>'


@given(st.text(alphabet=st.sampled_from(list('ab<&"\n\r\b\t\x1b[]?0;18mAGKJH\\\x07\x00\x9b客'))))
def test_no_text_leaves_a_control_character_or_markup_of_its_own(text):
    html = terminal_html(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", html)
    assert not re.search(r"<(?!/?span\b)|<span (?!class=\"[a-z -]+\">)", html)


def test_progress_that_is_printed_in_pieces_is_one_line():
    """jupyter/nbconvert 2092: each piece arrives as an output of its own, something on stderr in between."""
    pieces = [text for step in range(100) for text in (f"\rstep {step}/99 ",)]
    cell = printed(*pieces[:50])
    cell.outputs += [v4.new_output("stream", name="stderr", text="\r 50%"), *printed(*pieces[50:], "done").outputs]
    (shown,) = BeautifulSoup(report_page(v4.new_notebook(cells=[cell])), "html.parser").select("main pre")
    assert shown.get_text() == "step 99/99 done"


def test_what_is_printed_after_a_figure_stays_below_it():
    cell = printed("before")
    cell.outputs += [v4.new_output("display_data", data={"text/plain": "figure"}), *printed("after").outputs]
    shown = BeautifulSoup(report_page(v4.new_notebook(cells=[cell])), "html.parser").select("main pre.text")
    assert [text.get_text() for text in shown] == ["before", "figure", "after"]


@pytest.mark.parametrize("kind", ["text/html", "text/markdown", "text/plain"])
def test_no_control_character_of_an_output_reaches_the_page(kind):
    data = {kind: "a\x1b[1mb\x07\x00&#27;&#7;c\x85d"}
    cells = [v4.new_code_cell("x = '\x07'", outputs=[v4.new_output("display_data", data=data)])]
    cells.append(v4.new_markdown_cell("# T\x07\x9d"))
    page = report_page(v4.new_notebook(cells=cells), facts={"name": "a\x1b[2J"})
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", page) == []


def test_a_long_text_is_cut_where_it_is_known_to_be():
    text = "\r".join(["x" * 10] * 3) + "\n" + "y" * 3 * LONGEST_TEXT
    shown = terminal_html(text)
    assert (shown[:12], shown.endswith("y\n[…]"), len(shown) < LONGEST_TEXT + 50) == ("x" * 10 + "\ny", True, True)
