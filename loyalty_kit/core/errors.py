"""Errors that a reader understands: one sentence that says what is wrong, where, what was got and what is allowed."""

import difflib
import os
import re
import tomllib
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from loyalty_kit.core.messages import Message, dumps, foreign, message, together

Found = TypeVar("Found")

ANONYMOUS = "LOYALTY_KIT_ANONYMOUS"
"""Environment variable that a rendering kernel carries: errors then name rows, never respondents."""


def anonymous() -> bool:
    """Whether this process builds a report, in which nobody may be named."""
    return bool(os.environ.get(ANONYMOUS))


_IN_TOML = {
    "tuple_type": message("must be a list, [ … ]"),
    "dict_type": message("must be a table, { name = value }"),
    "model_type": message("must be a table, { name = value }"),
    "string_type": message("must be text in quotation marks"),
    "float_type": message("must be a number"),
    "missing": message("is required"),
    "too_short": message("needs at least one entry"),
}
"""Types of pydantic's faults, in the words of the file that holds them."""

_FLAWS = (
    *("Expected {mark}", "Found invalid character {mark}", "Illegal character {mark}", "Cannot declare {key} twice"),
    *("Cannot mutate immutable namespace {key}", "Cannot redefine namespace {key}", "Duplicate inline table key {key}"),
)
"""What tomllib says of a place, where it names something there."""
_PLACE = re.compile(r"(.+) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)

_MARK = r"""('[^']+'|"'"|\S+)"""


class InputError(ValueError):
    """Input that the kit refuses, in one sentence.

    Parameters
    ----------
    template : str or Message
        The sentence with names in braces, which catalogues know; it may name a respondent.
    anonymous : Message, optional
        The same sentence with row numbers in place of respondents; shown wherever a report is built.
    **values : object
        What stands for the names, as in `messages.message`.
    """

    def __init__(self, template: str, /, *, anonymous: str | None = None, **values: object) -> None:
        self.message = template if isinstance(template, Message) else Message(template, values)
        super().__init__(self.message)
        self.anonymous = self.message if anonymous is None else together([anonymous])

    def __str__(self) -> str:
        """Sentence for this process: without respondents where a report is being built."""
        return self.said

    @property
    def said(self) -> Message:
        """Message for this process: without respondents where a report is being built."""
        return self.anonymous if anonymous() else self.message

    def __repr__(self) -> str:
        """Class and sentence, as this process may see it."""
        return f"{type(self).__name__}({str(self)!r})"

    @property
    def _render_traceback_(self) -> Callable[[], list[str]]:
        """What IPython asks for an account; it finds none, and gives its own, where no report is built."""
        if not anonymous():
            raise AttributeError("_render_traceback_")
        return self._account

    def _account(self) -> list[str]:
        """Where this error passed, from below IPython on, and how it ends.

        What else went wrong, notes and values are left out: they may quote data.
        """
        passed = [(Path(frame.filename), frame) for frame in traceback.extract_tb(self.__traceback__)[1:]]
        where = [f"{'/'.join(file.parts[-2:])}, line {at.lineno}, in {at.name}\n    {at.line}" for file, at in passed]
        return [*where, *self.ending()]

    def ending(self) -> list[str]:
        """Last lines of its account in a report: its sentence after its full name, and its message as data."""
        return [f"{type(self).__module__}.{type(self).__qualname__}: {self.anonymous}", dumps(self.anonymous)]


class GroupsError(InputError):
    """Groups that cannot be compared: there are fewer than two, or too few of them are large enough."""


class TooLittleError(InputError):
    """Data that carry too little for one analysis: a report drops its section, says why, and goes on."""


def attempt(analysis: Callable[..., Found], /, *parts: object, **options: object) -> "Found | TooLittleError":
    """Give the result of an analysis, or why the data carry too little for it, which a report then says in its place.

    Parameters
    ----------
    analysis : callable
        An analysis, as `lk.segments` or `lk.results.SegmentsResult.structure`.
    *parts, **options : object
        What it takes. Where one of these is itself a reason why not, it is the answer.

    Returns
    -------
    result of the analysis, or TooLittleError

    Examples
    --------
    >>> def halved(value):
    ...     if value < 2:
    ...         raise TooLittleError("Nothing to halve.")
    ...     return value / 2
    >>> attempt(halved, 8), attempt(halved, attempt(halved, 1))
    (4.0, TooLittleError('Nothing to halve.'))
    """
    for part in (*parts, *options.values()):
        if isinstance(part, TooLittleError):
            return part
    try:
        return analysis(*parts, **options)
    except TooLittleError as error:
        return error


class UnreadableError(InputError):
    """A file that cannot be read at all, as against one that holds something wrong."""


def read_toml(path: Path, what: Message) -> dict[str, Any]:
    """Read a TOML file; `what` is what errors call it, as in 'The codebook'."""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise UnreadableError("{what} '{path}' does not exist.", what=what, path=path) from None
    except OSError as error:
        cause = foreign(error.strerror)
        raise UnreadableError("{what} '{path}' cannot be read: {cause}.", what=what, path=path, cause=cause) from None
    except UnicodeDecodeError:
        template = "{what} '{path}' is not UTF-8 text; save it as UTF-8."
        raise UnreadableError(template, what=what, path=path) from None
    return parse_toml(text, message("{what} '{path}'", what=what, path=path.name))


def parse_toml(text: str, where: Message) -> dict[str, Any]:
    """Parse TOML text; `where` is what errors call it."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Beside its own error tomllib lets through those of numbers too long and of brackets too deep.
        raise UnreadableError("{where} is not TOML: {syntax}.", where=where, syntax=_syntax(str(error))) from None


def _syntax(said: str) -> Message:
    """Tell what tomllib said, and of which place."""
    found = _PLACE.fullmatch(said.rstrip("."))
    if found is None:
        return foreign(said.rstrip("."))
    flaw, line, column = found.groups()
    if line is None:
        return message("{flaw} (at end of document)", flaw=_flaw(flaw))
    return message("{flaw} (at line {line}, column {column})", flaw=_flaw(flaw), line=line, column=column)


def _flaw(said: str) -> Message:
    for template in _FLAWS:
        before, name, after = re.split(r"{(\w+)}", template)
        what = "(.+)" if name == "key" else _MARK
        if found := re.fullmatch(before + what + after, said, re.DOTALL):
            return Message(template, {name: found[1]})
    return foreign(said)


def rows(count: int) -> Message:
    """Say a number of rows.

    Examples
    --------
    >>> rows(1), rows(12)
    ('1 row', '12 rows')
    """
    return message("1 row") if count == 1 else message("{n} rows", n=count)


def kind(value: object) -> str:
    """Name the type of a value in a refusal.

    Examples
    --------
    >>> kind([1]), kind(None)
    ('list', 'None')
    """
    return "None" if value is None else type(value).__name__


def nearest(name: object, known: Iterable[object]) -> Message:
    """'; did you mean …?' where a known name is close, else nothing.

    Examples
    --------
    >>> nearest("CUSL01", ["CUSL1", "IMAG1"])
    "; did you mean 'CUSL1'?"
    """
    folded = {str(other).strip().casefold(): str(other) for other in known}
    close = difflib.get_close_matches(str(name).strip().casefold(), list(folded), n=1, cutoff=0.7)
    return message("; did you mean '{known}'?", known=folded[close[0]]) if close else foreign("")


def plain_faults(faults: Sequence[Any]) -> list[tuple[Any, Message]]:
    """Say pydantic's faults in the words of TOML; what only follows from a fault further in is left out.

    Parameters
    ----------
    faults : sequence of ErrorDetails
        As `ValidationError.errors` lists them.

    Returns
    -------
    list of (ErrorDetails, Message)
        Each fault with what is wrong, without the key and without what was got.
    """
    within = {fault["loc"][:depth] for fault in faults for depth in range(len(fault["loc"]))}
    told = [fault for fault in faults if fault["type"] != "too_short" or fault["loc"] not in within]
    return [(fault, _plain_fault(fault)) for fault in told]


def _plain_fault(fault: Any) -> Message:
    """Give the message that a validator of the kit's made; else pydantic's words."""
    context = fault.get("ctx", {})
    if isinstance(said := context.get("said"), Message):
        return said
    if fault["type"] in _IN_TOML:
        return _IN_TOML[fault["type"]]
    if fault["type"] == "greater_than":
        return message("input should be greater than {low}", low=f"{context['gt']:g}")
    if fault["type"] == "literal_error":
        *names, last = (name.strip("'") for name in re.split(", | or ", context["expected"]))
        choices = message("{names} or {last}", names=names, last=[last]) if names else [last]
        return message("input should be {choices}", choices=choices)
    return foreign(fault["msg"][:1].lower() + fault["msg"][1:])
