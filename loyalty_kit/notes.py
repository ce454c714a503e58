"""Sentences of the analyses that keep what they were made of, so that a report can say them in its own language."""

from collections.abc import Mapping
from numbers import Real
from string import Formatter
from typing import Any

from loyalty_kit.errors import listing


class Note(str):
    """A sentence with the template and the values that it was made from."""

    template: str
    values: dict[str, object]


def note(template: str, **values: object) -> Note:
    """Sentence of a template with its values filled in.

    Parameters
    ----------
    template : str
        English sentence with names in braces; catalogues of other languages know it by this text.
    **values : object
        What stands for the names; a list of names is written in quotation marks, the first few of many.

    Returns
    -------
    Note
        The English sentence, a str.

    Examples
    --------
    >>> told = note("Left out: item {items}.", items=["L3", "L4"])
    >>> told, told.template
    ("Left out: item 'L3', 'L4'.", 'Left out: item {items}.')
    """
    told = Note(filled_in(template, {name: _written(value) for name, value in values.items()}))
    told.template = template
    told.values = values
    return told


def filled_in(template: str, values: Mapping[str, object]) -> str:
    """Template with its values filled in, numbers as `figure` writes them.

    Examples
    --------
    >>> filled_in("{name}: {low:.2f} to {high:+.1f}", {"name": "-1", "low": -0.304, "high": -0.04})
    '-1: −0.30 to +0.0'
    """
    return _FIGURES.vformat(template, (), values)


def figure(value: Real | float, form: str) -> str:
    """Write a number in a format such as '.2f', with a true minus sign and no negative zero.

    Examples
    --------
    >>> figure(-0.304, ".2f"), figure(-0.001, ".2f"), figure(1e-5, ".1g")
    ('−0.30', '0.00', '1e-05')
    """
    text = format(value, form)
    if not text.startswith("-"):
        return text
    return f"−{text[1:]}" if text.strip("-0.%") else ("+" if form.startswith("+") else "") + text[1:]


class _Figures(Formatter):
    """Formats with numbers written as `figure` does."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return figure(value, format_spec) if isinstance(value, Real) else format(value, format_spec)


_FIGURES = _Figures()


def _written(value: object) -> object:
    return listing(value) if isinstance(value, list) else value
