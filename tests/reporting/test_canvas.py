"""A figure takes its style along, and changes nothing for those that follow."""

import subprocess
import sys
from io import BytesIO

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from loyalty_kit.reporting.canvas import canvas, name_rows

mpl.use("agg")
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
