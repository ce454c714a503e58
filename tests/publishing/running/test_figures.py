"""Figures as they leave the kernel: small, sharp, named, alike each time, in any script."""

import base64
import re
from io import BytesIO
from xml.etree import ElementTree

import nbformat.v4 as v4
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from PIL import Image

from loyalty_kit.core.drawing import font_files, fonts
from loyalty_kit.core.language import speak
from loyalty_kit.publishing.pages.page import report_page
from loyalty_kit.publishing.running.figures import SHARPNESS, alternative_text, marks, png, shown, svg
from loyalty_kit.reporting.canvas import drawable


def bars(*, labels=("Image", "Value"), title="Reliability"):
    figure = Figure(figsize=(7.6, 3))
    axes = figure.subplots()
    axes.barh(labels, np.linspace(0.7, 0.8, len(labels)))
    axes.set(title=title, xlabel="Cronbach's alpha")
    return figure


def cloud(count=4000):
    figure = Figure(figsize=(7.6, 3))
    points = np.random.default_rng(1).normal(size=(2, count))
    figure.subplots().scatter(*points)
    return figure


def lines():
    figure = Figure()
    figure.subplots().plot(np.arange(3000), np.sin(np.arange(3000)))
    return figure


def picture():
    figure = Figure()
    figure.subplots().imshow(np.zeros((60, 60)))
    return figure


@pytest.fixture
def without_font(monkeypatch):
    """No font with Chinese characters, as on a bare server."""
    monkeypatch.setattr(fonts, "CJK_FONTS", ())
    monkeypatch.setattr(fonts, "_UNDRAWN", set())
    fonts._family.cache_clear()
    yield
    fonts._family.cache_clear()


@pytest.fixture
def no_fonts_but(tmp_path, monkeypatch):
    """Folder that is the only one with fonts, while matplotlib's list knows none with Chinese characters."""
    known = [font for font in fonts.font_manager.fontManager.ttflist if font.name not in fonts.CJK_FONTS]
    monkeypatch.setattr(fonts.font_manager.fontManager, "ttflist", known)
    monkeypatch.setattr(font_files, "FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(font_files, "_LOOK_SECONDS", 1e-9)
    monkeypatch.delenv(font_files.IGNORED, raising=False)
    yield tmp_path
    fonts._family.cache_clear()


def install(folder, family="Noto Sans SC", file="NotoSansSC-Regular.otf"):
    """Put a font into a folder that bears another's name."""
    with TTFont(fonts.font_manager.findfont("DejaVu Sans")) as font:
        for place in (1, 4, 16):
            font["name"].setName(family, place, 3, 1, 0x409)
            font["name"].setName(family, place, 1, 0, 0)
        font.save(folder / file)


@pytest.fixture
def in_chinese(monkeypatch):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")
    speak("zh")


def test_few_marks_are_drawn():
    assert shown(bars())[0] == "image/svg+xml"


@pytest.mark.parametrize("figure", [cloud(), lines(), picture()], ids=["points", "line", "picture"])
def test_many_marks_are_a_picture_of_few_colours(figure):
    kind, data, _ = shown(figure)
    with Image.open(BytesIO(data)) as image:
        assert (kind, image.format, image.mode) == ("image/png", "PNG", "P")


def test_both_kinds_are_shown_at_one_size():
    figure = bars()
    assert svg(figure)[1] == pytest.approx(png(figure)[1], abs=3)


def test_a_picture_has_two_points_for_each_of_the_screen():
    _, data, about = shown(cloud())
    with Image.open(BytesIO(data)) as image:
        assert image.size == pytest.approx((about["width"] * SHARPNESS, about["height"] * SHARPNESS), abs=2)


@pytest.mark.parametrize("draw", [bars, cloud])
def test_the_same_figure_gives_the_same_bytes(draw):
    assert shown(draw())[1] == shown(draw())[1]


def test_a_drawing_is_well_formed_and_holds_no_text_no_script_and_no_address():
    _, data, _ = shown(bars())
    names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(data).iter()}
    addresses = set(re.findall(rb'(?:href|src)="([^"]*)"', data))
    assert (names & {"text", "script", "metadata", "image"}, {address[:1] for address in addresses}) == (set(), {b"#"})


def test_a_drawing_has_white_ground():
    assert re.search(rb"fill: ?#ffffff", shown(bars())[1])


def test_the_text_in_place_of_a_figure_is_made_of_its_titles():
    assert shown(bars())[2]["alt"] == "Reliability: Cronbach's alpha"


def test_the_text_in_place_of_a_figure_joins_its_parts_in_chinese(in_chinese):
    figure = bars(title="信度")
    figure.axes[0].set_ylabel("量表")
    figure.axes[0].set_xlabel("系数")
    assert alternative_text(figure) == "信度——纵轴：量表；横轴：系数"


def test_each_point_bar_cell_and_letter_counts():
    assert marks(cloud(500)) - marks(cloud(400)) == pytest.approx(100, abs=20)


def test_a_page_of_a_dozen_figures_stays_below_a_megabyte():
    outputs = []
    for place in range(12):
        figure = bars(labels=[f"{place} item {item} with a label of some length" for item in range(25)])
        kind, data, about = shown(figure if place % 2 else cloud(5_000))
        encoded = data.decode() if kind == "image/svg+xml" else base64.b64encode(data).decode()
        outputs.append(v4.new_output("display_data", data={kind: encoded}, metadata={kind: about}))
    page = report_page(v4.new_notebook(cells=[v4.new_code_cell("plot()", outputs=outputs)]))
    assert (page.count("<img"), len(page.encode()) < 1_000_000) == (12, True)


@pytest.mark.font
def test_chinese_labels_are_drawn_in_the_font_found(monkeypatch):
    monkeypatch.setattr(fonts.matplotlib, "rcParams", fonts.matplotlib.rcParams.copy())
    monkeypatch.setattr(fonts, "_UNDRAWN", set())
    assert "fontless" not in shown(bars())[2]


def test_a_font_that_is_newer_than_the_list_of_matplotlib_is_found(no_fonts_but):
    before = fonts.cjk_font()
    install(no_fonts_but)
    assert (before, fonts.cjk_font()) == (None, "Noto Sans SC")
    assert fonts.font_manager.findfont("Noto Sans SC") == str(no_fonts_but / "NotoSansSC-Regular.otf")


def test_a_font_that_was_removed_since_is_not_used(no_fonts_but):
    install(no_fonts_but)
    before = fonts.cjk_font()
    (no_fonts_but / "NotoSansSC-Regular.otf").unlink()
    assert (before, fonts.cjk_font()) == ("Noto Sans SC", None)


def test_a_file_that_only_looks_like_a_font_is_passed_over(no_fonts_but):
    (no_fonts_but / "NotoSansSC-Regular.otf").write_bytes(b"no font")
    assert fonts.cjk_font() is None


def test_without_a_font_the_figure_comes_out_without_a_warning_and_says_so(without_font):
    kind, _, about = shown(bars(labels=["形象", "忠诚"], title="信度"))
    assert (kind, about["alt"], about["fontless"]) == ("image/svg+xml", "信度: Cronbach's alpha", True)


def test_a_figure_keeps_its_texts_where_no_font_has_them(without_font):
    figure = bars(title="信度")
    shown(figure)
    assert figure.axes[0].get_title() == "信度"


def test_a_label_replaced_for_want_of_a_font_is_told(without_font):
    assert (drawable(["形象"], ["IMAG"]), shown(bars())[2]["fontless"]) == (["IMAG"], True)


def test_figures_in_latin_letters_need_no_other_font(without_font):
    assert "fontless" not in shown(bars())[2]
