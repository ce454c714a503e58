"""Files of fonts with Chinese characters, looked for where systems keep fonts.

They are told by their names, without matplotlib: a report's key asks too, and is made before anything is loaded.
"""

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from time import monotonic

# The one that figures like best comes first.
_NAMES = [
    re.compile(name, re.IGNORECASE)
    for name in (
        r"NotoSansCJK(sc)?[-.]",
        r"NotoSansSC[-.\[]",
        r"SourceHanSans(SC|CN)?[-.]",
        r"PingFang",
        r"Hiragino Sans GB",
        r"msyh",
        r"simhei",
        r"wqy-microhei",
        r"wqy-zenhei",
        r"NotoSansCJKjp[-.]",
        r"Arial Unicode",
    )
]
_ENDINGS = (".otc", ".otf", ".ttc", ".ttf")

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "${WINDIR}/Fonts",
    "${LOCALAPPDATA}/Microsoft/Windows/Fonts",
)
"""Where Linux, macOS and Windows keep fonts, for all and for one user."""

IGNORED = "MPL_IGNORE_SYSTEM_FONTS"
"""Environment variable by which matplotlib, and so the kit, does without the system's fonts."""

_LOOK_SECONDS = 2


def cjk_font_files() -> tuple[Path, ...]:
    """Files of the installed font with Chinese characters that figures like best; none where there is no such font.

    A process that lives long, such as a server of kernels, sees a font that is installed in the meantime.
    """
    return _found(int(monotonic() / _LOOK_SECONDS))


@lru_cache(maxsize=1)
def _found(_moment: int) -> tuple[Path, ...]:
    """Files found at a moment: a report asks many times, and a walk takes milliseconds."""
    files = [] if os.environ.get(IGNORED) else list(_installed())
    kinds = ([file for file in files if name.match(file.name)] for name in _NAMES)
    return tuple(sorted(next(filter(None, kinds), [])))


def _installed() -> Iterator[Path]:
    for folder in FOLDERS:
        for place, _, names in os.walk(os.path.expandvars(os.path.expanduser(folder))):
            yield from (Path(place, name) for name in names if name.lower().endswith(_ENDINGS))
