"""The key of a report: another wherever something that shapes the report is another, else the same."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from loyalty_kit.intake.customers import TRUTH
from loyalty_kit.publishing.pages.outputs import markdown_html
from loyalty_kit.publishing.reports import keys
from loyalty_kit.publishing.reports.keys import (
    COMPANION_FILES,
    ReportKey,
    changed_files,
    kit_digest,
    report_key,
    versions,
)

SETTINGS: dict[str, Any] = {"values": {"survey": "survey.csv", "wave": 1}, "language": "en", "extra": ("n", "N")}


def notebook(*code: str, prose: str = "# Title") -> NotebookNode:
    return new_notebook(cells=[new_markdown_cell(prose), *map(new_code_cell, code)])


@pytest.fixture
def study(tmp_path) -> Path:
    (tmp_path / "survey.csv").write_text("q1\n1\n", "utf-8")
    return tmp_path


def key(study: Path, node: NotebookNode | None = None, **settings: Any) -> ReportKey:
    """Key of a small report whose notebook lies in the study's folder."""
    whole = {"path": study / "n.ipynb", "folder": study, **SETTINGS, **settings}
    return report_key(node or notebook("1 + 1"), **whole)


def valued(study: Path, **values: Any) -> str:
    return key(study, values=values).key


def test_the_same_report_has_the_same_key(study):
    assert key(study) == key(study)
    assert len(key(study).key) == 64


def test_the_key_does_not_know_where_the_study_lies(study, tmp_path_factory):
    other = tmp_path_factory.mktemp("elsewhere")
    (other / "survey.csv").write_bytes((study / "survey.csv").read_bytes())
    assert key(study) == key(other)


@pytest.mark.parametrize(
    "settings",
    [
        {"values": {"survey": "survey.csv", "wave": 2}},
        {"values": {"survey": "survey.csv", "wave": "1"}},
        {"values": {"survey": "survey.csv", "wave": 1.0}},
        {"values": {"survey": "survey.csv", "wave": True}},
        {"values": {"survey": Path("survey.csv"), "wave": 1}},
        {"values": {"survey": "./survey.csv", "wave": 1}},
        {"language": "zh"},
        {"extra": ("n", "M")},
    ],
)
def test_another_value_language_or_title_is_another_key(study, settings):
    assert key(study, **settings).key != key(study).key


def test_a_day_and_its_text_differ(study):
    assert valued(study, since=date(2026, 3, 1)) != valued(study, since="2026-03-01")


def test_a_list_is_told_from_its_only_entry(study):
    assert valued(study, by=["a"]) != valued(study, by="a") != valued(study, by=[["a"]])


def test_another_content_of_the_data_is_another_key(study):
    before = key(study)
    (study / "survey.csv").write_text("q1\n2\n", "utf-8")
    assert key(study).key != before.key
    assert list(before.files) == ["survey.csv"]


def test_a_new_time_of_the_same_data_is_no_other_key(study):
    before = key(study)
    os.utime(study / "survey.csv", (0, 0))
    assert key(study) == before


def test_data_that_comes_or_goes_is_another_key(study):
    before = key(study)
    (study / "survey.csv").unlink()
    assert key(study).key != before.key
    assert key(study).files == {}


def test_every_file_that_parameters_name_counts(study):
    (study / "in").mkdir()
    for name in ("a.csv", "b.csv", "in/c.csv", "in/.hidden"):
        (study / name).write_text(name, "utf-8")
    values = {"several": ["a.csv", "none.csv"], "path": Path("b.csv"), "folder": "in", "text": "no file", "n": 3}
    assert list(key(study, values=values).files) == ["a.csv", "b.csv", "in/c.csv"]


def test_text_that_no_path_could_be_is_only_text(study):
    for text in ("a\0b", "x" * 10_000, "", " ", "a\nb"):
        assert key(study, values={"text": text}).files == {}


def test_a_font_for_chinese_labels_that_comes_goes_or_changes_is_another_key(study, monkeypatch):
    font = study / "fonts" / "NotoSansCJK-Regular.ttc"
    font.parent.mkdir()
    seen = []
    for content in ("", "a font", "a newer font"):
        font.write_text(content)
        monkeypatch.setattr(keys, "cjk_font_files", lambda there=bool(content): (font,) if there else ())
        seen.append(key(study).key)
    assert len(set(seen)) == 3


