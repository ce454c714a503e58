"""Names of reports made of values: templates filled, and whatever a value holds made safe in a file's name."""

import hashlib
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from loyalty_kit.core.errors import InputError, nearest
from loyalty_kit.core.messages import message, shown

LONGEST_NAME = 200
"""Bytes of a report's name; the endings need room too."""

_UNSAFE = re.compile(r"""[/\\:*?"<>|]""")
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_OWN = re.compile(r"index|.*\.failed", re.IGNORECASE)


def filled(template: str, values: Mapping[str, str], key: str) -> str:
    """Template with its places filled; `key` is what errors call it.

    Raises
    ------
    InputError
        If it names a value that there is not, or is no template.

    Examples
    --------
    >>> filled("quality-{channel}", {"channel": "web"}, "name")
    'quality-web'
    """
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        parts = [("", "", None, None)]
    text = ""
    for literal, place, form, conversion in parts:
        text += literal
        if place is None:
            continue
        if place not in values or form or conversion:
            hint = nearest(place, values) if place else ""
            raise InputError(
                "Key '{key}' holds {given}; places for values are {places}{hint}",
                key=key,
                given=shown(template),
                places=[f"{{{name}}}" for name in values],
                hint=hint or message(", and {{ stands for a brace."),
            )
        text += values[place]
    return text


def file_part(text: str) -> str:
    r"""Text as it may stand in a file's name on every system: on one line, NFC, without what a path would obey.

    Examples
    --------
    >>> file_part("../web/网店\n"), file_part("C:\\"), file_part(" ")
    ('web-网店', 'C', 'empty')
    """
    plain = "".join(mark if mark.isprintable() else " " for mark in unicodedata.normalize("NFC", text))
    return " ".join(_UNSAFE.sub("-", plain).split()).strip(".- ") or "empty"


def file_parts(texts: Iterable[str]) -> dict[str, str]:
    """Texts of one key as they may stand in files' names, by the texts.

    Those that would be one there, or one but for their case, all end in digits of their hash: which one comes first
    in the data must not decide whose name stays plain.

    Examples
    --------
    >>> file_parts(["store", "Web", "web"])
    {'store': 'store', 'Web': 'Web-2975', 'web': 'web-4b5e'}
    """
    parts = {text: file_part(text) for text in texts}
    times = Counter(part.casefold() for part in parts.values())
    marks = {text: hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:4] for text in parts}
    return {text: part if times[part.casefold()] == 1 else f"{part}-{marks[text]}" for text, part in parts.items()}


def safe_name(name: str) -> str:
    """Name that no system keeps for itself and that is not too long; what is cut off leaves its hash.

    Examples
    --------
    >>> safe_name("nul"), safe_name("index"), len(safe_name("店" * 100).encode())
    ('nul_', 'index_', 198)
    """
    name = unicodedata.normalize("NFC", name)
    if _DEVICES.fullmatch(name) or _OWN.fullmatch(name):
        return f"{name}_"
    whole = name.encode(errors="surrogateescape")
    if len(whole) <= LONGEST_NAME:
        return name
    mark = f"-{hashlib.sha256(whole).hexdigest()[:8]}"
    return whole[: LONGEST_NAME - len(mark)].decode(errors="ignore").rstrip() + mark


def fits_windows(name: str) -> bool:
    r"""Whether Windows would make a file of that name, and not a device, a drive or a stream of it.

    Examples
    --------
    >>> fits_windows("quality"), fits_windows("C:quality"), fits_windows("con")
    (True, False, False)
    """
    return not (_UNSAFE.search(name) or _DEVICES.fullmatch(name) or name.endswith("."))


def titled(title: str, labels: Sequence[str], language: str = "en") -> str:
    """Title with the values behind it that tell a report from its siblings.

    Examples
    --------
    >>> titled("Quality", ["store", "2"]), titled("质量", ["门店", "2"], "zh"), titled("Quality", [])
    ('Quality: store, 2', '质量：门店，2', 'Quality')
    >>> titled("Can they be trusted?", ["store"]), titled("可信吗？", ["门店"], "zh")
    ('Can they be trusted? (store)', '可信吗？（门店）')
    """
    if not labels:
        return title
    chinese, asked = language == "zh", title.endswith(("?", "？"))
    before, after = ("（" if chinese else " (", "）" if chinese else ")") if asked else ("：" if chinese else ": ", "")
    return f"{title}{before}{('，' if chinese else ', ').join(labels)}{after}"
