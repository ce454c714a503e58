"""Computed sentences: the catalogue of phrases and how a notebook shows them."""

import tomllib
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Literal

import pandas as pd

Tone = Literal["plain", "answer", "warning"]


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
        label = "<strong>Warning:</strong> " if self.tone == "warning" else ""
        return f'<p class="{kind}">{label}{escape(self)}</p>'


class Passage(tuple[Sentence, ...]):
    """Computed sentences that stand together, a paragraph each."""

    def __str__(self) -> str:
        """Join the sentences into one text."""
        return " ".join(self)

    def _repr_html_(self) -> str:
        return "".join(sentence._repr_html_() for sentence in self)


@cache
def phrases(language: str = "en") -> dict[str, str]:
    """Catalogue of a language: phrase by 'section.key'."""
    text = files("loyalty_kit.reporting").joinpath("wording", f"{language}.toml").read_text(encoding="utf-8")
    catalogue: dict[str, str] = {}
    for key, entry in tomllib.loads(text).items():
        named: dict[str, Any] = entry if isinstance(entry, dict) else {"": entry}
        catalogue |= {f"{key}.{name}".rstrip("."): phrase for name, phrase in named.items()}
    return catalogue


def say(phrase: str, **values: object) -> Sentence:
    """Sentence of the catalogue with its values filled in.

    Examples
    --------
    >>> say("sample.all", n=250)
    'All 250 respondents in the file are used.'
    """
    return Sentence(phrases()[phrase].format(**values))


def in_a_row(names: Iterable[str]) -> str:
    """Names in a row.

    Examples
    --------
    >>> in_a_row(["store", "web", "app"])
    'store, web and app'
    """
    *first, last = names
    return ", ".join(first) + (phrases()["and"] if first else "") + last


def number(value: float, digits: int = 2) -> str:
    """Write a number with a true minus sign and no negative zero.

    Examples
    --------
    >>> number(-0.304), number(-0.001)
    ('−0.30', '0.00')
    """
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def percent(share: float, digits: int = 0) -> str:
    r"""Write a share as a percentage, its parts kept on one line.

    Examples
    --------
    >>> percent(0.268)
    '27\xa0%'
    """
    return f"{number(100 * share, digits)}\N{NO-BREAK SPACE}%"


def probability(p: float) -> str:
    """Write a probability value.

    Examples
    --------
    >>> probability(0.00001), probability(0.0312)
    ('p < .001', 'p = .031')
    """
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as mappings from column to value."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def interval(low: float, high: float, *, n: int, confidence: float, digits: int = 2) -> str:
    r"""Write an interval with its level and n; say so where there is none.

    Examples
    --------
    >>> interval(0.66, 0.77, n=250, confidence=0.95).replace("\xa0", " ")
    '95 % interval 0.66 to 0.77, n = 250'
    """
    if not low <= high:
        return str(say("interval_none", n=n))
    level = f"{100 * confidence:g}\N{NO-BREAK SPACE}%"
    return str(say("interval", level=level, low=number(low, digits), high=number(high, digits), n=n))
