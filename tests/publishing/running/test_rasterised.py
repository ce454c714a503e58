"""A drawing of the kit with many marks keeps its letters and its dark form; its marks are a picture within it."""

import base64
import re
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from loyalty_kit.publishing.running.figures import MOST_MARKS, marks, shown
from loyalty_kit.publishing.running.rasterised import many_marks_as_picture
from loyalty_kit.reporting.canvas import INK, canvas, heat


@pytest.fixture
def map_of_colours():
    """Heat map of 300 cells, drawn as the kit draws."""
    table = pd.DataFrame(np.random.default_rng(1).uniform(-1, 1, (50, 6)))
    with canvas(None, rows=20) as ax:
        heat(ax, table, limits=(-1, 1), colours="vlag")
        ax.set_title("Loadings")
        ax.text(0, 0, "note", color=INK)
    yield ax.figure
    plt.close(ax.figure)


def pictures(svg: str) -> list[Image.Image]:
    return [Image.open(BytesIO(base64.b64decode(found))) for found in re.findall(r"base64,([^\"]+)\"", svg)]


def test_many_marks_are_pictures_with_a_clear_ground_in_a_drawing_that_follows_light_and_dark(map_of_colours):
    assert marks(map_of_colours) > MOST_MARKS
    kind, data, _ = shown(map_of_colours)
    svg = data.decode()
    assert kind == "image/svg+xml" and "prefers-color-scheme:dark" in svg
    found = pictures(svg)
    assert found and all(image.mode == "P" and "transparency" in image.info for image in found)
    assert len(data) < 150_000


def test_the_same_figure_gives_the_same_bytes_and_is_left_as_it_was(map_of_colours):
    assert shown(map_of_colours)[1] == shown(map_of_colours)[1]
    assert not any(artist.get_rasterized() for artist in map_of_colours.findobj())


def test_what_is_drawn_in_greys_stays_out_of_the_picture(map_of_colours):
    axes = map_of_colours.axes[0]
    with many_marks_as_picture(map_of_colours):
        assert axes.collections[0].get_rasterized() and axes.texts[0].get_rasterized()
        assert not axes.texts[-1].get_rasterized() and not axes.title.get_rasterized()


def test_a_figure_that_is_not_the_kits_stays_a_picture_on_white():
    figure, ax = plt.subplots()
    ax.scatter(*np.random.default_rng(1).normal(size=(2, 2000)))
    assert shown(figure)[0] == "image/png"
    plt.close(figure)
