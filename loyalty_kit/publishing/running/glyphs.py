"""Shapes of letters in a drawing, written in fewer characters: in a Chinese one they are two thirds of it."""

import re

COARSE = 16
"""Units of a font, 6,400 to a letter's size, that are written as one: 1/25 of a pixel where letters have 16."""

_GLYPH = re.compile(r'(<path id="[^"]*" d=")([^"]*)(" transform="scale\()0\.015625(\)"/>)')
_STEP = re.compile(r"([MLQCz])([^MLQCz]*)")


def with_short_glyphs(svg: str) -> str:
    """Drawing whose letters are written by steps from point to point instead of places.

    Examples
    --------
    >>> with_short_glyphs('<path id="a" d="M794 531L1825 531L1825 4091z" transform="scale(0.015625)"/>')
    '<path id="a" d="m50 33l64 0 0 223z" transform="scale(0.25)"/>'
    """
    scale = f"{COARSE / 64:g}"
    return _GLYPH.sub(lambda found: f"{found[1]}{_steps(found[2])}{found[3]}{scale}{found[4]}", svg)


def _steps(path: str) -> str:
    """Path by steps; each leads to the rounded place, so that rounding does not add up."""
    written, last, at, begun = "", "", (0, 0), (0, 0)
    for command, numbers in _STEP.findall(path):
        places = [round(float(number) / COARSE) for number in numbers.split()]
        pairs = list(zip(places[::2], places[1::2], strict=True))
        moves = [value for pair in pairs for value in (pair[0] - at[0], pair[1] - at[1])]
        own, steps = command.lower(), re.sub(" -", "-", " ".join(map(str, moves)))
        # A command that is that of the step before needs no letter.
        between = own if own != last or own in "mz" else "" if steps.startswith("-") else " "
        written, last, at = written + between + steps, own, pairs[-1] if pairs else begun
        begun = at if command == "M" else begun
    return written
