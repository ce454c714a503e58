"""A codebook's values as the text of a TOML file that people read: a table an entry, short ones on one line."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 100
_INLINE = frozenset({"labels", "columns", "options", "scales"})
"""Tables that stand on the line of their key where they are short enough."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
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
        line = f"{toml_key(key)} = {_inline(value)}"
        if isinstance(value, Mapping) and (key not in _INLINE or len(line) > WIDTH or not path):
            inner += _table(value, (*path, key))
        elif len(line) > WIDTH and isinstance(value, list | tuple):
            lines += [f"{toml_key(key)} = [", *(f"    {_inline(entry)}," for entry in value), "]"]
        else:
            lines.append(line)
    # A table that holds nothing but tables needs no line of its own.
    head = ["", f"[{'.'.join(map(toml_key, path))}]"] if path and (lines or not inner) else []
    return [*head, *lines, *inner]


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{toml_key(key)} = {_inline(held)}' for key, held in value.items())} }}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_inline, value))}]"
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
