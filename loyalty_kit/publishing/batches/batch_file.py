"""The reports that a batch's file asks for, each with a name and parameters of its own."""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.errors import InputError, nearest
from loyalty_kit.core.messages import Message, message, together
from loyalty_kit.intake.options import ENDINGS
from loyalty_kit.publishing import batches
from loyalty_kit.publishing.batches.batch_grammar import Defaults, Report, parse_batch_file
from loyalty_kit.publishing.batches.needs import in_order, resolved
from loyalty_kit.publishing.files.naming import file_parts, filled, safe_name, titled
from loyalty_kit.publishing.files.publication import check_report_name
from loyalty_kit.publishing.notebooks.notebooks import find_notebook, read_notebook
from loyalty_kit.publishing.notebooks.parameters import ONLY, Parameter, notebook_parameters
from loyalty_kit.publishing.notebooks.values import check_parameters, check_texts, taken

"""Parameter of a notebook that keeps rows: a list of texts such as 'channel = store'."""

MOST = 1000
"""Reports that one [[report]] may make."""

_WARN = logging.getLogger("loyalty_kit").warning
_TABLES = ENDINGS
_CODEBOOK = ".toml"


@dataclass(frozen=True)
class PlannedReport:
    """A report that a batch asks for.

    Attributes
    ----------
    name : str
        Its file's name without the ending; no other report of the batch has it.
    title : str or None
        None for the notebook's heading.
    labels : tuple of str
        What tells it from its siblings of one matrix; a title has them already, a heading not yet.
    notebook : str
        Path from the batch's folder, or name of a notebook that the kit ships.
    parameters : mapping
        Values given, each of its parameter's type.
    retries : int
        How often a failed run is tried again.
    timeout : float or None
        Seconds that the whole report may take.
    needs : tuple of str
        Names of reports that must be there before.
    language : str or None
        'en' or 'zh'; None where the batch does not say.
    where : str
        What errors call it.
    """

    name: str
    title: str | None
    labels: tuple[str, ...]
    notebook: str
    parameters: Mapping[str, Any]
    retries: int
    timeout: float | None
    needs: tuple[str, ...]
    language: str | None
    where: Message


@dataclass(frozen=True)
class BatchPlan:
    """What a batch's file asks for.

    Attributes
    ----------
    output : str
        Folder of the reports, as the file names it.
    keep : int or None
        Runs a report that history keeps; None for all.
    reports : tuple of PlannedReport
        In the file's order, except that a report stands behind those that it needs.
    """

    output: str
    keep: int | None
    reports: tuple[PlannedReport, ...]


@dataclass(frozen=True)
class _Source:
    """A notebook's file and what it takes."""

    path: Path
    parameters: tuple[Parameter, ...]

    @property
    def names(self) -> list[str]:
        return [parameter.name for parameter in self.parameters]


def read_plan(path: str | Path) -> BatchPlan:
    """Read a batch's file into the reports that it asks for, all of it checked.

    Parameters
    ----------
    path : str or Path
        A TOML file. Relative paths in it start from its folder.

    Returns
    -------
    BatchPlan

    Raises
    ------
    UnreadableError
        If the file cannot be read or is not TOML.
    InputError
        If a key is unknown or of the wrong type, a notebook or the data behind `for_each` cannot be
        read, a parameter is unknown or has the wrong type, a name is taken twice, or reports need
        unknown ones or one another; a line for each.

    Notes
    -----
    `matrix` makes a report of each combination of its values, `for_each` one of each value in a column
    of the report's data, which is the first table that a parameter names. A key sets the parameter
    of that name or, where the notebook has none, adds 'key = value' to its parameter `only`. Of the
    default parameters a report gets those that its notebook takes. `for_each` makes no report of a value
    that fewer rows have than the notebook's parameter `min_cell` says, 5 where it has none: how many
    are left out is logged, without their names. Values that file names could not tell apart, such as
    'web' and 'Web', get digits of their hash there.
    """
    path = Path(path)
    file = parse_batch_file(path)
    sources: dict[str, _Source] = {}
    found: dict[str, PlannedReport] = {}
    faults: list[Message] = []
    for number, report in enumerate(file.report, 1):
        where = _called(report.name) if report.name else message("report {number}", number=number)
        try:
            if report.notebook not in sources:
                sources[report.notebook] = _source(report.notebook, path.parent)
            variants, wrong = _variants(report, file.defaults, sources[report.notebook], path.parent, where)
        except InputError as error:
            faults += _located(where, error.said.lines)
            continue
        faults += _located(where, wrong)
        for variant in variants:
            other = found.setdefault(variant.name.casefold(), variant)
            if other is not variant:
                template = "a report before it is named '{name}' already; give each a name of its own."
                faults += _located(variant.where, [message(template, name=variant.name)])
    if all(report.notebook in sources for report in file.report):
        faults += _strange_defaults(file.defaults, sources.values())
    reports = {variant.name: variant for variant in found.values()}
    if not faults:
        try:
            needs = resolved({name: variant.needs for name, variant in reports.items()})
            ordered = [replace(reports[name], needs=needs[name]) for name in in_order(needs)]
            return BatchPlan(output=file.output, keep=file.keep, reports=tuple(ordered))
        except InputError as error:
            faults = list(error.said.lines)
    told = (message("{file}, {fault}", file=path.name, fault=fault) for fault in dict.fromkeys(faults))
    raise InputError(together(told))


