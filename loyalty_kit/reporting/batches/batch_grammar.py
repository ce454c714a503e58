"""The grammar of a batch's file: its tables and keys, and one sentence for each fault."""

from pathlib import Path
from threading import TIMEOUT_MAX
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from loyalty_kit.errors import InputError, UnreadableError, nearest, plain_faults, read_toml

_IN_WORDS = {
    "int_type": "must be a whole number",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le:.0f} or less",
    "finite_number": "must be a number",
    "literal_error": "must be {expected}",
}

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
    values = read_toml(path, "The batch")
    match values:
        case {"defaults": {"notebook": str(notebook)}, "report": [*reports]}:
            values["report"] = [{"notebook": notebook, **one} if isinstance(one, dict) else one for one in reports]
    try:
        return BatchFile.model_validate(values)
    except ValidationError as error:
        faults = [f"{path.name}, {_fault(*fault)}" for fault in plain_faults(error.errors(include_url=False))]
        raise InputError("\n".join(faults)) from None


def _fault(detail: ErrorDetails, said: str) -> str:
    """One validation fault, with its report's number and its key."""
    model: type[BaseModel]
    match detail["loc"]:
        case ("report", int(number), *keys):
            where, model = f"report {number + 1}, ", Report
        case ("defaults", *keys) if keys:
            where, model = "defaults, ", Defaults
        case keys:
            where, model = "", BatchFile
    key = f"{where}key '{'.'.join(map(str, keys))}'" if keys else where.rstrip(", ")
    if detail["type"] == "extra_forbidden":
        return f"{key}: no such key{nearest(keys[-1], model.model_fields) or '.'}"
    if detail["loc"] == ("report",) and detail["type"] in ("missing", "too_short"):
        return f"{key}: at least one [[report]] is needed."
    if detail["loc"] == ("report",) and isinstance(detail["input"], dict):
        return f"{key}: write [[report]] with two brackets."
    got = "" if isinstance(detail["input"], dict) else f"; got {detail['input']!r}"
    words = _IN_WORDS.get(detail["type"])
    return f"{key}: {words.format(**detail['ctx']) if words and 'ctx' in detail else words or said}{got}."
