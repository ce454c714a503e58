"""The page in Chromium: quiet, offline, usable by keyboard, narrow and dark."""

import base64
from datetime import datetime

import nbformat.v4 as v4
import pandas as pd
import pytest
from browser import NARROW, WIDE, axe, check_accessible, check_contents, check_toggle, check_width, opened
from great_tables import GT
from matplotlib.figure import Figure
from playwright.sync_api import expect

from loyalty_kit.core.estimates import Estimate
from loyalty_kit.publishing.history.requests import PastRun
from loyalty_kit.publishing.pages.failure import with_banner
from loyalty_kit.publishing.pages.page import report_page
from loyalty_kit.publishing.running.figures import png, shown

pytestmark = pytest.mark.browser

SEEN = [
    (WIDE, "light"),
    (NARROW, "dark"),
    pytest.param(WIDE, "dark", marks=pytest.mark.slow),
    pytest.param(NARROW, "light", marks=pytest.mark.slow),
]
"""Each width and each palette in every run, every pair of them with the slow tests."""
SCALES = ["Image", "Expectation", "<script>alert(1)</script>", "客户忠诚度 with a label that is rather long"]


def output(**data):
    return v4.new_output("display_data", data={name.replace("_", "/"): text for name, text in data.items()})


FORMULA = r"\alpha = \frac{k}{k-1}\left(1 - \frac{\sum_{i=1}^k \sigma_i^2}{\sigma_X^2}\right)" + " + x_1" * 40


def drawn(kind):
    figure = Figure(figsize=(9, 4))
    axes = figure.subplots()
    axes.barh(["Image", "Value"], [0.7, 0.8])
    axes.set(title="Reliability", xlabel="Cronbach's alpha")
    if kind == "image/png":
        data, about = png(figure)
        text, about = base64.b64encode(data).decode(), {**about, "alt": "Reliability"}
    else:
        _, data, about = shown(figure)
        text = data.decode()
    return v4.new_output("display_data", data={kind: text}, metadata={kind: about})


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """Address of a report with something of everything."""
    frame = pd.DataFrame({"scale": SCALES, **{f"column {place}": [0.5, -1.25, 10.0, 0.0] for place in range(12)}})
    table = GT(frame, rowname_col="scale").tab_header("Reliability", "by scale").tab_source_note("250 customers")
    styled = frame.set_index("scale").style.background_gradient().set_uuid("styled")
    outputs = {
        "answers": output(text_html='<p class="answer">Three of four.</p><p class="answer">One item is weak.</p>'),
        "table": output(text_html=table.as_raw_html()),
        "frame": output(text_html=frame.to_html()),
        "styled": output(text_html=styled.to_html()),
        "sentences": output(text_html='<p class="sentence">Fine.</p><p class="sentence warning">Low.</p>'),
        "figure": drawn("image/png"),
        "drawing": drawn("image/svg+xml"),
        "printed": v4.new_output("stream", name="stdout", text="x" * 300),
        "markdown": output(text_markdown="**bold** [link](https://example.org)"),
        "hostile": output(
            text_html='<img src="https://example.org/x.png" onerror="alert(1)"><script>alert(1)</script>'
        ),
    }
    code = (
        "def long(name: str = 'text') -> float:  # a comment\n    return 1.5 if name in ('a', 'b') else None"
        + " + 1" * 60
    )
    cells = [
        v4.new_markdown_cell("# Can the scales be trusted?\n\nWhy, with `code` and $\\alpha$.\n\n$$" + FORMULA + "$$")
    ]
    for name, part in outputs.items():
        cells += [
            v4.new_markdown_cell(f"## {name.title()}\n\nText [to the table](#Table).\n\n### 细节 {name}"),
            v4.new_code_cell(code, outputs=[part], metadata={"caption": f"A caption for {name}"}),
        ]
    return published(tmp_path_factory, cells, "en")


@pytest.fixture(scope="session")
def chinese(tmp_path_factory):
    """Address of a report in Chinese."""
    frame = pd.DataFrame({"量表": ["形象", "忠诚"], "α": [0.72, 0.44]})
    table = GT(frame, rowname_col="量表").tab_header("各量表的信度")
    cells = [
        v4.new_markdown_cell("# 这些量表可信吗？\n\n本报告检验每个量表的信度：$" + FORMULA + "$"),
        v4.new_markdown_cell("## 信度\n\n信度越高，误差越小。"),
        v4.new_code_cell("1", outputs=[output(text_html=table.as_raw_html()), drawn("image/svg+xml")]),
        v4.new_code_cell("1", outputs=[output(text_html='<p class="sentence warning">题项 L3 反向。</p>')]),
    ]
    return published(tmp_path_factory, cells, "zh")


