"""The command line. It loads the kit's heavy modules only when a command needs them."""

import functools
import io
import shutil
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

import loyalty_kit as lk
from loyalty_kit import reporting

STARTER = Path(__file__).parent / "starter"
LONGEST_COMPLAINT = 1500
INTERRUPTED = 130

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
                code, sentences = _told(error, wrong)
                typer.echo(shortened(sentences), err=True)
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
        typer.Option("-p", metavar="NAME=VALUE", help="A parameter of the notebook; lists are split at commas."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", metavar="PLACE", help="Folder for reports, or FILE.html for one.")
    ] = None,
    debug: Debug = False,
) -> int:
    """Render one notebook, or every report of a batch."""
    if target is not None and not target.lower().endswith(".toml"):
        path = reporting.render.find_notebook(target, Path())
        declared = reporting.parameters.notebook_parameters(reporting.render.read_notebook(path))
        values = reporting.parameters.check_texts(_pairs(parameter or []), declared, path.stem)
        place = output or "reports"
        return _show([path.stem], (lk.render(path, place, values) for _ in range(1)), debug=debug)
    if parameter:
        raise lk.InputError("'-p' is for one notebook; a batch has its parameters in its file.")
    if output is not None and output.endswith(".html"):
        raise lk.InputError(f"'-o' must be a folder for a batch; got '{output}'.")
    batch = lk.batch.read_batch(target or lk.batch.BATCH_FILE)
    return _show([job.name for job in batch.jobs], lk.batch.results(batch, output=output), debug=debug)


@command()
def params(
    notebook: Annotated[str, typer.Argument(help="A notebook, by path or by name.")],
    debug: Debug = False,
) -> int:
    """List a notebook's parameters: name, type, default, help."""
    path = reporting.render.find_notebook(notebook, Path())
    declared = reporting.parameters.notebook_parameters(reporting.render.read_notebook(path))
    rows = [
        (entry.name, entry.type, "required" if entry.default is None else " ".join(entry.default.split()), entry.help)
        for entry in declared
    ]
    for line in _aligned([("name", "type", "default", "help"), *rows]):
        typer.echo(line)
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
    typer.echo(f"{len(responses)} respondents, {len(meaning.questions)} items; scales: {scales}.")
    missing = responses[list(meaning.questions)].isna().mean().sort_values(ascending=False, kind="stable")
    most = ", ".join(f"'{name}' ({share:.1%})" for name, share in missing[missing > 0].head(3).items())
    typer.echo(f"Missing answers: {missing.mean():.1%}; most in {most}." if most else "No answer is missing.")
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
        raise lk.InputError(f"'{folder}' is there already and not empty; give the name of a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(STARTER.iterdir()):
        shutil.copyfile(file, folder / file.name)
    typer.echo(f"The study lies in '{folder}'. Next, in that folder: loyalty-kit render")
    return 0


def shortened(lines: Sequence[str], most: int = LONGEST_COMPLAINT) -> str:
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


def _told(error: BaseException, wrong: int) -> tuple[int, list[str]]:
    """Exit code and sentences of an error."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED, ["Interrupted; nothing was left half-written."]
        case lk.UnreadableError():
            return 2, _lines(str(error))
        case lk.InputError():
            return wrong, _lines(str(error))
        case OSError():
            place = f"'{error.filename2 or error.filename}': " if error.filename else ""
            return 2, _lines(f"{place}{error.strerror or error}.")
    return 1, _lines(f"Unexpected {type(error).__name__}: {error} (--debug shows where)")


def _lines(text: str) -> list[str]:
    """Lines of a message, without what a terminal would obey."""
    lines = ("".join(mark if mark.isprintable() else "\ufffd" for mark in line) for line in text.splitlines())
    return [line for line in lines if line.strip()]


def _pairs(texts: Iterable[str]) -> dict[str, str]:
    """Names and values of 'name=value' texts."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise lk.InputError(f"'-p' must be NAME=VALUE; got '{text}'.")
        if name in pairs:
            raise lk.InputError(f"'-p {name}=…' is given twice; give it once.")
        pairs[name] = value
    return pairs


def _show(names: Sequence[str], results: Iterable["lk.RenderResult"], *, debug: bool) -> int:
    """Render the reports, telling each as it is done; then the index, and what went wrong."""
    console = Console(stderr=True)
    width = max(cell_len(name) for name in names)
    complaints: list[str] = []
    folder: Path | None = None
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_interactive
    ) as bar:
        task = bar.add_task(names[0], total=len(names))
        for done, result in enumerate(results, 1):
            bar.stop()
            size = f"{result.size / 1000:.0f} kB"
            typer.echo(f"{_padded(result.name, width)}  {result.seconds:6.1f} s  {size:>8}  {result.outcome}")
            bar.start()
            bar.update(task, completed=done, description=names[min(done, len(names) - 1)])
            folder = folder or (result.path and result.path.parent)
            complaints += [f"{result.name}: {line}" for line in _lines(result.error or "")]
            if debug and result.traceback:
                typer.echo(result.traceback, err=True)
    if folder:
        typer.echo(folder / "index.html")
    if complaints:
        typer.echo(shortened(complaints), err=True)
    return 1 if complaints else 0


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with columns of equal width."""
    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(*pair) for pair in zip(row, widths, strict=True)).rstrip() for row in rows]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


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
