"""What the draft knows of names and words, as the data files beside it list them."""

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "words"
_MARKS = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """Name without case, blanks and marks.

    Examples
    --------
    >>> folded("Duration (in seconds)"), folded("IP_Address")
    ('durationinseconds', 'ipaddress')
    """
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())


@cache
def word_list(name: str) -> dict[str, Any]:
    """Content of a data file: 'columns', 'label_sets' or 'missing'."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def is_called(name: str, kind: str) -> bool:
    """Whether a column's name is one of those that `columns.toml` lists for a kind of column.

    Examples
    --------
    >>> is_called("Response ID", "respondent"), is_called("TIME001", "metadata"), is_called("SAT1", "metadata")
    (True, True, False)
    """
    known = word_list("columns")[kind]
    plain = folded(name)
    lowered = name.strip().casefold()
    return plain in known["names"] or any(re.search(pattern, lowered) for pattern in known.get("patterns", ()))


def speaks_of(text: str, kind: str) -> bool:
    """Whether a name or wording holds a word that `columns.toml` lists for a kind of question.

    Examples
    --------
    >>> speaks_of("How likely are you to recommend us?", "recommend"), speaks_of("您会推荐吗？", "recommend")
    (True, True)
    """
    plain, known = folded(text), word_list("columns")[kind]
    return plain in known.get("names", ()) or any(word in plain for word in known["words"])


def group_of(text: str) -> str | None:
    """Tell what part of a sample a name or question speaks of, as 'gender'; none where it speaks of no such.

    Examples
    --------
    >>> group_of("What is your gender?"), group_of("您的年龄段"), group_of("language"), group_of("SAT1")
    ('gender', 'age', None, None)
    """
    plain, words = folded(text), set(re.findall(r"[a-z]+", text.casefold()))
    for key, known in word_list("columns")["groups"].items():
        if any(
            word in words or word == plain or (not word.isascii() and len(word) > 1 and word in plain) for word in known
        ):
            return str(key)
    return None
