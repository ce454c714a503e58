"""Reports made by a Dask cluster: the same bytes, whatever happens to one of its workers."""

import os
import signal
import time
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from small_notebooks import names, write_notebook

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.batches.executors import connected

distributed = pytest.importorskip("distributed", reason="the extra 'distributed' is not installed")

pytestmark = [
    # Dask's own: sockets of workers that were killed, and what it imports.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, scheduler_port=0) as local:
        yield local


def study(folder: Path, *, pause: str = "") -> Path:
    write_notebook(folder / "n.ipynb", "import time", pause or "number", "number", parameters="number: int = 1")
    reports = (f'[[report]]\nnotebook = "n.ipynb"\nname = "r{n}"\nparameters = {{ number = {n} }}' for n in range(1, 4))
    path = folder / "reports.toml"
    path.write_text("\n".join(reports))
    return path


REPLICATES = """import numpy as np, pandas as pd, loyalty_kit as lk
from loyalty_kit.statistics.resampling import executor
answers = pd.DataFrame(np.random.default_rng(0).integers(1, 6, (60, 3)), columns=list("abc"))
book = lk.Codebook.parse("response = {min = 1, max = 5}\\nscales.s.items = ['a', 'b', 'c']")
lk.reliability(answers, book, bootstrap=500, rng=1)"""


def rendered(path: Path, output: Path, cluster) -> dict[str, str]:
    batch = lk.batch.read_batch(path)
    executor = None if cluster is None else f"dask={cluster.scheduler_address}"
    return {result.name: result.outcome for result in lk.batch.render_batch(batch, output, executor=executor)}


@pytest.mark.slow
def test_a_cluster_gives_the_same_reports_as_this_machine(tmp_path, cluster):
    path = study(tmp_path)
    assert set(rendered(path, tmp_path / "there", cluster).values()) == {"rendered"}
    assert set(rendered(path, tmp_path / "here", None).values()) == {"rendered"}
    for name in ("r1.html", "r2.html", "r3.html"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


@pytest.mark.slow
def test_a_worker_killed_in_mid_batch_costs_no_report(tmp_path, cluster):
    path = study(tmp_path, pause="time.sleep(3)")
    batch = lk.batch.read_batch(path)
    results = lk.batch.render_batch(batch, tmp_path / "out", executor=f"dask={cluster.scheduler_address}")
    done = [next(results)]
    victim = next(iter(cluster.workers.values())).pid
    os.kill(victim, signal.SIGKILL)
    done += results
    assert [result.outcome for result in done] == ["rendered"] * 3
    assert len([name for name in names(tmp_path / "out") if name.startswith("r")]) == 3


@pytest.mark.slow
def test_replicates_of_a_report_run_on_its_cluster_with_the_same_result(tmp_path, cluster):
    where = "assert type(executor()).__name__ == kind"
    notebook = write_notebook(tmp_path / "n.ipynb", REPLICATES, where, parameters='kind: str = "ClientExecutor"')
    (tmp_path / "reports.toml").write_text('[[report]]\nnotebook = "n.ipynb"')
    assert rendered(tmp_path / "reports.toml", tmp_path / "there", cluster) == {"n": "rendered"}
    here = lk.render(notebook, tmp_path / "here", {"kind": "NoneType"})
    tables = [
        BeautifulSoup((tmp_path / place / "n.html").read_bytes(), "html.parser").table for place in ("there", "here")
    ]
    assert here.outcome == "rendered"
    assert tables[0].get_text() == tables[1].get_text() != ""


def test_a_report_that_fails_there_fails_here(tmp_path, cluster):
    write_notebook(tmp_path / "n.ipynb", "1 / 0")
    path = tmp_path / "reports.toml"
    path.write_text('[[report]]\nnotebook = "n.ipynb"')
    assert rendered(path, tmp_path / "out", cluster) == {"n": "failed"}
    assert "n.failed.html" in names(tmp_path / "out")


@pytest.mark.parametrize("spec", ["dask", "dask=", "ray=auto"])
def test_another_executor_is_refused(spec):
    with pytest.raises(InputError, match="must be dask=ADDRESS"), connected(spec):
        pass


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr("loyalty_kit.publishing.batches.executors._PATIENCE", 1)
    began = time.monotonic()
    with pytest.raises(InputError, match="No Dask scheduler answers at"), connected("dask=tcp://127.0.0.1:9"):
        pass
    assert time.monotonic() - began < 30


def test_an_address_of_no_known_kind_is_refused_at_once():
    began = time.monotonic()
    with (
        pytest.raises(InputError, match=r"No Dask scheduler answers at 'nonsense://x' \(ValueError\)"),
        connected("dask=nonsense://x"),
    ):
        pass
    assert time.monotonic() - began < 10
