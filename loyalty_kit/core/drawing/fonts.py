"""Fonts with Chinese characters: the installed one that figures use, and what stands in a figure where none is."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

from loyalty_kit.core.drawing.font_files import cjk_font_files

CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "Arial Unicode MS",
)


_UNDRAWN: set[str] = set()


def cjk_font() -> str | None:
    """First installed font with Chinese characters; None where there is none."""
    return _family(cjk_font_files())


@cache
def _family(files: tuple[Path, ...]) -> str | None:
    """Name of the font to use, where these files are installed.

    matplotlib keeps a list of fonts from its first use on: what was installed since is added to it here, and what has
    been removed since does not count.
    """
    known = font_manager.fontManager.ttflist
    for file in sorted({str(file) for file in files} - {font.fname for font in known}):
        # A file that is no font is passed over, as matplotlib does.
        with suppress(OSError, RuntimeError):
            font_manager.fontManager.addfont(file)
    wanted = [font for font in known if font.name in CJK_FONTS]
    installed = {font.name for font in wanted if os.path.isfile(font.fname)}
    return next((name for name in CJK_FONTS if name in installed), None)


def note_undrawn(label: str) -> None:
    """Note that a figure has to do without a label, for want of a font."""
    _UNDRAWN.add(label)


def labels_undrawn() -> bool:
    """Whether a figure of this process had to do without a label that no installed font can draw."""
    return bool(_UNDRAWN)


def set_font() -> None:
    """Let every figure of this process draw Chinese characters, where a font has them."""
    name = cjk_font()
    if name is not None:
        matplotlib.rcParams["font.family"] = ["sans-serif", name]


@contextmanager
def drawn_without_warnings(figure: Figure) -> Iterator[None]:
    """Draw a figure; characters that no font has become boxes without a warning each, and are noted."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from", category=UserWarning)
        yield
    if cjk_font() is None:
        for text in figure.findobj(Text):
            if isinstance(text, Text) and CJK.search(text.get_text()):
                note_undrawn(text.get_text())
