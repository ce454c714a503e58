"""Batches that are killed, that run out of disk, that are large: whole reports, failure pages, nothing left over."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from processes import passing_files
from small_notebooks import names, write_notebook

PATIENCE = 180
KEPT = {"index.html", "history.sqlite", "history.sqlite-wal", "history.sqlite-shm", "history.sqlite-journal"}


@pytest.fixture(autouse=True)
def passing() -> Iterator[Path]:
    """Folder for passing files of batches; nothing is left there."""
    with passing_files() as folder:
        yield folder
        assert not [name for name in names(folder) if name.startswith("loyalty-kit")]


def study(folder: Path, count: int, *, failing: int = 0) -> Path:
    """Batch of small reports, every so many of which fail."""
    write_notebook(folder / "n.ipynb", "1 / (number % every)", "number", parameters="number: int = 1\nevery: int = 1")
    every = count // failing if failing else count + 1
    reports = (
        f'[[report]]\nnotebook = "n.ipynb"\nname = "r{number}"\nparameters = {{ number = {number}, every = {every} }}'
        for number in range(1, count + 1)
    )
    (folder / "reports.toml").write_text("\n".join(reports))
    return folder


@contextmanager
def started(folder: Path, *options: str) -> Iterator[subprocess.Popen]:
    """A batch that runs in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "loyalty_kit", "render", "--workers", "2", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def gone(processes: list[psutil.Process]) -> bool:
    """Whether processes end by themselves."""
    _, alive = psutil.wait_procs(processes, timeout=15)
    return not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def below(process: subprocess.Popen) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def torn(folder: Path) -> list[str]:
    """Pages in a folder that are not whole, and files that are neither page nor the kit's own."""
    found = []
    for path in folder.glob("*") if folder.exists() else ():
        if path.suffix == ".html":
            try:
                text = path.read_text("utf-8")
            except FileNotFoundError:
                continue
            found += [] if text.startswith("<!DOCTYPE html>") and text.rstrip().endswith("</html>") else [path.name]
        elif path.name not in KEPT and not path.name.startswith(".") and path.exists():
            found.append(path.name)
    return found


def check_kills(folder: Path, kills: int) -> None:
    """Kill a batch again and again at random moments; its folder holds whole reports at every instant."""
    rng = random.Random(20261122)
    seen: list[str] = []
    watching = threading.Event()

    def watch() -> None:
        while not watching.is_set():
            seen.extend(torn(folder / "reports"))
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(kills):
            with started(folder, "--force") as process:
                time.sleep(rng.uniform(0.2, 6))
                children = below(process)
                process.send_signal(signal.SIGKILL)
                assert gone(children), "a process outlived its batch"
                assert not torn(folder / "reports")
    finally:
        watching.set()
        watcher.join()
    assert not seen
    with started(folder, "--force") as process:
        assert process.wait(PATIENCE) == 0, process.stderr.read()
    assert {name for name in names(folder / "reports") if name.startswith("r")} == {f"r{n}.html" for n in range(1, 7)}


@pytest.mark.slow
def test_a_batch_killed_at_random_moments_leaves_whole_reports(tmp_path):
    check_kills(study(tmp_path, 6), kills=4)


@pytest.mark.slow
def test_a_batch_killed_fifty_times_leaves_whole_reports(tmp_path):
    check_kills(study(tmp_path, 6), kills=50)


def check_large(folder: Path, count: int, failing: int) -> None:
    with started(folder, "--json") as process:
        most, told, seen = 0, [], set()
        reader = threading.Thread(target=lambda: told.append(process.stdout.read()))
        reader.start()
        while process.poll() is None:
            family = [psutil.Process(process.pid), *below(process)] if psutil.pid_exists(process.pid) else []
            most = max(most, sum(one.is_running() for one in family))
            for one in family:
                with suppress(psutil.Error):
                    seen.update(one.cmdline())
            time.sleep(0.5)
        children = below(process)
        reader.join()
        summary = json.loads(told[0])
    assert process.returncode == 1
    errors = [report["error"] for report in summary["reports"] if report["outcome"] == "failed"]
    assert [error for error in errors if "ZeroDivisionError" not in error] == []
    assert (summary["rendered"], summary["failed"]) == (count - failing, failing)
    left = names(folder / "reports")
    assert len([name for name in left if name.startswith("r") and name.endswith(".failed.html")]) == failing
    assert len([name for name in left if name.startswith("r") and ".failed" not in name]) == count - failing
    assert gone(children)
    assert "loyalty_kit.publishing.running.fork_server" in seen, "reports were not made by servers"
    assert most < 15, "more processes at once than two workers need"


@pytest.mark.slow
def test_a_batch_of_twenty_with_one_failing(tmp_path):
    check_large(study(tmp_path, 20, failing=1), 20, 1)


@pytest.mark.slow
def test_a_batch_of_two_hundred_with_ten_failing(tmp_path):
    check_large(study(tmp_path, 200, failing=10), 200, 10)


def test_a_damaged_history_costs_only_the_history(tmp_path):
    study(tmp_path, 1)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "history.sqlite").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    with started(tmp_path) as process:
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert out.splitlines()[0].endswith("rendered")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(["mount", *options], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip(f"no file system may be mounted: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_a_failed_report_and_keeps_the_old_one(tmp_path):
    study(tmp_path, 1)
    with small_disk(tmp_path / "reports", "256k") as output:
        (output / "r1.html").write_text("old")
        (output / "filling").write_bytes(bytes(240_000))
        with started(tmp_path) as process:
            out, complaint = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1, out
        assert "No space left on device" in complaint
        assert (output / "r1.html").read_text() == "old"
        assert not [name for name in names(output) if name.startswith(".loyalty-kit-")]
