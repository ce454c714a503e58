"""The text of a file's bytes: which of the encodings in use wrote them."""

import re

from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.intake.sources import Source


def decoded(file: Source) -> str:
    """Text of a file in UTF-8, GB18030, or UTF-16 with a byte-order mark.

    Raises
    ------
    UnreadableError
        If it is none of these, or holds what no text does.
    """
    utf16 = file.data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            text = file.data.decode(encoding)
            text.encode()
        except UnicodeError:
            continue
        if "\x00" in text:
            raise UnreadableError("{file} holds NUL bytes, so it is no CSV text; save it as UTF-8.", file=file.subject)
        if encoding == "gb18030" and not _mostly_common_chinese(file.data):
            break
        return text
    raise UnreadableError("{file} is neither UTF-8 nor GB18030 text; save it as UTF-8.", file=file.subject)


def _mostly_common_chinese(data: bytes) -> bool:
    """Whether most two-byte characters end in a high byte; an accented Western letter comes before a plain one."""
    seconds = re.findall(rb"[\x81-\xfe](.)", data, re.DOTALL)
    return sum(bool(second >= b"\xa1") for second in seconds) >= len(seconds) / 2
