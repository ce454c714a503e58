"""Commands that render: one notebook or a batch."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import loyalty_kit as lk
from loyalty_kit import publishing
from loyalty_kit.commands.app import Debug, command, run_failure_command
from loyalty_kit.publishing.terminal import aligned, as_text, printable_lines, shortened, show_progress, summary


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
            help="A parameter; a list or tuple is split at commas outside quotation marks, a dict is JSON.",
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
    digest: Annotated[
        Path | None,
        typer.Option("--digest", metavar="FILE.eml", help="Write a mail that tells what the folder's reports say."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
    on_failure: Annotated[
        str | None, typer.Option("--on-failure", metavar="CMD", help="Command that gets that summary if one fails.")
    ] = None,
    working_folder: Annotated[
        str | None,
        typer.Option(
            "--working-folder",
            metavar="FOLDER",
            help="Where one notebook runs and its relative paths start; its own folder if absent.",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            help="Seconds that one notebook's report may take; 3600, an hour, if absent.",
        ),
    ] = None,
    debug: Debug = False,
) -> int:
    """Render one notebook, or every report of a batch; each is stopped after an hour unless a timeout says else."""
    began = time.monotonic()
    beside = [publishing.reports.attachments.WORKBOOK] if excel else []
    if target is not None and not target.lower().endswith(".toml"):
        if refused := _given({"--only": only, "--dry-run": dry_run, "--executor": executor, "--fail-fast": fail_fast}):
            raise lk.InputError(
                "'{refused}' is for a batch; '{target}' is one notebook.", refused=refused, target=target
            )
        place: Path | str
        names, results, place = _one(
            target, parameter, output, force=force, beside=beside, working_folder=working_folder, timeout=timeout
        )
    else:
        if refused := _given({"--working-folder": working_folder, "--timeout": timeout}):
            raise lk.InputError(
                "'{refused}' is for one notebook; a batch runs in its file's folder and has its timeouts in its file.",
                refused=refused,
            )
        if parameter:
            raise lk.InputError("'-p' is for one notebook; a batch has its parameters in its file.")
        if output is not None and output.endswith(".html"):
            raise lk.InputError("'-o' must be a folder for a batch; got '{output}'.", output=output)
        batch = lk.batch.chosen(lk.batch.read_batch(target or lk.batch.BATCH_FILE), only).with_files(beside)
        place = output or batch.output
        if dry_run:
            return _plan(batch, place, force=force, as_json=as_json)
        names = [job.name for job in batch.jobs]
        results = lk.batch.render_batch(
            batch, place, workers=workers, executor=executor, force=force, fail_fast=fail_fast, wait=not no_wait
        )
    if digest is not None and publishing.files.stores.is_address(str(place)):
        raise lk.InputError(
            "'--digest' tells of reports in a folder of this machine; got the address '{place}'.", place=place
        )
    attachments = publishing.reports.attachments.writers(pdf=pdf, excel=excel)
    done = show_progress(
        (publishing.reports.attachments.with_attachments(result, attachments) for result in results),
        names,
        as_json=as_json,
    )
    if digest is not None:
        publishing.cover.digest.write_digest(Path(place), digest)
    kept = [name for name in names if name not in {result.name for result in done}]
    totals = summary(done, output=place, seconds=time.monotonic() - began, not_started=kept)
    return _close(done, totals, as_json=as_json, on_failure=on_failure, debug=debug)


def _given(options: Mapping[str, object]) -> str | None:
    """First of these options that was given."""
    return next((name for name, value in options.items() if value not in (None, False)), None)


def _plan(batch: "lk.batch.Batch", place: Path | str, *, force: bool, as_json: bool) -> int:
    """Say what would be rendered."""
    planned = lk.batch.dry_run_plan(batch, place, force=force)
    plans = [{"name": name, "plan": plan} for name, plan in planned]
    for line in [as_text(plans)] if as_json else aligned(planned):
        typer.echo(line)
    return 0


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
    target: str,
    parameter: Sequence[str] | None,
    output: str | None,
    *,
    force: bool,
    beside: Sequence[str],
    working_folder: str | None,
    timeout: float | None,
) -> tuple[list[str], Iterable["lk.results.RenderResult"], Path]:
    """Name, result to come and folder of one notebook's report."""
    pairs, output = _pairs(parameter or []), output or "reports"
    path = publishing.notebooks.notebooks.find_notebook(target, Path())
    node = publishing.notebooks.notebooks.read_notebook(path)
    publishing.notebooks.languages.check_kernel(node, path, pairs)
    declared = publishing.notebooks.parameters.notebook_parameters(node)
    others = publishing.notebooks.parameters.other_lines(node)
    values = publishing.notebooks.values.check_texts(pairs, declared, path.stem, others=others)
    own = Path(target).parent if Path(target).is_file() else Path()
    work = own if working_folder is None else Path(working_folder)
    values = publishing.reports.jobs.moved_paths(values, Path(), work)
    place = Path(output)
    folder = place.parent if place.suffix == ".html" and not place.is_dir() else place
    name = path.stem if folder == place else place.stem

    def made() -> Iterator["lk.results.RenderResult"]:
        yield lk.render(path, output, values, base=work, force=force, beside=beside, timeout=timeout)

    return [name], made(), folder


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
        run_failure_command(as_text(totals), on_failure, aside=as_json)
    return 1 if failed else 0
