"""Pictures of the shipped notebooks are the same in number, whichever way one runs them."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from playwright.sync_api import Browser, Page
from shipped import NOTEBOOKS, copy_notebooks, pictures, pictures_of

import loyalty_kit as lk
from loyalty_kit.publishing.exports.exporter import ReportExporter

TOKEN = "loyalty"
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
"""Of JupyterLab: outputs out of sight are in the page too, and nothing is asked of the network."""
OUTPUTS = ".jp-OutputArea-output img"

QUICK_AND_SLOW = [NOTEBOOKS[0].name, *(pytest.param(path.name, marks=pytest.mark.slow) for path in NOTEBOOKS[1:])]
"""The first notebook in every run, the others with the slow tests."""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """Folder with the shipped notebooks and their data."""
    folder = tmp_path_factory.mktemp("project")
    copy_notebooks(folder)
    return folder


@pytest.fixture(scope="module")
def rendered(project) -> Callable[[str], int]:
    """Count of the pictures on the page that `lk.render` makes of a notebook."""

    @cache
    def count(name: str) -> int:
        result = lk.render(project / "notebooks" / name, project / "reports", base=project / "notebooks")
        assert result.outcome == "rendered", result.error
        return pictures_of(result.path.read_text("utf-8"))

    return count


def run_by_command(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook by the command `jupyter nbconvert --execute`."""
    given, done = folder / "given.ipynb", folder / "done.ipynb"
    nbformat.write(notebook, given)
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook", "--output", done.name, str(given)]
    subprocess.run([*command, "--ExecutePreprocessor.timeout=300"], check=True, capture_output=True, timeout=600)
    given.unlink()
    return nbformat.read(done, as_version=4)


def run_plainly(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook in a kernel that knows nothing of the kit, as any tool of Jupyter's does."""
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    return client.execute()


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS])
def test_a_plain_kernel_and_the_exporter_show_the_pictures_of_a_rendered_report(project, rendered, name):
    notebook = nbformat.read(project / "notebooks" / name, as_version=4)
    notebook.cells.append(new_code_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2]);"))
    run_it = run_by_command if name == NOTEBOOKS[0].name else run_plainly
    run = run_it(notebook, project / "notebooks")
    expected = rendered(name)
    assert expected > 0
    assert pictures(run) == expected + 1, "the last one is the user's own"
    page, _ = ReportExporter().from_notebook_node(run)
    assert pictures_of(page) == expected + 1


@contextmanager
def jupyterlab(folder: Path, home: Path) -> Iterator[str]:
    """Address of a JupyterLab as `make lab` starts it, with no settings but those of this test."""
    for name, values in SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--notebook-dir={folder}"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
    command += ["--expose-app-in-browser", f"--LabApp.user_settings_dir={home / 'settings'}"]
    command += [f"--LabApp.workspaces_dir={home / 'workspaces'}"]
    environment = {**os.environ, **{name: str(home / name) for name in own}}
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(port, server, home / "log")
        yield f"http://127.0.0.1:{port}/lab"
    finally:
        server.terminate()
        server.wait(60)


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server takes calls; its log is the failure's account."""
    for _ in range(600):
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.poll() is None, log.read_text("utf-8")
        time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8"))


@pytest.fixture(scope="module")
def lab(project, browser, tmp_path_factory) -> Iterator[str]:
    with jupyterlab(project / "notebooks", tmp_path_factory.mktemp("lab")) as address:
        yield address


@contextmanager
def notebook_opened(browser: Browser, address: str) -> Iterator[Page]:
    """Notebook in a window of its own, its kernel ready."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(300_000)
    page.goto(address)
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.evaluate("async () => await window.jupyterapp.shell.currentWidget.sessionContext.ready")
    try:
        yield page
    finally:
        context.close()


def command(page: Page, name: str) -> None:
    """Carry out an entry of JupyterLab's menus, to its end."""
    page.evaluate("async name => { await window.jupyterapp.commands.execute(name); }", f"notebook:{name}")


@pytest.mark.browser
@pytest.mark.parametrize("name", QUICK_AND_SLOW)
def test_jupyterlab_shows_the_same_pictures_and_then_the_users_own(browser, lab, rendered, name):
    expected = rendered(name)
    with notebook_opened(browser, f"{lab}/workspaces/{name[:2]}/tree/{name}?token={TOKEN}") as page:
        command(page, "run-all-cells")
        page.wait_for_function(f"document.querySelectorAll('{OUTPUTS}').length >= {expected}")
        assert page.locator(OUTPUTS).count() == expected
        command(page, "insert-cell-below")
        command(page, "enter-edit-mode")
        page.keyboard.insert_text("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
        command(page, "run-cell")
        page.wait_for_function(f"document.querySelectorAll('{OUTPUTS}').length > {expected}")
        assert page.locator(OUTPUTS).count() == expected + 1
