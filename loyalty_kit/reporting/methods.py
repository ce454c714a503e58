"""How a result was computed: formula, settings and source, from the catalogue and from the result's own fields.

A class of results needs no function for it: phrases by its name, in any catalogue, are all. 'computed.CLASS' says in
words what was done, 'formula.CLASS' and 'source.CLASS' are added where they are known; 'CLASS.VIEW' adds what holds
for one view alone. Of the result's fields those are told whose names stand under 'setting'.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date as Date
from string import Formatter
from typing import Any

import numpy as np

from loyalty_kit.core.language import date, given, language, level, phrases, term, translate
from loyalty_kit.core.messages import Message

SECTION = "computed"
METHOD = "method"
"""View of every result that has such phrases."""

_LEVELS = {"confidence", "power", "quantile"}


def method_of(result: Any, view: str | None = None) -> tuple[str, ...]:
    """Say how a view of a result was computed.

    Parameters
    ----------
    result : result of an analysis
        Its fields are the settings that are told.
    view : str, optional
        Which view; where not given, all that is known of the class.

    Returns
    -------
    tuple of str
        A paragraph each, in the language of the report; none where the catalogue knows nothing of the class.
    """
    known, name = phrases(language()), type(result).__name__
    own = [key.removeprefix(f"{SECTION}.") for key in known if key.startswith(f"{SECTION}.{name}.")]
    views = [f"{name}.{view}"] if view else own
    keys = [key for key in (name, *views) if f"{SECTION}.{key}" in known]
    if not keys:
        return ()
    told = [_filled(known[f"{SECTION}.{key}"], result) for key in keys]
    formulas = [known[f"formula.{key}"] for key in keys if f"formula.{key}" in known]
    settings = list(_settings(result, known))
    sources = dict.fromkeys(known[f"source.{key}"] for key in keys if f"source.{key}" in known)
    ends = {"formula": formulas, "settings": settings, "source": list(sources)}
    separator = term("semicolon")
    return (*told, *(term(f"explained.{end}", told=separator.join(parts)) for end, parts in ends.items() if parts))


def has_method(result: type, view: str) -> bool:
    """Whether the catalogue says how a view of a class of results is computed."""
    known = phrases("en")
    return any(f"{SECTION}.{key}" in known for key in (result.__name__, f"{result.__name__}.{view}"))


def _settings(result: Any, known: dict[str, str]) -> Iterator[str]:
    """Write the fields of a result that the catalogue has a word for, with the values of this run."""
    for field in fields(result) if is_dataclass(result) else ():
        value = getattr(result, field.name)
        told = f"setting.{field.name}" in known and not isinstance(value, np.ndarray)
        if told and not (isinstance(value, str) and not value):
            labels = getattr(result, "labels", None)
            named = labels.get(value, value) if isinstance(labels, Mapping) and isinstance(value, str) else value
            yield known[f"setting.{field.name}"].format(value=_written(field.name, named).rstrip(".。"))


def _filled(phrase: str, result: Any) -> str:
    """Phrase with the fields of the result that it names."""
    names = {name for _, name, _, _ in Formatter().parse(phrase) if name}
    return phrase.format(**{name: _written(name, getattr(result, name)) for name in names})


def _written(name: str, value: Any) -> str:
    if name in _LEVELS:
        return level(value)
    if isinstance(value, Date):
        return date(value)
    if isinstance(value, bool):
        return term(f"explained.{'yes' if value else 'no'}")
    if isinstance(value, int):
        return f"{value:,}"
    return translate(value) if isinstance(value, Message) else given(value)
