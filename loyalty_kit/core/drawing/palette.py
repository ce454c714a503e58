"""Greys of the kit's figures, by which a drawing of theirs has a dark form too."""

INK, MUTED, GRID = "#1b1f24", "#6a737d", "#d8dee4"
PAPER = "#fffffe"
"""What figures stand on: white to the eye, and told apart from the white of words within them."""

DARK = {INK: "#e3e8ed", MUTED: "#a3aeb9", GRID: "#353e48", PAPER: "#14181d"}
"""What stands for each of them where the reader's screen is dark."""


def with_dark_form(svg: str) -> str:
    """Drawing whose greys follow the reader's choice of light or dark.

    Examples
    --------
    >>> drawn = with_dark_form('<svg><path style="stroke: #1b1f24; fill: #ffffff"/></svg>')
    >>> 'style="stroke: var(--c0); fill: #ffffff"' in drawn, "--c0:#e3e8ed" in drawn
    (True, True)
    """
    names = {light: f"--c{place}" for place, light in enumerate(DARK)}
    for light, name in names.items():
        svg = svg.replace(light, f"var({name})")
    light_ones = ";".join(f"{name}:{light}" for light, name in names.items())
    dark_ones = ";".join(f"{name}:{DARK[light]}" for light, name in names.items())
    style = f"<style>:root{{{light_ones}}}@media (prefers-color-scheme:dark){{:root{{{dark_ones}}}}}</style>"
    return svg.replace(">", f">{style}", 1)
