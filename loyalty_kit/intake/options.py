"""How a file is to be read where it does not say so itself: the `[file]` table of a codebook."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loyalty_kit.core.errors import InputError, kind, nearest, plain_faults
from loyalty_kit.core.messages import Message, foreign, shown

ENDINGS = tuple(".csv .tsv .txt .xlsx .xlsm .xls .xlsb .ods .sav .zsav .por .dta .parquet".split())
"""Kinds of files that are read; `tables` has a reader for each."""

RowNumber = Annotated[int, Field(strict=True, ge=1)]


class FileOptions(BaseModel):
    """What a reader may not guess. Every key may be left out; rows are numbered as an editor or Excel shows them.

    Attributes
    ----------
    encoding : str, optional
        As Python spells it: 'utf-8', 'gb18030', 'big5', 'shift_jis', 'cp1252'.
    delimiter : str, optional
        Between the cells of a text file.
    quotes : bool, optional
        Whether quotation marks enclose cells of a text file; where they do not they are part of what is written.
    decimal, thousands : str, optional
        Marks within numbers.
    sheet : str, optional
        Of a workbook; in an archive of several tables, the file.
    header : int or tuple of int, optional
        Row of the column names, or the rows that are joined into them.
    first_row, last_row : int, optional
        Where the respondents begin and end.
    dates : {'dmy', 'mdy', 'ymd'}, optional
        Order of day, month and year.
    rows : 'leave_out', 'keep' or tuple of int, optional
        What becomes of the rows that look like no respondent: left out, kept, or just these left out.
    fill_down : tuple of str, optional
        Columns in which an empty cell repeats the one above it, as merged cells mean it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    quotes: bool | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal[".", ",", " ", "'"] | None = None
    sheet: str | None = None
    header: RowNumber | tuple[RowNumber, ...] | None = None
    first_row: RowNumber | None = None
    last_row: RowNumber | None = None
    dates: Literal["dmy", "mdy", "ymd"] | None = None
    rows: Literal["leave_out", "keep"] | tuple[RowNumber, ...] | None = None
    fill_down: tuple[str, ...] | None = None

    def line(self, key: str, value: object) -> Message:
        """Line of the codebook that sets a key, as a sentence ends with it.

        Examples
        --------
        >>> FileOptions().line("rows", "leave_out")
        '[file] rows = "leave_out"'
        """
        return foreign(f"[file] {key} = {_literal(value)}")

    def every(self, **values: Any) -> "FileOptions":
        """Themselves with these keys set; what is None stays as it was."""
        return self.model_copy(update={key: value for key, value in values.items() if value is not None})


AS_IT_SAYS = FileOptions()
"""Nothing said: a file is read as its contents tell."""


class FileArgument(FileOptions):
    """The same keys as a function's `file` argument: errors name that."""

    def line(self, key: str, value: object) -> Message:
        """Argument that sets a key, as a sentence ends with it.

        Examples
        --------
        >>> FileArgument().line("header", [1, 2])
        'file={"header": [1, 2]}'
        """
        return foreign(f"file={{{json.dumps(key)}: {_literal(value)}}}")


class FileEntries(FileOptions):
    """The same keys as entries of a list, as a notebook's parameter `file` has them: errors name that."""

    def line(self, key: str, value: object) -> Message:
        """Entry that sets a key, as a sentence ends with it.

        Examples
        --------
        >>> FileEntries().line("rows", "leave_out"), FileEntries().line("header", [1, 2])
        ('file = ["rows: leave_out"]', 'file = ["header: [1, 2]"]')
        """
        written = value if isinstance(value, str) and not set(value) & set('"\\\t') else _literal(value)
        return foreign(f"file = [{json.dumps(f'{key}: {written}', ensure_ascii=False)}]")


def file_argument(given: object) -> FileOptions:
    """Options of a mapping or of a list of entries, which a caller hands over as `file`.

    Raises
    ------
    InputError
        If it is neither, or a key or value is not one of `FileOptions`.

    Examples
    --------
    >>> file_argument({"rows": "leave_out"}).rows, file_argument(["header: 2", "decimal: ,"]).decimal
    ('leave_out', ',')
    """
    if isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(entry, str) for entry in given):
        return _options(dict(map(_entry, given)), FileEntries)
    if given is None:
        return FileArgument()
    if isinstance(given, FileOptions):
        return given
    if not isinstance(given, Mapping):
        raise InputError(
            "'file' must be a dictionary such as {example}; got {given}.",
            example='{"rows": "leave_out"}',
            given=kind(given),
        )
    return _options(given, FileArgument)


def _entry(text: str) -> tuple[str, object]:
    """Key and value of an entry as 'header: 2' or 'rows = "leave_out"'; a bare word is a text."""
    key, value = (part.strip() for part in [*re.split("[:=]", text, maxsplit=1), ""][:2])
    for written in (value, *([f"[{value}]"] if "," in value else [])):
        with suppress(tomllib.TOMLDecodeError):
            return key, tomllib.loads(f"value = {written}")["value"]
    return key, [name.strip() for name in value.split(",")] if key == "fill_down" else value


def _options(given: Mapping[str, object], kind_of: type[FileOptions]) -> FileOptions:
    strangers = [key for key in given if key not in FileOptions.model_fields]
    if strangers:
        raise InputError(
            "'file' has no key '{key}'{hint}",
            key=strangers[0],
            hint=nearest(strangers[0], FileOptions.model_fields) or foreign("."),
        )
    try:
        return kind_of.model_validate(dict(given))
    except ValidationError as error:
        detail, said = plain_faults(error.errors(include_url=False))[0]
        key = str(detail["loc"][0])
        raise InputError(
            "'file', key '{key}': {wrong}; got {value}.", key=key, wrong=said, value=shown(given[key])
        ) from None


def _literal(value: object) -> str:
    """Value as TOML and Python write it alike."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
