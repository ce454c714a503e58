"""Answers in words, in their order: 'Strongly disagree' to 'Strongly agree', '非常不同意' to '非常同意'."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from loyalty_kit.core.cells import plain_text
from loyalty_kit.survey.drafting.looks.wordlists import word_list

_NUMBERED = re.compile(
    r"[(\[（]?(?P<first>-?\d{1,3})\s*[-–—=:.：、)\]）]+\s*[^\d\s].*"
    r"|.*[^\d\s]\s*[(\[（\-–—=:：]\s*(?P<last>-?\d{1,3})\s*(?:分|星|points?|stars?)?\s*[)\]）]?"
    r"|(?P<unit>\d{1,3})\s*(?:分|星|级|points?|stars?)"
)
_CODE = re.compile(r"([A-Za-z]{1,3})0*(\d{1,2})", re.ASCII)
_MISSING = "missing"


def ordered(words: Iterable[str]) -> dict[str, float] | None:
    """Value of each of the words, from 1 for the lowest; none where no known set holds them all.

    Examples
    --------
    >>> ordered(["Agree", "Strongly disagree", "Neutral", "Disagree"])
    {'Agree': 4.0, 'Strongly disagree': 1.0, 'Neutral': 3.0, 'Disagree': 2.0}
    >>> ordered(["满意", "非常不满意", "一般"]), ordered(["red", "blue"])
    ({'满意': 4.0, '非常不满意': 1.0, '一般': 3.0}, None)
    """
    found = known_set(words)
    if found is None:
        return None
    place = {step: float(number) for number, step in enumerate(found, 1)}
    return {word: place[plain(word)] for word in words}


def known_set(words: Iterable[str]) -> tuple[str, ...] | None:
    """Tell the set that holds all of the words, as it is kept; none where there is none, or two mean the same."""
    asked = [plain(word) for word in words]
    if len(set(asked)) < len(asked) or len(asked) < 2:
        return None
    return next((steps for steps in _sets() if set(asked) <= set(steps)), None)


def end(word: str) -> int:
    """−1 where a word is the lowest answer of a set, 1 where it is the highest, else 0.

    Examples
    --------
    >>> end("Not at all likely"), end("非常满意"), end("Maybe")
    (-1, 1, 0)
    """
    asked = plain(word)
    if any(asked == steps[0] for steps in _sets()):
        return -1
    return int(any(asked == steps[-1] for steps in _sets()))


def own_number(text: str) -> float | None:
    """Give the number that an answer in words carries itself.

    Examples
    --------
    >>> own_number("5 - Strongly agree"), own_number("非常满意（5分）"), own_number("4 stars"), own_number("18-24")
    (5.0, 5.0, 4.0, None)
    >>> own_number("1 year"), own_number("Age 18-24"), own_number("1) Never")
    (None, None, 1.0)
    """
    found = _NUMBERED.fullmatch(text.strip())
    return float(next(filter(None, found.groups()))) if found else None


def coded(words: Sequence[str]) -> dict[str, float]:
    """Numbers of codes that share their letters, as LimeSurvey's of an array; none where words are no such codes.

    Examples
    --------
    >>> coded(["A2", "A1", "A5"]), coded(["AO01", "AO02", "AO03"]), coded(["A1", "B2", "A3"]), coded(["A1", "A2"])
    ({'A2': 2.0, 'A1': 1.0, 'A5': 5.0}, {'AO01': 1.0, 'AO02': 2.0, 'AO03': 3.0}, {}, {})
    """
    found = {word: _CODE.fullmatch(word.strip()) for word in words}
    codes = {word: (match[1].casefold(), float(match[2])) for word, match in found.items() if match}
    alike = len({letters for letters, _ in codes.values()}) == 1 and len(set(codes.values())) == len(words)
    return {word: number for word, (_, number) in codes.items()} if alike and len(words) > 2 else {}


def stands_for_missing(text: str) -> bool:
    """Whether a word stands for no answer, as '(跳过)' or "Don't know".

    Examples
    --------
    >>> stands_for_missing("N/A"), stands_for_missing("Don't know"), stands_for_missing("Agree")
    (True, True, False)
    """
    return plain_text(text).casefold().replace("’", "'") in _missing_words()


def plain(word: str) -> str:
    """Word as the sets spell it: without case and marks at its ends, adverbs that mean the same as one.

    Examples
    --------
    >>> plain("Totally Agree."), plain("很满意"), plain("Neither agree nor disagree")
    ('strongly agree', '非常满意', 'neutral')
    """
    text = plain_text(word).casefold().strip(" .。!！\"'")
    alike = word_list("label_sets")["alike"]
    text = str(alike.get(text, text))
    for other, kept in alike.items():
        if other.isascii():
            if text.startswith(f"{other} "):
                changed = str(kept + text[len(other) :])
                return str(alike.get(changed, changed))
        elif text.startswith(other) and not text.startswith(kept):
            return str(kept + text[len(other) :])
    return text


@cache
def _sets() -> tuple[tuple[str, ...], ...]:
    """All sets, the words of each from low to high, the usual ones first."""
    found = []
    for family in word_list("label_sets")["family"]:
        filled = [[step.format(*poles) for step in form] for form in family["forms"] for poles in family["poles"]]
        found += [tuple(plain(step) for step in steps) for steps in filled]
    return tuple(dict.fromkeys(found))


@cache
def _missing_words() -> frozenset[str]:
    return frozenset(word.casefold() for word in word_list(_MISSING)["words"])


def missing_codes(values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Numbers among others that surely stand for no answer, and those that may.

    Examples
    --------
    >>> missing_codes([1, 2, 3, 4, 5, 98, 99]), missing_codes([1, 2, 3, 4, 5, 9]), missing_codes([0, 1, 2, 3, -1])
    (([98, 99], []), ([], [9]), ([-1], []))
    """
    listed = word_list(_MISSING)
    rest = sorted(value for value in values if value not in listed["sure"])
    if not rest or rest[0] < 0 or rest[-1] > 60 or _symmetric(values):
        return [], []
    sure = [value for value in sorted(values) if value in listed["sure"] and (value < 0 or value > 2 * rest[-1] + 5)]
    used = set(rest)
    unsure: list[float] = []
    while len(rest) > 2 and rest[-1] in listed["unsure"] and rest[-1] >= 8 and rest[-1] <= 9:
        below = [value for value in rest if value < 8]
        if not below or not 3 <= below[-1] <= 7 or below[-1] + 1 in used or below[-1] == 7 and 8 in used:
            break
        unsure.insert(0, rest.pop())
    return sure, unsure


def _symmetric(values: Sequence[float]) -> bool:
    """Whether numbers go from −2 to 2 or from −3 to 3."""
    return sorted(values) in ([-2, -1, 0, 1, 2], [-3, -2, -1, 0, 1, 2, 3])
