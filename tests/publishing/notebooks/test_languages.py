"""A notebook that is not Python is run by its own kernel, or refused by name; it never runs as Python."""

import json
import sys

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.publishing.notebooks.languages import notebook_kernel

KERNEL = """
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class Upper(Kernel):
    implementation, implementation_version, banner = "upper", "1", "upper"
    language_info = {"name": "upper", "mimetype": "text/plain", "file_extension": ".up"}

    def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False, **_):
        if not silent:
            self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": code.upper()})
        if "fail" in code:
            error = {"ename": "Fault", "evalue": "it failed", "traceback": ["it failed"]}
            self.send_response(self.iopub_socket, "error", error)
            return {"status": "error", **error}
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}


IPKernelApp.launch_instance(kernel_class=Upper)
"""


def written(path, *code, name="upper", **about):
    """Notebook of another language."""
    cells = [new_markdown_cell("# Loyalty"), *map(new_code_cell, code)]
    nbformat.write(
        new_notebook(cells=cells, metadata={"kernelspec": {"name": name, "display_name": "x", **about}}), path
    )
    return path


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A kernel that answers in capital letters, installed where Jupyter finds it."""
    folder = tmp_path / "jupyter" / "kernels" / "upper"
    folder.mkdir(parents=True)
    (folder / "upper.py").write_text(KERNEL)
    spec = {"argv": [sys.executable, str(folder / "upper.py"), "-f", "{connection_file}"], "language": "upper"}
    (folder / "kernel.json").write_text(json.dumps(spec | {"display_name": "Upper"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({}, "Python"),
        ({"kernelspec": {"name": "python3"}}, "Python"),
        ({"kernelspec": {"name": "my-environment"}}, "Python"),
        ({"kernelspec": {"name": "ir"}}, "R"),
        ({"kernelspec": {"name": "julia-1.10"}}, "Julia"),
        ({"kernelspec": {"name": "ir", "language": "R"}}, "R"),
        ({"language_info": {"name": "R"}}, "R"),
        ({"kernelspec": "damaged", "language_info": ["damaged"]}, "Python"),
        ({"kernelspec": {"name": "../../etc"}}, "Python"),
    ],
)
def test_a_notebook_says_its_language(metadata, language):
    kernel = notebook_kernel(nbformat.from_dict({"metadata": metadata}))
    assert (kernel.language.casefold(), kernel.is_python) == (language.casefold(), language == "Python")


def test_a_notebook_in_r_is_refused_by_the_name_of_its_kernel_where_that_is_not_installed(tmp_path):
    """nteract/papermill 535, 318, 584: 'x = 5', 'x <- 3', 'x' is 3 in R; as Python it was 5."""
    path = written(tmp_path / "r.ipynb", "x = 5", "x <- 3\nx", name="ir", language="R")
    with pytest.raises(UnreadableError, match=r"r.ipynb' is written in R, and its kernel 'ir' is not installed here"):
        lk.render(path, tmp_path / "out")
    assert not list(tmp_path.glob("out/*.html"))


def test_an_installed_kernel_runs_a_notebook_of_its_language(tmp_path, installed):
    result = lk.render(written(tmp_path / "u.ipynb", "quiet words"), tmp_path / "out")
    assert result.outcome == "rendered", result.error
    soup = BeautifulSoup(result.path.read_text("utf-8"), "html.parser")
    assert [part.get_text() for part in soup.select("main pre.text")] == ["QUIET WORDS"]
    assert soup.select_one(".code").get_text().strip() == "quiet words"


def test_a_failing_cell_of_another_language_fails_the_report(tmp_path, installed):
    result = lk.render(written(tmp_path / "u.ipynb", "fail"), tmp_path / "out")
    assert (result.outcome, "Fault" in result.error) == ("failed", True)


def test_parameters_are_for_notebooks_in_python(tmp_path, installed):
    with pytest.raises(InputError, match="'.*u.ipynb' is written in upper, and parameters .* only; got 'x'"):
        lk.render(written(tmp_path / "u.ipynb", "x"), tmp_path / "out", {"x": 5})
