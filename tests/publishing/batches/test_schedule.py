"""Units for schedulers: complete for the batch, whatever its path holds, and run as the scheduler would run them."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import jinja2
import pytest
import yaml
from small_notebooks import write_notebook

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.publishing.batches.schedule import unit

KINDS = ("cron", "systemd", "github", "airflow")
HARD = '研究 50% of "a" $HOME & it\'s; #1 {{x}}'
STUB = '#!/bin/sh\npwd\nfor word in "$@"; do echo "$word"; done\nexit 3\n'


@pytest.fixture
def study(tmp_path) -> Path:
    """Folder with all that shells obey in its name, and a batch of one small report."""
    folder = tmp_path / HARD
    write_notebook(folder / "n.ipynb", "open('data.txt').read()")
    (folder / "data.txt").write_text("1", "utf-8")
    (folder / "reports.toml").write_text('output = "out"\n[[report]]\nnotebook = "n.ipynb"\n', "utf-8")
    return folder


@pytest.fixture
def stub(tmp_path) -> Path:
    """Interpreter that tells its folder and its arguments, and fails."""
    path = tmp_path / "an environment 100%" / "python"
    path.parent.mkdir()
    path.write_text(STUB, "utf-8")
    path.chmod(0o755)
    return path


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def cron_command(text: str) -> str:
    """Command of a crontab's only line, as cron hands it to the shell."""
    [line] = lines(text)
    command = line.split(" ", 5)[5]
    assert not re.search(r"(?<!\\)%", command)
    return command.replace("\\%", "%")


def as_cron(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as cron does: from the home folder, with next to no environment."""
    words = ["env", "-i", f"HOME={home}", "LOGNAME=root", "SHELL=/bin/sh", "PATH=/usr/bin:/bin", "/bin/sh", "-c"]
    return subprocess.run([*words, command], cwd=home, capture_output=True, text=True, timeout=240)


def command_of_dag(text: str) -> str:
    """Command of a DAG, as Airflow hands it to bash."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    words = {word.arg: word.value for call in calls for word in call.keywords}
    return jinja2.Template(ast.literal_eval(words["bash_command"])).render()


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_is_the_same_each_time_and_ends_with_a_line(study, kind):
    text = unit(kind, batch=study / "reports.toml")
    assert text == unit(kind, batch=study / "reports.toml")
    assert text.endswith("\n")


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_that_cannot_be_read_has_no_unit(tmp_path, kind):
    with pytest.raises(UnreadableError, match="does not exist"):
        unit(kind, batch=tmp_path / "reports.toml")


def test_another_kind_is_refused(study):
    with pytest.raises(InputError, match="'kind' must be one of 'cron', 'systemd', 'github', 'airflow'; got 'at'"):
        unit("at", batch=study / "reports.toml")


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "${{ secrets.X }}"])
def test_a_path_that_no_schedule_can_carry_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "reports.toml").write_text("", "utf-8")
    with pytest.raises(InputError, match="holds what no schedule can carry; rename it"):
        unit("cron", batch=tmp_path / name / "reports.toml")


def test_cron_runs_the_batch_in_its_folder_and_logs_it(study, stub, tmp_path):
    text = unit("cron", batch=study / "reports.toml", python=stub)
    assert lines(text)[0].startswith("0 6 * * 1-5 cd ")
    run = as_cron(cron_command(text), tmp_path)
    told = [str(study), "-m", "loyalty_kit", "render", str(study / "reports.toml"), "--no-wait"]
    assert (study / "reports.log").read_text("utf-8").splitlines() == told
    assert run.stdout.splitlines() == told
    assert run.returncode == 3