def _called(name: str) -> Message:
    return message("report '{name}'", name=name)


def _located(where: Message, faults: Iterable[Message]) -> list[Message]:
    return [message("{where}: {fault}", where=where, fault=fault) for fault in faults]


def _source(notebook: str, base: Path) -> _Source:
    path = find_notebook(notebook, base)
    return _Source(path, notebook_parameters(read_notebook(path)))


def _variants(
    report: Report, defaults: Defaults, source: _Source, base: Path, where: Message
) -> tuple[list[PlannedReport], list[Message]]:
    """Make the reports of one [[report]]; with what is wrong in them."""
    known = {name: value for name, value in defaults.parameters.items() if name in source.names}
    given = {**known, **report.parameters}
    language = report.language or defaults.language
    variants: list[PlannedReport] = []
    faults: list[Message] = []
    combinations = _combinations(report, given, source, base, where)
    told = [{key: _label(value) for key, value in chosen.items()} for chosen in combinations]
    written = {key: file_parts(labels[key] for labels in told) for key in next(iter(told), {})}
    for chosen, labels in zip(combinations, told, strict=True):
        parts = {key: written[key][label] for key, label in labels.items()}
        try:
            name = _name(report.name, source.path, parts)
            parameters = check_parameters(_set(given, chosen, source.names), source.parameters, source.path.stem)
        except InputError as error:
            faults += error.said.lines
            continue
        variants.append(
            PlannedReport(
                name=name,
                title=_title(report.title, labels, language),
                labels=tuple(labels.values()),
                notebook=report.notebook,
                parameters=parameters,
                retries=defaults.retries if report.retries is None else report.retries,
                timeout=defaults.timeout if report.timeout is None else report.timeout,
                needs=tuple(filled(need, parts, "needs") if labels else need for need in report.needs),
                language=language,
                where=where if not labels else _called(name),
            )
        )
    return variants, faults


def _combinations(
    report: Report, given: Mapping[str, Any], source: _Source, base: Path, where: Message
) -> list[dict[str, Any]]:
    """Values that tell each variant of a report from the others."""
    _check_keys(report, source)
    _check_number(prod(map(len, report.matrix.values())), message("'matrix' makes"))
    fixed = [dict(zip(report.matrix, values, strict=True)) for values in product(*report.matrix.values())]
    column = report.for_each
    if column is None:
        return fixed
    # The data is read again only where other rows or another file are meant.
    read = cache(batches.column_values.column_values)
    found = [read(**_read_arguments(column, _set(given, chosen, source.names), source, base)) for chosen in fixed]
    rare, few = sum(one.rare for one in found), max(one.min_cell for one in found)
    _check_number(sum(len(one.values) for one in found), message("'matrix' and 'for_each' make"))
    variants = {text: list[dict[str, Any]]() for one in found for text in one.values}
    if not variants:
        raise InputError(
            "'for_each': no value of column '{column}' can have a report: each has fewer than {least} rows.",
            column=column,
            least=few,
        )
    if rare:
        _WARN(
            "%s: values of '%s' that fewer than %d rows have get no report (min_cell): %d left out.",
            where,
            column,
            few,
            rare,
        )
    for chosen, one in zip(fixed, found, strict=True):
        for text in one.values:
            variants[text].append({column: _typed(column, text, source), **chosen})
    return [chosen for several in variants.values() for chosen in several]


