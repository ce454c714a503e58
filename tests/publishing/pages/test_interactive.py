"""Interactive outputs: drawn by their own renderer where it is installed, else named in place and to the caller."""

import base64
import struct
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup

import loyalty_kit as lk
from loyalty_kit.publishing.pages.interactive import still
from loyalty_kit.publishing.pages.page import report_page

PLOTLY = {
    "application/vnd.plotly.v1+json": {
        "data": [{"type": "bar", "x": ["a"], "y": [1]}],
        "layout": {"title": {"text": "A <b>title</b>"}},
    }
}
ALTAIR = {
    "application/vnd.vegalite.v5+json": {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json",
        "data": {"values": [{"a": "x", "b": 1}]},
        "mark": "bar",
        "encoding": {"x": {"field": "a", "type": "nominal"}, "y": {"field": "b", "type": "quantitative"}},
        "title": ["Two", "lines"],
    }
}
SCRIPT = {
    "text/html": '<b>kept</b><div id="vis"></div><script>vegaEmbed("#vis", {})</script>',
    "text/plain": "alt.Chart(...)",
}
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 1400, 1000) + b"rest"


def notebook(*bundles, **options):
    outputs = [v4.new_output("display_data", data=data) for data in bundles]
    return v4.new_notebook(cells=[v4.new_markdown_cell("# T"), v4.new_code_cell("", outputs=outputs, **options)])


def page(*bundles, language="en"):
    return BeautifulSoup(report_page(notebook(*bundles), language=language), "html.parser").main


@pytest.fixture
def install(monkeypatch):
    """Put a stand-in for a package where imports find it, or take a package away."""

    def put(name, **contents):
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        module.__dict__.update(contents)
        monkeypatch.setitem(sys.modules, name, module)

    for name in ("plotly", "plotly.io", "kaleido", "vl_convert"):
        monkeypatch.setitem(sys.modules, name, None)
    return put


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PLOTLY, "An interactive figure of Plotly is not shown"),
        ({**PLOTLY, "text/html": "<div></div><script>1</script>"}, "An interactive figure of Plotly is not shown"),
        (ALTAIR, "An interactive chart of Altair is not shown"),
        ({"application/vnd.vega.v5+json": {}, "text/plain": "x"}, "An interactive chart of Altair is not shown"),
        (
            {"application/vnd.bokehjs_exec.v0+json": "", "text/html": "<script>1</script>"},
            "figure of Bokeh is not shown",
        ),
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "HBox(...)"}, "widget is not shown"),
        ({"application/javascript": "alert(1)", "text/plain": "Javascript"}, "needs a script"),
        (SCRIPT, "needs a script"),
        *(({"text/html": f"<{name}></{name}>"}, "needs a script") for name in ("iframe", "canvas", "svg", "video")),
    ],
)
def test_what_cannot_be_drawn_is_named_once_in_its_place_and_to_the_caller(install, data, said):
    """plotly/plotly.py 5365, jupyter/nbconvert 944 and 1657: the page was empty there, without a word."""
    (sentence,) = page(data).select("p.warning")
    _, left_out = still(notebook(data), "en")
    assert (said in sentence.get_text(), [said in one for one in left_out]) == (True, [True])


def test_it_is_named_in_the_pages_language_and_to_the_terminal_in_english(install):
    _, (said,) = still(notebook(PLOTLY), "zh")
    assert ("Plotly 交互图未显示" in page(PLOTLY, language="zh").get_text(), said[:14]) == (True, "An interactive")


def test_the_rest_of_an_output_is_shown(install):
    assert page(SCRIPT).b.get_text() == "kept"


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<table><tr><td>&lt;script&gt;</td></tr></table>"},
        {"text/html": "<style>#T_1 td { color: red }</style><p>x</p>"},
        {"application/vnd.bokehjs_load.v0+json": "", "application/javascript": "load()"},
        {"text/plain": "<script>"},
    ],
)
def test_what_loses_nothing_is_not_warned_of(install, data):
    assert (page(data).select("p.warning"), still(notebook(data), "en")[1]) == ([], ())


def test_a_picture_that_comes_with_an_interactive_output_is_shown(install):
    data = {"application/vnd.jupyter.widget-view+json": {}, "image/png": base64.b64encode(PNG).decode()}
    assert (page(data).img is not None, still(notebook(data), "en")[1]) == (True, ())


def test_a_hidden_cell_is_not_spoken_of(install):
    assert still(notebook(PLOTLY, metadata={"tags": ["remove-cell"]}), "en")[1] == ()


def test_the_notebook_is_left_as_it_was(install):
    given = notebook(SCRIPT, PLOTLY)
    before = given.copy()
    still(given, "en")
    assert given == before


def test_plotly_is_drawn_by_its_own_function(install):
    asked = []
    install("plotly")
    install("kaleido")
    install("plotly.io", to_image=lambda figure, **options: asked.append((figure, options)) or PNG)
    image = page(PLOTLY).img
    assert image["src"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert (image["alt"], image["width"], image["height"]) == ("A title", "700", "500")
    ((figure, options),) = asked
    assert figure["data"] == PLOTLY["application/vnd.plotly.v1+json"]["data"]
    assert options == {"format": "png", "scale": 2, "validate": False}


def test_altair_is_drawn_by_vl_convert_in_the_charts_version_and_may_load_nothing(install):
    asked = []
    install(
        "vl_convert",
        get_vegalite_versions=lambda: ["5.8", "5.21", "6.4"],
        vegalite_to_svg=lambda spec, **options: asked.append(options) or "<svg/>",
    )
    image = page(ALTAIR).img
    assert (image["src"][:26], image["alt"]) == ("data:image/svg+xml;base64,", "Two lines")
    assert asked == [{"vl_version": "5.21", "allowed_base_urls": []}]


def test_a_renderer_that_fails_is_named_with_its_reason(install):
    def fails(*_, **__):
        raise RuntimeError("Kaleido requires\nChrome <b>")

    install("plotly")
    install("kaleido")
    install("plotly.io", to_image=fails)
    (sentence,) = page(PLOTLY).select("p.warning")
    said = "A figure of Plotly is not shown, because it could not be drawn as a picture (Kaleido requires Chrome <b>)."
    assert said in sentence.get_text()


@pytest.mark.skipif(find_spec("vl_convert") is None, reason="vl-convert-python is not installed")
def test_a_chart_of_altair_is_drawn_the_same_each_time():
    assert page(ALTAIR).img["src"] == page(ALTAIR).img["src"]


@pytest.mark.skipif(find_spec("kaleido") is None, reason="kaleido is not installed")
def test_a_figure_of_plotly_is_drawn_the_same_each_time():
    assert page(PLOTLY).img["src"] == page(PLOTLY).img["src"]


def test_a_reports_result_and_summary_say_what_is_left_out(tmp_path, caplog):
    code = "from IPython.display import publish_display_data as pub\npub({'application/javascript': '1'})"
    path = tmp_path / "n.ipynb"
    path.write_text(v4.writes(v4.new_notebook(cells=[v4.new_markdown_cell("# T"), v4.new_code_cell(code)])))
    result = lk.render(path, tmp_path / "out")
    (said,) = result.left_out
    assert (result.outcome, result.to_dict()["left_out"]) == ("rendered", (said,))
    assert [record.getMessage() for record in caplog.records] == [f"n: {said}"]
