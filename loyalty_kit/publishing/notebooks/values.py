"""Values of parameters: what was given checked by type, listed for a form, and written as code for a notebook."""

import ast
import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails

from loyalty_kit.core.errors import InputError, nearest
from loyalty_kit.core.messages import Message, message, shown, together
from loyalty_kit.publishing.notebooks.parameters import Parameter
from loyalty_kit.publishing.notebooks.types import KINDS, Scalar

_EXAMPLES: dict[Any, str] = {datetime: "2026-02-03T10:00", dict: '{"low": 1}', tuple: "0, 1"}
"""Values of types that are not written in one way only."""


def check_parameters(
    given: Mapping[str, Any],
    parameters: Sequence[Parameter],
    where: str,
    *,
    others: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Values given from Python or TOML, checked by type.

    Parameters
    ----------
    given : mapping of str to object
        Values by name. A whole number stands for a float, a list for a tuple; a Path may be text, a date or
        datetime ISO text.
    parameters : sequence of Parameter
        What the notebook takes.
    where : str
        What errors call the notebook.
    others : mapping of str to str
        Types of lines that are no parameters for their type, as `parameters.other_lines` finds them.

    Returns
    -------
    dict
        The given values, each of its parameter's type.

    Raises
    ------
    InputError
        If a name is unknown, a value has the wrong type, or a parameter without default is not
        given; a line for each.

    Examples
    --------
    >>> from loyalty_kit.publishing.notebooks.parameters import read_parameters
    >>> check_parameters({"level": "high"}, read_parameters("level: float = 0.95"), "report.ipynb")
    Traceback (most recent call last):
    ...
    loyalty_kit.core.errors.InputError: Parameter 'level' of 'report.ipynb' must be float; got 'high'.
    """
    return _checked(given, parameters, where, strict=True, others=others)


def check_texts(
    given: Mapping[str, str],
    parameters: Sequence[Parameter],
    where: str,
    *,
    others: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    r"""Values given as text on the command line, each converted by its parameter's type.

    A str takes its text as it is; a list or tuple is split at commas, but for those within quotation marks; a dict
    is JSON; nothing or 'none' stands for None where the type allows it.

    Examples
    --------
    >>> from loyalty_kit.publishing.notebooks.parameters import read_parameters
    >>> check_texts({"code": "007", "waves": "1,2"}, read_parameters('code: str = ""\nwaves: list[int] = []'), "x")
    {'code': '007', 'waves': [1, 2]}
    """
    known = {parameter.name: parameter for parameter in parameters}
    values = {
        name: _as_default(_worth(text, known[name].annotation), known[name]) if name in known else text
        for name, text in given.items()
    }
    return _checked(values, parameters, where, strict=False, others=others)


def described(parameters: Sequence[Parameter]) -> list[dict[str, Any]]:
    """Parameters as JSON knows them.

    Returns
    -------
    list of dict
        One a parameter: name, type, default (null where it has none or it is no literal), required,
        choices (null where the type allows any value), help.

    Examples
    --------
    >>> from loyalty_kit.publishing.notebooks.parameters import read_parameters
    >>> described(read_parameters('channel: Literal["store", "web"] | None = None  # where'))[0]["choices"]
    ['store', 'web', None]
    """
    return [
        {
            "name": parameter.name,
            "type": parameter.type,
            "default": _plain(parameter.value),
            "required": parameter.default is None,
            "choices": choices(parameter.annotation) or None,
            "help": parameter.help,
        }
        for parameter in parameters
    ]


def choices(annotation: Any) -> list[Any]:
    """Values that a type of choices allows, None among them; of a list those of its entries."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return choices(inside[0])
    if origin is Literal:
        return list(inside)
    if origin is list:
        return choices(inside[0])
    if origin in (Union, UnionType):
        parts = [[None] if part is NoneType else choices(part) for part in inside]
        chosen = all(parts) and any(part is not NoneType for part in inside)
        return [choice for part in parts for choice in part] if chosen else []
    return []


def taken(names: Iterable[str]) -> Message:
    """Say which parameters a notebook takes, at the end of a sentence."""
    known = list(names)
    return message("; it takes {names}.", names=known) if known else message("; it takes none.")


def injected_source(values: Mapping[str, Any]) -> str:
    """Code that sets parameters to values.

    Examples
    --------
    >>> print(injected_source({"wave": 2, "since": date(2026, 3, 1)}))
    from datetime import date
    wave = 2
    since = date.fromisoformat('2026-03-01')
    """
    lines = [f"{name} = {_literal(value)}" for name, value in values.items()]
    kinds = {type(part) for value in values.values() for part in _parts(value)}
    imports = ["from datetime import date"] if date in kinds else []
    # Not by its own name: a cell may have imported the module of that name.
    imports += ["from datetime import datetime as _datetime"] if datetime in kinds else []
    imports += ["from pathlib import Path"] if any(issubclass(kind, Path) for kind in kinds) else []
    return "\n".join([*imports, *lines])


def _parts(value: Any) -> Iterator[Any]:
    """Values that a value is made of."""
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        yield value
    else:
        for part in value.values():
            yield from _parts(part)


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {_literal(part)}' for name, part in value.items())}}}"
    if isinstance(value, datetime):
        return f"_datetime.fromisoformat({value.isoformat()!r})"
    if isinstance(value, date):
        return f"date.fromisoformat({value.isoformat()!r})"
    return f"Path({str(value)!r})" if isinstance(value, Path) else repr(value)


def _plain(value: Any) -> Any:
    """Value as JSON knows it; None where it does not."""
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, date):
        return value.isoformat()
    finite = not isinstance(value, float) or math.isfinite(value)
    return value if isinstance(value, Scalar) and finite else None


