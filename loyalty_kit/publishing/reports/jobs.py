"""A report to be rendered: its notebook read and its parameters checked and set, before anything runs."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
from nbformat import NotebookNode

from loyalty_kit.core.conditions import untold
from loyalty_kit.core.errors import InputError, read_toml
from loyalty_kit.core.language import LANGUAGES
from loyalty_kit.core.messages import message
from loyalty_kit.publishing.files.naming import titled
from loyalty_kit.publishing.files.publication import check_report_name
from loyalty_kit.publishing.history.history import Outcome
from loyalty_kit.publishing.history.requests import TIMEOUT, PastRun, RenderRequest
from loyalty_kit.publishing.notebooks.languages import check_kernel, notebook_kernel
from loyalty_kit.publishing.notebooks.notebooks import find_notebook, heading, read_notebook
from loyalty_kit.publishing.notebooks.parameters import ONLY, is_parameters_cell, notebook_parameters, other_lines
from loyalty_kit.publishing.notebooks.prose import with_prose
from loyalty_kit.publishing.notebooks.values import check_parameters, choices, injected_source
from loyalty_kit.publishing.reports.keys import ReportKey, report_key


@dataclass(frozen=True)
class Job:
    """A report to be rendered.

    Attributes
    ----------
    name, title : str
        File name without its ending; title in the index.
    path : Path
        The notebook's file.
    notebook : NotebookNode
        The notebook with its parameters set, its prose in the report's language.
    given : mapping
        Parameters that were given.
    values : mapping
        Every parameter's value as the notebook will find it; of defaults that are no literals, none.
    folder : Path
        Working folder of the kernel, which relative paths start from.
    language : str
        'en' or 'zh': what the parameter `language` says or, where it says nothing, the codebook.
    timeout : float
        Seconds that the whole report may take.
    retries : int
        How often a failed run is tried again.
    needs : tuple of str
        Names of reports that must be there before.
    words : frozenset of str
        Parameters that take one of a few words.
    beside : tuple of str
        Endings of files that must lie beside the report, or it runs again.
    """

    name: str
    title: str
    path: Path
    notebook: NotebookNode
    given: Mapping[str, Any]
    values: Mapping[str, Any]
    folder: Path
    language: str = "en"
    timeout: float = TIMEOUT
    retries: int = 0
    needs: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    beside: tuple[str, ...] = ()

    def key(self) -> ReportKey:
        """Hash of all that goes into the report, and of each input file."""
        kernel = notebook_kernel(self.notebook)
        return report_key(
            self.notebook,
            path=self.path,
            values=self.values,
            folder=self.folder,
            language=self.language,
            words=self.words,
            extra=(self.name, self.title, *([] if kernel.is_python else [kernel.name])),
        )

    def facts(self, key: str = "", outcome: Outcome = "rendered") -> dict[str, str]:
        """List what the report's page and the failure page carry as meta elements.

        Whose values the parameter `only` names is told where a report came of it: it then is about enough people.
        """
        given = {
            name: untold(value) if name == ONLY and outcome != "rendered" else value
            for name, value in self.given.items()
        }
        # The key first: it is looked for near the page's beginning, and parameters may be long.
        return {
            "key": key,
            "name": self.name,
            "title": self.title,
            "notebook": self.path.name,
            "parameters": json.dumps(given, default=str, ensure_ascii=False),
            "language": self.language,
            "outcome": outcome,
        }

    def request(self, key: str, past: tuple[PastRun, ...]) -> RenderRequest:
        """Write down what whoever makes the report must know."""
        return RenderRequest(
            name=self.name,
            notebook=nbformat.writes(self.notebook),
            folder=str(self.folder),
            images=str(self.path.parent),
            language=self.language,
            facts=self.facts(key),
            past=past,
            timeout=self.timeout,
        )


def prepare_job(
    notebook: str | Path,
    parameters: Mapping[str, Any] = MappingProxyType({}),
    *,
    base: Path,
    name: str | None = None,
    title: str | None = None,
    labels: Sequence[str] = (),
    language: str | None = None,
    timeout: float | None = None,
    retries: int = 0,
    needs: tuple[str, ...] = (),
) -> Job:
    """Find and read a notebook, check its parameters and set them; it has an hour where no `timeout` is given."""
    path = find_notebook(notebook, base)
    name = path.stem if name is None else name
    check_report_name(name, message("Report of '{notebook}'", notebook=path.name))
    node = read_notebook(path)
    check_kernel(node, path, parameters)
    declared = notebook_parameters(node)
    wanted = {"language": language} if language and any(entry.name == "language" for entry in declared) else {}
    given = check_parameters({**wanted, **parameters}, declared, path.stem, others=other_lines(node))
    folder = base.resolve()
    defaults = {entry.name: entry.value for entry in declared if entry.name not in given}
    kept = _kept_paths(defaults, path, folder)
    values = {**defaults, **kept, **given}
    spoken = _language(values, folder) or language or LANGUAGES[0]
    node = with_prose(node, path, spoken)
    return Job(
        name=name,
        title=title or titled(heading(node) or name, labels, spoken),
        path=path,
        notebook=_with_values(node, {**kept, **given}),
        given=given,
        values=values,
        folder=folder,
        language=spoken,
        timeout=TIMEOUT if timeout is None else timeout,
        retries=retries,
        needs=needs,
        words=frozenset(entry.name for entry in declared if choices(entry.annotation)),
    )


def _language(values: Mapping[str, Any], folder: Path) -> str | None:
    """Language that the parameter of that name asks for, else the one that a codebook among the parameters names."""
    if values.get("language") in LANGUAGES:
        return str(values["language"])
    for value in values.values():
        if isinstance(value, str | Path) and str(value).endswith(".toml") and (folder / value).is_file():
            try:
                said = read_toml(folder / value, message("The codebook")).get("language")
            except InputError:
                continue
            if said in LANGUAGES:
                return str(said)
    return None


def _kept_paths(defaults: Mapping[str, Any], notebook: Path, folder: Path) -> dict[str, Any]:
    """Defaults that name a file beside the notebook, as paths that name it from the kernel's folder."""
    kept: dict[str, Any] = {}
    for name, value in defaults.items():
        if isinstance(value, str | Path) and os.path.isfile(notebook.parent / value):
            found = (notebook.parent / value).resolve()
            if found != (folder / value).resolve():
                kept[name] = type(value)(_relative(found, folder))
    return kept


