"""Batches of hostile names, cells and folders: shown as text or refused, never obeyed, never followed elsewhere."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_output
from openpyxl import load_workbook
from small_notebooks import SCRIPT, names, write_notebook
from typer.testing import CliRunner

import loyalty_kit as lk
from loyalty_kit.__main__ import app
from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.files import publication
from loyalty_kit.publishing.history.history import HISTORY, History
from loyalty_kit.publishing.notebooks.notebooks import parse_notebook
from loyalty_kit.publishing.pages.outputs import output_html
from loyalty_kit.publishing.running.execution import _timeless
from loyalty_kit.publishing.terminal import aligned, as_text, printable_lines

SEGMENTS = (
    SCRIPT,
    "../../evil",
    "/etc/passwd",
    "$(touch pwned)",
    "=1+1",
    "@SUM(A1)",
    "-2+3",
    "%2e%2e%2f",
    "q\x01b",
    "a\u202eb",
    "nul",
    "x.failed",
    "\N{CONVENIENCE STORE}" * 120,
)
CUSTOMER = "customer-4711"
WHO = "'-'.join(['customer', '4711'])"
CELLS = {
    "exit": "import sys; sys.exit(0)",
    "gone": "import os; os._exit(0)",
    "shot": "import os; os.kill(os.getpid(), 9)",
    "loop": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "told": f"raise KeyError({WHO})",
    "chain": f"try: {{}}[{WHO}]\nexcept KeyError: raise lk.InputError('bad survey')",
    "cause": f"try: {{}}[{WHO}]\nexcept KeyError as error: raise lk.InputError('bad survey') from error",
    "noted": f"error = lk.InputError('bad survey')\nerror.add_note({WHO})\nraise error",
    "shown": f"%xmode Verbose\ndef read(who): raise lk.InputError('bad survey')\nread({WHO})",
    "like": f"class InputError(Exception): pass\nraise InputError({WHO})",
    "heir": f"class InputError(lk.InputError): pass\nraise InputError({WHO})",
    "group": f"raise ExceptionGroup('x', [KeyError({WHO})])",
    "wrote": f"import os; os.write(2, {WHO}.encode())\nos.system('echo ' + {WHO} + ' >&2'); os._exit(1)",
    "moved": "import os; os.chdir('/'); os.remove(os.path.join(home, 'input.csv'))",
    "mute": "import sys; sys.stdout.close(); sys.stderr.close()",
    "long": "for _ in range(10): print('x' * 1_000_000)",
}


@dataclass(frozen=True)
class Done:
    """What a batch left, and what it said."""

    folder: Path
    summary: dict
    stderr: str

    @property
    def output(self) -> Path:
        return self.folder / "reports"

    def outcomes(self) -> dict[str, str]:
        return {report["name"]: report["outcome"] for report in self.summary["reports"]}

    def texts(self) -> list[str]:
        return [page.read_text("utf-8") for page in self.output.glob("*.html")]


def rendered(folder: Path, *options: str) -> Done:
    """A batch rendered as from a shell; what it prints must be JSON and nothing else."""
    command = [sys.executable, "-m", "loyalty_kit", "render", "--json", *options]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert run.stdout, run.stderr
    return Done(folder, json.loads(run.stdout), run.stderr)


@pytest.fixture(scope="module")
def segments(tmp_path_factory) -> Done:
    """A report of each segment, none of which has a harmless name."""
    folder = tmp_path_factory.mktemp("segments")
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerows([["segment"], *([segment] for segment in SEGMENTS for _ in range(6))])
    write_notebook(
        folder / "n.ipynb",
        "import pandas as pd\npd.DataFrame({segment: [segment]})",
        "lk.record('figure', 1.0, 0.5, 1.5, 9, label=segment)",
        parameters="import loyalty_kit as lk\nsegment: str\ndata: str = 'data.csv'",
    )
    report = 'notebook = "n.ipynb"\nname = "{segment}"\ntitle = "All of {segment}"\nfor_each = "segment"'
    (folder / "reports.toml").write_text(f'[[report]]\n{report}\nparameters = {{ data = "data.csv" }}\n', "utf-8")
    return rendered(folder, "--excel")


def test_a_segment_of_any_name_gets_its_report_in_the_folder(segments):
    assert list(segments.outcomes().values()) == ["rendered"] * len(SEGMENTS)
    assert names(segments.folder) == ["data.csv", "n.ipynb", "reports", "reports.toml"]
    assert len(list(segments.output.glob("*.html"))) == len(list(segments.output.glob("*.xlsx"))) + 1
    assert not (segments.folder.parent / "evil.html").exists()


def test_a_segment_is_text_in_its_report_and_in_the_index(segments):
    for text in segments.texts():
        assert SCRIPT not in text
        assert len(BeautifulSoup(text, "html.parser").find_all("script")) == 1
    index = BeautifulSoup((segments.output / "index.html").read_text("utf-8"), "html.parser")
    assert f"All of {SCRIPT}" in index.main.get_text()
    assert all((segments.output / report["path"].rpartition("/")[2]).exists() for report in segments.summary["reports"])


def test_no_segment_becomes_a_formula_in_the_workbook(segments):
    for path in segments.output.glob("*.xlsx"):
        cells = [cell for sheet in load_workbook(path) for row in sheet.iter_rows() for cell in row if cell.value]
        assert not [cell.value for cell in cells if cell.data_type == "f"]
        assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith(("=", "+", "-", "@")))


@pytest.mark.slow
def test_place_language_time_and_chance_of_the_caller_do_not_reach_a_report(tmp_path):
    code = "import locale, matplotlib.pyplot as plt\nplt.title(list({'a', 'b', 'c'})[0]); plt.plot([1, 2])"
    styled = "import pandas as pd\npd.DataFrame({'a': [1, 2]}).style.highlight_max(color='red')"
    printed = "print({'web', 'store', 'app'}, f'{1234.5:n}', object())"
    write_notebook(tmp_path / "n.ipynb", code, printed, styled, styled, "{'at': object()}")
    (tmp_path / "reports.toml").write_text('[[report]]\nnotebook = "n.ipynb"\n')
    elsewhere = {"TZ": "Asia/Shanghai", "LC_ALL": "zh_CN.UTF-8", "PYTHONHASHSEED": "7", "MPLBACKEND": "pdf"}
    pages = []
    for place, strange in ((tmp_path, {}), (tmp_path.parent, elsewhere), (tmp_path.parent, {"LC_ALL": "C"})):
        output = tmp_path / f"reports-{len(pages)}"
        command = [sys.executable, "-m", "loyalty_kit", "render", str(tmp_path / "reports.toml"), "-o", str(output)]
        subprocess.run(command, cwd=place, env={**os.environ, **strange}, check=True, capture_output=True, timeout=120)
        pages.append((output / "n.html").read_bytes())
    assert len(set(pages)) == 1


@pytest.fixture(scope="module")
def cells(tmp_path_factory) -> Done:
    """A report of each hostile cell."""
    folder = tmp_path_factory.mktemp("cells")
    first = f"import loyalty_kit as lk\nhome = {str(folder)!r}"
    for name, code in CELLS.items():
        taken = "data: str = 'input.csv'" if name == "moved" else ""
        write_notebook(folder / f"{name}.ipynb", f"{first}\n{code}", "6 * 7", parameters=taken)
    (folder / "input.csv").write_text("a\n1\n")
    reports = (f'[[report]]\nnotebook = "{name}.ipynb"\ntimeout = {4 if name == "loop" else 60}\n' for name in CELLS)
    (folder / "reports.toml").write_text("".join(reports))
    return rendered(folder, "--on-failure", "echo heard")


def test_no_cell_passes_for_a_success_that_ended_its_run(cells):
    expected = {name: "rendered" if name in ("mute", "long") else "failed" for name in CELLS}
    assert cells.outcomes() == expected


def test_what_the_command_of_a_failure_says_is_no_part_of_the_summary(cells):
    assert cells.summary["failed"] == len(CELLS) - 2
    assert "heard" in cells.stderr


def test_a_message_that_names_a_customer_stays_in_the_terminal(cells):
    assert CUSTOMER in cells.stderr
    assert CUSTOMER not in json.dumps(cells.summary)
    assert not [text for text in cells.texts() if CUSTOMER in text]
    with History(cells.output) as history:
        assert CUSTOMER not in json.dumps(history.recent())


def test_the_account_of_a_refusal_is_told_without_what_led_to_it(cells):
    for name in ("chain", "cause", "noted", "shown"):
        page = BeautifulSoup((cells.output / f"{name}.failed.html").read_text("utf-8"), "html.parser")
        assert page.select_one("p.sentence").get_text() == "bad survey"
        assert page.details.pre.get_text().endswith("\nloyalty_kit.core.errors.InputError: bad survey")
        assert "above exception" not in page.details.get_text()


def test_ten_megabytes_of_text_are_cut_in_the_report(cells):
    assert (cells.output / "long.html").stat().st_size < 1_000_000


def test_long_text_without_a_space_is_searched_once():
    """A search that begins anew at each letter would take hours."""
    notebook = parse_notebook('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    text = f"{'x' * 3_000_000}\n/tmp/ipykernel_12/34.py:1: UserWarning: odd"
    notebook.cells.append(new_code_cell("1", outputs=[new_output("stream", text=text)]))
    assert _timeless(notebook).cells[0].outputs[0].text.endswith("\ncell:1: UserWarning: odd")


def test_text_that_is_cut_says_so():
    shown = output_html(new_output("stream", text="x" * 300_000), "")
    assert "x\n[…]</pre>" in shown


def test_what_is_published_replaces_a_link_and_does_not_follow_it(tmp_path):
    elsewhere = tmp_path / "precious"
    elsewhere.write_text("precious")
    output = tmp_path / "reports"
    output.mkdir()
    for name in ("n.html", "n.failed.html", "index.html"):
        (output / name).symlink_to(elsewhere)
    result = lk.render(write_notebook(tmp_path / "n.ipynb", "1"), output)
    assert result.outcome == "rendered"
    assert elsewhere.read_text() == "precious"
    assert not (output / "n.html").is_symlink()
    assert not (output / "index.html").is_symlink()


def test_a_history_that_leads_elsewhere_is_not_followed(tmp_path):
    (tmp_path / HISTORY).symlink_to(tmp_path / "elsewhere")
    with History(tmp_path) as history:
        assert history.begin("n", key="k") is None
    assert "it is a link to another place" in history.warning
    assert not (tmp_path / "elsewhere").exists()


def test_a_dry_run_as_json_is_json_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_notebook(tmp_path / "n.ipynb", "1")
    (tmp_path / "reports.toml").write_text('[[report]]\nnotebook = "n.ipynb"\n')
    done = CliRunner().invoke(app, ["render", "--dry-run", "--json"])
    assert json.loads(done.stdout) == [{"name": "n", "plan": "render: new"}]
    assert names(tmp_path) == ["n.ipynb", "reports.toml"]


def test_what_a_terminal_would_obey_does_not_reach_it_through_columns_or_json():
    hostile = "one\x1b]0;owned\x07\x9b31m\u202e\ntwo"
    assert all(mark.isprintable() for line in aligned([("a", hostile)]) for mark in line)
    text = as_text({"error": hostile, "half": "\ud800"})
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == {"error": hostile, "half": "\ud800"}


def test_a_wide_space_is_shown_as_it_is():
    assert printable_lines("题项\u3000一") == ["题项\u3000一"]


@pytest.mark.parametrize("name", ["a\u202eb", "a\u2028b", "../a", "/a", "a\x9bb", ".a", "index", "a.failed"])
def test_a_name_that_steers_paths_or_terminals_is_refused(name):
    with pytest.raises(InputError, match="cannot name a report"):
        publication.check_report_name(name, "Report")


@pytest.mark.parametrize("name", ["con", "Nul.x", "C:report", "report:stream", "what?", "report."])
def test_a_name_that_windows_takes_for_something_else_is_refused_there(monkeypatch, name):
    publication.check_report_name(name, "Report")
    monkeypatch.setattr(os, "name", "nt")
    with pytest.raises(InputError, match="Windows knows no file"):
        publication.check_report_name(name, "Report")
