"""Errors that a reader understands: one sentence that says what is wrong, where, what was got and what is allowed."""

import difflib
import os
import tomllib
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

ANONYMOUS = "LOYALTY_KIT_ANONYMOUS"
"""Environment variable that a rendering kernel carries: errors then name rows, never respondents."""


def anonymous() -> bool:
    """Whether this process builds a report, in which nobody may be named."""
    return bool(os.environ.get(ANONYMOUS))


_IN_TOML = {
    "tuple_type": "must be a list, [ … ]",
    "dict_type": "must be a table, { name = value }",
    "model_type": "must be a table, { name = value }",
    "string_type": "must be text in quotation marks",
    "float_type": "must be a number",
    "missing": "is required",
    "too_short": "needs at least one entry",
}
"""Types of pydantic's faults, in the words of the file that holds them."""


class InputError(ValueError):
    """Input that the kit refuses, in one sentence.

    Parameters
    ----------
    message : str
        The sentence; it may name a respondent.
    anonymous : str, optional
        The same sentence with row numbers in place of respondents; shown wherever a report is built.
    """

    def __init__(self, message: str, *, anonymous: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.anonymous = message if anonymous is None else anonymous

    def __str__(self) -> str:
        """Sentence for this process: without respondents where a report is being built."""
        return self.anonymous if anonymous() else self.message

    @property
    def _render_traceback_(self) -> Callable[[], list[str]]:
        """What IPython asks for an account; it finds none, and gives its own, where no report is built."""
        if not anonymous():
            raise AttributeError("_render_traceback_")
        return self._account

    def _account(self) -> list[str]:
        """Where this error passed, from below IPython on, and its sentence after its full name.

        What else went wrong, notes and values are left out: they may quote data.
        """
        passed = [(Path(frame.filename), frame) for frame in traceback.extract_tb(self.__traceback__)[1:]]
        where = [f"{'/'.join(file.parts[-2:])}, line {at.lineno}, in {at.name}\n    {at.line}" for file, at in passed]
        return [*where, f"{type(self).__module__}.{type(self).__qualname__}: {self}"]


class GroupsError(InputError):
    """Groups that cannot be compared: there are fewer than two, or too few of them are large enough."""


class UnreadableError(InputError):
    """A file that cannot be read at all, as against one that holds something wrong."""


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file; `what` is what errors call it, as in 'The codebook'."""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise UnreadableError(f"{what} '{path}' does not exist.") from None
    except OSError as error:
        raise UnreadableError(f"{what} '{path}' cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"{what} '{path}' is not UTF-8 text; save it as UTF-8.") from None
    return parse_toml(text, f"{what} '{path.name}'")


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """Parse TOML text; `where` is what errors call it."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Beside its own error tomllib lets through those of numbers too long and of brackets too deep.
        raise UnreadableError(f"{where} is not TOML: {str(error).rstrip('.')}.") from None


def listing(names: Iterable[object], most: int = 8) -> str:
    """Names in quotes, the first few of many.

    Examples
    --------
    >>> listing(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    quoted = [f"'{name}'" for name in names]
    rest = len(quoted) - most
    return ", ".join(quoted[:most]) + (f" and {rest} more" if rest > 0 else "")


def rows(count: int) -> str:
    """Say a number of rows.

    Examples
    --------
    >>> rows(1), rows(12)
    ('1 row', '12 rows')
    """
    return "1 row" if count == 1 else f"{count} rows"


def kind(value: object) -> str:
    """Name the type of a value in a refusal.

    Examples
    --------
    >>> kind([1]), kind(None)
    ('list', 'None')
    """
    return "None" if value is None else type(value).__name__


def nearest(name: object, known: Iterable[object]) -> str:
    """'; did you mean …?' where a known name is close, else nothing.

    Examples
    --------
    >>> nearest("CUSL01", ["CUSL1", "IMAG1"])
    "; did you mean 'CUSL1'?"
    """
    folded = {str(other).strip().casefold(): str(other) for other in known}
    close = difflib.get_close_matches(str(name).strip().casefold(), list(folded), n=1, cutoff=0.7)
    return f"; did you mean '{folded[close[0]]}'?" if close else ""


def plain_faults(faults: Sequence[Any]) -> list[tuple[Any, str]]:
    """Say pydantic's faults in the words of TOML; what only follows from a fault further in is left out.

    Parameters
    ----------
    faults : sequence of ErrorDetails
        As `ValidationError.errors` lists them.

    Returns
    -------
    list of (ErrorDetails, str)
        Each fault with what is wrong, without the key and without what was got.
    """
    within = {fault["loc"][:depth] for fault in faults for depth in range(len(fault["loc"]))}
    told = [fault for fault in faults if fault["type"] != "too_short" or fault["loc"] not in within]
    return [(fault, _IN_TOML.get(fault["type"]) or fault["msg"][:1].lower() + fault["msg"][1:]) for fault in told]
