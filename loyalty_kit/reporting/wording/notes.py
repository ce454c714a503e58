"""Sentences that the kit wrote itself, notes and errors, told in the language of the report."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import Any, NamedTuple

from loyalty_kit.messages import filled_in, message
from loyalty_kit.reporting.wording.catalogue import Passage, Sentence, term
from loyalty_kit.reporting.wording.catalogue import language as spoken_here

NAME, MORE = "'{name}'", "{names} and {rest} more"
"""How a list of names is written, and the rest of a long one."""
MOST = 8
PARTS = {"method", "plan", "found", "verdict", "handled", "tail", "where", "why", "message", "p"}
"""Names in templates that stand for parts of a sentence, also where a table kept these as plain text."""
SCALES = {"scale", "scales", "driver", "drivers", "outcome", "factors"}
"""Names in templates that stand for scales of the codebook."""
FEWEST_LETTERS = 4
"""Letters that a template needs to be recognised in plain text: '{a}, {b}' would be found everywhere."""
NUMBERS = {"n", "number", "row", "count", "least", "most", "low", "high"}
"""Names in templates that stand for numbers: a name in the data may hold a whole sentence, a number no space."""
LISTING = re.compile(r"'(.+?)'(?: and (\d+) more)?", re.DOTALL)
"""Names as `errors.listing` writes them."""


def tell(text: str, labels: Mapping[str, str] = MappingProxyType({}), *, language: str | None = None) -> str:
    """Text of an analysis or an error in the language of the report.

    Parameters
    ----------
    text : str
        A warning, a method, a verdict: a `Note`, or the plain text of one, as tables keep it; or a line of an error.
    labels : mapping of str to str
        What the scales that a `Note` names are called in the report.
    language : {'en', 'zh'}, optional
        For what is written outside a notebook; else the language spoken.

    Returns
    -------
    str
        As it is where the language is English, the catalogue does not know it or its parts lie too deep.

    Examples
    --------
    >>> tell("classical errors")
    'classical errors'
    >>> tell(note("Effect of {driver}", driver="price"), {"price": "Fair prices"})
    'Effect of Fair prices'
    >>> tell("'n' must be above 0; got -1.", language="zh")
    '“n”必须大于 0；实际为：-1。'
    """
    spoken = language or spoken_here()
    named = _labelled(text, labels) if isinstance(text, Note) and labels else text
    try:
        return named if spoken == "en" else _told(named, spoken)
    except RecursionError:
        return text


def describe_only(only: Sequence[str]) -> Passage:
    """Say which rows of the file the report is about; nothing where it is about all.

    Examples
    --------
    >>> str(describe_only(["channel = store"]))
    "Only rows with 'channel = store' are used."
    """
    kept = [message("Only rows with {conditions} are used.", conditions=list(only))] if only else []
    return Passage(Sentence(tell(text)) for text in kept)


class _Entry(NamedTuple):
    """A template, its text before, between and after the names, and its translation without the numbers' formats."""

    template: str
    texts: tuple[str, ...]
    plain: str

    def may_be(self, text: str) -> bool:
        """Whether its own text stands there in order; most patterns need not even be compiled."""
        first, *between, last = self.texts
        place = len(first)
        for own in between:
            place = text.find(own, place) + len(own)
            if place < len(own):
                return False
        return text.startswith(first) and text.endswith(last)


@cache
def known_notes(spoken: str) -> dict[str, str]:
    """Read what each template of an analysis becomes in a language."""
    return {template: told for section in _sections("notes", spoken).values() for template, told in section.items()}


@cache
def known_errors(spoken: str) -> dict[str, str]:
    """Read what each error becomes in a language; the names in these templates are the catalogue's own."""
    sections = {name: section for name, section in _sections("errors", spoken).items() if name != "parts"}
    return {template: told for section in sections.values() for template, told in section.items()}


@cache
def known_parts(spoken: str) -> dict[str, dict[str, str]]:
    """Read the phrases that can stand for a name in the templates of errors, by that name."""
    parts: dict[str, dict[str, str]] = _sections("errors", spoken)["parts"]
    return parts


