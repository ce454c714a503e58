"""Letters of a drawing are written in fewer characters and look the same."""

import re

import numpy as np
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from loyalty_kit.publishing.running import glyphs
from loyalty_kit.publishing.running.figures import svg
from loyalty_kit.publishing.running.glyphs import COARSE, with_short_glyphs

NAMES = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C", Path.CLOSEPOLY: "z"}


def written(text: str) -> str:
    """Outline of letters as matplotlib writes it."""
    parts = []
    for points, code in TextPath((0, 0), text, size=6400).iter_segments(curves=True):
        places = "" if code == Path.CLOSEPOLY else " ".join(f"{value:.0f}" for value in points)
        parts.append(NAMES[code] + places)
    return "".join(parts)


def places(path: str) -> np.ndarray:
    """Places that a path goes through, written by steps or not, in units of a font."""
    at, begun, found = np.zeros(2), np.zeros(2), []
    for command, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        values = np.array([float(number) for number in re.findall(r"-?\d+", numbers)]).reshape(-1, 2)
        if command in "zZ":
            at = begun
            continue
        step = {"q": 2, "c": 3}.get(command.lower(), 1)
        for start in range(0, len(values), step):
            own = values[start : start + step]
            own = own * COARSE + at if command.islower() else own
            found.extend(own)
            at = own[-1]
        begun = at if command.lower() == "m" else begun
    return np.array(found)


def test_no_point_of_a_letter_moves_by_more_than_half_a_coarse_unit():
    path = written("Loyalty 8 @ ß&")
    (short,) = re.findall(r' d="([^"]*)"', with_short_glyphs(f'<path id="a" d="{path}" transform="scale(0.015625)"/>'))
    assert len(short) < 0.7 * len(path)
    assert np.abs(places(short) - places(path)).max() <= COARSE / 2


def test_the_letters_of_a_figure_are_shortened_and_nothing_else_is(monkeypatch):
    figure = Figure()
    figure.subplots().set_title("Loyalty")
    short = svg(figure)[0].decode()
    monkeypatch.setattr(glyphs, "_GLYPH", re.compile("(?!)"))
    whole = svg(figure)[0].decode()
    letters = r'<path id="DejaVuSans[^>]*>'
    assert re.sub(letters, "", short) == re.sub(letters, "", whole)
    assert len(short) < len(whole)
