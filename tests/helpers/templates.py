"""Templates of the messages of the package, as they stand where they are used."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import NamedTuple

import loyalty_kit

PACKAGE = Path(loyalty_kit.__file__).parent
MAKERS = {"message", "InputError", "UnreadableError", "GroupsError"}
MADE_ELSEWHERE = {"together", "message", "foreign", "Message"}


class Use(NamedTuple):
    """A call that makes a message: where, its template if it is a literal, and the values given by name."""

    place: str
    template: str | None
    given: set[str] | None
    made_elsewhere: bool


def names(template: str) -> set[str]:
    return {name for _, name, *_ in Formatter().parse(template) if name and name.isidentifier()}


def uses() -> Iterator[Use]:
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
            name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
            if name in MAKERS and path.name != "messages.py":
                words = {word.arg for word in call.keywords if word.arg != "anonymous"}
                first = call.args[0]
                yield Use(
                    f"{path.relative_to(PACKAGE)}:{call.lineno}",
                    _text(first, call.lineno, tree),
                    None if None in words else words,
                    isinstance(first, ast.Call) and getattr(first.func, "id", "") in MADE_ELSEWHERE,
                )


def _text(node: ast.expr, line: int, tree: ast.Module) -> str | None:
    """Literal text, given itself or by the name that last got it above, in this function or the module."""
    if isinstance(node, ast.Constant):
        return node.value
    if not isinstance(node, ast.Name):
        return None
    found = [
        (other.lineno, other.value.value)
        for other in ast.walk(tree)
        if isinstance(other, ast.Assign) and isinstance(other.value, ast.Constant) and other.lineno < line
        for target in other.targets
        if getattr(target, "id", "") == node.id
    ]
    return max(found)[1] if found else None


TEXTS = {
    node.value
    for path in PACKAGE.rglob("*.py")
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}
"""Every text in the package."""