def test_cron_says_nothing_of_a_good_run(study, stub, tmp_path):
    stub.write_text(STUB.replace("exit 3", "exit 0"), "utf-8")
    run = as_cron(cron_command(unit("cron", batch=study / "reports.toml", python=stub)), tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_cron_renders_from_a_bare_environment(study, tmp_path):
    run = as_cron(cron_command(unit("cron", batch=study / "reports.toml")), tmp_path)
    log = (study / "reports.log").read_text("utf-8")
    assert run.returncode == 0, log
    assert (study / "out" / "n.html").is_file()
    assert "n " in log


def test_a_line_longer_than_cron_takes_is_refused(tmp_path):
    folder = tmp_path / ("店" * 60)
    folder.mkdir()
    (folder / "reports.toml").write_text('[[report]]\nnotebook = "n.ipynb"\n', "utf-8")
    with pytest.raises(InputError, match=r"has \d+ bytes and cron takes 998; use --systemd"):
        unit("cron", batch=folder / "reports.toml")


def systemd_files(text: str) -> dict[str, str]:
    """Unit files by name, as the comments above them say."""
    parts = re.split(r"^# ~/\.config/systemd/user/(.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_systemd_has_a_service_and_its_timer(study, stub):
    files = systemd_files(unit("systemd", batch=study / "reports.toml", python=stub))
    (service, about), (timer, times) = files.items()
    assert re.fullmatch(r"loyalty-kit-[a-z0-9-]+\.service", service)
    assert timer == service.replace(".service", ".timer")
    values = dict(line.split("=", 1) for line in lines(about) if "=" in line)
    assert values["WorkingDirectory"].replace("%%", "%") == str(study)
    words = shlex.split(values["ExecStart"].replace("%%", "%").replace("$$", "$"))
    assert words == [str(stub), "-m", "loyalty_kit", "render", str(study / "reports.toml"), "--no-wait"]
    assert "OnCalendar=Mon..Fri 06:00" in lines(times)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_no_fault_in_its_files(study, stub, tmp_path):
    files = systemd_files(unit("systemd", batch=study / "reports.toml", python=stub))
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    said = [line for line in run.stderr.splitlines() if "loyalty-kit" in line]
    assert (run.returncode, said) == (0, [])


def test_github_keeps_history_and_publishes_also_where_a_report_failed(study):
    text = unit("github", batch=study / "reports.toml")
    flow = yaml.safe_load(text)
    assert flow["permissions"] == {"contents": "read"}
    # YAML 1.1 reads the key 'on' as a truth value.
    assert flow[True]["schedule"] == [{"cron": "0 6 * * 1-5"}]
    steps = flow["jobs"]["reports"]["steps"]
    assert all(re.fullmatch(r"actions/[a-z/-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    kept = [step for step in steps if step.get("if") == "always()"]
    assert [step["uses"].partition("@")[0] for step in kept] == ["actions/cache/save", "actions/upload-artifact"]
    assert {step["with"]["path"] for step in steps if "path" in step.get("with", {})} == {"out"}


def test_github_renders_by_the_path_in_the_repository(study, tmp_path, stub):
    (tmp_path / ".git").mkdir()
    text = unit("github", batch=study / "reports.toml")
    steps = yaml.safe_load(text)["jobs"]["reports"]["steps"]
    [command] = [step["run"] for step in steps if step.get("name") == "Render"]
    assert shlex.split(command)[3:] == ["render", f"{HARD}/reports.toml", "--no-wait"]
    assert str(tmp_path) not in text
    assert {step["with"]["path"] for step in steps if "path" in step.get("with", {})} == {f"{HARD}/out"}


def test_github_installs_the_kits_own_repository_with_its_pins(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "loyalty_kit").mkdir()
    (tmp_path / "loyalty_kit" / "__main__.py").touch()
    (tmp_path / "constraints.txt").touch()
    (tmp_path / "reports.toml").write_text('[[report]]\nnotebook = "n"\n', "utf-8")
    assert 'run: "python -m pip install -c constraints.txt ."' in unit("github", batch=tmp_path / "reports.toml")


def test_github_cannot_keep_reports_outside_the_repository(study):
    (study / "reports.toml").write_text('output = "../out"\n[[report]]\nnotebook = "n.ipynb"\n', "utf-8")
    with pytest.raises(InputError, match=r"The output '\.\./out' lies outside the repository"):
        unit("github", batch=study / "reports.toml")


def test_airflow_runs_the_batch_and_fails_with_it(study, stub, tmp_path):
    text = unit("airflow", batch=study / "reports.toml", python=stub)
    compile(text, "dag.py", "exec")
    run = subprocess.run(["sh", "-c", command_of_dag(text)], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    told = [str(study), "-m", "loyalty_kit", "render", str(study / "reports.toml"), "--no-wait"]
    assert run.stdout.splitlines() == told
    assert run.returncode == 3


def test_no_folder_name_speaks_to_airflow(tmp_path):
    study = tmp_path / "{% endraw %}{{ 6 * 7 }}{# {%"
    study.mkdir()
    (study / "reports.toml").write_text('[[report]]\nnotebook = "n"\n', "utf-8")
    text = unit("airflow", batch=study / "reports.toml")
    assert shlex.split(command_of_dag(text))[1] == str(study)


def test_airflow_takes_a_plain_command_as_it_is(tmp_path):
    (tmp_path / "reports.toml").write_text('[[report]]\nnotebook = "n"\n', "utf-8")
    text = unit("airflow", batch=tmp_path / "reports.toml")
    assert "{{" not in text
    assert shlex.split(command_of_dag(text))[-2:] == [str(tmp_path / "reports.toml"), "--no-wait"]
    assert sys.executable in command_of_dag(text)
