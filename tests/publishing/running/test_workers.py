"""Requests in processes of their own: an answer each, whatever happens to one; nothing is left of any."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from processes import asleep, comes_true, command_line, passing_files, request, running, users
from small_notebooks import names

from loyalty_kit.publishing.history.requests import REQUEST, too_late
from loyalty_kit.publishing.running import workers
from loyalty_kit.publishing.running.workers import PROCESS_ENDED, carry_out, worker_pool

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked on Linux and macOS")

KILL_WORKER = """import os, psutil, time
def role(process):
    line = process.cmdline() if process.status() != psutil.STATUS_ZOMBIE else []
    name = "loyalty_kit.publishing.running.fork_server"
    return line[line.index(name) + 1] if name in line else None
owner = psutil.Process(os.getppid()).parent()
(server,) = [child for child in owner.children() if role(child) == "report"]
for worker in server.children():
    worker.kill()
time.sleep(600)"""
FIGURE = """import matplotlib.pyplot as plt
figure, ax = plt.subplots()
ax.plot([0, 1], [0, 1])
ax.set_title("Loyalty");"""


class Batch:
    """Requests that end in every way, one after another, on one pair of servers."""

    def __init__(self, folder: Path) -> None:
        good = [
            "import os, sys; print('kernel', os.getpid(), 'polars' in sys.modules, hash('a'))",
            FIGURE,
            "import tempfile; tempfile.mkstemp();",
        ]
        self.requests = {
            "good": request(folder, *good),
            "exit": request(folder, "1", "import sys; sys.exit(0)"),
            "error": request(folder, "raise KeyError('r-90210')"),
            "killed kernel": request(folder, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
            "killed worker": request(folder, KILL_WORKER),
            "late": request(folder, "x = 1", asleep(folder / "late"), timeout=2),
            "again": request(folder, *good),
            "no notebook": replace(request(folder), notebook="{}"),
        }
        with passing_files() as passing:
            answers = list(carry_out(self.requests.values(), workers=1))
            self.left = names(passing)
            self.still = users(passing)
        self.places = [number for number, _, _ in answers]
        self.responses = dict(zip(self.requests, (response for _, response, _ in answers), strict=True))
        self.seconds = dict(zip(self.requests, (seconds for _, _, seconds in answers), strict=True))
        self.late = int((folder / "late").read_text())


@pytest.fixture(scope="module")
def batch(tmp_path_factory) -> Batch:
    return Batch(tmp_path_factory.mktemp("batch"))


def test_each_order_is_answered_under_its_number(batch):
    assert batch.places == list(range(len(batch.requests)))


def test_a_good_order_gives_a_page_with_its_figure(batch):
    response = batch.responses["good"]
    assert response.failure is None
    assert "<img" in response.page and "Loyalty" in response.page


def test_every_order_has_a_kernel_of_its_own(batch):
    kernels = [re.search(r"kernel (\d+)", batch.responses[name].page)[1] for name in ("good", "again")]
    assert kernels[0] != kernels[1]


@pytest.mark.parametrize(
    ("name", "sentence", "source"),
    [
        ("exit", "The cell ended the run by sys.exit; the cells below it did not run.", "import sys; sys.exit(0)"),
        ("error", "KeyError: 'r-90210'", "raise KeyError('r-90210')"),
        (
            "killed kernel",
            "The kernel died in this cell: its code ended the process, or memory ran out.",
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        ),
        ("killed worker", PROCESS_ENDED, KILL_WORKER),
    ],
)
def test_an_order_that_fails_says_why_and_where(batch, name, sentence, source):
    response = batch.responses[name]
    assert (response.page, response.failure.sentence, response.failure.source) == ("", sentence, source)


def test_an_order_that_takes_too_long_is_stopped_in_its_cell(batch):
    failure = batch.responses["late"].failure
    assert failure.sentence == too_late(2)
    assert failure.source.startswith("import os, time")
    assert batch.seconds["late"] < 10


def test_the_message_of_an_error_stays_off_the_page(batch):
    assert "90210" not in batch.responses["error"].failure.public


def test_an_order_without_a_notebook_fails_alone(batch):
    assert batch.responses["no notebook"].failure is not None
    assert batch.responses["again"].failure is None


def test_no_process_and_no_file_is_left(batch):
    assert (batch.left, batch.still) == ([], [])


def test_an_interrupted_batch_leaves_nothing(tmp_path):
    requests = [request(tmp_path, asleep(tmp_path / name)) for name in "ab"]
    with passing_files() as passing:
        answers = carry_out([request(tmp_path, "1"), *requests], workers=2)
        assert next(answers)[0] == 0
        assert comes_true((tmp_path / "a").exists)
        answers.close()
        assert comes_true(lambda: not users(passing))
        assert names(passing) == []
    assert not running(int((tmp_path / "a").read_text()))


SCRIPT = """import json, sys
from loyalty_kit.publishing.history.requests import REQUEST
from loyalty_kit.publishing.running.workers import carry_out
requests = map(REQUEST.validate_python, json.loads(sys.stdin.read()))
for number, response, _ in carry_out(requests, workers=2):
    print(number, response.failure, flush=True)
