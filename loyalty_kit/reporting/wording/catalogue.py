"""Computed sentences: the catalogue of phrases in each language, the language spoken, and how a notebook shows them."""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date as Date
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from loyalty_kit.errors import InputError
from loyalty_kit.messages import shown

if TYPE_CHECKING:
    import pandas as pd

LANGUAGES = ("en", "zh")
SPOKEN = "LOYALTY_KIT_LANGUAGE"
"""Environment variable with the language of this process; its children inherit it."""

Tone = Literal["plain", "answer", "warning"]

_LATIN = re.compile("[A-Za-z]")
_SEAM = re.compile("(?<=[\u4e00-\u9fff])\0+(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])\0+(?=[\u4e00-\u9fff])")


class Sentence(str):
    """A computed sentence; a notebook shows it as a paragraph, its text escaped."""

    tone: Tone

    def __new__(cls, text: str, tone: Tone = "plain") -> "Sentence":
        """Give text a tone: 'plain', 'answer' for a headline, 'warning' for what must not be missed."""
        sentence = super().__new__(cls, text)
        sentence.tone = tone
        return sentence

    def _repr_html_(self) -> str:
        kind = {"plain": "sentence", "answer": "answer", "warning": "sentence warning"}[self.tone]
        label = f"<strong>{term('warning_label')}</strong>{term('gap')}" if self.tone == "warning" else ""
        return f'<p class="{kind}">{label}{escape(self)}</p>'


class Passage(tuple[Sentence, ...]):
    """Computed sentences that stand together, a paragraph each."""

    def __str__(self) -> str:
        """Join the sentences into one text, without a space after a Chinese full stop."""
        return " ".join(self).replace("。 ", "。")

    def _repr_html_(self) -> str:
        return "".join(sentence._repr_html_() for sentence in self)


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
        raise InputError(
            "'{name}' must be one of {choices}; got {given}.", name=name, choices=list(LANGUAGES), given=shown(language)
        )
    return language


@cache
def phrases(language: str) -> dict[str, str]:
    """Catalogue of a language: phrase by 'section.key'."""
    _known(language, "language")
    text = files("loyalty_kit.reporting").joinpath("wording", f"{language}.toml").read_text(encoding="utf-8")
    catalogue: dict[str, str] = {}
    for key, entry in tomllib.loads(text).items():
        named: dict[str, Any] = entry if isinstance(entry, dict) else {"": entry}
        catalogue |= {f"{key}.{name}".rstrip("."): phrase for name, phrase in named.items()}
    return catalogue


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


def say(key: str, /, *, language: Any = None, **values: object) -> Sentence:
    """Sentence of the catalogue with its values filled in; parameters as in `term`.

    Examples
    --------
    >>> say("sample.all", n=250, language="en")
    'All 250 respondents in the file are used.'
    """
    return Sentence(term(key, language=language, **values))


def filled(phrase: str, values: Mapping[str, object], *, language: str | None = None) -> str:
    """Phrase with its values filled in; in Chinese a space stands between its words and Latin ones.

    Examples
    --------
    >>> filled("{a}与{b}", {"a": "Image", "b": "价格"}, language="zh")
    'Image 与价格'
    """
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
    """Write the value of a parameter: a list as its entries, a dash where there is nothing.

    Examples
    --------
    >>> given(["channel = store", "wave = 2"]), given([]), given(None), given(0.95)
    ('channel = store, wave = 2', '–', '–', '0.95')
    """
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    return "–" if value is None or value == "" else str(value)


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


def records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows of a table as mappings from column to value."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


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
        return term("interval_none", language=language, n=n)
    ends = {"low": number(low, digits), "high": number(high, digits)}
    return term("interval", language=language, level=level(confidence, language=language), n=n, **ends)