def moved_paths(values: Mapping[str, Any], base: Path, folder: Path) -> dict[str, Any]:
    """Values that name a file or folder as seen from one folder, as paths that name it from another.

    Examples
    --------
    >>> moved_paths({"wave": 2, "code": "no file"}, Path(), Path())
    {'wave': 2, 'code': 'no file'}
    """
    return {name: _moved(value, base.resolve(), folder.resolve()) for name, value in values.items()}


def _moved(value: Any, base: Path, folder: Path) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_moved(part, base, folder) for part in value)
    if not isinstance(value, str | Path) or not str(value).strip() or base == folder:
        return value
    named = Path(value).name and not Path(value).is_absolute() and os.path.exists(base / value)
    return type(value)(_relative(base / value, folder)) if named else value


def _relative(path: Path, folder: Path) -> str:
    """Path as seen from a folder, where there is a way (on Windows not between drives)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def _with_values(notebook: NotebookNode, values: Mapping[str, Any]) -> NotebookNode:
    """Notebook with a cell below its parameters that sets them."""
    if not values:
        return notebook
    place = next(number for number, cell in enumerate(notebook.cells, 1) if is_parameters_cell(cell))
    # Not `new_code_cell`: it compiles the schemas of nbformat first.
    about: dict[str, Any] = {
        "id": "injected",
        "metadata": {"tags": ["injected-parameters"]},
        "outputs": [],
        "execution_count": None,
    }
    cell = nbformat.from_dict({"cell_type": "code", "source": injected_source(values), **about})
    return NotebookNode({**notebook, "cells": [*notebook.cells[:place], cell, *notebook.cells[place:]]})
