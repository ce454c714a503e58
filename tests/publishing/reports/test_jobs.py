"""What a report's page, its failure and history tell of its parameters."""

import json

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from loyalty_kit.publishing.reports.jobs import prepare_job


def test_whom_a_report_is_about_is_told_once_it_is_known_to_be_about_enough_people(tmp_path):
    """`only` may name an id: until the notebook has counted its rows, and where it failed, columns alone are told."""
    source = "wave: int = 1\nonly: list[str] = []"
    cells = [new_markdown_cell("# P"), new_code_cell(source, metadata={"tags": ["parameters"]})]
    nbformat.write(new_notebook(cells=cells), tmp_path / "p.ipynb")
    job = prepare_job("p.ipynb", {"wave": 2, "only": ["channel = web", "id = alice-0003"]}, base=tmp_path)
    hidden = {"wave": 2, "only": ["channel = …", "id = …"]}
    told = {"rendered": {"wave": 2, "only": ["channel = web", "id = alice-0003"]}, "failed": hidden, "running": hidden}
    for outcome, expected in told.items():
        assert json.loads(job.facts(outcome=outcome)["parameters"]) == expected
