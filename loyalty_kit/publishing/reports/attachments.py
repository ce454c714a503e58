"""What may stand beside a report: its PDF, its tables as a workbook."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing import exports
from loyalty_kit.publishing.reports.outcomes import RenderResult

WORKBOOK = ".xlsx"
"""Ending of the file that is written from a run, not from its page: without it a report runs again."""

Writers = Mapping[str, Callable[[RenderResult, Path], None]]


def writers(*, pdf: bool = False, excel: bool = False) -> Writers:
    """Writers of the files wanted, by their ending.

    Raises
    ------
    InputError
        If a PDF is wanted and no browser can print it.
    """
    writers: dict[str, Callable[[RenderResult, Path], None]] = {}
    if pdf:
        exports.pdf.find_browser()
        writers[".pdf"] = _write_pdf
    if excel:
        writers[WORKBOOK] = _write_workbook
    return writers


def with_attachments(result: RenderResult, writers: Writers) -> RenderResult:
    """Write the files beside a report; one that cannot be written makes it a failed one."""
    if result.outcome == "failed" or result.path is None:
        return result
    for ending, write in writers.items():
        target = result.path.with_suffix(ending)
        if result.outcome == "unchanged" and target.exists():
            continue
        try:
            write(result, target)
        except (InputError, OSError) as error:
            result = replace(result, outcome="failed", error=f"'{target.name}' cannot be written: {error}")
            break
    # A batch keeps the results of all its reports: the tables have served.
    return replace(result, tables=())


def _write_pdf(result: RenderResult, target: Path) -> None:
    if result.path is not None:
        exports.pdf.write_pdf(result.path, target)


def _write_workbook(result: RenderResult, target: Path) -> None:
    exports.excel.write_workbook(result.tables, target, title=result.title, language=result.language)
