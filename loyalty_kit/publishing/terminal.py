"""What the command line shows: reports as they are done, columns that line up, messages that fit."""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from loyalty_kit.publishing.files.stores import is_address

if TYPE_CHECKING:
    from loyalty_kit.publishing.reports.outcomes import RenderResult

LONGEST_MESSAGE = 1500


def shortened(lines: Sequence[str], most: int = LONGEST_MESSAGE) -> str:
    """Lines that fit into a number of characters, and how many more there are.

    Examples
    --------
    >>> print(shortened(["one problem", "two problems", "three problems"], most=30))
    one problem
    and 2 more
    """
    room = most - len(f"\nand {len(lines)} more")
    kept: list[str] = []
    for line in lines:
        if len(line) > room and not kept:
            kept.append(f"{line[: room - 1]}…")
            break
        if len(line) > room:
            break
        kept.append(line)
        room -= len(line) + 1
    rest = len(lines) - len(kept)
    return "\n".join([*kept, *([f"and {rest} more"] if rest else [])])


def printable_lines(text: str) -> list[str]:
    """Lines of a message, without what a terminal would obey."""
    lines = ("".join(mark if _harmless(mark) else "\ufffd" for mark in line) for line in text.splitlines())
    return [line for line in lines if line.strip()]


def _harmless(mark: str) -> bool:
    """Whether a terminal only shows a character; the wide space of Chinese is one that Python calls unprintable."""
    return mark.isprintable() or unicodedata.category(mark) == "Zs"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with columns of equal width; each cell on one line, without what a terminal would obey."""
    rows = [[" ".join(printable_lines(cell)) for cell in row] for row in rows]
    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(padded(*pair) for pair in zip(row, widths, strict=True)).rstrip() for row in rows]


def padded(text: str, width: int) -> str:
    """Text filled up to a width on the screen, where a Chinese character takes two places."""
    return text + " " * (width - cell_len(text))


def show_progress(results: "Iterable[RenderResult]", names: Sequence[str], *, as_json: bool) -> "list[RenderResult]":
    """Results, each shown as it comes: a line a report, or nothing where a summary as JSON will follow."""
    width = max((cell_len(name) for name in names), default=0)
    done: list[RenderResult] = []
    with _bar(len(names), hidden=as_json) as bar:
        for result in results:
            done.append(result)
            if not as_json:
                bar.stop()
                typer.echo(_line(result, width))
                bar.start()
            bar.advance(bar.task_ids[0])
    return done


def summary(
    results: "Sequence[RenderResult]", *, output: Path | str, seconds: float, not_started: Sequence[str] = ()
) -> dict[str, Any]:
    """Sum up what a batch came to, as JSON knows it."""
    counts = {kind: sum(result.outcome == kind for result in results) for kind in ("rendered", "unchanged", "failed")}
    reports = [result.to_dict() for result in results]
    if is_address(str(output)):
        # What was rendered there lay in a passing folder.
        reports = [{**report, "path": report["path"] and f"{output}/{Path(report['path']).name}"} for report in reports]
    totals = {"output": str(output), "seconds": round(seconds, 3), **counts}
    return totals | {"not_started": list(not_started), "reports": reports}


def as_text(values: Any) -> str:
    """JSON text that people can read and that no terminal obeys."""
    text = json.dumps(values, ensure_ascii=False, indent=2)
    return "".join(mark if mark == "\n" or _harmless(mark) else json.dumps(mark)[1:-1] for mark in text)


def _line(result: "RenderResult", width: int) -> str:
    size = f"{result.size / 1000:.0f} kB"
    return f"{padded(result.name, width)}  {result.seconds:6.1f} s  {size:>8}  {result.outcome}"


@contextmanager
def _bar(total: int, *, hidden: bool) -> Iterator[Progress]:
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = hidden or not console.is_interactive
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=hidden) as bar:
        bar.add_task("rendering", total=total)
        yield bar