"""


def script(folder: Path, *requests) -> subprocess.Popen:
    """A script without a guard against its own import that carries requests out."""
    path = folder / "script.py"
    path.write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, path], stdin=-1, stdout=-1, stderr=-1, text=True)
    process.stdin.write(json.dumps([REQUEST.dump_python(entry, mode="json") for entry in requests]))
    process.stdin.close()
    process.stdin = None
    return process


def test_a_script_without_a_guard_can_carry_orders_out(tmp_path):
    with passing_files():
        told, complaints = script(tmp_path, request(tmp_path, "1"), request(tmp_path, "2")).communicate(timeout=60)
    assert (sorted(told.splitlines()), complaints) == (["0 None", "1 None"], "")


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_nothing_outlives_a_batch_that_is_ended(tmp_path, number):
    with passing_files() as passing:
        process = script(tmp_path, *(request(tmp_path, asleep(tmp_path / name)) for name in "ab"))
        assert comes_true(lambda: (tmp_path / "a").exists() and (tmp_path / "b").exists())
        process.send_signal(number)
        process.communicate()
        assert comes_true(lambda: not users(passing))
        assert comes_true(lambda: names(passing) == [])
    assert not any(running(int((tmp_path / name).read_text())) for name in "ab")


def test_a_batch_that_is_killed_at_its_start_leaves_nothing(tmp_path):
    with passing_files() as passing:
        process = script(tmp_path, request(tmp_path, "1"))
        assert comes_true(lambda: any("kernel" in line for line in users(passing)))
        process.kill()
        process.communicate()
        assert comes_true(lambda: not users(passing) and names(passing) == [])


def test_a_batch_that_is_interrupted_at_its_start_ends_at_once(tmp_path):
    with passing_files() as passing:
        process = script(tmp_path, request(tmp_path, "1"))
        assert comes_true(lambda: any("kernel" in line for line in users(passing)))
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
        assert complaint.rstrip().endswith("KeyboardInterrupt")
        assert (users(passing), names(passing)) == ([], [])


def test_a_batch_goes_on_when_its_servers_are_killed(tmp_path):
    def requests():
        yield request(tmp_path, "1")
        for server in psutil.Process().children():
            if "loyalty_kit.publishing.running.fork_server" in command_line(server):
                server.kill()
        yield request(tmp_path, "2")

    with passing_files() as passing:
        answers = list(carry_out(requests(), workers=1))
        assert comes_true(lambda: not users(passing))
    assert [(number, response.failure) for number, response, _ in answers] == [(0, None), (1, None)]


KILL_KERNELS = "import os, time; os.kill(os.getppid(), 9); time.sleep(600)"
KILL_REPORTS = """import os, psutil, time
psutil.Process(os.getppid()).kill()
for process in psutil.process_iter():
    line = process.cmdline() if process.status() != psutil.STATUS_ZOMBIE else []
    if line[-2:-1] == ["report"] and "loyalty_kit.publishing.running.fork_server" in line:
        process.kill() if os.environ["TMPDIR"].startswith(process.environ()["TMPDIR"]) else None
time.sleep(600)"""


@pytest.mark.slow
@pytest.mark.parametrize("killer", [KILL_KERNELS, KILL_REPORTS])
def test_a_cell_that_kills_its_servers_fails_alone(tmp_path, killer):
    beside = f"""import pathlib, time
begun = pathlib.Path({str(tmp_path / "begun")!r})
time.sleep(0 if begun.exists() else 600 if begun.touch() is None else 0)"""
    waits = f"import os, time\nwhile not os.path.exists({str(tmp_path / 'begun')!r}): time.sleep(0.05)"
    with passing_files() as passing:
        requests = [request(tmp_path, beside), request(tmp_path, waits, killer), request(tmp_path, "1")]
        failures = {number: response.failure for number, response, _ in carry_out(requests, workers=2)}
        assert comes_true(lambda: not users(passing))
        assert names(passing) == []
    assert (failures[0], failures[2]) == (None, None)
    assert (failures[1].sentence, failures[1].source) == (PROCESS_ENDED, killer)


def test_where_nothing_can_be_forked_a_process_is_started(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "can_fork", lambda folder: False)
    requests = [request(tmp_path, "print('loud')", FIGURE), request(tmp_path, asleep(tmp_path / "late"), timeout=6)]
    with passing_files() as passing:
        (_, good, _), (_, late, _) = sorted(carry_out(requests, workers=2), key=lambda answer: answer[0])
        assert comes_true(lambda: not users(passing))
        assert names(passing) == []
    assert (good.failure, "<img" in good.page) == (None, True)
    assert late.failure.sentence == too_late(6)


def test_a_pool_keeps_its_servers_from_call_to_call(tmp_path):
    with passing_files(), worker_pool(1) as run_requests:
        servers = []
        for _ in range(2):
            ((_, response, _),) = run_requests([request(tmp_path, "1")])
            assert response.failure is None
            servers.append({child.pid for child in psutil.Process().children()})
        assert servers[0] == servers[1] != set()


def test_nothing_starts_without_an_order(monkeypatch):
    monkeypatch.setattr(workers, "forking", lambda folder: pytest.fail("a server was started"))
    assert list(carry_out([], workers=2)) == []


@pytest.mark.parametrize(
    "noise", [b"", b"\x00\xff", b"{", b"[]\n", b'{"response": 3}\n', b'{"response": {"page": "a"\n']
)
def test_noise_is_no_answer(tmp_path, noise):
    (tmp_path / "line").write_bytes(noise)
    with (tmp_path / "line").open("rb") as stream:
        assert workers._read_response(stream) == (None, "")
