"""What the README shows runs as it stands."""

import re
import tomllib
from pathlib import Path

import pytest

from loyalty_kit.survey.codebook import Codebook

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


@pytest.mark.parametrize("text", blocks("python"))
def test_python_runs_from_the_repository(text, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    exec(compile(text, "README.md", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("text", blocks("toml"))
def test_codebooks_are_taken(text):
    assert tomllib.loads(text)
    assert Codebook.parse(text).scales


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make ([a-z-]+)", " ".join(text for _, text in BLOCKS)))))
def test_make_has_the_targets(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_files_that_it_links_to_are_there():
    text = (ROOT / "README.md").read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("http") or (ROOT / target).exists(), target
