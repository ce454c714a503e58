"""A batch: checked as a whole before anything runs; one failing report does not stop the others."""

from pathlib import Path

import pytest
from small_notebooks import names, write_notebook

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.publishing.batches import scheduler

GOOD = '[[report]]\nnotebook = "n.ipynb"\n'


def batch_file(folder: Path, text: str) -> Path:
    """File of a batch beside a notebook with parameters."""
    write_notebook(folder / "n.ipynb", parameters='channel: str = "all"\nwave: int = 1', title="Small")
    path = folder / "reports.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def no_kernel(monkeypatch):
    """Fail where a kernel would start."""
    monkeypatch.setattr(scheduler, "begin", lambda *_, **__: pytest.fail("a run was begun"))


def test_a_failing_report_does_not_stop_those_after_it(tmp_path):
    write_notebook(tmp_path / "study" / "bad.ipynb", "1 / 0")
    write_notebook(tmp_path / "study" / "good.ipynb", "open('beside.txt').read()")
    (tmp_path / "study" / "beside.txt").touch()
    path = tmp_path / "study" / "reports.toml"
    path.write_text('output = "built"\n' + "".join(f'[[report]]\nnotebook = "{n}.ipynb"\n' for n in ("bad", "good")))
    results = lk.batch.run(path)
    assert [(result.name, result.outcome) for result in results] == [("bad", "failed"), ("good", "rendered")]
    assert names(tmp_path / "study" / "built") == [
        ".loyalty-kit.lock",
        "bad.failed.html",
        "good.html",
        "history.sqlite",
        "index.html",
    ]


def test_a_batch_holds_its_reports_in_order(tmp_path):
    text = """
    output = "built"
    [[report]]
    notebook = "n.ipynb"
    name = "网店"
    title = "Web"
    parameters = { channel = "web", wave = 2 }
    [[report]]
    notebook = "n.ipynb"
    """
    batch = lk.batch.read_batch(batch_file(tmp_path, text))
    assert batch.output == tmp_path / "built"
    assert [(job.name, job.title, job.given) for job in batch.jobs] == [
        ("网店", "Web", {"channel": "web", "wave": 2}),
        ("n", "Small", {}),
    ]


def test_reports_go_into_reports_where_no_folder_is_named(tmp_path):
    assert lk.batch.read_batch(batch_file(tmp_path, GOOD)).output == tmp_path / "reports"


def test_a_batch_may_name_a_shipped_notebook(tmp_path):
    batch = lk.batch.read_batch(batch_file(tmp_path, '[[report]]\nnotebook = "10-scale-quality"'))
    assert batch.jobs[0].name == "10-scale-quality"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "reports.toml, key 'report': at least one [[report]] is needed."),
        ("report = []", "key 'report': at least one [[report]] is needed."),
        ("report = 3", "key 'report': must be a list, [ … ]; got 3."),
        ('[report]\nnotebook = "n.ipynb"', "key 'report': write [[report]] with two brackets."),
        ("reprot = 3\n" + GOOD, "key 'reprot': no such key; did you mean 'report'"),
        ("output = 3\n" + GOOD, "key 'output': must be text in quotation marks; got 3."),
        ("[[report]]", "report 1, key 'notebook': is required"),
        (GOOD + "nam = 'a'", "report 1, key 'nam': no such key; did you mean 'name'"),
        (GOOD + "parameters = 3", "key 'parameters': must be a table, { name = value }; got 3."),
        (GOOD + "name = 'a/b'", "report 'a/b': Report of 'n.ipynb': 'a/b' cannot name a report"),
        (GOOD + "name = '../a'", "cannot name a report"),
        (GOOD + 'name = "a\\u0000"', "cannot name a report"),
        (GOOD + "name = 'Index'", "'Index' cannot name a report"),
        (GOOD + GOOD + "name = 'N'", "report 'N': a report before it is named 'N' already"),
        (GOOD + "parameters = { wav = 1 }", "report 1: 'n' has no parameter 'wav'; did you mean 'wave'"),
        (GOOD + "parameters = { wave = '1' }", "Parameter 'wave' of 'n' must be int; got '1'"),
        ('[[report]]\nnotebook = "m.ipynb"', "report 1: The notebook 'm.ipynb' does not exist"),
    ],
)
def test_what_is_wrong_is_told_with_its_report_and_key(tmp_path, no_kernel, text, sentence):
    with pytest.raises(InputError) as refused:
        lk.batch.run(batch_file(tmp_path, text))
    assert sentence in str(refused.value)
    assert names(tmp_path) == ["n.ipynb", "reports.toml"]


def test_a_misspelt_notebook_is_told_without_what_follows_from_it(tmp_path):
    with pytest.raises(InputError) as refused:
        lk.batch.read_batch(batch_file(tmp_path, '[[report]]\nnotebok = "n.ipynb"'))
    assert str(refused.value).splitlines() == [
        "reports.toml, report 1, key 'notebook': is required.",
        "reports.toml, report 1, key 'notebok': no such key; did you mean 'notebook'?",
    ]


def test_the_faults_of_all_reports_are_told_at_once(tmp_path):
    text = GOOD + "parameters = { wave = 'a' }\n" + GOOD + "name = 'b'\nparameters = { wav = 1, wave = 'b' }"
    with pytest.raises(InputError) as refused:
        lk.batch.read_batch(batch_file(tmp_path, text))
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == [
        "reports.toml, report 1",
        "reports.toml, report 'b'",
        "reports.toml, report 'b'",
    ]


@pytest.mark.parametrize(
    "content", [b"[[report", b"\xff\xfe", b"a = 1\na = 2", b"a = " + b"9" * 5000, b"a = " + b"[" * 5000]
)
def test_a_file_that_is_no_toml_is_told(tmp_path, content):
    (tmp_path / "reports.toml").write_bytes(content)
    with pytest.raises(UnreadableError, match=r"The batch '.*reports\.toml' is not"):
        lk.batch.read_batch(tmp_path / "reports.toml")


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "reports.toml").mkdir()
    with pytest.raises(UnreadableError, match="cannot be read: Is a directory"):
        lk.batch.read_batch(tmp_path / "reports.toml")


def test_a_missing_file_is_told_with_the_way_to_one(tmp_path):
    with pytest.raises(UnreadableError, match="does not exist; `loyalty-kit new FOLDER`"):
        lk.batch.read_batch(tmp_path / "reports.toml")
