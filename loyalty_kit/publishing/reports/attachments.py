"""What may stand beside a report: its PDF, its tables as a workbook."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing import exports
from loyalty_kit.publishing.reports.outcomes import RenderResult

Writers = Mapping[str, Callable[[Path, Path], None]]


def writers(*, pdf: bool = False, excel: bool = False) -> Writers:
    """Writers of the files wanted, by their ending.

    Raises
    ------
    InputError
        If a PDF is wanted and no browser can print it.
    """
    writers: dict[str, Callable[[Path, Path], None]] = {}
    if pdf:
        exports.pdf.find_browser()
        writers[".pdf"] = exports.pdf.write_pdf
    if excel:
        writers[".xlsx"] = exports.excel.write_workbook
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
            write(result.path, target)
        except (InputError, OSError) as error:
            return replace(result, outcome="failed", error=f"'{target.name}' cannot be written: {error}")
    return result
