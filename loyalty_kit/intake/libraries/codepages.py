"""Which code page short texts are in: those of a file's labels and cells, by what characters they would give."""

import codecs
import re
from collections.abc import Callable, Collection
from typing import NamedTuple

PLAUSIBLE = 0.6
CLEAR = 0.8
BROKEN = 0.05
WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "shift_jis": "cp932",
}
"""Python's code pages that are meant by narrower ones."""
_NOT_WESTERN = re.compile(rb"[\x80-\xff]{2}|[\x81-\x90\x98-\x9f]")
UNTOLD = ("cp1252", "iso8859-1", "cp037")
"""Declarations that programs make where they know of none."""


class _Page(NamedTuple):
    name: str
    likes: Callable[[str], bool]


def _chinese(mark: str) -> bool:
    """Whether a character is one of the 3,755 common ones of GB 2312, or one of its marks."""
    code = mark.encode("gb2312", errors="ignore")
    return len(code) == 2 and (0xB0 <= code[0] <= 0xD7 or 0xA1 <= code[0] <= 0xA3)


def _traditional(mark: str) -> bool:
    """Whether a character is one of the 5,401 common ones of Big5, or one of its marks."""
    code = mark.encode("big5", errors="ignore")
    return len(code) == 2 and 0xA1 <= code[0] <= 0xC6


def _japanese(mark: str) -> bool:
    """Whether a character is kana or one of the 2,965 common ones of JIS X 0208; narrow kana are not."""
    code = mark.encode("shift_jis", errors="ignore")
    return len(code) == 2 and 0x81 <= code[0] <= 0x98


_PAGES = (_Page("gb18030", _chinese), _Page("cp950", _traditional), _Page("cp932", _japanese))


def code_page(texts: Collection[bytes], declared: str | None = None) -> str:
    """Code page of texts: UTF-8 where they are, the declared one where it gives words, else the likeliest.

    Parameters
    ----------
    texts : collection of bytes
        Labels and distinct cells; those of nothing but ASCII tell nothing.
    declared : str, optional
        Code page that the file declares.

    Returns
    -------
    str
        Name that Python knows.

    Examples
    --------
    >>> code_page(["北京".encode("gbk"), "上海".encode("gbk")], "windows-1252")
    'gb18030'
    >>> code_page(["für".encode("cp1252")]), code_page(["für".encode()], "windows-1252")
    ('cp1252', 'utf-8')
    """
    known = python_name(declared) if declared else None
    telling = {text for text in texts if not text.isascii()}
    if not telling:
        return known or "utf-8"
    if _fits(telling, "utf-8"):
        return "utf-8"
    pages = () if _stand_alone(telling) else _PAGES
    scores = {page.name: _score(telling, page) for page in pages if _fits(telling, page.name)}
    best = max(scores, key=lambda name: scores[name], default=None)
    if known is None or known in UNTOLD or not _fits(telling, known):
        return best if best and scores[best] >= PLAUSIBLE else "cp1252"
    if known in scores:
        return known if best is None or scores[known] >= CLEAR * scores[best] else best
    return known


def python_name(name: str) -> str | None:
    """Python's name of a code page; none where it knows none.

    Examples
    --------
    >>> python_name("GB2312"), python_name("WINDOWS-1252"), python_name("no such page")
    ('gb18030', 'cp1252', None)
    """
    for spelling in (name, name.replace("WINDOWS-", "cp").replace("BIG-5", "big5").replace("EUC-CN", "gb2312")):
        try:
            found = codecs.lookup(spelling).name
        except LookupError:
            continue
        return WIDER.get(found, found)
    return None


def in_page(text: bytes, page: str) -> str:
    """Text of bytes; a character that the field's width has cut at the end is left out, what else is none is '�'.

    Examples
    --------
    >>> in_page("北京".encode("gbk")[:3], "gb18030")
    '北'
    """
    if text.isascii():
        return text.decode("ascii")
    if page in UNTOLD:
        # Python knows five bytes of Windows-1252 as nothing; there they are control characters.
        return "".join(bytes([byte]).decode(page, errors="ignore") or chr(byte) for byte in text)
    return codecs.getincrementaldecoder(page)(errors="replace").decode(text)


def _stand_alone(texts: Collection[bytes]) -> bool:
    """Whether no letter that is not ASCII stands beside another one, as hardly in any but Western texts."""
    return not any(_NOT_WESTERN.search(text) for text in texts)


def _fits(texts: Collection[bytes], page: str) -> bool:
    """Whether nearly all texts are such in a code page, apart from what a field's width has cut at their ends."""
    return sum(not _reads(text, page) for text in texts) <= BROKEN * len(texts)


def _reads(text: bytes, page: str) -> bool:
    try:
        # A lone letter with an accent at the end is no half of a longer character.
        return not codecs.getincrementaldecoder(page)().decode(text).isascii()
    except UnicodeError:
        return False


def _score(texts: Collection[bytes], page: _Page) -> float:
    """Share of common characters among those that are not ASCII."""
    marks = [mark for text in texts for mark in in_page(text, page.name) if mark > "\x7f"]
    return sum(map(page.likes, marks)) / len(marks) if marks else 0.0
