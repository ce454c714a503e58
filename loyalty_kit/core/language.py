"""The language spoken, its phrases, and the forms of its numbers and dates: one mechanism for all that the kit says."""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date as Date
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import (
    ARMS,
    LINES,
    MOST,
    Message,
    called,
    filled_in,
    is_series,
    message,
    shown,
    spoken_labels,
)

LANGUAGES = ("en", "zh")
SPOKEN = "LOYALTY_KIT_LANGUAGE"
"""Environment variable with the language of this process; its children inherit it."""
MESSAGES = "messages"
"""Table of a file of phrases that translates messages, by their templates."""
SCALES = {"scale", "scales", "driver", "drivers", "outcome", "factors", "feature"}
"""Names in templates that stand for scales of the codebook."""

_PACKAGE = Path(__file__).parents[1]
_LATIN = re.compile("[A-Za-z]")
_SEAM = re.compile("(?<=[\u4e00-\u9fff])\0+(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])\0+(?=[\u4e00-\u9fff])")


def speak(language: str | None) -> None:
    """Say everything in this process, and in processes that it starts, in a language.

    Parameters
    ----------
    language : {'en', 'zh'} or None
        English or Chinese; None leaves the language as it is.

    Raises
    ------
    InputError
        If there is no catalogue of that language.
    """
    if language is not None:
        os.environ[SPOKEN] = _known(language, "language")


def language() -> str:
    """Language spoken: as `speak` said, else as the environment variable LOYALTY_KIT_LANGUAGE says, else 'en'."""
    return _known(os.environ.get(SPOKEN) or "en", SPOKEN)


def _known(language: str, name: str) -> str:
    if language not in LANGUAGES:
        template = "'{name}' must be one of {choices}; got {given}."
        raise InputError(template, name=name, choices=LANGUAGES, given=shown(language))
    return language


def phrase_files(language: str) -> list[Path]:
    """Files of a language's phrases: every `phrases/AREA.LANGUAGE.toml` of the package."""
    return sorted(_PACKAGE.glob(f"**/phrases/*.{_known(language, 'language')}.toml"))


def entries(file: Path) -> Iterator[tuple[str, str, str]]:
    """Section, key and phrase of each entry of a file; those above its sections have the section ''."""
    for section, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
        if isinstance(entry, dict):
            yield from ((section, key, phrase) for key, phrase in entry.items())
        else:
            yield "", section, entry


@cache
def _catalogue(language: str) -> tuple[dict[str, str], dict[str, str]]:
    """Phrases by 'section.key', and translations by template."""
    known: dict[str, str] = {}
    told: dict[str, str] = {}
    for file in phrase_files(language):
        for section, key, phrase in entries(file):
            if section == MESSAGES:
                told[key] = phrase
            else:
                known[f"{section}.{key}" if section else key] = phrase
    return known, told


def phrases(language: str) -> dict[str, str]:
    """Catalogue of a language: phrase by 'section.key'."""
    return _catalogue(language)[0]


def translations(language: str) -> dict[str, str]:
    """Give the translation of each template of a message; none in English."""
    return _catalogue(language)[1]


def translate(text: str, labels: Mapping[str, str] = MappingProxyType({}), *, language: str | None = None) -> str:
    """Message in the language of the report, looked up by its template.

    Parameters
    ----------
    text : str
        A warning, a method, an error: a `Message`; other text is somebody else's and stays as it is, unless a
        catalogue knows it whole.
    labels : mapping of str to str
        What the scales that a `Message` names are called in the report.
    language : {'en', 'zh'}, optional
        For what is written outside a notebook; else the language spoken.

    Returns
    -------
    str
        In English where the catalogue does not know the template, or its parts lie too deep.

    Examples
    --------
    >>> translate(message("Effect of {driver}", driver="price"), {"price": "Fair prices"})
    'Effect of Fair prices'
    >>> translate(message("'{name}' must be above 0; got {given}.", name="n", given="-1"), language="zh")
    '“n”必须大于 0；实际为：-1。'
    """
    spoken = _chosen(language)
    labels = labels or spoken_labels()
    named = _labelled(text, labels) if isinstance(text, Message) and labels else text
    try:
        return named if spoken == "en" else _translated(named, spoken)
    except RecursionError:
        return text


