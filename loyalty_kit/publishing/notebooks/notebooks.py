"""Notebooks found and read; those that the kit ships go by their names."""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode, reader
from nbformat.converter import convert

from loyalty_kit.core.errors import UnreadableError, nearest
from loyalty_kit.core.messages import foreign, message

NOTEBOOK = ".ipynb"

_KINDS = ("code", "markdown", "raw")

_PACKAGE = Path(__file__).parents[2]
# In a wheel the notebooks lie in the package, in a checkout beside it.
_SHIPPED = (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks")


def find_notebook(notebook: str | Path, base: Path) -> Path:
    """File of a notebook named by a path relative to a folder or, where the kit ships it, by its name."""
    path = base / notebook
    if path.is_file():
        return path.absolute()
    name = str(notebook).removesuffix(NOTEBOOK)
    shipped = {file.stem: file for folder in reversed(_SHIPPED) for file in sorted(folder.glob(f"*{NOTEBOOK}"))}
    if name in shipped:
        return shipped[name]
    if path.is_dir():
        raise UnreadableError("'{notebook}' is a folder; give a notebook or a reports.toml.", notebook=notebook)
    hint = nearest(name, shipped) or message("; the kit ships {names}.", names=sorted(shipped))
    raise UnreadableError("The notebook '{notebook}' does not exist{hint}", notebook=notebook, hint=hint)


def read_notebook(path: Path) -> NotebookNode:
    """Notebook of a file, every cell with an id that is the same each time it is read."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableError(
            "The notebook '{path}' cannot be read: {cause}.", path=path, cause=foreign(error.strerror)
        ) from None
    except UnicodeDecodeError as error:
        raise UnreadableError(
            "The notebook '{path}' is not a Jupyter notebook ({given}).", path=path, given=type(error).__name__
        ) from error
    return parse_notebook(text, where=str(path))


def parse_notebook(text: str, *, where: str = "text") -> NotebookNode:
    """Notebook of its JSON text; a cell without an id, or with another's, gets one by its place."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Not `nbformat.reads`: it compiles its schemas first, which takes longer than all the rest.
            node: NotebookNode = convert(reader.reads(text), 4)
            names = _ids(node.cells)
            _check_outputs(node.cells, where)
            node = nbformat.v4.upgrade(node)
            _check_cells(node)
    except UnreadableError:
        raise
    except Exception as error:
        # nbformat raises whatever its readers of each version happen to meet in a damaged file.
        raise UnreadableError(
            "The notebook '{where}' is not a Jupyter notebook ({given}).", where=where, given=type(error).__name__
        ) from error
    for cell, name in zip(node.cells, names, strict=True):
        cell.id = name
    return node


def _ids(cells: Sequence[NotebookNode]) -> list[str]:
    """Ids of cells, each once."""
    names: dict[str, None] = {}
    for number, cell in enumerate(cells):
        name = str(cell.get("id") or f"cell-{number}")
        while name in names:
            name = f"{name}-{number}"
        names[name] = None
    return list(names)


def _check_outputs(cells: Sequence[NotebookNode], where: str) -> None:
    """Refuse a code cell without the list of its outputs, on which all libraries rely."""
    for number, cell in enumerate(cells, 1):
        if cell.cell_type == "code" and not isinstance(cell.get("outputs"), list):
            raise UnreadableError(
                "The notebook '{where}' is damaged: cell {number} is code and has no list of outputs; open it in "
                'Jupyter and save it, or give that cell "outputs": [].',
                where=where,
                number=number,
            )


def _check_cells(notebook: NotebookNode) -> None:
    """Refuse cells that lack what is read of them here."""
    for cell in notebook.cells:
        if not isinstance(cell.source, str) or not isinstance(cell.metadata, dict) or cell.cell_type not in _KINDS:
            raise ValueError("It holds a cell without text, metadata or a known type.")


def heading(notebook: NotebookNode) -> str | None:
    """Text of the first heading of level 1."""
    for cell in notebook.cells:
        found = re.search(r"^# +(.+?) *$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return re.sub(r"[*`]", "", found[1])
    return None
