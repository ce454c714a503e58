"""Text written for a terminal, as a terminal shows it: lines rewritten in place, colours, nothing that it obeys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import escape
from itertools import groupby
from typing import Any

LONGEST_TEXT = 200_000
"""Characters of one text that a page shows."""

COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TOKEN = re.compile(
    r"(?P<run>[^\x00-\x08\x0a-\x1f\x7f-\x9f]+)|(?P<step>[\n\b]|\r+)"
    r"|\x1b\[(?P<look>[\d;]*)m|\x1b\[(?P<number>\d{0,6})(?P<move>[AGK])"
    # Titles, links and other messages to the terminal; then whatever else it would obey.
    r"|\x1b[\]PX^_][^\x07\x1b]{0,5000}(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]"
)
_CUBE = (0, 95, 135, 175, 215, 255)
_GREY = 60
_MODES: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    4: {"underlined": True},
    7: {"inverse": True},
    22: {"bold": False},
}
_MODES |= {24: {"underlined": False}, 27: {"inverse": False}}


@dataclass(frozen=True)
class _Look:
    """How a terminal shows a character."""

    colour: str = ""
    ground: str = ""
    bold: bool = False
    underlined: bool = False
    inverse: bool = False

    def classes(self) -> str:
        """Name the classes of the page's style sheet that look so."""
        colour, ground = (self.ground, self.colour) if self.inverse else (self.colour, self.ground)
        plain = self.inverse and not ground
        shade = "ansi-inverse" if plain else f"ansi-on-{ground}" if ground else f"ansi-{colour}" if colour else ""
        more = ("ansi-bold" if self.bold else "", "ansi-underlined" if self.underlined else "")
        return " ".join(filter(None, (shade, *more)))


@dataclass
class _Line:
    """Characters of a line and how each looks."""

    marks: list[str] = field(default_factory=list)
    looks: list[_Look] = field(default_factory=list)

    def write(self, place: int, run: str, look: _Look) -> int:
        """Write over what stands at a place; the place after it."""
        run = run[: LONGEST_TEXT + 1 - place]
        lacking = place - len(self.marks)
        if lacking > 0:
            self.marks += " " * lacking
            self.looks += [_Look()] * lacking
        end = place + len(run)
        self.marks[place:end] = run
        self.looks[place:end] = [look] * len(run)
        return end

    def erase(self, place: int, reach: str) -> None:
        """Erase from a place to the end, or the whole line."""
        begin = 0 if reach == "2" else place
        if reach in ("", "0", "2"):
            del self.marks[begin:], self.looks[begin:]

    def html(self) -> str:
        """HTML of the line, a span for each look but the usual one."""
        parts = []
        for classes, pairs in groupby(zip(self.marks, self.looks, strict=True), key=lambda pair: pair[1].classes()):
            text = escape("".join(mark for mark, _ in pairs))
            parts.append(f'<span class="{classes}">{text}</span>' if classes else text)
        return "".join(parts)


def terminal_html(text: str) -> str:
    r"""HTML of what a terminal would show of a text.

    Parameters
    ----------
    text : str
        Carriage returns, backspaces and the codes that move up, to a column or erase are applied; colours, bold
        and underlined text are kept as classes 'ansi-…'; all else that a terminal obeys is left out.

    Returns
    -------
    str
        Escaped, without empty lines around it; the first 200,000 characters of a long text.

    Examples
    --------
    >>> terminal_html("step 1/2\rstep 2/2\nab\bc")
    'step 2/2\nac'
    >>> terminal_html("\x1b[31mred\x1b[0m & \x1b]8;;https://example.org\x07link\x1b]8;;\x07")
    '<span class="ansi-red">red</span> &amp; link'
    """
    if _CONTROL.search(text) is None:
        plain = text.strip("\n")
        return escape(plain if len(plain) <= LONGEST_TEXT else f"{plain[:LONGEST_TEXT]}\n[…]")
    lines, whole = _played(text.replace("\r\n", "\n"))
    shown = [line.html() for line in lines]
    return "\n".join(shown).strip("\n") + ("" if whole else "\n[…]")


def _played(text: str) -> tuple[list[_Line], bool]:
    """Lines of the screen after a text, and whether all of it is there."""
    lines, row, place, look, kept = [_Line()], 0, 0, _Look(), 0
    for token in _TOKEN.finditer(text):
        if token["run"]:
            place = lines[row].write(place, token["run"], look)
        elif token["step"] == "\n":
            row, place = row + 1, 0
            if row == len(lines):
                kept += len(lines[-1].marks) + 1
                if kept > LONGEST_TEXT:
                    return lines, False
                lines.append(_Line())
        elif token["step"]:
            place = max(place - 1, 0) if token["step"] == "\b" else 0
        elif token["look"] is not None:
            look = _changed(look, [int(code[:4] or 0) for code in token["look"].split(";")])
        elif token["move"] == "A":
            row = max(row - int(token["number"] or 1), 0)
        elif token["move"] == "G":
            place = min(max(int(token["number"] or 1) - 1, 0), len(lines[row].marks))
        elif token["move"] == "K":
            lines[row].erase(place, token["number"])
    return lines, kept + len(lines[-1].marks) <= LONGEST_TEXT


def _changed(look: _Look, codes: list[int]) -> _Look:
    """Look after the numbers of a code."""
    waiting = iter(codes)
    for code in waiting:
        if code == 0:
            look = _Look()
        elif code in _MODES:
            look = replace(look, **_MODES[code])
        elif code in (38, 48):
            colour = _nearest(waiting)
            look = replace(look, colour=colour) if code == 38 else replace(look, ground=colour)
        elif code in (39, 49):
            look = replace(look, colour="") if code == 39 else replace(look, ground="")
        elif code % 10 < len(COLOURS) and code // 10 in (3, 9):
            look = replace(look, colour=COLOURS[code % 10])
        elif code % 10 < len(COLOURS) and code // 10 in (4, 10):
            look = replace(look, ground=COLOURS[code % 10])
    return look


def _nearest(codes: Iterator[int]) -> str:
    """Of the eight colours that of the numbers that follow; none for a grey, which may not be seen on every ground."""
    kind = next(codes, 0)
    if kind == 5 and (number := next(codes, 255)) < 16:
        return COLOURS[number % len(COLOURS)]
    if kind == 5:
        parts = [_CUBE[(number - 16) // step % 6] for step in (36, 6, 1)] if number < 232 else [0, 0, 0]
    else:
        parts = [next(codes, 0) for _ in range(3)] if kind == 2 else [0, 0, 0]
    least, most = min(parts), max(parts)
    bits = sum(1 << place for place, part in enumerate(parts) if 2 * part > least + most)
    return COLOURS[bits] if most - least > _GREY else ""
