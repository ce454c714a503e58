"""Units that render a batch on a schedule: a line for cron, systemd's service and timer, a workflow, a DAG."""

import hashlib
import json
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from loyalty_kit.errors import InputError
from loyalty_kit.messages import shown
from loyalty_kit.reporting.batches.batch_grammar import parse_batch_file

_DISTRIBUTION = "loyalty-kit"
_LONGEST_CRON = 998
_TIME = "0 6 * * 1-5"
_IN_WORDS = "06:00 from Monday to Friday"


@dataclass(frozen=True)
class _Work:
    """What a unit runs, where, and what comes of it."""

    batch: Path
    python: Path
    output: str

    @property
    def folder(self) -> Path:
        return self.batch.parent

    @property
    def name(self) -> str:
        """Name of a unit: the same for the same batch, in letters that every system takes."""
        mark = hashlib.sha256(str(self.batch).encode(errors="surrogateescape")).hexdigest()[:8]
        readable = re.sub(r"[^a-z0-9]+", "-", self.folder.name.lower()).strip("-")[:40]
        return "-".join(part for part in ("loyalty-kit", readable, mark) if part)

    @property
    def command(self) -> list[str]:
        return [str(self.python), "-m", "loyalty_kit", "render", str(self.batch), "--no-wait"]

    @property
    def shell(self) -> str:
        return f"cd {shlex.quote(str(self.folder))} && {shlex.join(self.command)}"


def unit(kind: str, *, batch: Path, python: Path | None = None) -> str:
    """Write what a scheduler needs to render a batch.

    Parameters
    ----------
    kind : {'cron', 'systemd', 'github', 'airflow'}
        A crontab's line; a service and a timer of the user's systemd; a workflow of GitHub Actions; a DAG
        of Airflow 3.
    batch : Path
        The batch's file.
    python : Path, optional
        Interpreter that has the kit; this one where not given. GitHub's installs its own.

    Returns
    -------
    str
        The unit, with how to install it in comments. It needs no PATH and no working folder of its caller;
        where the batch's folder is being rendered into already, it leaves at once and fails.

    Raises
    ------
    UnreadableError
        If the batch cannot be read.
    InputError
        If a path holds what the scheduler cannot carry.

    Examples
    --------
    >>> print(unit("cron", batch=Path("reports.toml")))  # doctest: +SKIP
    """
    if kind not in _UNITS:
        raise InputError("'kind' must be one of {choices}; got '{given}'.", choices=list(_UNITS), given=kind)
    whole = Path(batch).absolute()
    interpreter = Path(python or sys.executable).absolute()
    for path in (whole, interpreter):
        if not str(path).isprintable() or "${{" in str(path):
            raise InputError("The path {path} holds what no schedule can carry; rename it.", path=shown(str(path)))
    return _UNITS[kind](_Work(whole, interpreter, parse_batch_file(whole).output))


def _cron(work: _Work) -> str:
    log = shlex.quote(str(work.batch.with_suffix(".log")))
    line = f"{work.shell} >> {log} 2>&1 || {{ code=$?; tail -n 20 {log}; exit $code; }}"
    # To cron an unescaped % is the end of the command, also between quotation marks.
    line = f"{_TIME} {line.replace('%', chr(92) + '%')}"
    if len(line.encode()) > _LONGEST_CRON:
        raise InputError(
            "The line for cron has {count} bytes and cron takes {most}; use --systemd, or move the "
            "study to a shorter path.",
            count=len(line.encode()),
            most=_LONGEST_CRON,
        )
    return f"""\
# Renders {work.batch} at {_IN_WORDS}; put this line into your crontab: crontab -e
# The first five fields are minute, hour, day, month and weekday. What a run says goes to the log;
# of a failed run (exit code 1) cron mails the end, to you or to MAILTO=.
{line}
"""


def _systemd(work: _Work) -> str:
    folder = str(work.folder).replace("%", "%%")
    about = str(work.batch).replace("%", "%%")
    command = " ".join(_systemd_quoted(part) for part in work.command)
    return f"""\
# Renders {work.batch} at {_IN_WORDS}. To install, save the two parts under the names above them, then:
#   systemctl --user daemon-reload
#   systemctl --user enable --now {work.name}.timer
#   loginctl enable-linger    # so that it also runs while you are logged out
# To run at once: systemctl --user start {work.name}; what it says: journalctl --user -u {work.name}

# ~/.config/systemd/user/{work.name}.service
[Unit]
Description=Loyalty reports of {about}

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={command}

# ~/.config/systemd/user/{work.name}.timer
[Unit]
Description=Time of the loyalty reports of {about}

[Timer]
OnCalendar=Mon..Fri 06:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def _systemd_quoted(text: str) -> str:
    """Word of a command as systemd reads it: % and $ doubled, in quotation marks where needed."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return plain if re.fullmatch(r"[\w@%+=:,./$-]+", plain, re.ASCII) else f'"{plain}"'


