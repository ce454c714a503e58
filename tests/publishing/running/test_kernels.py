"""The kernelspec 'loyalty-kit-warm', as papermill and JupyterLab use it: with a server, and without one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from processes import comes_true, running, served_kernels
from small_notebooks import write_notebook

from loyalty_kit.publishing.running.execution import RunError, run_notebook
from loyalty_kit.publishing.running.kernels import STUB
from loyalty_kit.publishing.running.servers import KERNELS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and sockets of POSIX")

NAME = "loyalty-kit-warm"
PARENT = "import os, psutil\nprint(psutil.Process(os.getppid()).cmdline())"
FIGURE = "import matplotlib.pyplot as plt; plt.plot([1, 2]);"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install the kernelspec where Jupyter finds it."""
    shutil.copytree(STUB.parent, tmp_path / "jupyter" / "kernels" / NAME)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    tmp_path_factory.getbasetemp()
    with served_kernels() as process:
        yield process


@pytest.fixture
def manager(server, installed):
    manager = KernelManager(kernel_name=NAME)
    manager.start_kernel()
    yield manager
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


@pytest.fixture
def client(manager):
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield client
    client.stop_channels()
    client.context.destroy(linger=0)


def run(notebook: Path) -> nbformat.NotebookNode:
    """Notebook run by papermill's command."""
    done = notebook.with_name("done.ipynb")
    command = [sys.executable, "-m", "papermill", notebook, done, "-k", NAME, "--no-progress-bar"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    return nbformat.read(done, as_version=4)


def test_jupyter_lists_the_kernel(installed):
    assert KernelSpecManager().get_kernel_spec(NAME).display_name == "Python (loyalty_kit, warm)"


def test_papermill_gets_a_forked_kernel_that_shows_figures(server, installed, tmp_path):
    done = run(write_notebook(tmp_path / "n.ipynb", PARENT, FIGURE))
    assert "loyalty_kit.publishing.running.fork_server" in done.cells[-2].outputs[0].text
    assert "image/png" in done.cells[-1].outputs[0].data


def test_without_a_server_the_kernel_is_an_ordinary_one(installed, tmp_path, monkeypatch):
    monkeypatch.delenv(KERNELS, raising=False)
    done = run(write_notebook(tmp_path / "n.ipynb", PARENT, FIGURE))
    assert "loyalty_kit.publishing.running.fork_server" not in done.cells[-2].outputs[0].text
    assert "image/png" in done.cells[-1].outputs[0].data


def test_an_interrupt_reaches_the_kernel(manager, client):
    asked = client.execute("import time; time.sleep(600)")
    assert comes_true(lambda: client.get_iopub_msg(timeout=30)["msg_type"] == "execute_input")
    manager.interrupt_kernel()
    # On a busy machine answers to the questions whether it is ready come before.
    replies = iter(lambda: client.get_shell_msg(timeout=30), None)
    reply = next(reply for reply in replies if reply["parent_header"]["msg_id"] == asked)
    assert reply["content"]["ename"] == "KeyboardInterrupt"


def test_the_kernel_ends_with_what_stands_for_it(server, manager, client):
    (kernel,) = server.children()
    manager.provisioner.process.kill()
    assert comes_true(lambda: not running(kernel.pid))


def test_what_stands_for_a_kernel_ends_with_it(server, manager, client):
    (kernel,) = server.children()
    kernel.kill()
    assert comes_true(lambda: not manager.is_alive())


def test_a_kernel_that_is_asked_to_shut_down_ends(server, manager, client):
    (kernel,) = server.children()
    client.shutdown()
    assert comes_true(lambda: not running(kernel.pid) and not manager.is_alive())


def test_what_stands_for_a_kernel_starts_in_a_moment():
    code = f"import sys; exec(open({str(STUB)!r}).read().split('def main')[0]); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-S", "-E", "-c", code], capture_output=True, text=True, check=True)
    heavy = {"asyncio", "ctypes", "email", "logging", "typing", "loyalty_kit", "traitlets"}
    assert not heavy & set(told.stdout.split())


FOREVER = "while True:\n    try:\n        print('x' * 1000)\n    except BaseException:\n        pass"


@pytest.mark.parametrize("code", [FOREVER, "print('x' * 3_000_000)", "for _ in range(30): print('x' * 100_000)"])
def test_a_cell_that_prints_too_much_is_stopped(tmp_path, monkeypatch, code):
    monkeypatch.setattr("loyalty_kit.publishing.running.kernels.MOST_OUTPUT", 2_000_000)
    notebook = v4.new_notebook(cells=[v4.new_code_cell("print('x' * 1_000_000)"), v4.new_code_cell(code)])
    with pytest.raises(RunError) as error:
        run_notebook(notebook, folder=tmp_path, scratch=tmp_path)
    assert error.value.failure.sentence == "A cell printed more than 2 MB, and the run was stopped."
    assert (error.value.failure.source, error.value.failure.public) == (code, "")
