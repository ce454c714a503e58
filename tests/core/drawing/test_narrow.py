"""A figure's form for narrow screens: drawn only when asked for, and never in place of what a user changed."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from loyalty_kit.core.drawing.narrow import has_narrow_form, narrow_form


@pytest.fixture
def figure():
    """A figure with bars and a title, as the kit draws them."""
    drawn = Figure(figsize=(7, 3), layout="constrained")
    drawn.subplots().barh(["a", "b"], [1, 2])
    drawn.axes[0].set_title("Loyalty")
    has_narrow_form(drawn, lambda: plt.figure(figsize=(3, 3)))
    return drawn


def test_it_is_drawn_when_asked_for_and_stays_out_of_pyplot(figure):
    before = plt.get_fignums()
    assert narrow_form(figure).get_size_inches()[0] == 3
    assert plt.get_fignums() == before


def test_laying_a_figure_out_changes_nothing_of_it(figure):
    figure.draw_without_rendering()
    assert narrow_form(figure) is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda axes: axes.set_title("Mine"),
        lambda axes: axes.set_xlabel("Mine"),
        lambda axes: axes.plot([1, 2], [0, 1]),
        lambda axes: axes.annotate("here", (1, 1)),
        lambda axes: axes.set_xlim(0, 9),
        lambda axes: axes.set_xscale("log"),
        lambda axes: axes.figure.add_subplot(2, 1, 2),
    ],
)
def test_what_a_user_changed_is_not_lost_in_it(figure, change):
    change(figure.axes[0])
    assert narrow_form(figure) is None


def test_a_figure_of_somebody_else_has_none():
    assert narrow_form(Figure()) is None
