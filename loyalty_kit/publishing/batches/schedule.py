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
from string import Template

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import shown
from loyalty_kit.publishing.batches.batch_grammar import parse_batch_file

_TEMPLATES = Path(__file__).parents[1] / "template" / "schedule"
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


def _filled(kind: str, **values: str) -> str:
    """Fill a unit's template, in which $NAME stands for a value and $$ for a dollar."""
    template = Template((_TEMPLATES / f"{kind}.tmpl").read_text("utf-8"))
    return template.substitute(values, time=_TIME, in_words=_IN_WORDS)


def _cron(work: _Work) -> str:
    # To cron an unescaped % is the end of the command, also between quotation marks.
    shell, log = (text.replace("%", r"\%") for text in (work.shell, shlex.quote(str(work.batch.with_suffix(".log")))))
    text = _filled("cron", batch=str(work.batch), shell=shell, log=log)
    size = len(text.splitlines()[-1].encode())
    if size > _LONGEST_CRON:
        raise InputError(
            "The line for cron has {count} bytes and cron takes {most}; use --systemd, or move the study to "
            "a shorter path.",
            count=size,
            most=_LONGEST_CRON,
        )
    return text


def _systemd(work: _Work) -> str:
    return _filled(
        "systemd",
        batch=str(work.batch),
        name=work.name,
        about=str(work.batch).replace("%", "%%"),
        folder=str(work.folder).replace("%", "%%"),
        command=" ".join(_systemd_quoted(part) for part in work.command),
    )


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
    return _filled(
        "github",
        batch=batch,
        name=work.name,
        title=_yaml(f"Loyalty reports: {batch}"),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        install=_yaml(f"python -m pip install {shlex.join(_requirement(root))}"),
        place=_yaml(reports.relative_to(root.resolve()).as_posix()),
        render=_yaml(f"python -m loyalty_kit render {shlex.quote(batch)} --no-wait"),
    )


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
    description = f"Renders {work.batch}"
    return _filled("airflow", dag=repr(work.name), description=repr(description), command=repr(command))


_UNITS: dict[str, Callable[[_Work], str]] = {
    "cron": _cron,
    "systemd": _systemd,
    "github": _github,
    "airflow": _airflow,
}
