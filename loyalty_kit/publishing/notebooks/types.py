"""Types that parameters may have, each as what pydantic checks values against."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path
from types import GenericAlias, NoneType
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

Scalar = bool | int | float | str


def _moment(value: Any) -> Any:
    """Moment of ISO text; a day is its midnight."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    day = isinstance(value, date) and not isinstance(value, datetime)
    return datetime.combine(value, time()) if day else value


def _from_text(kind: Callable[[str], Any]) -> BeforeValidator:
    return BeforeValidator(lambda value: kind(value) if isinstance(value, str) else value)


def _plain(value: Any) -> Any:
    """Value that code can write again: numbers, texts, days, moments, and lists and tables of these."""
    if isinstance(value, Mapping):
        if not all(isinstance(name, str | int) for name in value):
            raise ValueError("A name must be text or a whole number.")
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(part) for part in value)
    if not isinstance(value, Scalar | date | NoneType | Path) or (isinstance(value, float) and not isfinite(value)):
        raise ValueError("It must be plain data.")
    return value


KINDS: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "Path": Annotated[Path, _from_text(Path)],
    "date": Annotated[date, _from_text(date.fromisoformat)],
    "datetime": Annotated[datetime, BeforeValidator(_moment)],
}
"""Types of one value, by their names."""


def tuple_type(parts: tuple[Any, ...]) -> Any:
    """Tuple of such parts; a list, as TOML has it, stands for one."""
    kind = GenericAlias(tuple, parts)
    return Annotated[kind, BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]


def mapping_type(name: Any = None, part: Any = None) -> Any:
    """Type of a dict with such names and parts; with any plain data where not given."""
    if name is None:
        return Annotated[dict[Any, Any], AfterValidator(_plain)]
    # Names are text in JSON and TOML.
    return GenericAlias(dict, (Annotated[int, _from_text(int)] if name is int else name, part))
