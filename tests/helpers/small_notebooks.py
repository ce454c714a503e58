"""Notebooks made for a test: small, so that most of their time is the kernel's start."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

SCRIPT = "<script>alert(1)</script>"


def write_notebook(path: Path, *code: str, parameters: str = "", title: str = "A small report") -> Path:
    """Notebook with a title, a parameters cell and cells of code."""
    cells = [new_markdown_cell(f"# {title}"), new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[*cells, *map(new_code_cell, code)]), path)
    return path


def names(folder: Path) -> list[str]:
    """Names of a folder's files, hidden ones among them."""
    return sorted(path.name for path in folder.iterdir())
