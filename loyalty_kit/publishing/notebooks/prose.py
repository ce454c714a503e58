"""A notebook's own text in another language: a file beside it, a section for each cell."""

import re
from pathlib import Path

from nbformat import NotebookNode

from loyalty_kit.core.errors import InputError, UnreadableError, nearest
from loyalty_kit.core.messages import foreign, message

_SECTION = re.compile(r"^<!-- *(cell|caption): *(\S+) *-->[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_KINDS = {"cell": "markdown", "caption": "code"}


def with_prose(notebook: NotebookNode, source: Path, language: str) -> NotebookNode:
    """Notebook with its text in a language.

    Parameters
    ----------
    notebook : NotebookNode
        In English, cells with the ids of its file.
    source : Path
        Its file, as 'drivers.ipynb'; the Chinese text stands in 'drivers.zh.md' beside it.
    language : {'en', 'zh'}
        Language wanted.

    Returns
    -------
    NotebookNode
        A copy whose markdown cells, and captions of code cells, are those of the file; what has no section
        there stays English, as does all where there is no such file.

    Raises
    ------
    UnreadableError
        If the file cannot be read.
    InputError
        If a section is of no cell of the notebook, or there twice.

    Notes
    -----
    A section begins with a line `<!-- cell: ID -->`, or `<!-- caption: ID -->` for the caption of a figure or
    table, and ends where the next begins.
    """
    file = source.with_name(f"{source.stem}.{language}.md")
    if language == "en" or not file.is_file():
        return notebook
    sections = _sections(file)
    ids = {kind: [cell.id for cell in notebook.cells if cell.cell_type == kind] for kind in _KINDS.values()}
    for word, name in sections:
        known = ids[_KINDS[word]]
        if name not in known:
            hint = nearest(name, known) or message("; there are {known}.", known=known)
            raise InputError(
                "'{file}' has a section '{section}', but '{notebook}' no such {cell}{hint}",
                file=file.name,
                section=f"{word}: {name}",
                notebook=source.name,
                cell=message("markdown cell") if word == "cell" else message("code cell"),
                hint=hint,
            )
    return NotebookNode({**notebook, "cells": [_with_text(cell, sections) for cell in notebook.cells]})


def _sections(file: Path) -> dict[tuple[str, str], str]:
    """Text of each section by its kind and its cell's id."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableError(
            "The text '{path}' cannot be read: {cause}.", path=file, cause=foreign(error.strerror)
        ) from None
    except UnicodeDecodeError:
        raise UnreadableError("The text '{path}' is not UTF-8 text; save it as UTF-8.", path=file) from None
    first, *parts = _SECTION.split(text)
    if _COMMENT.sub("", first).strip():
        raise InputError(
            "'{file}' begins with text of no cell; a line '<!-- cell: ID -->' says which cell's it is.", file=file.name
        )
    sections: dict[tuple[str, str], str] = {}
    for word, name, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if (word, name) in sections:
            raise InputError(
                "'{file}' has two sections '{section}'; a cell has one.", file=file.name, section=f"{word}: {name}"
            )
        sections[word, name] = body.strip()
    return sections


def _with_text(cell: NotebookNode, sections: dict[tuple[str, str], str]) -> NotebookNode:
    """Cell with the text of its section, where that says anything."""
    word = "caption" if cell.cell_type == "code" else "cell"
    text = sections.get((word, cell.id))
    if not text:
        return cell
    if word == "cell":
        return NotebookNode({**cell, "source": text})
    return NotebookNode({**cell, "metadata": NotebookNode({**cell.metadata, "caption": text})})