def _read_arguments(column: str, settings: Mapping[str, Any], source: _Source, base: Path) -> dict[str, Any]:
    """Say what to ask a report's data: which file, which rows of it count, how many a report needs."""
    files = [file for parameter in source.parameters if (file := _file(parameter, settings, source.path, base))]
    table = next((file for file in files if file.suffix.lower() in _TABLES), None)
    if table is None:
        raise InputError(
            "'for_each' needs data, but no parameter of '{stem}' names a table that is there; tables end in {tables}.",
            stem=source.path.stem,
            tables=", ".join(_TABLES),
        )
    values = {parameter.name: parameter.value for parameter in source.parameters} | dict(settings)
    least, kept = values.get("min_cell"), values.get(ONLY) or []
    return {
        "path": table,
        "column": column,
        "codebook": next((file for file in files if file.suffix.lower() == _CODEBOOK), None),
        "only": tuple(map(str, kept if isinstance(kept, list) else [kept])),
        **({"min_cell": least} if isinstance(least, int) else {}),
    }


def _check_keys(report: Report, source: _Source) -> None:
    """Refuse keys that stand twice, or that the notebook can do nothing with."""
    if report.for_each in report.matrix:
        raise InputError(
            "'{for_each}' stands in both 'for_each' and 'matrix'; leave one out.", for_each=report.for_each
        )
    for key in ([] if report.for_each is None else [report.for_each]) + list(report.matrix):
        if key in report.parameters:
            raise InputError("'{key}' stands in 'parameters' and tells the reports apart; leave one out.", key=key)
        if key not in source.names and ONLY not in source.names:
            hint = nearest(key, source.names) or taken(source.names)
            raise InputError(
                "'{stem}' has no parameter '{key}' and no '{only}' that keeps rows{hint}",
                stem=source.path.stem,
                key=key,
                only=ONLY,
                hint=hint,
            )


def _check_number(count: int, make: Message) -> None:
    if count > MOST:
        raise InputError(
            "{make} {count} reports; at most {most} are made of one [[report]].", make=make, count=count, most=MOST
        )


def _typed(name: str, text: str, source: _Source) -> Any:
    """Value found in the data, of the type of the parameter that it sets."""
    own = [parameter for parameter in source.parameters if parameter.name == name]
    return check_texts({name: text}, own, source.path.stem)[name] if own else text


def _file(parameter: Parameter, given: Mapping[str, Any], notebook: Path, base: Path) -> Path | None:
    """File that a parameter names: a default beside the notebook first, as the notebook means it."""
    value = given.get(parameter.name, parameter.value)
    folders = [base] if parameter.name in given else [notebook.parent, base]
    paths = [folder / value for folder in folders] if isinstance(value, str | Path) and value else []
    return next(filter(os.path.isfile, paths), None)


def _set(given: Mapping[str, Any], chosen: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Parameters of a variant: its own keys set, or added to the rows that it keeps."""
    rows = [f"{key} = {_label(value)}" for key, value in chosen.items() if key not in names]
    own = {key: value for key, value in chosen.items() if key in names}
    kept = given.get(ONLY, [])
    return {**given, **own, **({ONLY: [*(kept if isinstance(kept, list) else [kept]), *rows]} if rows else {})}


def _label(value: Any) -> str:
    """Value as names, titles and conditions show it: truth as in spreadsheets, whole numbers without '.0'."""
    if isinstance(value, list):
        return ", ".join(map(_label, value))
    return value if isinstance(value, str) else cell_text(value)


def _name(template: str | None, notebook: Path, parts: Mapping[str, str]) -> str:
    """Name of a variant: of the template or, where it has no place for the values, with these behind it."""
    name = notebook.stem if template is None else template
    if parts and template is not None and "{" in template:
        name = safe_name(filled(template, parts, "name"))
    elif parts:
        name = safe_name("-".join([name, *parts.values()]))
    check_report_name(name, message("Report of '{notebook}'", notebook=notebook.name))
    return name


def _title(template: str | None, labels: Mapping[str, str], language: str | None) -> str | None:
    if template is None or not labels:
        return template
    if "{" in template:
        return filled(template, labels, "title")
    return titled(template, tuple(labels.values()), language or "en")


def _strange_defaults(defaults: Defaults, sources: Iterable[_Source]) -> list[Message]:
    known = {name for source in sources for name in source.names}
    strangers = [name for name in defaults.parameters if name not in known]
    template = "defaults: no report's notebook has a parameter '{name}'{hint}"
    return [message(template, name=name, hint=nearest(name, known) or message(".")) for name in strangers]