def published(folders, cells, language):
    """Address of the cells' report, compared with an earlier run and under the banner of a failed one."""
    last = PastRun("1", "2026-11-15T06:30:00+08:00", (Estimate("loyalty", 61.0, 60.0, 62.0, 250, "Loyalty index"),))
    now = (Estimate("loyalty", 66.0, 65.0, 67.0, 250, "Loyalty index"), Estimate("new", 1.0, label="<b>New</b>"))
    page = report_page(v4.new_notebook(cells=cells), language=language, estimates=now, past=(last, last))
    days = {"good": datetime(2026, 11, 20, 6, 30), "run": datetime(2026, 11, 22, 6, 30)}
    path = folders.mktemp("report") / "report.html"
    path.write_text(with_banner(page, failed="a.html", language=language, **days), encoding="utf-8", newline="\n")
    return path.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_opens_offline_without_request_or_console_message(browser, report, scheme):
    with opened(browser, report, scheme=scheme) as page:
        expect(page).to_have_title("Can the scales be trusted?")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_code_is_toggled_by_mouse_and_keyboard(browser, report, width):
    with opened(browser, report, width=width) as page:
        check_toggle(page)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_contents_lead_to_their_headings(browser, report, width):
    with opened(browser, report, width=width) as page:
        check_contents(page)


@pytest.mark.parametrize("width", [WIDE, NARROW, 320])
def test_the_page_does_not_scroll_sideways(browser, report, width):
    with opened(browser, report, width=width) as page:
        check_width(page)


@pytest.mark.parametrize(("width", "scheme"), SEEN)
def test_axe_finds_no_serious_fault(browser, report, width, scheme):
    source = axe()
    with opened(browser, report, width=width, scheme=scheme) as page:
        check_accessible(page, source)


@pytest.mark.parametrize(("width", "scheme"), SEEN)
def test_a_chinese_report_is_as_quiet_and_as_accessible(browser, chinese, width, scheme):
    source = axe()
    with opened(browser, chinese, width=width, scheme=scheme) as page:
        check_width(page)
        check_accessible(page, source)


def test_a_report_has_what_changed_and_the_banner_of_a_failed_run(browser, report):
    with opened(browser, report) as page:
        assert [page.locator(name).is_visible() for name in (".banner", ".since", ".since table")] == [
            True,
            True,
            False,
        ]


def test_formulas_are_set_by_the_browser(browser, report):
    with opened(browser, report) as page:
        assert page.evaluate("document.querySelector('main math mfrac').getBoundingClientRect().height") > 20


def test_a_wide_formula_scrolls_by_itself(browser, report):
    with opened(browser, report, width=NARROW) as page:
        assert page.evaluate("(e => e.scrollWidth > e.clientWidth)(document.querySelector('.formula'))")


def test_print_unfolds_what_changed(browser, report):
    with opened(browser, report) as page:
        page.emulate_media(media="print")
        assert page.locator(".since table").is_visible()


def test_a_wide_table_scrolls_by_keyboard_within_its_region(browser, report):
    with opened(browser, report, width=NARROW) as page:
        region = page.locator("main > .output .scroll").first
        region.focus()
        region.press("ArrowRight")
        page.wait_for_function("() => document.querySelector('main > .output .scroll').scrollLeft > 0", timeout=3000)


def test_the_first_tab_stop_skips_to_the_report(browser, report):
    with opened(browser, report) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#page-report"


def test_print_leaves_out_code_and_contents_in_a_light_palette(browser, report):
    with opened(browser, report, scheme="dark") as page:
        page.locator("#page-code").click()
        page.emulate_media(media="print")
        seen = [page.locator(name).first.is_visible() for name in (".code", "nav", "main > .output table")]
        ink = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (seen, ink) == ([False, False, True], "rgb(255, 255, 255)")


def test_without_script_the_contents_stay_open_and_no_dead_button_shows(browser, report):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    seen = page.locator("nav a").first.is_visible(), page.locator("#page-code").is_visible()
    context.close()
    assert seen == (True, False)
