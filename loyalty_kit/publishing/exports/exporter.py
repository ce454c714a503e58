"""The kit's page among the formats that Jupyter exports a notebook to."""

from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import Exporter
from nbformat import NotebookNode
from traitlets import default

from loyalty_kit.core.language import LANGUAGES
from loyalty_kit.publishing.history.recording import recorded
from loyalty_kit.publishing.notebooks.notebooks import heading
from loyalty_kit.publishing.pages.page import report_page


class ReportExporter(Exporter):
    """A notebook as it stands, its outputs included, as a loyalty report.

    `jupyter nbconvert --to loyalty_report NOTEBOOK`, or 'Loyalty_report' among JupyterLab's exports. The
    notebook's `metadata.language` is the page's, where the kit speaks it.
    """

    export_from_notebook = "Loyalty report"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Page of a notebook, as nbconvert asks for it."""
        copy, resources = super().from_notebook_node(nb, resources, **options)
        about = resources.get("metadata", {})
        name, folder = str(about.get("name") or ""), about.get("path")
        spoken = copy.metadata.get("language")
        page = report_page(
            copy,
            facts={"name": name, "title": heading(copy) or name} if name else {},
            folder=Path(folder) if folder else None,
            language=spoken if spoken in LANGUAGES else "en",
            estimates=recorded(copy),
        )
        return page, resources
