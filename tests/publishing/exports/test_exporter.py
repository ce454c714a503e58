"""The kit's page among Jupyter's export formats."""

import re
import tomllib
from pathlib import Path

import nbformat
import nbformat.v4 as v4
from bs4 import BeautifulSoup
from jupyter_server.nbconvert.handlers import _format_regex

from loyalty_kit.publishing.exports.exporter import ReportExporter

CELLS = [v4.new_markdown_cell("text"), v4.new_code_cell("1", metadata={"tags": ["remove-cell"]})]


def exported(notebook, resources=None):
    page, about = ReportExporter().from_notebook_node(notebook, resources)
    return BeautifulSoup(page, "html.parser"), about


def test_the_menu_offers_it_by_a_name():
    assert ReportExporter.export_from_notebook == "Loyalty report"


def test_a_notebook_becomes_the_whole_mended_page():
    soup, about = exported(v4.new_notebook(cells=CELLS), {"metadata": {"name": "drivers"}})
    assert (soup.title.string, soup.h1["id"], about["output_extension"]) == ("drivers", "drivers", ".html")


def test_the_notebooks_language_is_the_pages():
    soup, _ = exported(v4.new_notebook(cells=CELLS, metadata={"language": "zh"}))
    assert soup.html["lang"] == "zh-Hans"


def test_a_file_is_exported_by_its_path(tmp_path):
    (tmp_path / "map.svg").write_text("<svg/>", encoding="utf-8")
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# Where?\n\n![A map](map.svg)")])
    nbformat.write(notebook, tmp_path / "where.ipynb")
    page, _ = ReportExporter().from_filename(str(tmp_path / "where.ipynb"))
    assert BeautifulSoup(page, "html.parser").img["alt"] == "A map"


def test_the_package_names_it_to_jupyter():
    declared = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))
    ((name, place),) = declared["project"]["entry-points"]["nbconvert.exporters"].items()
    assert place == f"{ReportExporter.__module__}:{ReportExporter.__name__}"
    assert re.fullmatch(_format_regex, name), "JupyterLab's server knows no page for this name"
