"""A draft renders at once: report 10 of each export, without an edit, says how many respondents and which scales."""

import re
from pathlib import Path

import pytest
from exports import FORMATS
from typer.testing import CliRunner

import loyalty_kit as lk
from loyalty_kit.__main__ import app

IN_SUITE = ("wjx_text", "typed_by_hand")


def rendered(folder: Path, names: tuple[str, ...]) -> None:
    """Draft a study of each export, render all as one batch, and read what the pages say."""
    exports, reports = {}, []
    for name in names:
        (folder / "files" / name).mkdir(parents=True)
        exports[name] = FORMATS[name](folder / "files" / name)
        done = CliRunner().invoke(app, ["draft", str(exports[name].path), "-o", str(folder / name)])
        assert done.exit_code == 0, done.output
        survey = f'{{ survey = "{name}/{exports[name].path.name}", codebook = "{name}/codebook.toml" }}'
        reports.append(f'[[report]]\nnotebook = "10-scale-quality"\nname = "{name}"\nparameters = {survey}\n')
    (folder / "reports.toml").write_text("\n".join(['output = "out"\n', *reports]), "utf-8")
    done = CliRunner().invoke(app, ["render", str(folder / "reports.toml"), "-o", str(folder / "out")])
    assert done.exit_code == 0, done.output
    for name, export in exports.items():
        page = (folder / "out" / f"{name}.html").read_text("utf-8")
        book = lk.Codebook.read(folder / name / "codebook.toml")
        said = re.findall(r"All (\d+) respondents in the file|文件中的 (\d+) 名受访者全部纳入", page)
        assert {int(one or other) for one, other in said} == {export.respondents}
        assert len(book.scales) == len(export.scales)
        assert all(label in page for label in book.labels.values())


def test_drafts_of_two_programs_render_without_an_edit(tmp_path):
    rendered(tmp_path, IN_SUITE)


@pytest.mark.slow
def test_drafts_of_all_programs_render_without_an_edit(tmp_path):
    rendered(tmp_path, tuple(FORMATS))
