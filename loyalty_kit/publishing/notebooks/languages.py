"""The programming language of a notebook: Python, or another that a kernel of its own runs."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path
from nbformat import NotebookNode

from loyalty_kit.core.errors import InputError, UnreadableError

PYTHON = "Python"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
# Kernels that a notebook may name without saying its language.
_KNOWN = {"ir": "R", "xr": "R", "julia": "Julia", "bash": "Bash", "deno": "TypeScript", "octave": "Octave"}


@dataclass(frozen=True)
class Kernel:
    """What runs a notebook.

    Attributes
    ----------
    name : str
        Name of its kernelspec.
    language : str
        Language of the notebook, as it says it.
    """

    name: str
    language: str

    @property
    def is_python(self) -> bool:
        """Whether this interpreter runs it, whatever its kernel is called."""
        return self.language.casefold() in ("python", "python3", "ipython")


def notebook_kernel(notebook: NotebookNode) -> Kernel:
    """Kernel that a notebook names; Python where it names none and says no language."""
    about, info = (_mapping(notebook.metadata.get(name)) for name in ("kernelspec", "language_info"))
    name = str(about.get("name") or "")
    said = about.get("language") or info.get("name") or _installed(name).get("language")
    return Kernel(name, str(said or _KNOWN.get(re.split(r"[-\d.]", name)[0].casefold(), PYTHON)))


def check_kernel(notebook: NotebookNode, where: Path, given: Mapping[str, Any]) -> None:
    """Refuse a notebook of another language where its kernel is not installed, or parameters are given.

    Raises
    ------
    UnreadableError
        If nothing here runs its language.
    InputError
        If it is given parameters, which are code in Python.
    """
    kernel = notebook_kernel(notebook)
    if kernel.is_python:
        return
    if not _installed(kernel.name):
        raise UnreadableError(
            "The notebook '{path}' is written in {language}, and its kernel '{kernel}' is not installed here; install "
            "it (`jupyter kernelspec list` must show it), or give a notebook in Python.",
            path=where,
            language=kernel.language,
            kernel=kernel.name,
        )
    if given:
        raise InputError(
            "The notebook '{path}' is written in {language}, and parameters can be given to notebooks in Python only; "
            "got {names}.",
            path=where,
            language=kernel.language,
            names=list(given),
        )


def _installed(name: str) -> Mapping[str, Any]:
    """Read the kernelspec of a name; nothing where none is installed."""
    if not _NAME.fullmatch(name):
        return {}
    for folder in jupyter_path("kernels"):
        file = Path(folder) / name / "kernel.json"
        if os.path.isfile(file):
            try:
                return _mapping(json.loads(file.read_text(encoding="utf-8")))
            except (OSError, ValueError):
                continue
    return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    """Take a mapping as it is, and anything else, which a damaged file may hold, for none."""
    return value if isinstance(value, Mapping) else {}
