"""Sentences as data: each keeps its template and values, so that any language can say it in whatever process."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Integral, Real
from string import Formatter
from types import MappingProxyType
from typing import Any

LINES = "{lines}"
"""Template of several messages, a line each."""
SERIES = "; "
"""What stands in English between messages that one value holds."""
MOST = 8
"""Names of a list that are written out."""

_DATA = ("template", "values")
ARMS = {"arm", "arms", "best", "reference", "control", "versus", "metric", "metrics"}
"""Names in phrases and messages for which a label may stand."""
_LABELS: ContextVar[Mapping[str, str]] = ContextVar("labels", default=MappingProxyType({}))


class Message(str):
    """An English sentence, or a part of one, with the template and the values that it was made from.

    Parameters
    ----------
    template : str
        English with names in braces; catalogues of other languages know it by this text. Without values it is
        the sentence itself.
    values : mapping of str to object
        Numbers, text that is shown as it is (names in the data), lists of names, and messages, which are parts
        that are translated themselves.
    """

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, values: Mapping[str, object] = MappingProxyType({})) -> "Message":
        """Fill the template in."""
        kept = {name: _kept(value) for name, value in values.items()}
        if template == LINES:
            text = "\n".join(_listed(kept["lines"]))
        else:
            text = filled_in(template, {name: _written(value) for name, value in kept.items()})
        made = super().__new__(cls, text)
        made.template, made.values = str(template), kept
        return made

    def __reduce__(self) -> tuple[type, tuple[str, dict[str, object]]]:
        """Pickle and copy it as what it was made from."""
        return Message, (self.template, self.values)

    @property
    def lines(self) -> tuple["Message", ...]:
        """The messages that `together` put into this one; else itself alone."""
        return tuple(_listed(self.values["lines"])) if self.template == LINES else (self,)


def message(template: str, /, **values: object) -> Message:
    """Sentence of a template with its values filled in.

    Parameters
    ----------
    template : str
        English with names in braces; every one has its translation in `phrases/*.toml`.
    **values : object
        What stands for the names: a list of names is written in quotation marks, the first eight of many, a tuple
        whole; a list of messages with semicolons; anything but numbers and messages as its text.

    Returns
    -------
    Message
        The English sentence, a str.

    Examples
    --------
    >>> told = message("Left out: item {items}.", items=["L3", "L4"])
    >>> told, told.template
    ("Left out: item 'L3', 'L4'.", 'Left out: item {items}.')
    """
    return Message(template, values)


def foreign(text: object) -> Message:
    """Words of the system or of a library: in another language where a catalogue knows this very text.

    Examples
    --------
    >>> foreign("Permission denied").template
    'Permission denied'
    """
    return Message(str(text))


def together(messages: Iterable[str]) -> Message:
    r"""Several sentences as one message, a line each.

    Examples
    --------
    >>> str(together([message("One."), message("Two.")]))
    'One.\nTwo.'
    """
    several = [text if isinstance(text, Message) else foreign(text) for text in messages]
    return several[0] if len(several) == 1 else Message(LINES, {"lines": several})


def joined(first: str, *rest: str) -> str:
    """Sentences that stand in a row, as one message.

    Examples
    --------
    >>> joined(message("One."), message("Two."))
    'One. Two.'
    """
    for second in rest:
        first = message("{first} {second}", first=first, second=second)
    return first


def shown(value: object) -> object:
    """Write what was got instead, as Python writes it; text in the quotation marks of the language.

    Examples
    --------
    >>> shown(0.5), shown("varimx")
    ('0.5', "'varimx'")
    """
    text = repr(value)
    if isinstance(value, str) and text.startswith("'"):
        return message("'{name}'", name=text[1:-1])
    return text


def filled_in(template: str, values: Mapping[str, object]) -> str:
    """Template with its values filled in, numbers as `figure` writes them; as it is where there are none.

    Examples
    --------
    >>> filled_in("{name}: {low:.2f} to {high:+.1f}", {"name": "-1", "low": -0.304, "high": -0.04})
    '-1: −0.30 to +0.0'
    """
    return _FIGURES.vformat(template, (), values) if values else str(template)


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


def listing(names: Iterable[object], most: int = MOST) -> str:
    """Names in quotes, the first few of many.

    Examples
    --------
    >>> listing(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    quoted = [f"'{name}'" for name in names]
    rest = len(quoted) - most
    return ", ".join(quoted[:most]) + (f" and {rest} more" if rest > 0 else "")


def few(names: Sequence[object], most: int) -> object:
    """Value of a message that writes out so many of its names.

    Examples
    --------
    >>> message("Items {items}.", items=few(["a", "b", "c"], 2))
    "Items 'a', 'b' and 1 more."
    """
    rest = len(names) - most
    return message("{names} and {rest} more", names=tuple(names[:most]), rest=rest) if rest > 0 else tuple(names)


def dumps(said: str) -> str:
    """Text that can stand in a file or a column: a message as JSON, any other text as it is.

    Examples
    --------
    >>> dumps(message("{n} rows", n=3)), dumps("It broke.")
    ('{"template": "{n} rows", "values": {"n": 3}}', 'It broke.')
    """
    return json.dumps(_data(said)) if isinstance(said, Message) else said


def loads(text: str) -> str:
    """Message of what `dumps` wrote; any other text as it is.

    Examples
    --------
    >>> loads('{"template": "{n} rows", "values": {"n": 3}}')
    '3 rows'
    """
    if not text.startswith('{"template": '):
        return text
    try:
        found = _value(json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return text
    return found if isinstance(found, Message) else text


class RareName(str):
    """Name that hardly anybody shares: a sentence may tell it to who has the data, but nothing shows it."""

    instead: str

    def __new__(cls, name: str, instead: str) -> "RareName":
        """Name with what is shown instead of it."""
        rare = super().__new__(cls, name)
        rare.instead = instead
        return rare


def on_display(sentence: str) -> str:
    """Sentence without the rare names in it.

    Examples
    --------
    >>> left_out = message("Group '{level}' is left out.", level=RareName("alice", "(n < 5)"))
    >>> left_out, on_display(left_out)
    ("Group 'alice' is left out.", "Group '(n < 5)' is left out.")
    """
    return str(_without_rare(sentence))


def _without_rare(value: object) -> object:
    if isinstance(value, RareName):
        return value.instead
    if isinstance(value, Message):
        return Message(value.template, {name: _without_rare(part) for name, part in value.values.items()})
    return [_without_rare(part) for part in value] if isinstance(value, list) else value


class _Figures(Formatter):
    """Formats with numbers written as `figure` does."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return figure(value, format_spec) if isinstance(value, Real) else format(value, format_spec)


_FIGURES = _Figures()


def is_series(value: object) -> bool:
    """Whether a value holds messages, as against names."""
    return isinstance(value, list) and any(isinstance(part, Message) for part in value)


def _listed(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _kept(value: object) -> object:
    return value if value is None or isinstance(value, str | Real | list | tuple) else str(value)


def _written(value: object) -> object:
    """Write a value in English; numbers are left to the template's format."""
    if is_series(value):
        return SERIES.join(_listed(value))
    if isinstance(value, list | tuple):
        return listing(value, len(value) if isinstance(value, tuple) else MOST)
    return value


def _data(value: object) -> Any:
    """Write a value as JSON knows it, without the numbers that JSON has no word for."""
    if isinstance(value, Message):
        return {"template": value.template, "values": {name: _data(part) for name, part in value.values.items()}}
    if isinstance(value, list):
        return [_data(part) for part in value]
    if isinstance(value, tuple):
        return {"all": [_data(part) for part in value]}
    if isinstance(value, Real) and not isinstance(value, bool):
        number = int(value) if isinstance(value, Integral) else float(value)
        return number if math.isfinite(number) else {"number": str(number)}
    return value if value is None or isinstance(value, bool) else str(value)


def _value(data: Any) -> object:
    """Read a value of `_data`."""
    if isinstance(data, list):
        return [_value(part) for part in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == set(_DATA):
        return Message(str(data["template"]), {str(name): _value(part) for name, part in data["values"].items()})
    if data.keys() == {"all"}:
        return tuple(_value(part) for part in data["all"])
    return float(data["number"])


@contextmanager
def labelled(labels: Mapping[str, str] | None) -> Iterator[None]:
    """Call arms and metrics by these labels in what is said, laid out and drawn meanwhile."""
    # Of other results `labels` may be the segment of each row.
    token = _LABELS.set(labels if isinstance(labels, Mapping) else {})
    try:
        yield
    finally:
        _LABELS.reset(token)


def called(name: Any) -> Any:
    """Label of an arm or a metric in what is said at present; the name itself where it has none.

    Examples
    --------
    >>> with labelled({"coupon": "Coupon 5 €"}):
    ...     called("coupon"), called("points")
    ('Coupon 5 €', 'points')
    """
    labels = _LABELS.get()
    return labels.get(str(name), name) if labels else name


def spoken_labels() -> Mapping[str, str]:
    """Labels that hold at present."""
    return _LABELS.get()
