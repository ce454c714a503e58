"""The grammar of a batch's file: its tables and keys, and one sentence for each fault."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import TIMEOUT_MAX
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from loyalty_kit.core.errors import InputError, UnreadableError, nearest, plain_faults, read_toml
from loyalty_kit.core.messages import Message, message, shown, together

Text = Annotated[str, Field(strict=True, min_length=1)]
# No clock of this system waits longer.
Seconds = Annotated[float, Field(strict=True, gt=0, le=int(TIMEOUT_MAX), allow_inf_nan=False)]
Times = Annotated[int, Field(strict=True, ge=0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Defaults(_Table):
    """What reports have that do not say otherwise: `[defaults]`."""

    notebook: Text | None = None
    parameters: dict[str, Any] = {}
    retries: Times = 0
    timeout: Seconds | None = None
    language: Literal["en", "zh"] | None = None


class Report(_Table):
    """One `[[report]]`."""

    notebook: Text
    name: Text | None = None
    title: Text | None = None
    parameters: dict[str, Any] = {}
    matrix: dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]] = {}
    for_each: Text | None = None
    retries: Times | None = None
    timeout: Seconds | None = None
    language: Literal["en", "zh"] | None = None
    needs: tuple[Text, ...] = ()


class BatchFile(_Table):
    """The whole file."""

    output: Text = "reports"
    keep: Annotated[int, Field(strict=True, ge=1)] | None = None
    defaults: Defaults = Defaults()
    report: tuple[Report, ...] = Field(min_length=1)


def parse_batch_file(path: Path) -> BatchFile:
    """Read a batch's file; each report has a notebook, its own or that of the defaults.

    Raises
    ------
    UnreadableError
        If it cannot be read or is not TOML.
    InputError
        If a key is unknown, missing or of the wrong type; a line for each.
    """
    if not path.exists():
        raise UnreadableError(
            "The batch '{path}' does not exist; `loyalty-kit new FOLDER` makes a study that has one.", path=path
        )
    values = read_toml(path, message("The batch"))
    match values:
        case {"defaults": {"notebook": str(notebook)}, "report": [*reports]}:
            values["report"] = [{"notebook": notebook, **one} if isinstance(one, dict) else one for one in reports]
    try:
        return BatchFile.model_validate(values)
    except ValidationError as error:
        faults = [_fault(*fault) for fault in plain_faults(error.errors(include_url=False))]
        told = (message("{file}, {fault}", file=path.name, fault=fault) for fault in faults)
        raise InputError(together(told)) from None


def _fault(detail: ErrorDetails, said: Message) -> Message:
    """One validation fault, with its report's number and its key."""
    model: type[BaseModel]
    where: Message | None
    match detail["loc"]:
        case ("report", int(number), *keys):
            where, model = message("report {number}", number=number + 1), Report
        case ("defaults", *keys) if keys:
            where, model = message("defaults"), Defaults
        case keys:
            where, model = None, BatchFile
    key = message("key '{path}'", path=".".join(map(str, keys))) if keys else where
    if where and keys:
        key = message("{file}, {fault}", file=where, fault=key)
    return message("{where}: {fault}", where=key, fault=_wrong(detail, said, model.model_fields, keys))


def _wrong(detail: ErrorDetails, said: Message, known: Iterable[str], keys: Sequence[object]) -> Message:
    if detail["type"] == "extra_forbidden":
        return message("no such key{hint}", hint=nearest(keys[-1], known) or message("."))
    if detail["loc"] == ("report",) and detail["type"] in ("missing", "too_short"):
        return message("at least one [[report]] is needed.")
    if detail["loc"] == ("report",) and isinstance(detail["input"], dict):
        return message("write [[report]] with two brackets.")
    wrong = _in_words(detail) or said
    if isinstance(detail["input"], dict):
        return message("{wrong}.", wrong=wrong)
    return message("{wrong}; got {value}.", wrong=wrong, value=shown(detail["input"]))


def _in_words(detail: ErrorDetails) -> Message | None:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "int_type":
            return message("must be a whole number")
        case "greater_than_equal":
            return message("must be {low} or more", low=context["ge"])
        case "greater_than":
            return message("must be more than {low}", low=context["gt"])
        case "less_than_equal":
            return message("must be {high:.0f} or less", high=context["le"])
        case "finite_number":
            return message("must be a number")
        case "literal_error":
            return message("must be {choices}", choices=context["expected"])
    return None
