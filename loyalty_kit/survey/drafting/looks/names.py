"""What names and headings tell of the questions that belong together: a stem and a number, or a matrix and its row."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from loyalty_kit.core.cells import plain_text
from loyalty_kit.survey.drafting.looks.wordlists import folded, word_list

SHORT = 20
"""Widest name that may stand as it is, a Chinese character counting as two."""
_QUESTION = re.compile(r"\s*(?:q|第|问题)?\s*(\d{1,3})\s*(?:[、.．:：)）]|题)\s*(?=[^\d\s])", re.IGNORECASE)
_SEPARATED = re.compile(r"(.*[^\W_].*?)(?:[_.\-\[(]+(?:sq|r|a)?|(?<=\d)r)(\d{1,3}|[a-z])[\])]?", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*?[^\W\d_])_?(\d{1,3})")
_SAME = re.compile(r"#\d+$")
"""What tells columns of one name apart."""
_LETTERED = re.compile(r"(.*\d)([a-z])", re.IGNORECASE)
_BRACKETS = re.compile(r"(.+?)\s*(?:\[(.+)\]|[(（]([^()（）]+)[)）])")
_DASHES = re.compile(r"\s*[—|]+\s*|(?<=[\u4e00-\u9fff])-(?=[\u4e00-\u9fff])|\s+[-–>/]+\s+|[:：]\s*|\s*::\s*")


@dataclass(frozen=True)
class Place:
    """Where a question stands, by its name and heading.

    Attributes
    ----------
    block : str
        Same for the questions that belong together; empty where nothing tells.
    heading : str
        Of the matrix that it is a row of; empty for others.
    wording : str
        The question itself, without the heading and its number.
    number : str
        Its number in the questionnaire, where the name begins with one.
    named : bool
        Whether the block is called something, as 'SAT', and not only numbered, as 'Q5'.
    """

    block: str
    heading: str
    wording: str
    number: str
    named: bool


def places(names: Sequence[str], labels: Sequence[str]) -> list[Place]:
    """Where each of the columns stands, by its name and the file's own label.

    Examples
    --------
    >>> [place.block for place in places(["SAT1", "SAT2", "Q1", "Q2", "Q5_1", "Q5_2"], [""] * 6)]
    ['SAT', 'SAT', '', '', 'Q5', 'Q5']
    >>> [place.wording for place in places(["5、请评价—服务态度", "5、请评价—服务速度"], ["", ""])]
    ['服务态度', '服务速度']
    >>> [place.heading for place in places(["服务-态度", "服务-速度"], ["", ""])]
    ['服务', '服务']
    """
    stems = _shared([code_stem(name) if is_short(name) else "" for name in names])
    texts = [_unnumbered(label or name) for label, name in zip(labels, names, strict=True)]
    headings = _headings([text for _, text in texts])
    found = []
    for label, stem, (number, text), (heading, row) in zip(labels, stems, texts, headings, strict=True):
        number = number or (heading if heading.isdigit() else "")
        block = stem or (f"{number}\t{heading}" if heading else "")
        wording = (row if heading else text) if label or not stem else ""
        found.append(Place(block, heading, wording, number, named=bool(stem) and not _only_numbered(stem)))
    return found


def is_short(name: str) -> bool:
    """Whether a name may stand as it is in a codebook and on a chart.

    Examples
    --------
    >>> is_short("SAT_1"), is_short("How likely are you to recommend us?"), is_short("1、您的性别")
    (True, False, False)
    """
    width = sum(1 + (mark > "\u2e80") for mark in name)
    return width <= SHORT and not re.search(r"[\s?？、，,:：。;；\"'\\]", name.strip())


def code_stem(name: str) -> str:
    """Name without the number or letter at its end; empty where it has none, or where the rest tells nothing.

    Examples
    --------
    >>> code_stem("SAT1"), code_stem("Q5_2"), code_stem("Q7"), code_stem("G02Q03[SQ001]"), code_stem("customer1")
    ('SAT', 'Q5', '', 'G02Q03', 'customer')
    """
    plain = _SAME.sub("", name.strip())
    for pattern in (_SEPARATED, _NUMBERED, _LETTERED):
        if found := pattern.fullmatch(plain):
            stem = found[1].rstrip("_.- ")
            return "" if folded(stem) in word_list("columns")["generic"]["names"] else stem
    return ""


def _shared(stems: Sequence[str]) -> list[str]:
    """Stems that more than one name has."""
    times = Counter(stems)
    return [stem if times[stem] > 1 else "" for stem in stems]


def _only_numbered(stem: str) -> bool:
    return bool(re.fullmatch(r"(?:q|g\d+q|question|frage|题)\d+\w?", folded(stem)))


def _unnumbered(text: str) -> tuple[str, str]:
    """Part a question from the number that it begins with."""
    plain = plain_text(text)
    found = _QUESTION.match(plain)
    return (found[1], plain[found.end() :]) if found else ("", plain)


def _headings(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Heading and row of each text: the longest beginning, up to a mark that parts, that others share."""
    cuts = [_cuts(text) for text in texts]
    times = Counter(heading for several in cuts for heading in {heading for heading, _ in several})
    found = []
    for several in cuts:
        shared = [(heading, row) for heading, row in several if times[heading] > 1]
        found.append(max(shared, key=lambda pair: len(pair[0]), default=("", "")))
    return found


def _cuts(text: str) -> list[tuple[str, str]]:
    """Each way to part a text into heading and row."""
    cuts = [(text[: mark.start()].strip(), text[mark.end() :].strip()) for mark in _DASHES.finditer(text)]
    if brackets := _BRACKETS.fullmatch(text):
        cuts.append((brackets[1].strip(), (brackets[2] or brackets[3]).strip()))
    return [(heading, row) for heading, row in cuts if heading and row]
