"""A forked kernel: at once there, and to a notebook the same as an ordinary one."""

import json
import os
import socket
import time
from pathlib import Path

import nbformat.v4 as v4
import pytest
from processes import comes_true, passing_files, running, served_kernels, users
from small_notebooks import names

from loyalty_kit.publishing.pages.page import report_page
from loyalty_kit.publishing.running.execution import RunError, run_notebook
from loyalty_kit.publishing.running.servers import KERNELS, send_request, serving

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked on Linux and macOS")

CELLS = (
    "import os, random, sys, time, warnings\nimport matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd",
    "np.random.seed(7); random.seed(7)\nprint(np.random.normal(size=3), random.random(), hash('loyalty'))",
    "pd.DataFrame(np.random.default_rng(7).normal(size=(4, 2)), columns=['image', '忠诚'])",
    "figure, ax = plt.subplots()\nax.scatter(*np.random.default_rng(7).normal(size=(2, 9)))\nax.set_title('Scores');",
    "plt.plot([1, 2]); plt.ylabel('Customers')",
    "import seaborn as sns; sns.kdeplot(x=np.arange(9.0));",
    "plt.rcParams['font.size'], plt.rcParams['figure.figsize'], plt.get_backend()",
    "os.getcwd(), sys.argv[0], sys.path[:2], sorted(name for name in globals() if not name.startswith('_'))",
    "{name: os.environ[name] for name in sorted(os.environ) if name.startswith(('LOYALTY', 'OMP', 'OPENBLAS', 'MPL'))}",
    "import statsmodels.api as sm\nsm.OLS([1.0, 2, 4], sm.add_constant([1.0, 2, 3])).fit().params",
    "warnings.warn('told once'); print('error', file=sys.stderr)",
    "from loyalty_kit.core.language import percent; percent(0.25)",
)
SETTINGS = "import matplotlib; matplotlib.rcParams['lines.linewidth'], __import__('time').tzname"


def notebook(*code: str) -> v4.nbbase.NotebookNode:
    return v4.new_notebook(cells=[v4.new_code_cell(source, id=f"c-{place}") for place, source in enumerate(code)])


def run(folder: Path, *code: str, language: str = "en") -> v4.nbbase.NotebookNode:
    scratch = folder / f"scratch-{time.monotonic_ns()}"
    scratch.mkdir()
    return run_notebook(notebook(*code), folder=folder, scratch=scratch, language=language)


def result(folder: Path, code: str) -> str:
    return run(folder, code).cells[-1].outputs[0].data["text/plain"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    tmp_path_factory.getbasetemp()
    with served_kernels() as process:
        yield process


def test_the_page_is_the_same_warm_and_cold(server, tmp_path, monkeypatch):
    parent = "import psutil; 'loyalty_kit.publishing.running.fork_server' in psutil.Process().parent().cmdline()"
    assert result(tmp_path, parent) == "True"
    warm = run(tmp_path, *CELLS, language="zh")
    monkeypatch.delenv(KERNELS)
    cold = run(tmp_path, *CELLS, language="zh")
    for one, other in zip(warm.cells, cold.cells, strict=True):
        assert one == other
    assert report_page(warm) == report_page(cold)
    assert "25%" in warm.cells[-1].outputs[0].data["text/plain"]


def test_a_forked_kernel_takes_settings_from_its_own_surroundings(server, tmp_path, monkeypatch):
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 7\n")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    assert result(tmp_path, SETTINGS) == "(7.0, ('CST', 'CST'))"


def test_a_forked_kernel_finds_the_modules_that_an_ordinary_one_finds(server, tmp_path, monkeypatch):
    (tmp_path / "helper.py").write_text("a = 1")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "other.py").write_text("b = 2")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    code = "import sys, helper, other; helper.a, other.b, sys.path"
    warm = result(tmp_path, code)
    assert warm.startswith("(1,\n 2,\n")
    monkeypatch.delenv(KERNELS)
    assert result(tmp_path, code) == warm


def test_forked_kernels_draw_different_random_numbers(server, tmp_path):
    code = "import numpy as np, random; np.random.random(), random.random()"
    drawn = [result(tmp_path, code) for _ in range(2)]
    assert drawn[0] != drawn[1]


def test_polars_works_in_a_forked_kernel(server, tmp_path):
    code = (
        "import polars as pl; pl.DataFrame({'a': range(9999)}).lazy().group_by(pl.col('a') % 7).sum().collect().height"
    )
    assert result(tmp_path, code) == "7"


def test_a_killed_kernel_is_told_and_the_server_goes_on(server, tmp_path):
    with pytest.raises(RunError) as error:
        run(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert error.value.failure.sentence.startswith("The kernel died in this cell")
    assert result(tmp_path, "1 + 1") == "2"


def test_a_cell_that_signals_its_parent_stops_no_other_kernel(server, tmp_path):
    code = "import os, signal; os.kill(os.getppid(), signal.SIGTERM), signal.getsignal(signal.SIGTERM)"
    assert result(tmp_path, code) == "(None, <Handlers.SIG_DFL: 0>)"
    assert server.is_running() and result(tmp_path, "1 + 1") == "2"


def test_what_a_cell_started_ends_with_its_kernel(server, tmp_path):
    code = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid"
    started = int(result(tmp_path, code))
    assert comes_true(lambda: not running(started))


def test_a_broken_request_costs_nothing(server, tmp_path):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.environ[KERNELS])
        line.sendall(b"\0\0")
    assert result(tmp_path, "1 + 1") == "2"


def test_whoever_hangs_up_ends_the_child(server):
    # Those of the tests before may still be ending.
    assert comes_true(lambda: not server.children())
    content = json.dumps({"arguments": [], "folder": "/", "environment": dict(os.environ)}).encode()
    with send_request(Path(os.environ[KERNELS]), content):
        assert comes_true(lambda: len(server.children()) == 1)
        (kernel,) = server.children()
    assert comes_true(lambda: not running(kernel.pid))


def test_a_kernel_ends_when_its_server_is_killed(tmp_path):
    with served_kernels() as server:
        content = json.dumps({"arguments": [], "folder": "/", "environment": dict(os.environ)}).encode()
        with send_request(Path(os.environ[KERNELS]), content):
            assert comes_true(lambda: len(server.children()) == 1)
            (kernel,) = server.children()
            time.sleep(1)
            server.kill()
            server.wait()
            assert comes_true(lambda: not running(kernel.pid))


def test_where_the_server_was_killed_an_ordinary_kernel_runs(tmp_path):
    with served_kernels() as server:
        assert result(tmp_path, "1 + 1") == "2"
        server.kill()
        server.wait()
        assert result(tmp_path, "1 + 1") == "2"


def test_a_server_ends_with_its_owner_and_takes_its_socket_along():
    with passing_files() as passing:
        (passing / "sockets").mkdir()
        with serving("report", passing / "sockets"):
            assert users(passing)
        assert users(passing) == []
        assert names(passing) == []
