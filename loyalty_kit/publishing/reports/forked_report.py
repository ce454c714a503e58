"""What a forked report is: a request read, carried out and answered, in a process of its own."""

import json
import os
import socket
import sys
from threading import Thread
from typing import IO

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from loyalty_kit.publishing.history.requests import REQUEST, RESPONSE
from loyalty_kit.publishing.notebooks.notebooks import parse_notebook
from loyalty_kit.publishing.pages.page import report_page
from loyalty_kit.publishing.reports.run_report import run_report
from loyalty_kit.publishing.running.execution import REACHED


def prepare() -> None:
    """Make a small page, so that no report pays for its first."""
    cells = [new_markdown_cell("# Loyalty", id="title"), new_code_cell("1", id="code")]
    report_page(parse_notebook(writes(new_notebook(cells=cells))))


def run(line: socket.socket, content: bytes) -> None:
    """Answer a request on the line that it came by."""
    with line.makefile("wb") as stream:
        _answer(content, stream)


def main() -> None:
    """Answer one request from standard input on standard output, where nothing can be forked."""
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
    """Carry a request out; a line tells of each cell as it is reached, the last one what became of the request."""

    def send_reached(source: str) -> None:
        stream.write(json.dumps({"reached": source}).encode() + b"\n")
        stream.flush()

    REACHED.set(send_reached)
    answer = RESPONSE.dump_json(run_report(REQUEST.validate_json(content)))
    stream.write(b'{"response": %b}\n' % answer)


if __name__ == "__main__":
    main()
