"""Commands on a study's files: start one, check a survey."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

import loyalty_kit as lk
from loyalty_kit.commands.app import Debug, command
from loyalty_kit.core.messages import listing

STARTER = Path(__file__).parents[1] / "starter"


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
