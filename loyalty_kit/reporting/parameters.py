"""Typed parameters of a notebook: read from its tagged cell's syntax tree, checked before a kernel starts."""

import ast
import io
import math
import operator
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from nbformat import NotebookNode
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails

from loyalty_kit.errors import InputError, listing, nearest

PARAMETERS_TAG = "parameters"

Scalar = bool | int | float | str
Day = Annotated[date, BeforeValidator(lambda value: date.fromisoformat(value) if isinstance(value, str) else value)]
File = Annotated[Path, BeforeValidator(lambda value: Path(value) if isinstance(value, str) else value)]

_SIMPLE: dict[str, Any] = {"str": str, "int": int, "float": float, "bool": bool, "Path": File, "date": Day}
_LISTS = ("list", "List")


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell: ``name: type = default  # help``.

    Attributes
    ----------
    name, type, help : str
        As written; the type of a line without annotation is that of its default.
    default : str or None
        As written; None where a value must be given.
    value : object
        What the default is worth, where it is a literal.
    annotation : object
        The type that values are checked against.
    """

    name: str
    type: str
    help: str
    default: str | None
    value: Any
    annotation: Any


def notebook_parameters(notebook: NotebookNode) -> tuple[Parameter, ...]:
    """Parameters that a notebook takes: those of its first cell tagged 'parameters'."""
    sources = (cell.source for cell in notebook.cells if is_parameters_cell(cell))
    return read_parameters(next(sources, ""))


def is_parameters_cell(cell: NotebookNode) -> bool:
    """Whether a cell is code tagged 'parameters'."""
    return cell.cell_type == "code" and PARAMETERS_TAG in cell.metadata.get("tags", [])


def read_parameters(source: str) -> tuple[Parameter, ...]:
    r"""Parameters that a cell's code declares.

    Parameters
    ----------
    source : str
        Lines ``name: type = default  # help``. A type is str, int, float, bool, Path, date,
        Literal, a list of one of these, or such a type or None; nothing is evaluated.

    Returns
    -------
    tuple of Parameter
        Lines of another form declare none.

    Examples
    --------
    >>> survey, level = read_parameters("survey: str  # file of answers\nlevel = 0.95")
    >>> survey.type, survey.default, survey.help
    ('str', None, 'file of answers')
    >>> level.type, level.default
    ('float', '0.95')
    """
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):
        return ()
    comments = _comments(source)
    found = (_parameter(statement, source, comments) for statement in statements)
    return tuple({parameter.name: parameter for parameter in found if parameter is not None}.values())


def check_parameters(given: Mapping[str, Any], parameters: Sequence[Parameter], where: str) -> dict[str, Any]:
    """Values given from Python or TOML, checked by type.

    Parameters
    ----------
    given : mapping of str to object
        Values by name. A whole number stands for a float; a Path may be text and a date ISO text.
    parameters : sequence of Parameter
        What the notebook takes.
    where : str
        What errors call the notebook.

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
    >>> check_parameters({"level": "high"}, read_parameters("level: float = 0.95"), "report.ipynb")
    Traceback (most recent call last):
    ...
    loyalty_kit.errors.InputError: Parameter 'level' of 'report.ipynb' must be float; got 'high'.
    """
    return _checked(given, parameters, where, strict=True)


def check_texts(given: Mapping[str, str], parameters: Sequence[Parameter], where: str) -> dict[str, Any]:
    r"""Values given as text on the command line, each converted by its parameter's type.

    A str takes its text as it is; a list is split at commas; nothing or 'none' stands for None
    where the type allows it.

    Examples
    --------
    >>> check_texts({"code": "007", "waves": "1,2"}, read_parameters('code: str = ""\nwaves: list[int] = []'), "x")
    {'code': '007', 'waves': [1, 2]}
    """
    annotations = {parameter.name: parameter.annotation for parameter in parameters}
    values = {name: _worth(text, annotations.get(name, str)) for name, text in given.items()}
    return _checked(values, parameters, where, strict=False)


def described(parameters: Sequence[Parameter]) -> list[dict[str, Any]]:
    """Parameters as JSON knows them.

    Returns
    -------
    list of dict
        One a parameter: name, type, default (null where it has none or it is no literal), required,
        choices (null where the type allows any value), help.

    Examples
    --------
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


def _plain(value: Any) -> Any:
    """Value as JSON knows it; None where it does not."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, date):
        return value.isoformat()
    finite = not isinstance(value, float) or math.isfinite(value)
    return value if isinstance(value, Scalar) and finite else None


def choices(annotation: Any) -> list[Any]:
    """Values that a type of choices allows, None among them; of a list those of its entries."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return list(inside)
    if origin is list:
        return choices(inside[0])
    if origin in (Union, UnionType):
        parts = [[None] if part is NoneType else choices(part) for part in inside]
        chosen = all(parts) and any(part is not NoneType for part in inside)
        return [choice for part in parts for choice in part] if chosen else []
    return []


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
    kinds = [type(part) for value in values.values() for part in (value if isinstance(value, list) else [value])]
    imports = ["from datetime import date"] if any(issubclass(kind, date) for kind in kinds) else []
    imports += ["from pathlib import Path"] if any(issubclass(kind, Path) for kind in kinds) else []
    return "\n".join([*imports, *lines])


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_literal(part) for part in value)}]"
    if isinstance(value, date):
        return f"date.fromisoformat({value.isoformat()!r})"
    return f"Path({str(value)!r})" if isinstance(value, Path) else repr(value)


