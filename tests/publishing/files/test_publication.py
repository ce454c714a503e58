"""Publication: a file is replaced whole or not at all, and nothing is left behind."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from processes import passing_files
from small_notebooks import names

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.files import publication
from loyalty_kit.publishing.files.publication import check_report_name, output_folder, publish, scratch_folder, sweep
from loyalty_kit.publishing.running import execution
from loyalty_kit.publishing.running.servers import can_fork


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A report in a folder of its own."""
    (tmp_path / "reports").mkdir()
    path = tmp_path / "reports" / "a.html"
    path.write_text("old")
    return path


def test_a_text_takes_the_place_of_the_old_file(target, tmp_path):
    publish("new 忠诚度", target, scratch=tmp_path)
    assert target.read_text("utf-8") == "new 忠诚度"
    assert names(target.parent) == ["a.html"]


def test_a_text_reaches_another_file_system(target, tmp_path, monkeypatch):
    replace = os.replace

    def refuse_across(source, place):
        if Path(source).parent != Path(place).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace(source, place)

    monkeypatch.setattr(os, "replace", refuse_across)
    publish("new", target, scratch=tmp_path)
    assert target.read_text() == "new"
    assert names(target.parent) == ["a.html"]


@pytest.mark.parametrize("across", [False, True])
def test_a_full_disk_leaves_the_old_file_alone(target, tmp_path, monkeypatch, across):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        if across:
            publication.publish_bytes(b"new", target)
        else:
            publish("new", target, scratch=tmp_path)
    assert target.read_text() == "old"
    assert names(target.parent) == ["a.html"]


def test_a_scratch_folder_is_gone_afterwards():
    with passing_files() as place:
        with scratch_folder() as scratch:
            (scratch / "sub").mkdir()
            assert names(place) == [scratch.name]
        assert names(place) == []


@pytest.mark.skipif(os.name != "posix", reason="sockets of POSIX")
@pytest.mark.parametrize("length", [5, 44, 45, 200])
def test_a_socket_has_room_in_a_scratch_folder_wherever_passing_files_go(monkeypatch, length):
    place = f"/{'t' * (length - 1)}"
    monkeypatch.setattr("tempfile.tempdir", place)
    assert str(publication.passing_place()) == (place if length <= 44 else "/tmp")
    longest = publication.passing_place() / f"{publication._PREFIX}{2**22}-12345678"
    assert can_fork(longest) and len(str(longest / "kernel")) < execution._LONGEST_SOCKET


def test_files_of_dead_processes_are_swept_and_those_of_living_ones_stay(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, alive = (f"{publication._PREFIX}{process}-x" for process in (ended.pid, os.getpid()))
    for name in (dead, alive):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / f".{name}").touch()
    (tmp_path / f"{publication._PREFIX}notes").touch()
    sweep(tmp_path)
    assert names(tmp_path) == sorted([alive, f".{alive}", f"{publication._PREFIX}notes"])


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\nb", "\x1b[2J", ".hidden", " a", "index", "INDEX"])
def test_a_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(InputError, match="cannot name a report"):
        check_report_name(name, "reports.toml")


@pytest.mark.parametrize("name", ["a.failed", "长" * 100])
def test_a_name_that_would_clash_or_be_too_long_is_refused(name):
    with pytest.raises(InputError):
        check_report_name(name, "reports.toml")


@pytest.mark.parametrize("name", ["a", "忠诚度 2026", "a.b", "50 % <b>"])
def test_any_other_name_will_do(name):
    check_report_name(name, "reports.toml")


def test_an_output_folder_is_made(tmp_path):
    assert output_folder(tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_an_output_that_is_a_file_is_refused(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be a folder; a file is in its place"):
        output_folder(tmp_path / place)


def test_an_output_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="cannot be written to"):
        output_folder(tmp_path)


def test_an_output_that_no_path_can_be_is_refused():
    with pytest.raises(InputError, match="cannot be made: .*embedded null"):
        output_folder(Path("a\0b"))


def test_an_output_that_cannot_be_made_is_refused(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match="cannot be made: Permission denied"):
        output_folder(tmp_path / "new")