def _labelled(text: Message, labels: Mapping[str, str]) -> Message:
    """Message that calls scales by their labels."""
    return Message(text.template, {name: _called(value, labels, name) for name, value in text.values.items()})


def _called(value: object, labels: Mapping[str, str], name: str) -> object:
    if isinstance(value, Message):
        return _labelled(value, labels)
    if is_series(value):
        return [_called(part, labels, name) for part in value]  # type: ignore[attr-defined]
    if name not in SCALES | ARMS:
        return value
    return [labels.get(one, one) for one in value] if isinstance(value, list) else labels.get(str(value), value)


def _translated(text: str, spoken: str) -> str:
    known = translations(spoken)
    if not isinstance(text, Message):
        return known.get(text, text)
    if text.template == LINES:
        return "\n".join(_translated(line, spoken) for line in text.lines)
    values = {name: _value(value, spoken) for name, value in text.values.items()}
    return filled_in(known[text.template], values) if text.template in known else text


def _value(value: object, spoken: str) -> object:
    """Write what stands for a name: parts are translated, lists have the language's marks, other text stays."""
    if isinstance(value, Message):
        return _translated(value, spoken)
    if isinstance(value, list) and is_series(value):
        return term("semicolon", language=spoken).join(_translated(part, spoken) for part in value)
    if isinstance(value, list):
        return _names(value[:MOST], len(value) - MOST, spoken)
    return _names(list(value), 0, spoken) if isinstance(value, tuple) else value


def _names(names: list[Any], rest: int, spoken: str) -> str:
    named = term("comma", language=spoken).join(_translated(message("'{name}'", name=name), spoken) for name in names)
    return _translated(message("{names} and {rest} more", names=named, rest=rest), spoken) if rest > 0 else named


def term(key: str, /, *, language: Any = None, **values: object) -> str:
    """Heading, label or verdict of the catalogue with its values filled in.

    Parameters
    ----------
    key : str
        'section.key' in the catalogue.
    language : {'en', 'zh'}, optional
        For what is written outside a notebook; else the language spoken.
    **values : object
        What stands for the names in braces.

    Examples
    --------
    >>> term("column.scale", language="en"), term("column.scale", language="zh")
    ('Scale', '量表')
    """
    return filled(phrases(_chosen(language))[key], values, language=language)


def filled(phrase: str, values: Mapping[str, object], *, language: str | None = None) -> str:
    """Phrase with its values filled in; in Chinese a space stands between its words and Latin ones.

    Examples
    --------
    >>> filled("{a}与{b}", {"a": "Image", "b": "价格"}, language="zh")
    'Image 与价格'
    """
    if spoken_labels():
        values = {name: called(value) if name in ARMS else value for name, value in values.items()}
    if _chosen(language) != "zh":
        return phrase.format(**values)
    latin = {name for name, value in values.items() if isinstance(value, str) and _LATIN.search(value)}
    marked = {name: f"\0{value}\0" if name in latin else value for name, value in values.items()}
    return _SEAM.sub(" ", phrase.format(**marked)).replace("\0", "")


def _chosen(said: str | None) -> str:
    return language() if said is None else said


def in_a_row(names: Iterable[str], *, language: str | None = None) -> str:
    """Names in a row.

    Examples
    --------
    >>> in_a_row(["store", "web", "app"], language="en"), in_a_row(["门店", "网站", "应用"], language="zh")
    ('store, web and app', '门店、网站和应用')
    """
    *first, last = names
    if not first:
        return last
    ends = {"first": term("comma", language=language).join(first), "last": last}
    return filled(f"{{first}}{term('and', language=language)}{{last}}", ends, language=language)