def _sections(catalogue: str, spoken: str) -> dict[str, dict[str, Any]]:
    file = files("loyalty_kit.reporting").joinpath("wording", f"{catalogue}.{spoken}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


@cache
def _known(spoken: str, part: str) -> dict[str, str]:
    return known_parts(spoken)[part] if part else known_notes(spoken) | known_errors(spoken)


def _labelled(text: Note, labels: Mapping[str, str]) -> Note:
    """Note that calls scales by their labels."""
    return message(text.template, **{name: _called(value, labels, name) for name, value in text.values.items()})


def _called(value: object, labels: Mapping[str, str], name: str) -> object:
    if isinstance(value, Note):
        return _labelled(value, labels)
    if name not in SCALES:
        return value
    return [labels.get(one, one) for one in value] if isinstance(value, list) else labels.get(str(value), value)


def _told(text: str, spoken: str, part: str = "") -> str:
    """Text told as a sentence or, where a part is named, as one of its phrases."""
    known, before = _known(spoken, part), ""
    if isinstance(text, Note) and text.template in known:
        return filled_in(known[text.template], _values(text.values, spoken))
    while text not in known:
        found = _found(text, spoken, part)
        if found is None:
            return before + (text if part else _one_by_one(text, spoken))
        values = {name: _read(found[1], name, spoken) for name in found[1].groupdict() if name != part}
        if part not in found[1].groupdict():
            return before + found[0].format(**values)
        # A part that ends in itself is told in turns: a codebook may have more faults than calls can be nested.
        before, text = before + found[0].format(**values, **{part: ""}), found[1][part]
    return before + known[text]


def _found(text: str, spoken: str, part: str) -> tuple[str, re.Match[str]] | None:
    """Find the template that says most of those that fit: its translation, and what stands for its names."""
    for entry in _entries(spoken, part):
        match = _pattern(entry.template, spoken).fullmatch(text) if entry.may_be(text) else None
        if match:
            return entry.plain, match
    return None


def _read(found: re.Match[str], name: str, spoken: str) -> str:
    """Tell what stands for a name in plain text: a part, or names as they are, a list of them with its own marks."""
    value, before = found[name], found.string[: found.start(name)]
    if name in PARTS or name in known_parts(spoken):
        return _told(value, spoken, "" if name in PARTS else name)
    listed = LISTING.fullmatch(value)
    if listed is None or before.endswith("'"):
        return value
    return _names(listed[1].split("', '"), int(listed[2] or 0), spoken)


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
    return _names(value[:MOST], len(value) - MOST, spoken) if isinstance(value, list) else value


def _names(names: list[Any], rest: int, spoken: str) -> str:
    known = known_notes(spoken)
    told = term("comma", language=spoken).join(known[NAME].format(name=name) for name in names)
    return known[MORE].format(names=told, rest=rest) if rest > 0 else told


@cache
def _entries(spoken: str, part: str) -> tuple[_Entry, ...]:
    """Templates with names in them, those that say most first."""
    entries = []
    for template, told in _known(spoken, part).items():
        marked = "".join(text + ("\0" if name else "") for text, name, *_ in Formatter().parse(template))
        if "\0" in marked and (part or _letters(marked) >= FEWEST_LETTERS):
            entries.append(_Entry(template, tuple(marked.split("\0")), re.sub(r":[^{}]*}", "}", told)))
    return tuple(sorted(entries, key=lambda entry: (_letters("".join(entry.texts)), len("".join(entry.texts))))[::-1])


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


@cache
def _pattern(template: str, spoken: str) -> re.Pattern[str]:
    pattern, seen = "", set[str]()
    for text, name, *_ in Formatter().parse(template):
        pattern += re.escape(text)
        if name:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>{_phrases(name, spoken, ())})"
            seen.add(name)
    return re.compile(pattern, re.DOTALL)


def _phrases(name: str, spoken: str, within: tuple[str, ...]) -> str:
    """Pattern of what can stand for a name: one of its phrases, or anything; also where a part holds itself."""
    parts = known_parts(spoken)
    phrases = parts.get(name, {})
    # A part that may be any text needs no pattern of its phrases, which would only be slow.
    anything = any(re.fullmatch(r"{\w+}", phrase) and phrase[1:-1] not in parts for phrase in phrases)
    if not phrases or anything or name in within:
        return r"[^\s']+?" if name in NUMBERS else ".+?"
    return "|".join(
        "".join(
            re.escape(text) + (f"(?:{_phrases(inner, spoken, (*within, name))})" if inner else "")
            for text, inner, *_ in Formatter().parse(template)
        )
        for template in phrases
    )
