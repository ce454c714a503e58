"""The command line. It loads the kit's heavy modules only when a command needs them."""

import io
import sys

from loyalty_kit.commands import rendering, reports, studies
from loyalty_kit.commands.app import app

__all__ = ["app", "main", "rendering", "reports", "studies"]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="loyalty-kit")


if __name__ == "__main__":
    main()
