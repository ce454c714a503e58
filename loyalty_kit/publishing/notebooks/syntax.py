"""Code read as a syntax tree while nothing else of the process runs."""

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

_ALONE = RLock()


def syntax_tree(source: str) -> ast.Module:
    """Syntax tree of a module's code.

    Parameters
    ----------
    source : str
        The code.

    Returns
    -------
    ast.Module

    Raises
    ------
    SyntaxError, ValueError
        If it is no Python.

    Notes
    -----
    Python 3.11 counts how deep trees are in one place for the whole process, and fails with 'AST constructor
    recursion depth mismatch' where another tree is built before the first is whole: by another thread, or by the end
    of an object that a garbage collection meets halfway. Without collections none of these gets its turn.
    """
    with undisturbed():
        return ast.parse(source)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep what would build another tree from its turn: threads that ask the same, and garbage collections."""
    with _ALONE:
        enabled = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if enabled:
                gc.enable()
