"""What a forked report is: an order read, carried out and answered, in a process of its own."""

import json
import os
import socket
import sys
from threading import Thread
from typing import IO

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from loyalty_kit.reporting.notebooks import parse_notebook
from loyalty_kit.reporting.pages.page import report_page
from loyalty_kit.reporting.running.attempt import attempt
from loyalty_kit.reporting.running.execution import REACHED
from loyalty_kit.reporting.running.orders import ATTEMPT, ORDER


def prepare() -> None:
    """Make a small page, so that no report pays for its first."""
    cells = [new_markdown_cell("# Loyalty", id="title"), new_code_cell("1", id="code")]
    report_page(parse_notebook(writes(new_notebook(cells=cells))))


def run(line: socket.socket, content: bytes) -> None:
    """Answer an order on the line that it came by."""
    with line.makefile("wb") as stream:
        _answer(content, stream)


def main() -> None:
    """Answer one order from standard input on standard output, where nothing can be forked."""
    content = sys.stdin.buffer.readline()
    Thread(target=_end_with_input, daemon=True).start()
    # What libraries print must not stand between the lines of the answer.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as stream:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        _answer(content, stream)


def _end_with_input() -> None:
    """End this process when who ordered the report is gone."""
    sys.stdin.buffer.read()
    os._exit(1)


def _answer(content: bytes, stream: IO[bytes]) -> None:
    """Carry an order out; a line tells of each cell as it is reached, the last one what became of the order."""

    def tell(source: str) -> None:
        stream.write(json.dumps({"reached": source}).encode() + b"\n")
        stream.flush()

    REACHED.set(tell)
    answer = ATTEMPT.dump_json(attempt(ORDER.validate_json(content)))
    stream.write(b'{"attempt": %b}\n' % answer)


if __name__ == "__main__":
    main()
