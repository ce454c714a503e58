"""Changes to a codebook's values, and what is wrong with them, told with the path of the key."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from loyalty_kit.core.errors import nearest, plain_faults
from loyalty_kit.core.messages import Message, message, shown
from loyalty_kit.survey.entries import Index, Item, Response, Scale

_UNION_MEMBERS = ("dict[", "tuple[")


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
    return list((models.get(str(detail["loc"][0]), whole) if len(detail["loc"]) > 1 else whole).model_fields)