def _worth(text: str, annotation: Any) -> Any:
    """Value that text stands for, as far as pydantic does not convert it by itself."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _worth(text, inside[0])
    if origin in (Union, UnionType) and NoneType in inside:
        if text.strip().casefold() in ("", "none"):
            return None
        rest = [part for part in inside if part is not NoneType]
        return _worth(text, rest[0]) if len(rest) == 1 else text
    if origin is Literal:
        return next((choice for choice in inside if str(choice) == text), text)
    if origin is list:
        return _entries(text, [inside[0]])
    if origin is tuple:
        bare = text.strip()
        return _entries(bare[1:-1] if bare.startswith("(") and bare.endswith(")") else bare, inside)
    return _mapping(text) if origin is dict else text


def _entries(text: str, annotations: Sequence[Any]) -> Any:
    """Entries of a list or tuple; one that holds a comma stands in quotation marks, as in a CSV."""
    try:
        parts = next(csv.reader([text.strip()], skipinitialspace=True), [])
    except csv.Error:
        return text
    kinds = [kind for kind in annotations if kind is not ...] or [str]
    kinds += [kinds[-1]] * (len(parts) - len(kinds))
    return [_worth(part.strip(), kind) for part, kind in zip(parts, kinds, strict=False)]


def _mapping(text: str) -> Any:
    """Read a mapping from JSON or a literal of Python."""
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        return value
    return text


def _as_default(value: Any, parameter: Parameter) -> Any:
    """Entries of a list or tuple that may hold anything, read as those of the default are where they can be."""
    default = parameter.value
    kinds = {type(part) for part in default} if isinstance(default, list | tuple) else set()
    of_anything = isinstance(value, list) and Scalar in get_args(_bare(parameter.annotation))
    if of_anything and kinds and kinds <= {int, float}:
        with suppress(ValueError):
            return [int(part) if kinds == {int} else float(part) for part in value]
    return value


def _bare(annotation: Any) -> Any:
    """Type without what is checked besides."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _checked(
    given: Mapping[str, Any], parameters: Sequence[Parameter], where: str, *, strict: bool, others: Mapping[str, str]
) -> dict[str, Any]:
    if name := next((name for name in given if name in others), None):
        raise InputError(
            "'{notebook}' declares '{name}' as {type}, and no parameter may have that type; allowed are {types}.",
            notebook=where,
            name=name,
            type=others[name],
            types=", ".join((*KINDS, "Literal", "list", "tuple", "dict")),
        )
    model = _model(tuple((one.name, one.annotation, one.default is None) for one in parameters))
    try:
        return model.model_validate(dict(given), strict=strict).model_dump(by_alias=True, exclude_unset=True)
    except ValidationError as error:
        details = error.errors(include_url=False)
    known = {parameter.name: parameter for parameter in parameters}
    faults = [_fault(detail, given, known, where) for detail in details]
    raise InputError(together(dict.fromkeys(faults)))


@lru_cache(maxsize=64)
def _model(parameters: tuple[tuple[str, Any, bool], ...]) -> type[BaseModel]:
    """Model of parameters (name, type, whether needed), made once for all reports of a notebook."""
    # Aliases, since a parameter may be called as a model's own method is.
    fields: dict[str, Any] = {
        f"parameter_{number}": (annotation, Field(alias=name) if needed else Field(None, alias=name))
        for number, (name, annotation, needed) in enumerate(parameters)
    }
    return create_model("Parameters", __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields)


def _fault(detail: ErrorDetails, given: Mapping[str, Any], known: Mapping[str, Parameter], where: str) -> Message:
    name = str(detail["loc"][0])
    if name not in known:
        template = "'{notebook}' has no parameter '{name}'{hint}"
        return message(template, notebook=where, name=name, hint=nearest(name, known) or taken(known))
    if detail["type"] == "missing" and len(detail["loc"]) == 1:
        template = "Parameter '{name}' of '{notebook}' must be given: {type}."
        return message(template, name=name, notebook=where, type=known[name].type)
    of, value = known[name].type, shown(given[name])
    bare = _bare(known[name].annotation)
    if example := _EXAMPLES.get(get_origin(bare) or bare):
        template = "Parameter '{name}' of '{notebook}' must be {type}, such as {example}; got {given}."
        return message(template, name=name, notebook=where, type=of, example=example, given=value)
    template = "Parameter '{name}' of '{notebook}' must be {type}; got {given}."
    return message(template, name=name, notebook=where, type=of, given=value)