def test_of_the_working_folder_itself_its_reports_do_not_count(study):
    before = key(study, values={"folder": "."})
    (study / "reports").mkdir()
    (study / "reports" / "n.html").touch()
    assert key(study, values={"folder": "."}) == before
    assert list(before.files) == ["survey.csv"]


def test_what_cannot_be_known_is_named(study, monkeypatch):
    monkeypatch.setattr(keys, "_MOST_FILES", 1)
    (study / "in").mkdir()
    (study / "in" / "a").touch()
    assert key(study, values={"table": "s3://bucket/a.csv", "folder": "in"}).unseen == ("table",)
    (study / "in" / "b").touch()
    assert key(study, values={"table": "a.csv", "folder": "in"}).unseen == ("folder",)


def test_the_truth_beside_simulated_customers_counts(study):
    before = key(study)
    (study / TRUTH).write_text("{}", "utf-8")
    assert key(study).key != before.key
    assert TRUTH in COMPANION_FILES


def test_a_file_that_cannot_be_read_has_a_key_too(study, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(keys, "_content", refuse)
    assert key(study, values={"survey": "survey.csv"}).files == {"survey.csv": "unreadable: Permission denied"}


@pytest.mark.parametrize(
    "other",
    [
        notebook("1 + 2"),
        notebook("1 + 1", "2"),
        notebook("1 + 1", prose="# Other"),
        new_notebook(cells=[new_markdown_cell("# Title"), new_markdown_cell("1 + 1")]),
        new_notebook(cells=[new_markdown_cell("# Title"), new_code_cell("1 + 1", metadata={"tags": ["hide-input"]})]),
        new_notebook(cells=[new_markdown_cell("# Title"), new_code_cell("1 + 1", metadata={"caption": "Table 1"})]),
    ],
)
def test_another_source_tag_or_caption_is_another_key(study, other):
    assert key(study, other).key != key(study).key


def test_outputs_counts_and_what_editors_write_are_no_other_key(study):
    node = notebook("1 + 1")
    node.cells[1].outputs = [new_output("stream", text="2")]
    node.cells[1].execution_count = 7
    node.cells[1].metadata = {"collapsed": True, "execution": {"iopub.status.idle": "now"}}
    node.cells[1].metadata |= {"slideshow": {"slide_type": "skip"}, "vscode": {"languageId": "python"}}
    node.metadata["language_info"] = {"version": "3.9"}
    assert key(study, node) == key(study)


@pytest.mark.parametrize(
    ("name", "prose"),
    [
        ("a b.png", "![a](a%20b.png)"),
        ("a b.png", "![a](<a b.png>)"),
        ("a b.png", '<img src="a b.png">'),
        ("a b.png", "![a][1]\n\n[1]: a%20b.png"),
        ("a(1).png", "![a](a(1).png)"),
        ("a_b.png", r"![a](a\_b.png)"),
        ("a&b.png", "![a](a&amp;b.png)"),
        ("a&b.png", '<img src="a&amp;b.png">'),
        ("it's.png", "![a](it's.png)"),
        ("客户.png", "![a](客户.png)"),
        ("a.png", "[of](page.html) what ![a](a.png) shows"),
    ],
)
def test_an_image_that_the_page_embeds_counts(study, name, prose):
    (study / name).write_bytes(b"one")
    assert "data:image/png" in markdown_html(new_markdown_cell(prose), study)
    before = key(study, notebook(prose=prose))
    (study / name).write_bytes(b"two")
    assert key(study, notebook(prose=prose)).key != before.key


def test_modules_and_files_that_code_names_count(study):
    (study / "helpers.py").write_text("from deeper import rate", "utf-8")
    (study / "deeper.py").write_text("rate = 1", "utf-8")
    (study / "extra.csv").write_text("1", "utf-8")
    node = notebook("%matplotlib inline\nimport helpers, os", "open('extra.csv').read()")
    first = key(study, node).key
    (study / "deeper.py").write_text("rate = 2", "utf-8")
    second = key(study, node).key
    (study / "extra.csv").write_text("2", "utf-8")
    assert len({first, second, key(study, node).key}) == 3


@pytest.mark.parametrize(
    "code",
    [
        "import os, helper",
        "import pandas as pd, helper as h",
        "import os; import helper",
        "try: import helper\nexcept ImportError: pass",
        "if True:\n    %matplotlib inline\nfrom helper import (\n    rate,\n)",
        "%%time\nimport os, helper",
        "x = !ls\nimport os, helper as h; y = 1",
        "%run helper.py",
        "%run -i helper",
        "%run 'helper.py' --wave 2",
        "import first",
    ],
)
def test_a_module_counts_however_code_brings_it_in(study, code):
    (study / "first.py").write_text("import os, helper", "utf-8")
    (study / "helper.py").write_text("rate = 1", "utf-8")
    before = key(study, notebook(code)).key
    (study / "helper.py").write_text("rate = 2", "utf-8")
    assert key(study, notebook(code)).key != before


@pytest.mark.parametrize("code", ["from parts import rates", "import parts.rates as r", "import parts.deep.more"])
def test_a_module_of_a_plain_folder_counts_and_what_lies_beside_it_does_not(study, code):
    (study / "parts" / "deep").mkdir(parents=True)
    (study / "parts" / "rates.py").write_text("rate = 1", "utf-8")
    (study / "parts" / "deep" / "more.py").write_text("from ..rates import rate", "utf-8")
    (study / "parts" / "beside.py").touch()
    before = key(study, notebook(code)).key
    (study / "parts" / "beside.py").write_text("1", "utf-8")
    assert key(study, notebook(code)).key == before
    (study / "parts" / "rates.py").write_text("rate = 2", "utf-8")
    assert key(study, notebook(code)).key != before


@pytest.mark.parametrize("code", ["from .... import a", "import x.y\0", "'\\d'", "def f(:", "from . import n"])
def test_code_that_is_none_has_a_key_too(study, code):
    assert key(study, notebook(code)).key


def test_a_file_that_code_names_may_change_during_the_run(study):
    (study / "extra.csv").write_text("1", "utf-8")
    assert "extra.csv" not in key(study, notebook("table.to_csv('extra.csv')")).files


def test_an_edit_of_the_kit_is_another_key(study, monkeypatch):
    before = key(study)
    monkeypatch.setattr(keys, "kit_digest", lambda: "edited")
    assert key(study).key != before.key


def test_another_version_of_a_package_is_another_key(study, monkeypatch):
    before = key(study)
    monkeypatch.setattr(keys, "versions", lambda: {"pandas": "0"})
    assert key(study).key != before.key


def test_the_kits_own_files_are_hashed_by_their_content(tmp_path, monkeypatch):
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "a.py").write_text("1", "utf-8")
    monkeypatch.setattr(keys, "PACKAGE", tmp_path)
    plain = kit_digest.__wrapped__
    first = plain()
    (tmp_path / "__pycache__" / "a.pyc").touch()
    assert plain() == first
    (tmp_path / "a.py").write_text("2", "utf-8")
    assert plain() != first


def test_versions_are_those_of_what_makes_a_report():
    assert {"python", "loyalty-kit", "pandas", "numpy", "matplotlib", "jinja2"} <= set(versions())
    assert "jupyterlab" not in versions()


def test_a_file_that_changed_since_is_named(study):
    before = key(study)
    assert changed_files(before, study) == []
    (study / "survey.csv").write_text("q1\n9\n", "utf-8")
    assert changed_files(before, study) == ["survey.csv"]
    (study / "survey.csv").unlink()
    assert changed_files(before, study) == ["survey.csv"]


def test_a_parameter_of_a_few_words_names_no_folder(study):
    (study / "zh").mkdir()
    (study / "zh" / "history.sqlite").touch()
    values = {"language": "zh"}
    assert key(study, values=values, words=("language",)).files == {}
    assert list(key(study, values=values).files) == ["zh/history.sqlite"]
