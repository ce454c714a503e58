"""Sentences that the analyses wrote themselves, told in the language of the report."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import NamedTuple

from loyalty_kit.notes import Note, filled_in, note
from loyalty_kit.reporting.wording.catalogue import Passage, Sentence, language, term

NAME, MORE = "'{name}'", "{names} and {rest} more"
"""How a list of names is written, and the rest of a long one."""
MOST = 8
PARTS = {"method", "plan", "found", "verdict", "handled", "tail", "where", "why", "message", "p"}
"""Names in templates that stand for parts of a sentence, also where a table kept these as plain text."""
SCALES = {"scale", "scales", "driver", "drivers", "outcome", "factors"}
"""Names in templates that stand for scales of the codebook."""
FEWEST_LETTERS = 4
"""Letters that a template needs to be recognised in plain text: '{a}, {b}' would be found everywhere."""


def tell(text: str, labels: Mapping[str, str] = MappingProxyType({})) -> str:
    """Text of an analysis in the language spoken.

    Parameters
    ----------
    text : str
        A warning, a method, a verdict: a `Note`, or the plain text of one, as tables keep it.
    labels : mapping of str to str
        What the scales that a `Note` names are called in the report.

    Returns
    -------
    str
        As it is where the language is English or the catalogue does not know it.

    Examples
    --------
    >>> tell("classical errors")
    'classical errors'
    >>> tell(note("Effect of {driver}", driver="price"), {"price": "Fair prices"})
    'Effect of Fair prices'
    """
    spoken = language()
    named = _labelled(text, labels) if isinstance(text, Note) and labels else text
    return named if spoken == "en" else _told(named, spoken)


def describe_only(only: Sequence[str]) -> Passage:
    """Say which rows of the file the report is about; nothing where it is about all.

    Examples
    --------
    >>> str(describe_only(["channel = store"]))
    "Only rows with 'channel = store' are used."
    """
    kept = [note("Only rows with {conditions} are used.", conditions=list(only))] if only else []
    return Passage(Sentence(tell(text)) for text in kept)


class _Entry(NamedTuple):
    """A sentence of the catalogue; `plain` is its translation without the numbers' formats."""

    pattern: re.Pattern[str]
    plain: str


@cache
def known_notes(spoken: str) -> dict[str, str]:
    """Read what each template becomes in a language."""
    text = files("loyalty_kit.reporting").joinpath("wording", f"notes.{spoken}.toml").read_text(encoding="utf-8")
    return {template: told for section in tomllib.loads(text).values() for template, told in section.items()}


def _labelled(text: Note, labels: Mapping[str, str]) -> Note:
    """Note that calls scales by their labels."""
    return note(text.template, **{name: _called(value, labels, name) for name, value in text.values.items()})


def _called(value: object, labels: Mapping[str, str], name: str) -> object:
    if isinstance(value, Note):
        return _labelled(value, labels)
    if name not in SCALES:
        return value
    return [labels.get(one, one) for one in value] if isinstance(value, list) else labels.get(str(value), value)


def _told(text: str, spoken: str) -> str:
    known = known_notes(spoken)
    if isinstance(text, Note) and text.template in known:
        return filled_in(known[text.template], _values(text.values, spoken))
    if text in known:
        return known[text]
    for pattern, plain in _entries(spoken):
        found = pattern.fullmatch(text)
        if found:
            return plain.format(**_values(found.groupdict(), spoken))
    return _one_by_one(text, spoken)


def _one_by_one(text: str, spoken: str) -> str:
    """Tell sentences that stand in a row, where each is known."""
    sentences = re.split(r"(?<=\.) (?=[A-Z])", text)
    if len(sentences) < 2:
        return text
    told = [_told(sentence, spoken) for sentence in sentences]
    return text if any(own == sentence for own, sentence in zip(told, sentences, strict=True)) else "".join(told)


def _values(values: Mapping[str, object], spoken: str) -> dict[str, object]:
    """Write what stands for the names: sentence parts are told, lists written out; other text is a name in the data."""
    return {name: _value(value, spoken, is_part=name in PARTS) for name, value in values.items()}


def _value(value: object, spoken: str, *, is_part: bool) -> object:
    if isinstance(value, Note) or (isinstance(value, str) and is_part):
        return _told(value, spoken)
    return _names(value, spoken) if isinstance(value, list) else value


def _names(names: list[object], spoken: str) -> str:
    known = known_notes(spoken)
    told = term("comma", language=spoken).join(known[NAME].format(name=name) for name in names[:MOST])
    return known[MORE].format(names=told, rest=len(names) - MOST) if len(names) > MOST else told


@cache
def _entries(spoken: str) -> tuple[_Entry, ...]:
    """Templates as patterns, those that say most first: tables keep notes as plain text."""
    size = {template: _letters(template) for template in known_notes(spoken) if "{" in template}
    order = sorted((template for template in size if size[template] >= FEWEST_LETTERS), key=size.__getitem__)
    known = known_notes(spoken)
    return tuple(_Entry(_pattern(template), re.sub(r":[^{}]*}", "}", known[template])) for template in order[::-1])


def _letters(template: str) -> int:
    return sum(mark.isalpha() for text, *_ in Formatter().parse(template) for mark in text)


def _pattern(template: str) -> re.Pattern[str]:
    pattern, seen = "", set[str]()
    for text, name, *_ in Formatter().parse(template):
        pattern += re.escape(text)
        if name:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+)"
            seen.add(name)
    return re.compile(pattern, re.DOTALL)