def _github(work: _Work) -> str:
    around = (work.folder, *work.folder.parents)
    root = next((folder for folder in around if (folder / ".git").exists()), work.folder)
    batch = work.batch.relative_to(root).as_posix()
    reports = (work.folder / work.output).resolve()
    if not reports.is_relative_to(root.resolve()):
        raise InputError(
            "The output '{output}' lies outside the repository '{root}'; a workflow cannot keep it.",
            output=work.output,
            root=root,
        )
    place = _yaml(reports.relative_to(root.resolve()).as_posix())
    return f"""\
# Renders {batch} at {_IN_WORDS} (UTC). Save it in the repository as .github/workflows/{work.name}.yml
name: {_yaml(f"Loyalty reports: {batch}")}

on:
  schedule:
    - cron: "{_TIME}"
  workflow_dispatch:

permissions:
  contents: read

concurrency:
  group: {work.name}

jobs:
  reports:
    runs-on: ubuntu-latest
    timeout-minutes: 120
    steps:
      - uses: actions/checkout@v6
      - uses: actions/setup-python@v6
        with:
          python-version: "{sys.version_info.major}.{sys.version_info.minor}"
          cache: pip
          cache-dependency-path: .github/workflows/{work.name}.yml
      - name: Install a font for Chinese text in figures
        run: sudo apt-get update && sudo apt-get install --yes --no-install-recommends fonts-noto-cjk
      - name: Install the kit
        run: {_yaml(f"python -m pip install {shlex.join(_requirement(root))}")}
      - name: Fetch the reports and the history of the last run
        uses: actions/cache/restore@v5
        with:
          path: {place}
          key: {work.name}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
          restore-keys: {work.name}-
      - name: Render
        run: {_yaml(f"python -m loyalty_kit render {shlex.quote(batch)} --no-wait")}
      - name: Keep the reports and the history
        if: always()
        uses: actions/cache/save@v5
        with:
          path: {place}
          key: {work.name}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
      - name: Publish the reports
        if: always()
        uses: actions/upload-artifact@v6
        with:
          name: reports
          path: {place}
"""


def _yaml(text: str) -> str:
    """Text as a YAML scalar in quotation marks."""
    return json.dumps(text, ensure_ascii=False)


def _requirement(root: Path) -> list[str]:
    """Name what pip is to install: the repository where it is the kit's own, else the kit as it is installed here."""
    if (root / "loyalty_kit" / "__main__.py").is_file():
        pins = ["-c", "constraints.txt"] if (root / "constraints.txt").is_file() else []
        return [*pins, "."]
    try:
        installed = distribution(_DISTRIBUTION)
    except PackageNotFoundError:
        return [_DISTRIBUTION]
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    version = origin.get("vcs_info", {})
    if version.get("commit_id"):
        return [f"{_DISTRIBUTION} @ {version['vcs']}+{origin['url']}@{version['commit_id']}"]
    return [f"{_DISTRIBUTION}=={installed.version}"]


def _airflow(work: _Work) -> str:
    # Airflow reads the command as a Jinja template, in which a path may hold any tag, '{% endraw %}' too.
    command = work.shell.replace("{", "{{ '{' }}")
    return f'''\
"""Loyalty reports; save this file in Airflow's folder of DAGs, on a worker that sees the study."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id={work.name!r},
    description={f"Renders {work.batch}"!r},
    schedule="{_TIME}",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
):
    # A failed report ends the command with exit code 1, which fails the task; the retry renders only what is
    # not done yet.
    BashOperator(
        task_id="render",
        bash_command={command!r},
        retries=2,
        retry_delay=timedelta(minutes=10),
    )
'''


_UNITS: dict[str, Callable[[_Work], str]] = {
    "cron": _cron,
    "systemd": _systemd,
    "github": _github,
    "airflow": _airflow,
}