def given(value: object) -> str:
    """Write the value of a parameter: a list as its entries, a table as its pairs, a dash where there is nothing.

    Examples
    --------
    >>> given(["channel = store", "wave = 2"]), given([]), given(None), given(0.95), given({"low": 1, "high": [2, 3]})
    ('channel = store, wave = 2', '–', '–', '0.95', 'low: 1, high: (2, 3)')
    """
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_inside(part)}" for name, part in value.items()) or "–"
    if isinstance(value, list | tuple):
        return ", ".join(map(_inside, value)) or "–"
    return "–" if value is None or value == "" else str(value)


def _inside(value: object) -> str:
    """Write a part of a value of several parts."""
    return f"({given(value)})" if isinstance(value, list | tuple | dict) else given(value)


def number(value: float, digits: int = 2) -> str:
    """Write a number with a true minus sign and no negative zero, alike in all languages.

    Examples
    --------
    >>> number(-0.304), number(-0.001)
    ('−0.30', '0.00')
    """
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def percent(share: float, digits: int = 0, *, language: str | None = None) -> str:
    r"""Write a share as a percentage, its parts kept on one line.

    Examples
    --------
    >>> percent(0.268, language="en"), percent(0.268, language="zh")
    ('27\xa0%', '27%')
    """
    return term("percent", language=language, number=number(100 * share, digits))


def level(confidence: float, *, language: str | None = None) -> str:
    r"""Write the level of an interval with the digits that it has.

    Examples
    --------
    >>> level(0.95, language="en"), level(0.999, language="zh")
    ('95\xa0%', '99.9%')
    """
    return term("percent", language=language, number=f"{100 * confidence:g}")


def probability(p: float, *, language: str | None = None) -> str:
    """Write a probability value.

    Examples
    --------
    >>> probability(0.00001, language="en"), probability(0.0312, language="en"), probability(0.0312, language="zh")
    ('p < .001', 'p = .031', 'p = 0.031')
    """
    text = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    return text.replace("0.", ".", 1) if _chosen(language) == "en" else text


def date(day: str | Date, *, language: str | None = None) -> str:
    """Write a date, given as such or as ISO text.

    Examples
    --------
    >>> date("2026-11-22", language="en"), date("2026-11-22", language="zh")
    ('22 November 2026', '2026年11月22日')
    """
    given = datetime.fromisoformat(day) if isinstance(day, str) else day
    names = term("months", language=language).split()
    return term("date", language=language, year=given.year, month=names[given.month - 1], day=given.day)


def moment(when: str | datetime, *, language: str | None = None) -> str:
    """Write a date with its hour and minute, given as such or as ISO text.

    Examples
    --------
    >>> moment("2026-11-22T06:30", language="en"), moment("2026-11-22T06:30", language="zh")
    ('22 November 2026, 06:30', '2026年11月22日 06:30')
    """
    given = datetime.fromisoformat(when) if isinstance(when, str) else when
    return term("moment", language=language, date=date(given, language=language), time=f"{given:%H:%M}")


def interval(
    low: float, high: float, *, n: int, confidence: float, digits: int = 2, language: str | None = None
) -> str:
    r"""Write an interval with its level and n; say so where there is none.

    Examples
    --------
    >>> interval(0.66, 0.77, n=250, confidence=0.95, language="en").replace("\xa0", " ")
    '95 % interval 0.66 to 0.77, n = 250'
    >>> interval(0.66, 0.77, n=250, confidence=0.95, language="zh").replace("\xa0", " ")
    '95% 置信区间 0.66 至 0.77，n = 250'
    """
    if not low <= high:
        return term("interval_none", language=language, n=f"{n:,}")
    ends = {"low": number(low, digits), "high": number(high, digits)}
    return term("interval", language=language, level=level(confidence, language=language), n=f"{n:,}", **ends)
