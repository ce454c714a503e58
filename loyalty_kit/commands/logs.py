"""Commands on a log of orders: what its columns are taken for, what must be known of it, and a study of it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

import loyalty_kit as lk
from loyalty_kit.core.language import translate
from loyalty_kit.core.messages import listing, message
from loyalty_kit.publishing.terminal import aligned, printable_lines
from loyalty_kit.survey import drafting

if TYPE_CHECKING:
    from loyalty_kit.customers.transactions.recognition import LogFile

Language = Literal["en", "zh"]
NET: Literal["net"] = "net"
NOTEBOOKS = ("50-customer-segments", "60-customer-value")
"""Reports on a log, of which a study of one begins with each."""


def check_log(path: Path, log: "LogFile") -> None:
    """Say what each column of a log is taken for, and what a reader must know of the log."""
    checked = log.read(path, refunds=NET).check()
    typer.echo(
        f"A log of orders: {checked.rows} rows, {checked.n_used} customers who bought, "
        f"{checked.first} to {checked.last}."
    )
    for number, reason in log.left_out:
        _show(f"Left out: row {number}: {reason}")
    if log.timezone:
        _show(f"Times have several offsets; days begin and end in {log.timezone}.")
    typer.echo("")
    for line in aligned([["column", "taken for"], *([name, meaning] for meaning, name in log.columns.named())]):
        _show(line)
    typer.echo("")
    for outcome, told in checked.table[["outcome", "message"]].itertuples(index=False):
        if outcome != "pass":
            _show(f"{outcome}: {translate(told, language='en')}")


def start_log_study(path: Path, folder: Path, log: "LogFile", language: Language | None) -> None:
    """Write a study's folder from a log: the file, and reports that render at once.

    Raises
    ------
    InputError
        If there are reports already, or another file of the log's name.
    """
    place = folder / drafting.studies.REPORTS
    if place.exists():
        raise lk.InputError("'{path}' is there already and is not overwritten.", path=place)
    folder.mkdir(parents=True, exist_ok=True)
    drafting.studies.copy_file(path, folder)
    drafting.studies.write_whole(place, reports_of_log(path.name, log, language or log.language))
    taken = ", ".join(f"{meaning} '{name}'" for meaning, name in log.columns.named())
    _show(f"A log of orders: {taken}.")
    for number, reason in log.left_out:
        _show(f"Left out: row {number}: {reason}")
    if log.currencies:
        _show(f"Amounts stand in {listing(log.currencies)}: give what each is worth in the line 'rates' of '{place}'.")
    _show(f"The study lies in '{folder}'. Next, in that folder: loyalty-kit render")


def reports_of_log(file: str, log: "LogFile", language: Language) -> str:
    """Text of a study's `reports.toml`: reports 50 and 60 on the log."""
    head = message("Reports that `loyalty-kit render` builds in this folder. Paths start from here.")
    order = message("Columns of customer, time and amount; then, where known, order, channel, category, currency.")
    names = [name or "" for name in vars(log.columns).values()]
    while not names[-1]:
        names.pop()
    lines = [
        f"orders = {_literal(file)}",
        f"# {translate(order, language=language)}",
        f"columns = {_literal(names)}",
    ]
    if log.file:
        rows = message(
            "Rows that are no order, as totals are: {rows}.", rows=", ".join(str(number) for number, _ in log.left_out)
        )
        lines += [f"# {translate(rows, language=language)}", 'file = ["rows: leave_out"]']
    if log.currencies:
        worth = message(
            "What a unit of each currency is worth in the one that counts: fill in, and take the mark away."
        )
        rates = ", ".join(f"{_literal(code)} = 1.0" for code in log.currencies)
        lines += [f"# {translate(worth, language=language)}", f"# rates = {{ {rates} }}"]
    if log.timezone:
        zone = message("Where days begin and end; times have several offsets.")
        lines += [f"# {translate(zone, language=language)}", f"timezone = {_literal(log.timezone)}"]
    lines.append(f'language = "{language}"')
    body = "\n".join(lines)
    reports = "".join(
        f"""
[[report]]
notebook = "{notebook}"
name = "{notebook[3:]}"
[report.parameters]
{body}
"""
        for notebook in NOTEBOOKS
    )
    return f"""# {translate(head, language=language)}

output = "reports"
{reports}"""


def _literal(value: str | list[str]) -> str:
    """Text, or a list of texts, as TOML and JSON write it alike."""
    return json.dumps(value, ensure_ascii=False)


def _show(line: str) -> None:
    for part in printable_lines(line):
        typer.echo(part)
