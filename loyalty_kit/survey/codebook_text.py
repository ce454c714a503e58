"""A codebook's values: as the text of a TOML file that people read, with changes, and what is wrong with them."""

import re
from collections.abc import Collection, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from loyalty_kit.core.errors import nearest, plain_faults
from loyalty_kit.core.messages import Message, message, shown
from loyalty_kit.survey.entries import Group, Index, Item, Price, Response, Scale

_UNION_MEMBERS = ("dict[", "tuple[")
WIDTH = 100
_INLINE = frozenset({"labels", "levels", "columns", "options", "scales", "chances", "ladder"})
"""Tables that stand on the line of their key where they are short enough."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
Paths = Mapping[str, Sequence[str]]
"""For each scale that is explained, the scales that act on it directly."""
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def toml_text(values: Mapping[str, Any]) -> str:
    r"""TOML of nested tables, whose keys keep their order.

    Examples
    --------
    >>> print(toml_text({"title": "Spring", "items": {"Q1": {"min": 1.0, "labels": {"Yes, very": 5.0}}}}), end="")
    title = "Spring"
    <BLANKLINE>
    [items.Q1]
    min = 1
    labels = { "Yes, very" = 5 }
    """
    return "\n".join([*_table(values, ()), ""]).lstrip("\n")


def _table(values: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """Lines of a table: its own keys first, then the tables within it."""
    lines, inner = [], []
    for key, value in values.items():
        line = f"{toml_key(key)} = {toml_value(value)}"
        if isinstance(value, Mapping) and (key not in _INLINE or len(line) > WIDTH or not path):
            inner += _table(value, (*path, key))
        elif len(line) > WIDTH and isinstance(value, list | tuple):
            lines += [f"{toml_key(key)} = [", *(f"    {toml_value(entry)}," for entry in value), "]"]
        else:
            lines.append(line)
    # A table that holds nothing but tables needs no line of its own.
    head = ["", f"[{'.'.join(map(toml_key, path))}]"] if path and (lines or not inner) else []
    return [*head, *lines, *inner]


def toml_value(value: Any) -> str:
    """Value as TOML writes it on one line.

    Examples
    --------
    >>> toml_value({"min": 1.0, "labels": {"Yes": 5}}), toml_value(["a", 2])
    ('{ min = 1, labels = { Yes = 5 } }', '["a", 2]')
    """
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{toml_key(key)} = {toml_value(held)}' for key, held in value.items())} }}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value) if isinstance(value, int | float) else toml_string(str(value))


def toml_key(key: str) -> str:
    """Key as TOML writes it: in quotation marks where it holds more than letters, digits, - and _.

    Examples
    --------
    >>> toml_key("Q5_1"), toml_key("满意度")
    ('Q5_1', '"满意度"')
    """
    return key if _BARE.fullmatch(key) else toml_string(key)


def toml_string(text: str) -> str:
    r"""Text in quotation marks, with escapes for what may not stand between them.

    Examples
    --------
    >>> print(toml_string('He said "no"'))
    "He said \"no\""
    """
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(mark: str) -> str:
    if mark in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[mark]
    return mark if mark.isprintable() else f"\\u{ord(mark):04x}" if ord(mark) < 0x10000 else f"\\U{ord(mark):08x}"


def edited(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Values with changes, those of a table merged into it; a key with None is taken out."""
    changed = dict(values)
    for key, value in changes.items():
        if value is None:
            changed.pop(key, None)
        elif isinstance(value, Mapping):
            held = changed.get(key)
            changed[key] = edited(held if isinstance(held, Mapping) else {}, value)
        else:
            changed[key] = value.model_dump(exclude_defaults=True) if isinstance(value, BaseModel) else value
    return changed


def file_faults(error: ValidationError, name: str, whole: type[BaseModel]) -> list[Message]:
    """Say what pydantic found wrong in a codebook of that name; `whole` has the keys at its top."""
    faults = plain_faults(error.errors(include_url=False))
    return [_of_file(name, fault) for fault in dict.fromkeys(_fault(*fault, whole) for fault in faults)]


def _fault(detail: ErrorDetails, said: Message, whole: type[BaseModel]) -> Message:
    """One validation fault with the key's path, without its full stop."""
    path = ".".join(str(part) for part in detail["loc"] if not str(part).startswith(_UNION_MEMBERS))
    if detail["type"] == "extra_forbidden":
        guess = nearest(path.rpartition(".")[2], _known_keys(detail, whole))
        return message("key '{path}': {wrong}", path=path, wrong=message("no such key{guess}", guess=guess))
    if not isinstance(detail["input"], dict | BaseModel):
        said = message("{wrong}; got {value}", wrong=said, value=shown(detail["input"]))
    return message("key '{path}': {wrong}", path=path, wrong=said) if path else said


def _of_file(name: str, fault: Message) -> Message:
    """Sentence on a fault of the file."""
    if fault.endswith("?"):
        return message("The codebook '{file}', {faults}", file=name, faults=fault)
    return message("The codebook '{file}', {faults}.", file=name, faults=fault)


def in_turn(places: list[Message | str]) -> Message | str:
    """Places as 'here and in there'."""
    *others, last = places
    for home in others[::-1]:
        last = message("{home} and in {places}", home=home, places=last)
    return last


def _known_keys(detail: ErrorDetails, whole: type[BaseModel]) -> list[str]:
    models: dict[str, type[BaseModel]] = {"scales": Scale, "items": Item, "index": Index, "response": Response}
    models |= {"price": Price, "groups": Group}
    return list((models.get(str(detail["loc"][0]), whole) if len(detail["loc"]) > 1 else whole).model_fields)


def path_faults(paths: Paths, scales: Collection[str]) -> list[Message]:
    """Say what is wrong with a table of paths: a name that is no scale, one that stands twice, or a circle."""
    faults = []
    for target, sources in paths.items():
        if not sources:
            faults.append(message("paths.{target} names no scale that acts on it", target=target))
        for name in dict.fromkeys((target, *sources)):
            if name not in scales:
                hint = nearest(name, scales)
                told = message(
                    "paths.{target} needs '{scale}', which is no scale{guess}", target=target, scale=name, guess=hint
                )
                faults.append(told)
            if list(sources).count(name) > 1:
                faults.append(message("paths.{target} names '{scale}' twice", target=target, scale=name))
    circle = _circle(paths)
    if circle:
        faults.append(message("paths run in a circle, {circle}: take one of them out", circle=" → ".join(circle)))
    return faults


def _circle(paths: Paths) -> list[str]:
    """Scales of a circle, the first again at the end; none where there is no circle."""
    try:
        TopologicalSorter(paths).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
