"""The lock of a folder: one batch at a time, none left behind by the dead."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.files.locks import LOCK, folder_lock

HOLD = """
import os, sys, time
from pathlib import Path
from loyalty_kit.publishing.files.locks import folder_lock
with folder_lock(Path(sys.argv[1]), wait=False):
    if "fork" in sys.argv and os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(60)
    elif "fork" not in sys.argv:
        print(os.getpid(), flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(folder: Path, *how: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that holds the lock; with it the process that it printed."""
    with subprocess.Popen([sys.executable, "-c", HOLD, folder, *how], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = int(process.stdout.readline())
        try:
            yield process, told
        finally:
            process.kill()
            process.stdout.close()


def test_a_second_batch_is_refused_where_it_may_not_wait(tmp_path):
    with holder(tmp_path), pytest.raises(InputError) as refused, folder_lock(tmp_path, wait=False):
        pytest.fail("two batches in one folder")
    assert str(refused.value) == f"Another batch renders into '{tmp_path}'; without --no-wait this one waits for it."


def test_a_second_batch_waits_and_says_so(tmp_path):
    told: list[str] = []
    with holder(tmp_path) as (process, _):
        threading.Timer(0.5, process.kill).start()
        began = time.monotonic()
        with folder_lock(tmp_path, wait=True, warn_user=told.append):
            assert time.monotonic() - began > 0.4
    assert told == [f"Another batch renders into '{tmp_path}'; this one waits for it."]


def test_a_lock_ends_with_its_process_however_that_dies(tmp_path):
    with holder(tmp_path) as (process, _):
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        assert (tmp_path / LOCK).exists()
        with folder_lock(tmp_path, wait=False):
            pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_that_outlives_the_batch_holds_nothing(tmp_path):
    with holder(tmp_path, "fork") as (process, child):
        process.kill()
        process.wait(10)
        try:
            with folder_lock(tmp_path, wait=False):
                pass
        finally:
            os.kill(child, signal.SIGKILL)


def test_the_lock_can_be_taken_again_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), folder_lock(tmp_path, wait=False):
        raise ZeroDivisionError
    with folder_lock(tmp_path, wait=False):
        pass


def test_the_lock_file_is_hidden_and_empty(tmp_path):
    with folder_lock(tmp_path, wait=False):
        pass
    [path] = tmp_path.iterdir()
    assert path.name.startswith(".loyalty-kit")
    assert path.read_bytes() == b""


def test_folders_are_locked_one_by_one(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with folder_lock(tmp_path / "a", wait=False), folder_lock(tmp_path / "b", wait=False):
        pass


def refusing(monkeypatch, code: int) -> None:
    """Let the system answer a lock's taking with an error."""

    def acquire(self, *_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(FileLock, "acquire", acquire)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_whose_lock_cannot_be_written_is_refused(tmp_path, monkeypatch, code):
    refusing(monkeypatch, code)
    with pytest.raises(InputError) as refused, folder_lock(tmp_path, wait=True):
        pytest.fail("unlocked")
    assert str(refused.value) == f"The folder '{tmp_path}' cannot be locked: {os.strerror(code)}; give another with -o."


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_used_with_a_word_of_it(tmp_path, monkeypatch, code):
    refusing(monkeypatch, code)
    told: list[str] = []
    with folder_lock(tmp_path, wait=False, warn_user=told.append):
        pass
    assert told == [f"The file system of '{tmp_path}' has no locks, so nothing keeps two batches apart there."]


def test_a_folder_in_the_lock_files_place_is_refused(tmp_path):
    (tmp_path / LOCK).mkdir()
    with pytest.raises(InputError, match="cannot be locked"), folder_lock(tmp_path, wait=False):
        pytest.fail("unlocked")
