"""A figure takes its style along, and changes nothing for those that follow."""

import subprocess
import sys
from io import BytesIO

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

import loyalty_kit as lk
from loyalty_kit.core.drawing.narrow import narrow_form
from loyalty_kit.publishing.running.figures import shown, svg
from loyalty_kit.reporting.canvas import canvas, heat, name_rows

mpl.use("agg")
PAIR = lk.Codebook.parse("response = {min = 1, max = 5}\nscales.a.items = ['a', 'b']")
ROOM = 360
"""Pixels of a screen of 400 between the margins of a page."""
OTHERS = {"font.family": ["monospace"], "xtick.color": "red", "ytick.color": "red", "grid.color": "red"}


def drawn(*, when_drawn: dict, when_made: dict | None = None) -> bytes:
    """Picture of a small figure, made and drawn under settings of the user's own."""
    with mpl.rc_context(when_made or {}), canvas(None, rows=3) as ax:
        ax.plot([0, 1, 2], [0, 1, 2], label="course")
        name_rows(ax, ["a", "b", "c"])
        ax.set_xlabel("share")
        ax.legend()
    picture = BytesIO()
    with mpl.rc_context(when_drawn):
        ax.figure.savefig(picture, format="png")
    plt.close(ax.figure)
    return picture.getvalue()


def test_a_figure_drawn_later_keeps_its_style_whatever_the_settings_are_then():
    assert drawn(when_drawn=OTHERS) == drawn(when_drawn={})


def test_settings_of_the_user_do_not_show_in_it():
    assert drawn(when_drawn={}, when_made={**OTHERS, "figure.facecolor": "black"}) == drawn(when_drawn={})


def test_settings_are_as_they_were_while_the_figure_is_made_and_afterwards(monkeypatch):
    seen, make = [], plt.figure
    monkeypatch.setattr(plt, "figure", lambda **options: seen.append(dict(mpl.rcParams)) or make(**options))
    before = dict(mpl.rcParams)
    with canvas(None, rows=3) as ax:
        plt.close(ax.figure)
    assert seen == [before]
    assert dict(mpl.rcParams) == before


def test_given_axes_are_drawn_on_as_they_are():
    ax, open_before = Figure().subplots(), plt.get_fignums()
    with canvas(ax, rows=3) as given:
        assert given is ax
    assert plt.get_fignums() == open_before


DRAW = """
import matplotlib
from matplotlib.figure import Figure
from loyalty_kit.reporting.canvas import canvas
with canvas({ax}, rows=3) as ax:
    ax.plot([1, 2])
print(matplotlib.get_backend(auto_select=False))
"""


@pytest.mark.parametrize(
    ("ax", "asked", "found"),
    [("Figure().subplots()", None, "None"), ("None", "svg", "svg"), ("Figure().subplots()", "svg", "svg")],
)
def test_without_a_kernel_no_backend_is_chosen_in_passing(ax, asked, found, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    if asked:
        monkeypatch.setenv("MPLBACKEND", asked)
    command = [sys.executable, "-c", DRAW.format(ax=ax)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert run.stdout.strip() == found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


@pytest.mark.parametrize("colours", ["Blues", "rocket_r", "vlag", "viridis"])
def test_numbers_in_a_heat_map_have_a_contrast_of_four_and_a_half(colours):
    table = pd.DataFrame(np.linspace(0, 1, 60).reshape(6, 10))
    axes = plt.figure().subplots()
    heat(axes, table, limits=(0, 1), colours=colours)
    mesh = axes.collections[0]
    grounds = mesh.get_cmap()(mesh.norm(table.to_numpy().ravel()))
    for text, ground in zip(axes.texts, grounds, strict=True):
        pair = sorted([luminance(text.get_color()), luminance(tuple(ground[:3]))])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5
    plt.close(axes.figure)


def test_a_narrow_figure_has_no_letter_below_eleven_pixels_on_a_screen_of_four_hundred():
    book = lk.Codebook.parse(
        "response = {min = 1, max = 5}\nscales.a = {items = ['a', 'b'], label = 'How well we keep our promises to you'}"
    )
    answers = pd.DataFrame(np.random.default_rng(1).integers(1, 6, (60, 2)).astype(float), columns=["a", "b"])
    axes = lk.plot(lk.reliability(answers, book))
    figure, (_, _, about) = narrow_form(axes.figure), shown(axes.figure)
    shown_at = min(1.0, ROOM / about["narrow"]["width"])
    smallest = min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text())
    assert smallest * 96 / 72 * shown_at >= 11
    assert "\n" in figure.axes[0].get_yticklabels()[0].get_text()
    plt.close(axes.figure)


def test_a_figure_of_the_kit_has_a_dark_form_and_a_users_own_has_none():
    axes = lk.plot(lk.reliability(pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [2.0, 2, 3, 5, 5]}), PAIR))
    drawn = svg(axes.figure)[0].decode()
    assert drawn.count("prefers-color-scheme:dark") == 1
    assert "#1b1f24" not in drawn.partition("</style>")[2]
    plt.close(axes.figure)
    own = Figure()
    own.subplots().plot([1, 2])
    assert b"prefers-color-scheme" not in svg(own)[0]
