"""Typed parameters that a notebook declares, read from its tagged cell's syntax tree; nothing is evaluated."""

import ast
import io
import operator
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import GenericAlias, NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from nbformat import NotebookNode

from loyalty_kit.publishing.notebooks.languages import notebook_kernel
from loyalty_kit.publishing.notebooks.syntax import syntax_tree
from loyalty_kit.publishing.notebooks.types import KINDS, Scalar, mapping_type, tuple_type

PARAMETERS_TAG = "parameters"
ONLY = "only"
"""Parameter that says which rows of a table a report is about, as 'channel = store'."""

_LISTS = ("list", "List")
_TUPLES = ("tuple", "Tuple")
_MAPPINGS = ("dict", "Dict")
_MOMENTS = {"date": date, "datetime": datetime}


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
    """Parameters that a notebook takes: those of its first cell tagged 'parameters', where that is Python."""
    if not notebook_kernel(notebook).is_python:
        return ()
    sources = (cell.source for cell in notebook.cells if is_parameters_cell(cell))
    return read_parameters(next(sources, ""))


def is_parameters_cell(cell: NotebookNode) -> bool:
    """Whether a cell is code tagged 'parameters'."""
    return cell.cell_type == "code" and PARAMETERS_TAG in cell.metadata.get("tags", [])


@cache
def read_parameters(source: str) -> tuple[Parameter, ...]:
    r"""Parameters that a cell's code declares.

    Parameters
    ----------
    source : str
        Lines ``name: type = default  # help``. A type is str, int, float, bool, Path, date, datetime,
        Literal, a list, tuple or dict of these, or such a type or None; nothing is evaluated.

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
        statements = syntax_tree(source).body
    except (SyntaxError, ValueError):
        return ()
    comments = _comments(source)
    found = (_parameter(statement, source, comments) for statement in statements)
    return tuple({parameter.name: parameter for parameter in found if parameter is not None}.values())


def other_lines(notebook: NotebookNode) -> dict[str, str]:
    """Find lines that are no parameters for their type: that type, as written, by name."""
    if not notebook_kernel(notebook).is_python:
        return {}
    source = next((cell.source for cell in notebook.cells if is_parameters_cell(cell)), "")
    taken = {parameter.name for parameter in read_parameters(source)}
    try:
        statements = syntax_tree(source).body
    except (SyntaxError, ValueError):
        return {}
    others = {}
    for statement in statements:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=hint) if name not in taken:
                others[name] = _unquoted(hint)
    return others


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
        statements = syntax_tree(str(ast.literal_eval(hint)).strip()).body
    except SyntaxError:
        statements = []
    match statements:
        case [ast.Expr(value=inner)]:
            return inner
    return ast.Name(id="")


def _annotation(hint: ast.expr) -> Any:
    """Type that an annotation's syntax names; None where it is not one that parameters may have."""
    match hint:
        case ast.Constant(value=None):
            return NoneType
        case ast.Constant(value=str()):
            return _annotation(_inner(hint))
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in KINDS:
            return KINDS[name]
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _LISTS:
            return list[Scalar]
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _TUPLES:
            return tuple_type((Scalar, ...))
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _MAPPINGS:
            return mapping_type()
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
    several = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    parts = tuple(... if ast.unparse(part) == "..." else _annotation(part) for part in several)
    if None in parts or ... in parts[:-1] or (... in parts and (name not in _TUPLES or len(parts) != 2)):
        return None
    if name in _TUPLES:
        return tuple_type(parts)
    if name in _MAPPINGS:
        return mapping_type(*parts) if len(parts) == 2 and parts[0] in (str, int) else None
    if len(parts) != 1 or name not in (*_LISTS, "Optional"):
        return None
    return operator.or_(parts[0], None) if name == "Optional" else GenericAlias(list, parts[0])


def _value(default: ast.expr) -> Any:
    """Value of a default that is a literal, a date, a time or a Path; else None."""
    match default:
        case ast.Call(
            func=ast.Name(id=name) | ast.Attribute(value=ast.Name(), attr=name),
            args=[_, _, _, *_] as parts,
            keywords=[],
        ) if name in _MOMENTS:
            return _built(_MOMENTS[name], parts)
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
    if isinstance(value, list | tuple):
        parts = {type(part) for part in value}
        part = parts.pop() if len(parts) == 1 and parts <= set(get_args(Scalar)) else Scalar
        return GenericAlias(list, part) if isinstance(value, list) else tuple_type((part, ...))
    if isinstance(value, dict):
        return mapping_type()
    if value is None:
        return Scalar | None if isinstance(default, ast.Constant) else None
    return KINDS.get("Path" if isinstance(value, Path) else type(value).__name__)


def _type_name(annotation: Any) -> str:
    """Name of a type as it would be written."""
    if get_origin(annotation) is Annotated:
        return _type_name(get_args(annotation)[0])
    if get_origin(annotation) is dict:
        return "dict"
    return annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
