"""The page in Chromium: quiet, offline, usable by keyboard, narrow and dark."""

import base64

import nbformat.v4 as v4
import pandas as pd
import pytest
from browser import NARROW, WIDE, axe, check_accessible, check_contents, check_toggle, check_width, opened
from great_tables import GT
from matplotlib.figure import Figure
from playwright.sync_api import expect

from loyalty_kit.reporting.figures import png
from loyalty_kit.reporting.page import report_page

pytestmark = pytest.mark.browser
SCALES = ["Image", "Expectation", "<script>alert(1)</script>", "客户忠诚度 with a label that is rather long"]


def output(**data):
    return v4.new_output("display_data", data={name.replace("_", "/"): text for name, text in data.items()})


def drawn():
    figure = Figure(figsize=(9, 4))
    axes = figure.subplots()
    axes.barh(["Image", "Value"], [0.7, 0.8])
    axes.set(title="Reliability", xlabel="Cronbach's alpha")
    data, about = png(figure)
    encoded = base64.b64encode(data).decode()
    return v4.new_output("display_data", data={"image/png": encoded}, metadata={"image/png": about})


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
        "figure": drawn(),
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
    cells = [v4.new_markdown_cell("# Can the scales be trusted?\n\nWhy, with `code` and $\\alpha$.")]
    for name, shown in outputs.items():
        cells += [
            v4.new_markdown_cell(f"## {name.title()}\n\nText [to the table](#Table).\n\n### 细节 {name}"),
            v4.new_code_cell(code, outputs=[shown], metadata={"caption": f"A caption for {name}"}),
        ]
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(v4.new_notebook(cells=cells)), encoding="utf-8", newline="\n")
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


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(browser, report, scheme, width):
    source = axe()
    with opened(browser, report, width=width, scheme=scheme) as page:
        check_accessible(page, source)


def test_a_wide_table_scrolls_by_keyboard_within_its_region(browser, report):
    with opened(browser, report, width=NARROW) as page:
        region = page.locator(".scroll").first
        region.focus()
        region.press("ArrowRight")
        page.wait_for_function("() => document.querySelector('.scroll').scrollLeft > 0", timeout=3000)


def test_the_first_tab_stop_skips_to_the_report(browser, report):
    with opened(browser, report) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#page-report"


def test_print_leaves_out_code_and_contents_in_a_light_palette(browser, report):
    with opened(browser, report, scheme="dark") as page:
        page.locator("#page-code").click()
        page.emulate_media(media="print")
        seen = [page.locator(name).first.is_visible() for name in (".code", "nav", "table")]
        ink = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (seen, ink) == ([False, False, True], "rgb(255, 255, 255)")


def test_without_script_the_contents_stay_open_and_no_dead_button_shows(browser, report):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    seen = page.locator("nav a").first.is_visible(), page.locator("#page-code").is_visible()
    context.close()
    assert seen == (True, False)
