"""Copies of the shipped notebooks that run fast, beside the data that they read, and the pictures in their outputs."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PICTURES = ("image/png", "image/svg+xml", "image/jpeg")


def copy_notebooks(folder: Path) -> list[Path]:
    """Shipped notebooks as they are but for fewer bootstrap samples, in a folder laid out as the project."""
    shutil.copytree(ROOT / "data", folder / "data")
    (folder / "notebooks").mkdir()
    copies = []
    for original in NOTEBOOKS:
        notebook = nbformat.read(original, as_version=4)
        for cell in notebook.cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source = cell.source.replace("bootstrap: int = 1000", "bootstrap: int = 50")
                cell.source = cell.source.replace("bootstrap: int = 500", "bootstrap: int = 50")
        copies.append(folder / "notebooks" / original.name)
        nbformat.write(notebook, copies[-1])
    return copies


def pictures(notebook: nbformat.NotebookNode) -> int:
    """Count the pictures in the outputs of a notebook that has run."""
    outputs: Iterable = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return sum(any(kind in output.get("data", {}) for kind in PICTURES) for output in outputs)


def pictures_of(page: str) -> int:
    """Count the pictures on a report's page."""
    return len(BeautifulSoup(page, "html.parser").select("main figure img"))
