"""Values are read from what a picture shows: what the eye is given, no more and nothing else."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import loyalty_kit.reporting.canvas as canvas
from loyalty_kit.core.drawing.behind import MOST_POINTS, explain, explanation, values_of
from loyalty_kit.core.tables import PictureValues


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    axes.set_xlabel("Share, %")
    yield axes
    plt.close(figure)


def read(axes: Axes) -> PictureValues:
    (values,) = values_of(axes.get_figure())
    return values


def test_rows_are_told_from_the_top_each_value_with_the_interval_through_it(axes):
    for row, (low, value, high) in enumerate([(1.0, 2.0, 4.5), (3.0, 5.0, 6.0)]):
        axes.plot([low, high], [row, row])
        axes.plot(value, row, "o")
    axes.axvline(3.0)
    axes.set_yticks([0, 1], ["below", "above"])
    values = read(axes)
    assert values.columns == ("", "Share, %", "Interval from", "Interval to")
    assert values.rows == (("above", 5.0, 3.0, 6.0), ("below", 2.0, 1.0, 4.5))


def test_series_side_by_side_and_one_behind_another_keep_apart(axes):
    axes.barh([0.2, 1.2], [10.0, 20.0], height=0.3, label="revenue")
    axes.errorbar([10.0, 20.0], [0.2, 1.2], xerr=[[1.0, 2.0], [3.0, 4.0]], fmt="none")
    axes.barh([-0.2, 0.8], [5.0, 6.0], height=0.3, label="customers")
    axes.barh([-0.2, 0.8], [7.0, 8.0], left=[5.0, 6.0], height=0.3, label="new")
    axes.set_yticks([0, 1], ["web", "store"])
    values = read(axes)
    assert values.columns == ("", "revenue", "revenue, low", "revenue, high", "customers", "new")
    assert values.rows == (("store", 20.0, 18.0, 24.0, 6.0, 8.0), ("web", 10.0, 9.0, 13.0, 5.0, 7.0))


def test_a_stroke_from_nothing_to_a_point_is_no_interval_and_one_across_a_row_is_a_value(axes):
    axes.hlines([0, 1], 0, [0.3, 0.6])
    axes.plot([0.3, 0.6], [0, 1], "o")
    axes.vlines([0.4, 0.5], [-0.4, 0.6], [0.4, 1.4], label="planned")
    axes.set_yticks([0, 1], ["a", "b"])
    assert read(axes).rows == (("b", 0.6, 0.5), ("a", 0.3, 0.4))


def test_an_interval_belongs_to_the_first_value_in_it(axes):
    axes.hlines([0], 1.0, 4.0)
    axes.scatter([2.0], [0], label="share")
    axes.scatter([3.0], [0], marker="|", label="by chance")
    axes.set_yticks([0], ["a"])
    assert read(axes).rows == (("a", 2.0, 1.0, 4.0, 3.0),)


def test_a_map_of_colours_is_told_as_it_is_written(axes):
    table = pd.DataFrame([[0.5, math.nan], [-0.25, 1.0]], index=["x", "y"], columns=["p", "q"])
    canvas.heat(axes, table, limits=(-1, 1), colours="vlag")
    values = read(axes)
    assert (values.columns[1:], values.rows) == (("p", "q"), (("x", "0.50", None), ("y", "−0.25", "1.00")))


def test_named_points_of_a_plane_have_both_values(axes):
    for name, place in (("price", (60.0, 22.5)), ("image", (70.5, 18.0))):
        axes.plot(*place, "o")
        axes.annotate(name, place, (7, 5), textcoords="offset points")
    axes.annotate("act first", (0.01, 0.99), xycoords="axes fraction")
    axes.set_ylabel("Importance")
    values = read(axes)
    assert values.columns == ("", "Share, %", "Importance")
    assert values.rows == (("price", 60.0, 22.5), ("image", 70.5, 18.0))


def test_lines_over_the_same_places_share_rows_and_bring_the_bands_in_their_colours(axes):
    weeks = ["1", "2", "3"]
    axes.plot(weeks, [1.0, 2.0, 3.5], color="#0173b2", label="points")
    axes.fill_between(weeks, [math.nan, 1.0, 2.0], [math.nan, 3.0, 4.0], color="#0173b2", alpha=0.15)
    axes.plot(weeks, [0.0, 0.5, 0.25], color="#de8f05", label="coupon")
    values = read(axes)
    assert values.columns == ("Share, %", "points", "points, low", "points, high", "coupon")
    assert values.rows[0] == ("1", 1.0, None, None, 0.0)
    assert values.rows[2] == ("3", 3.5, 2.0, 4.0, 0.25)


def test_of_a_long_line_some_points_are_told_the_ends_among_them(axes):
    x = np.linspace(0, 100, 400)
    axes.plot([0, 100], [0, 100])
    axes.plot(x, x**2 / 100)
    rows = read(axes).rows
    assert len(rows) == MOST_POINTS
    assert (rows[0], rows[-1]) == ((0.0, 0.0), (100.0, 100.0))


def test_digits_are_those_that_the_axis_lets_see(axes):
    axes.barh([0, 1], [1280.25, -305.75])
    axes.set_yticks([0, 1], ["a", "b"])
    assert read(axes).digits == (0, 0)
    axes.clear()
    axes.barh([0, 1], [0.123, 0.245])
    axes.set_yticks([0, 1], ["a", "b"])
    assert read(axes).digits == (0, 3)


def test_what_has_no_axis_has_no_values(axes):
    axes.plot(np.linspace(0, 1, 50), np.linspace(0, 1, 50) ** 2)
    axes.set_yticks([])
    assert values_of(axes.get_figure()) == ()


def test_two_parts_of_a_figure_are_explained_once_where_they_were_computed_alike(axes):
    explain(axes.get_figure(), ("by bootstrap", "n = 5"))
    explain(axes.get_figure(), ("by bootstrap", "n = 7"))
    assert explanation(axes.get_figure()) == ("by bootstrap", "n = 5", "n = 7")
