"""Commands on reports that there are or will be: parameters, history, schedule."""

from pathlib import Path
from typing import Annotated

import typer

import loyalty_kit as lk
from loyalty_kit import publishing
from loyalty_kit.commands.app import Debug, command
from loyalty_kit.publishing.terminal import aligned, as_text, printable_lines, shortened


@command()
def params(
    notebook: Annotated[str, typer.Argument(help="A notebook, by path or by name.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
    debug: Debug = False,
) -> int:
    """List a notebook's parameters: name, type, default, help."""
    path = publishing.notebooks.notebooks.find_notebook(notebook, Path())
    node = publishing.notebooks.notebooks.read_notebook(path)
    declared = publishing.notebooks.parameters.notebook_parameters(node)
    if as_json:
        typer.echo(as_text(publishing.notebooks.values.described(declared)))
        return 0
    rows = [
        (entry.name, entry.type, "required" if entry.default is None else " ".join(entry.default.split()), entry.help)
        for entry in declared
    ]
    for line in aligned([("name", "type", "default", "help"), *rows]):
        typer.echo(line)
    if others := publishing.notebooks.parameters.other_lines(node):
        kinds = ", ".join(f"{name} ({kind})" for name, kind in others.items())
        typer.echo(shortened(printable_lines(f"Left out, since no parameter may have its type: {kinds}.")))
    return 0


@command()
def history(
    report: Annotated[str | None, typer.Argument(help="A report's name; all of them if absent.")] = None,
    output: Annotated[str, typer.Option("-o", metavar="PLACE", help="Folder or address of the reports.")] = "reports",
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="Runs to show.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON, with what each recorded.")] = False,
    debug: Debug = False,
) -> int:
    """Show the last runs of the reports, newest first."""
    if publishing.files.stores.is_address(output):
        with publishing.files.stores.mirrored(output) as (folder, _):
            return _past(folder, report, place=output, limit=limit, as_json=as_json)
    return _past(Path(output), report, place=output, limit=limit, as_json=as_json)


@command()
def schedule(
    batch: Annotated[str, typer.Argument(help="The batch (.toml).")] = "reports.toml",
    cron: Annotated[bool, typer.Option("--cron", help="A line for crontab.")] = False,
    systemd: Annotated[bool, typer.Option("--systemd", help="A service and its timer.")] = False,
    github: Annotated[bool, typer.Option("--github", help="A workflow of GitHub Actions.")] = False,
    airflow: Annotated[bool, typer.Option("--airflow", help="A DAG of Airflow.")] = False,
    debug: Debug = False,
) -> int:
    """Print a complete unit that renders the batch on a schedule."""
    chosen = {"cron": cron, "systemd": systemd, "github": github, "airflow": airflow}
    kinds = [kind for kind, wanted in chosen.items() if wanted]
    if len(kinds) != 1:
        raise lk.InputError("Give one of --cron, --systemd, --github, --airflow.")
    lk.batch.read_batch(batch)
    typer.echo(publishing.batches.schedule.unit(kinds[0], batch=Path(batch)))
    return 0


def _past(folder: Path, report: str | None, *, place: str, limit: int, as_json: bool) -> int:
    with publishing.history.history.History(folder) as kept:
        runs = kept.recent(report, limit)
    publishing.reports.outcomes.warn(kept)
    if as_json:
        typer.echo(as_text(runs))
        return 0
    if not runs:
        what = f"'{report}'" if report else "a report"
        typer.echo(f"No run of {what} is on record in '{place}'.")
        return 0
    columns = ("report", "started", "seconds", "outcome", "key", "error")
    rows = [
        (
            run["report"],
            run["started"],
            f"{run['seconds'] or 0:.1f}",
            run["outcome"],
            run["key"][:12],
            run["error"] or "",
        )
        for run in runs
    ]
    for line in aligned([columns, *rows]):
        typer.echo(line)
    return 0
