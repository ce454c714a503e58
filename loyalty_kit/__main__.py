"""The command line. It loads the kit's heavy modules only when a command needs them."""

import functools
import io
import os
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

import loyalty_kit as lk
from loyalty_kit import publishing
from loyalty_kit.core.messages import listing
from loyalty_kit.publishing.terminal import aligned, as_text, printable_lines, shortened, show_progress, summary

STARTER = Path(__file__).parent / "starter"
INTERRUPTED = 130
_STDERR = 2

P = ParamSpec("P")
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]

app = typer.Typer(
    help="Customer-loyalty research: render reports, check surveys, start studies.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def command(*, wrong: int = 2) -> Callable[[Callable[P, int]], Callable[P, None]]:
    """Make a command of a function that returns an exit code; its errors become sentences.

    Parameters
    ----------
    wrong : int
        Exit code where the input can be read but holds something wrong.
    """

    def register(function: Callable[P, int]) -> Callable[P, None]:
        @app.command()
        @functools.wraps(function)
        def run(*arguments: P.args, **options: P.kwargs) -> None:
            try:
                code = function(*arguments, **options)
            except BrokenPipeError:
                # Who reads the output has left; Typer ends without a word.
                raise
            except (Exception, KeyboardInterrupt) as error:
                if options["debug"]:
                    traceback.print_exc()
                code, sentences = _error_lines(error, wrong)
                typer.echo(shortened(sentences), err=True)
                if code != INTERRUPTED and (waiting := options.get("on_failure")):
                    _run_failure_command(as_text({"error": "\n".join(sentences)}), str(waiting), aside=True)
            raise typer.Exit(code)

        return run

    return register


@command()
def render(
    target: Annotated[
        str | None,
        typer.Argument(help="A notebook, by path or by name, or a batch (.toml); reports.toml if absent."),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "-p",
            metavar="NAME=VALUE",
            help="A parameter of the notebook; a list is split at commas outside quotation marks.",
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", metavar="PLACE", help="Folder for reports, or FILE.html for one.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="GLOB", help="Only the batch's reports whose names fit.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be rendered, and render nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Render unchanged reports too.")] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, metavar="N", help="Reports at a time; cores and one more if absent."),
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast/--keep-going", help="Whether the first failure ends the batch.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Leave at once where another batch writes into the folder.")
    ] = False,
    executor: Annotated[
        str | None, typer.Option("--executor", metavar="dask=ADDRESS", help="Run on a cluster of other machines.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write NAME.pdf too, by an installed Chromium.")] = False,
    excel: Annotated[bool, typer.Option("--excel", help="Write the report's tables to NAME.xlsx too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
    on_failure: Annotated[
        str | None, typer.Option("--on-failure", metavar="CMD", help="Command that gets that summary if one fails.")
    ] = None,
    debug: Debug = False,
) -> int:
    """Render one notebook, or every report of a batch."""
    began = time.monotonic()
    beside = [publishing.reports.attachments.WORKBOOK] if excel else []
    if target is not None and not target.lower().endswith(".toml"):
        of_batch = {"--only": only, "--dry-run": dry_run, "--executor": executor, "--fail-fast": fail_fast}
        refused = [name for name, value in of_batch.items() if value]
        if refused:
            raise lk.InputError(
                "'{refused}' is for a batch; '{target}' is one notebook.", refused=refused[0], target=target
            )
        place: Path | str
        names, results, place = _one(target, parameter or [], output or "reports", force=force, beside=beside)
    else:
        if parameter:
            raise lk.InputError("'-p' is for one notebook; a batch has its parameters in its file.")
        if output is not None and output.endswith(".html"):
            raise lk.InputError("'-o' must be a folder for a batch; got '{output}'.", output=output)
        batch = lk.batch.chosen(lk.batch.read_batch(target or lk.batch.BATCH_FILE), only).with_files(beside)
        place = output or batch.output
        if dry_run:
            planned = lk.batch.dry_run_plan(batch, place, force=force)
            plans = [{"name": name, "plan": plan} for name, plan in planned]
            for line in [as_text(plans)] if as_json else aligned(planned):
                typer.echo(line)
            return 0
        names = [job.name for job in batch.jobs]
        results = lk.batch.render_batch(
            batch, place, workers=workers, executor=executor, force=force, fail_fast=fail_fast, wait=not no_wait
        )
    attachments = publishing.reports.attachments.writers(pdf=pdf, excel=excel)
    done = show_progress(
        (publishing.reports.attachments.with_attachments(result, attachments) for result in results),
        names,
        as_json=as_json,
    )
    kept = [name for name in names if name not in {result.name for result in done}]
    totals = summary(done, output=place, seconds=time.monotonic() - began, not_started=kept)
    return _close(done, totals, as_json=as_json, on_failure=on_failure, debug=debug)


@command()
def params(
    notebook: Annotated[str, typer.Argument(help="A notebook, by path or by name.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
    debug: Debug = False,
) -> int:
    """List a notebook's parameters: name, type, default, help."""
    path = publishing.notebooks.notebooks.find_notebook(notebook, Path())
    declared = publishing.notebooks.parameters.notebook_parameters(publishing.notebooks.notebooks.read_notebook(path))
    if as_json:
        typer.echo(as_text(publishing.notebooks.values.described(declared)))
        return 0
    rows = [
        (entry.name, entry.type, "required" if entry.default is None else " ".join(entry.default.split()), entry.help)
        for entry in declared
    ]
    for line in aligned([("name", "type", "default", "help"), *rows]):
        typer.echo(line)
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


@command(wrong=1)
def check(
    survey: Annotated[str, typer.Argument(help="File of answers.")],
    codebook: Annotated[str, typer.Argument(help="Codebook (.toml).")],
    debug: Debug = False,
) -> int:
    """Read a survey by its codebook and say what is wrong where."""
    meaning = lk.Codebook.read(codebook)
    responses = lk.read_responses(survey, meaning)
    scales = ", ".join(meaning.scales) or "none"
    typer.echo(f"{len(responses)} respondents, {len(meaning.item_names)} items; scales: {scales}.")
    missing = responses[list(meaning.item_names)].isna().mean().sort_values(ascending=False, kind="stable")
    most = ", ".join(f"'{name}' ({share:.1%})" for name, share in missing[missing > 0].head(3).items())
    typer.echo(f"Missing answers: {missing.mean():.1%}; most in {most}." if most else "No answer is missing.")
    if empty := [str(name) for name in missing.index[missing == 1]]:
        typer.echo(f"Nobody answered {listing(empty)}.")
    for group in meaning.groups:
        levels, without = responses[group].nunique(), responses[group].isna().sum()
        typer.echo(f"Group '{group}': {levels} level{'s' * (levels != 1)}; {without} respondents without one.")
    if meaning.weight:
        weight = responses[meaning.weight]
        typer.echo(f"Weight '{meaning.weight}': {weight.min():g} to {weight.max():g}.")
    return 0


@command()
def new(
    folder: Annotated[Path, typer.Argument(help="Folder to make; an empty one may be there.")],
    debug: Debug = False,
) -> int:
    """Start a study: codebook, small survey, reports.toml."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise lk.InputError("'{folder}' is there already and not empty; give the name of a new folder.", folder=folder)
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(STARTER.iterdir()):
        shutil.copyfile(file, folder / file.name)
    typer.echo(f"The study lies in '{folder}'. Next, in that folder: loyalty-kit render")
    return 0


def _error_lines(error: BaseException, wrong: int) -> tuple[int, list[str]]:
    """Exit code and sentences of an error."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED, ["Interrupted; nothing was left half-written."]
        case lk.UnreadableError():
            return 2, printable_lines(str(error))
        case lk.InputError():
            return wrong, printable_lines(str(error))
        case OSError():
            place = f"'{error.filename2 or error.filename}': " if error.filename else ""
            return 2, printable_lines(f"{place}{error.strerror or error}.")
    return 1, printable_lines(f"Unexpected {type(error).__name__}: {error} (--debug shows where)")


def _pairs(texts: Iterable[str]) -> dict[str, str]:
    """Names and values of 'name=value' texts."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise lk.InputError("'-p' must be NAME=VALUE; got '{text}'.", text=text)
        if name in pairs:
            raise lk.InputError("'-p {name}=…' is given twice; give it once.", name=name)
        pairs[name] = value
    return pairs


def _one(
    target: str, parameters: Sequence[str], output: str, *, force: bool, beside: Sequence[str]
) -> tuple[list[str], Iterable["lk.results.RenderResult"], Path]:
    """Name, result to come and folder of one notebook's report."""
    path = publishing.notebooks.notebooks.find_notebook(target, Path())
    declared = publishing.notebooks.parameters.notebook_parameters(publishing.notebooks.notebooks.read_notebook(path))
    values = publishing.notebooks.values.check_texts(_pairs(parameters), declared, path.stem)
    place = Path(output)
    folder = place.parent if place.suffix == ".html" and not place.is_dir() else place
    name = path.stem if folder == place else place.stem
    return [name], (lk.render(path, output, values, force=force, beside=beside) for _ in range(1)), folder


def _close(
    done: Sequence["lk.results.RenderResult"],
    totals: Mapping[str, Any],
    *,
    as_json: bool,
    on_failure: str | None,
    debug: bool,
) -> int:
    """Show where the reports are and what went wrong, and hand a failure on; the exit code."""
    failed = [result for result in done if result.outcome == "failed"]
    if as_json:
        typer.echo(as_text(totals))
    elif any(result.path for result in done):
        typer.echo(os.path.join(totals["output"], "index.html"))
    if debug:
        for result in failed:
            typer.echo(result.traceback, err=True)
    problems = [
        f"{result.name}: {line}"
        for result in failed
        for line in printable_lines(result.terminal_message or result.error or "")
    ]
    if totals["not_started"]:
        problems.append(f"Not rendered: {', '.join(totals['not_started'])}.")
    if problems:
        typer.echo(shortened(problems), err=True)
    if failed and on_failure:
        _run_failure_command(as_text(totals), on_failure, aside=as_json)
    return 1 if failed else 0


def _run_failure_command(report: str, command: str, *, aside: bool) -> None:
    """Give a command what went wrong; what it says itself must not stand in a summary."""
    spoken = _STDERR if aside else None
    code = subprocess.run(command, shell=True, input=report, text=True, encoding="utf-8", stdout=spoken).returncode
    if code:
        typer.echo(f"The command of '--on-failure' ended with {code}.", err=True)


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


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"loyalty-kit {lk.__version__}")
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="loyalty-kit")


if __name__ == "__main__":
    main()
