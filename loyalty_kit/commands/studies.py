"""Commands on a study's files: start one, draft its codebook, check a survey."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import loyalty_kit as lk
from loyalty_kit.commands import logs
from loyalty_kit.commands.app import Debug, command
from loyalty_kit.core.messages import listing
from loyalty_kit.customers import transactions
from loyalty_kit.publishing.terminal import aligned, printable_lines
from loyalty_kit.survey import drafting

if TYPE_CHECKING:
    import pandas as pd

    from loyalty_kit.survey.drafting.looks.columns import Column

STARTER = Path(__file__).parents[1] / "starter"


Language = Literal["en", "zh"]
Spoken = Annotated[
    Language | None, typer.Option("--language", help="Of comments and reports; that of the file if absent.")
]


@command(wrong=1)
def check(
    survey: Annotated[str, typer.Argument(help="File of answers, or log of orders.")],
    codebook: Annotated[
        str | None, typer.Argument(help="Codebook (.toml); if absent, what a draft would take each column for.")
    ] = None,
    debug: Debug = False,
) -> int:
    """Say what each column of a survey or of a log of orders holds and, by its codebook, what is wrong where."""
    if codebook is None and (log := transactions.recognition.recognised(Path(survey))) is not None:
        logs.check_log(Path(survey), log)
        return 0
    if codebook is None:
        draft = drafting.drafts.draft_of(Path(survey))
        typer.echo(f"{draft.rows} rows, {len(draft.columns)} columns; {len(draft.left_out)} rows left out.")
        for row in draft.left_out:
            _show([f"Left out: row {row.number}: {row.reason}"])
        _table(draft.columns, drafting.overview.taken_by_draft(draft))
        return 0
    meaning = lk.Codebook.read(codebook)
    responses = lk.read_responses(survey, meaning)
    if any(index.experts for index in meaning.index.values()):
        # The experts' table lies beside the codebook and may have faults of its own.
        lk.score(responses, meaning)
    _summary(responses, meaning)
    _table(drafting.overview.columns_read(responses, meaning), drafting.overview.taken_by(meaning))
    return 0


@command()
def draft(
    survey: Annotated[Path, typer.Argument(help="File of answers, as it was exported.")],
    study: Annotated[
        Path | None, typer.Option("-o", metavar="STUDY", help="The study's folder; named as the file if absent.")
    ] = None,
    language: Spoken = None,
    show: Annotated[bool, typer.Option("--print", help="Show the codebook, and write nothing.")] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="Add what is new of a further wave to the study's codebook.")
    ] = False,
    debug: Debug = False,
) -> int:
    """Draft a codebook from a survey file: a study that renders at once."""
    folder = Path(survey.stem) if study is None else study
    if merge:
        return _merge(survey, folder, show=show)
    if show:
        typer.echo(drafting.text.draft_text(drafting.drafts.draft_of(survey, language)), nl=False)
        return 0
    return _start(survey, folder, language)


@command()
def new(
    folder: Annotated[Path, typer.Argument(help="Folder to make; an empty one may be there.")],
    survey: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Survey file, or log of orders, that the study is about."),
    ] = None,
    language: Spoken = None,
    debug: Debug = False,
) -> int:
    """Start a study: from a survey file, from a log of orders, or with a small survey to try."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise lk.InputError("'{folder}' is there already and not empty; give the name of a new folder.", folder=folder)
    if survey is not None and (log := transactions.recognition.recognised(survey)) is not None:
        logs.start_log_study(survey, folder, log, language)
        return 0
    if survey is not None:
        return _start(survey, folder, language)
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(STARTER.iterdir()):
        shutil.copyfile(file, folder / file.name)
    typer.echo(f"The study lies in '{folder}'. Next, in that folder: loyalty-kit render")
    return 0


def _start(survey: Path, folder: Path, language: Language | None) -> int:
    text = drafting.studies.start_study(survey, folder, language)
    book = lk.Codebook.parse(text)
    asked = drafting.text.count_asked(text)
    scales = ", ".join(book.scales) or "none"
    lines = [f"{len(book.item_names)} items; scales: {scales}; groups: {', '.join(book.groups) or 'none'}."]
    place = folder / drafting.studies.CODEBOOK
    lines += (
        [f"'{place}' asks you something in {asked} lines that begin with '{drafting.text.ASKED}'."] if asked else []
    )
    _show([*lines, f"The study lies in '{folder}'. Next, in that folder: loyalty-kit render"])
    return 0


def _merge(survey: Path, folder: Path, *, show: bool) -> int:
    place = folder / drafting.studies.CODEBOOK
    found = drafting.merging.merged(place, survey)
    if show:
        typer.echo(found.text, nl=False)
        return 0
    if found.text:
        drafting.studies.copy_file(survey, folder)
        drafting.studies.write_whole(place, found.text)
    _show(
        [f"Added to '{place}': {listing(found.added)}." if found.added else f"'{place}' names all of '{survey.name}'."]
    )
    _show([f"Check: {told}." for told in found.changed])
    return 0


def _summary(responses: "pd.DataFrame", meaning: "lk.Codebook") -> None:
    """Say what was read."""
    scales = ", ".join(meaning.scales) or "none"
    typer.echo(f"{len(responses)} respondents, {len(meaning.item_names)} items; scales: {scales}.")
    asked = [*meaning.item_names, *meaning.price_columns.values()]
    missing = responses[asked].isna().mean().sort_values(ascending=False, kind="stable")
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


def _table(columns: "Sequence[Column]", taken: dict[str, str]) -> None:
    for line in ["", *aligned(drafting.overview.overview(columns, taken))]:
        typer.echo(line)


def _show(lines: Sequence[str]) -> None:
    for line in lines:
        for part in printable_lines(line):
            typer.echo(part)