def _comments(source: str) -> dict[int, str]:
    """Text of each line's comment, by line number."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}


def _parameter(statement: ast.stmt, source: str, comments: Mapping[int, str]) -> Parameter | None:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=hint, value=default):
            annotation, shown = _annotation(hint), _unquoted(hint)
        case ast.Assign(targets=[ast.Name(id=name)], value=default):
            annotation = _kind(default)
            shown = "" if annotation is None else _type_name(annotation)
        case _:
            return None
    if annotation is None:
        return None
    return Parameter(
        name=name,
        type=shown,
        help=comments.get(statement.end_lineno or 0, ""),
        default=None if default is None else ast.get_source_segment(source, default),
        value=None if default is None else _value(default),
        annotation=annotation,
    )


def _unquoted(hint: ast.expr) -> str:
    quoted = isinstance(hint, ast.Constant) and isinstance(hint.value, str)
    return ast.unparse(_inner(hint)) if quoted else ast.unparse(hint)


def _inner(hint: ast.expr) -> ast.expr:
    """Expression inside a quoted type."""
    try:
        return ast.parse(str(ast.literal_eval(hint)), mode="eval").body
    except SyntaxError:
        return ast.Name(id="")


def _annotation(hint: ast.expr) -> Any:
    """Type that an annotation's syntax names; None where it is not one that parameters may have."""
    match hint:
        case ast.Constant(value=None):
            return NoneType
        case ast.Constant(value=str()):
            return _annotation(_inner(hint))
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _SIMPLE:
            return _SIMPLE[name]
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _LISTS:
            return list[Scalar]
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inside):
            return _generic(name, inside)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            sides = _annotation(left), _annotation(right)
            return None if None in sides else operator.or_(*sides)
    return None


def _generic(name: str, inside: ast.expr) -> Any:
    if name == "Literal":
        allowed = _value(inside)
        plain = all(isinstance(choice, str | int) for choice in (allowed if isinstance(allowed, tuple) else [allowed]))
        return Literal[allowed] if plain else None
    part = _annotation(inside)
    if part is None or name not in (*_LISTS, "Optional"):
        return None
    return operator.or_(part, None) if name == "Optional" else GenericAlias(list, part)


def _value(default: ast.expr) -> Any:
    """Value of a default that is a literal, a date or a Path; else None."""
    match default:
        case ast.Call(func=ast.Name(id="date"), args=[_, _, _] as parts, keywords=[]):
            return _built(date, parts)
        case ast.Call(func=ast.Name(id="Path"), args=[_] as parts, keywords=[]):
            return _built(Path, parts)
    try:
        return ast.literal_eval(default)
    except (TypeError, ValueError):
        return None


def _built(kind: Any, parts: list[ast.expr]) -> Any:
    try:
        return kind(*(ast.literal_eval(part) for part in parts))
    except (TypeError, ValueError):
        return None


def _kind(default: ast.expr) -> Any:
    """Type of a default that has no annotation; None where it is no literal."""
    value = _value(default)
    if isinstance(value, list):
        parts = {type(part) for part in value}
        return GenericAlias(list, parts.pop()) if len(parts) == 1 and parts <= set(get_args(Scalar)) else list[Scalar]
    if value is None:
        return Scalar | None if isinstance(default, ast.Constant) else None
    return _SIMPLE.get("Path" if isinstance(value, Path) else type(value).__name__)


def _type_name(annotation: Any) -> str:
    """Name of a type as it would be written."""
    if get_origin(annotation) is Annotated:
        return _type_name(get_args(annotation)[0])
    return annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)


def _worth(text: str, annotation: Any) -> Any:
    """Value that text stands for, as far as pydantic does not convert it by itself."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType) and NoneType in inside:
        if text.strip().casefold() in ("", "none"):
            return None
        rest = [part for part in inside if part is not NoneType]
        return _worth(text, rest[0]) if len(rest) == 1 else text
    if origin is Literal:
        return next((choice for choice in inside if str(choice) == text), text)
    if origin is list:
        return [_worth(part.strip(), inside[0]) for part in text.split(",")] if text.strip() else []
    return text


def _checked(given: Mapping[str, Any], parameters: Sequence[Parameter], where: str, *, strict: bool) -> dict[str, Any]:
    try:
        return (
            _model(parameters).model_validate(dict(given), strict=strict).model_dump(by_alias=True, exclude_unset=True)
        )
    except ValidationError as error:
        details = error.errors(include_url=False)
    known = {parameter.name: parameter for parameter in parameters}
    faults = [_fault(detail, given, known, where) for detail in details]
    raise InputError("\n".join(dict.fromkeys(faults)))


def _model(parameters: Sequence[Parameter]) -> type[BaseModel]:
    """Model of the parameters; aliases, since a parameter may be called as a model's own method is."""
    fields: dict[str, Any] = {
        f"parameter_{number}": (
            parameter.annotation,
            Field(alias=parameter.name) if parameter.default is None else Field(None, alias=parameter.name),
        )
        for number, parameter in enumerate(parameters)
    }
    return create_model("Parameters", __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields)


def _fault(detail: ErrorDetails, given: Mapping[str, Any], known: Mapping[str, Parameter], where: str) -> str:
    name = str(detail["loc"][0])
    if name not in known:
        has = f"it takes {listing(known)}" if known else "it takes none"
        return f"'{where}' has no parameter '{name}'{nearest(name, known) or f'; {has}.'}"
    if detail["type"] == "missing":
        return f"Parameter '{name}' of '{where}' must be given: {known[name].type}."
    return f"Parameter '{name}' of '{where}' must be {known[name].type}; got {given[name]!r}."
