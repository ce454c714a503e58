"""Reports at an address: a batch leaves there what it would leave in a folder."""

import json
from urllib.request import Request, urlopen

import fsspec
import pytest
from moto.server import ThreadedMotoServer
from small_notebooks import write_notebook
from typer.testing import CliRunner
from workshop import Workshop, job

from loyalty_kit.__main__ import app
from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing import batch
from loyalty_kit.publishing.batches.scheduler import results
from loyalty_kit.publishing.files.stores import is_address, locked, mirrored
from loyalty_kit.publishing.render import render


@pytest.fixture(scope="module")
def bucket():
    """A server of this machine that speaks as S3 does, with an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        known = {"ENDPOINT_URL": f"http://{host}:{port}", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}
        for name, value in (known | {"DEFAULT_REGION": "us-east-1"}).items():
            environment.setenv(f"AWS_{name}", value)
        urlopen(Request(f"http://{host}:{port}/bucket", method="PUT")).close()
        yield "s3://bucket"
    server.stop()


@pytest.fixture(params=["memory", "s3"])
def address(request):
    base = "memory://bucket" if request.param == "memory" else request.getfixturevalue("bucket")
    system, root = fsspec.url_to_fs(f"{base}/reports")
    yield f"{base}/reports"
    system.rm(root, recursive=True)


def stored(address: str) -> dict[str, bytes]:
    system, root = fsspec.url_to_fs(address)
    system.invalidate_cache()
    return {path.rpartition("/")[2]: system.cat_file(path) for path in system.ls(root, detail=False)}


def carried_out(folder, address: str, workshop: Workshop) -> list[str]:
    with mirrored(address) as (place, push):
        told = []
        for result in results([job(folder, "a"), job(folder, "b")], place, carry_out=workshop):
            push()
            told.append(result.outcome)
    return told


def test_reports_index_and_history_arrive(tmp_path, address):
    assert carried_out(tmp_path, address, Workshop()) == ["rendered", "rendered"]
    assert sorted(stored(address)) == ["a.html", "b.html", "history.sqlite", "index.html"]


def test_a_machine_without_memory_knows_from_the_address_what_is_unchanged(tmp_path, address):
    carried_out(tmp_path, address, Workshop())
    before = stored(address)
    assert carried_out(tmp_path, address, Workshop()) == ["unchanged", "unchanged"]
    assert stored(address) == before


def test_what_a_success_removes_goes_at_the_address_too(tmp_path, address):
    carried_out(tmp_path, address, Workshop(a=1))
    assert "a.failed.html" in stored(address)
    carried_out(tmp_path, address, Workshop())
    assert "a.failed.html" not in stored(address)


def test_files_with_names_that_lead_elsewhere_are_not_fetched(tmp_path, address):
    system, root = fsspec.url_to_fs(address)
    for name in ("..\\x", ".hidden", "below/x.html"):
        system.pipe_file(f"{root}/{name}", b"x")
    with mirrored(address) as (folder, _):
        assert [path.name for path in folder.iterdir() if path.name == ".hidden" or path.is_dir()] == []


def test_an_address_that_nobody_knows_is_told():
    with pytest.raises(InputError, match="'nowhere://x' is no address for reports"), mirrored("nowhere://x"):
        pass


@pytest.mark.parametrize(
    ("output", "expected"), [("reports", False), ("s3://b/r", True), ("C:\\reports", False), ("://", False)]
)
def test_an_address_is_told_from_a_folder(output, expected):
    assert is_address(output) is expected


def test_a_second_batch_to_an_address_leaves_at_once_if_it_must_not_wait(tmp_path):
    (tmp_path / "reports.toml").write_text(
        f'output = "{(tmp_path / "there").as_uri()}"\n[[report]]\nnotebook = "a.ipynb"'
    )
    write_notebook(tmp_path / "a.ipynb", "1", parameters="x: int = 1")
    whole = batch.read_batch(tmp_path / "reports.toml")
    with locked(whole.output, wait=False), pytest.raises(InputError, match="Another batch renders into 'file://"):
        next(batch.render_batch(whole, whole.output, wait=False))


def test_one_notebook_has_no_address(tmp_path):
    write_notebook(tmp_path / "a.ipynb", "1", parameters="x: int = 1")
    with pytest.raises(InputError, match="got the address 'memory://x', where only a batch writes"):
        render(tmp_path / "a.ipynb", "memory://x")


def test_the_command_line_speaks_of_the_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    address = (tmp_path / "there").as_uri()
    (tmp_path / "reports.toml").write_text(f'output = "{address}"\n[[report]]\nnotebook = "a.ipynb"')
    write_notebook(tmp_path / "a.ipynb", "1", parameters="x: int = 1")
    told = json.loads(CliRunner().invoke(app, ["render", "--json"]).stdout)
    assert [report["path"] for report in told["reports"]] == [f"{address}/a.html"]
    assert "rendered" in CliRunner().invoke(app, ["history", "-o", address]).stdout
    assert f"on record in '{address}'." in CliRunner().invoke(app, ["history", "b", "-o", address]).stdout
