"""The command line itself: its commands, what an error becomes, and who hears of it."""

import functools
import subprocess
import traceback
from collections.abc import Callable
from typing import Annotated, ParamSpec

import typer

import loyalty_kit as lk
from loyalty_kit.publishing.terminal import as_text, printable_lines, shortened

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
        Exit code where the input can be read but holds something wrong; where it is 1, what is wrong is the answer
        of the command and no failure of it.
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
                answer = isinstance(error, lk.InputError) and code == wrong == 1
                typer.echo(shortened(sentences), err=not answer)
                if code != INTERRUPTED and (waiting := options.get("on_failure")):
                    run_failure_command(as_text({"error": "\n".join(sentences)}), str(waiting), aside=True)
            raise typer.Exit(code)

        return run

    return register


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


def run_failure_command(report: str, command: str, *, aside: bool) -> None:
    """Give a command what went wrong; what it says itself must not stand in a summary."""
    spoken = _STDERR if aside else None
    code = subprocess.run(command, shell=True, input=report, text=True, encoding="utf-8", stdout=spoken).returncode
    if code:
        typer.echo(f"The command of '--on-failure' ended with {code}.", err=True)


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
