"""A study begun from its file: drafted, never overwritten, merged with a further wave; a table of all columns."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from typer.testing import CliRunner, Result

import loyalty_kit as lk
from loyalty_kit.__main__ import app
from loyalty_kit.survey.drafting.text import ASKED


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def wave(path: Path, **more: object) -> Path:
    rng = np.random.default_rng(1)
    latent = rng.normal(size=60)
    names = ["SAT1", "SAT2", "SAT3"]
    held = pd.DataFrame(
        {name: np.clip(np.rint(3 + latent + 0.6 * rng.normal(size=60)), 1, 5).astype(int) for name in names}
    )
    held.insert(0, "id", range(1, 61))
    held.assign(channel=["web", "shop"] * 30, **more).to_csv(path, index=False)
    return path


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return wave(tmp_path / "spring.csv")


def test_a_draft_is_a_study_of_file_codebook_and_reports(file, tmp_path):
    done = call("draft", file)
    assert (done.exit_code, done.output.splitlines()[-1]) == (
        0,
        "The study lies in 'spring'. Next, in that folder: loyalty-kit render",
    )
    assert sorted(path.name for path in (tmp_path / "spring").iterdir()) == [
        "codebook.toml",
        "reports.toml",
        "spring.csv",
    ]
    book = lk.Codebook.read(tmp_path / "spring" / "codebook.toml")
    assert (book.respondent, book.groups, book.scales["SAT"].items) == ("id", ("channel",), ("SAT1", "SAT2", "SAT3"))
    jobs = lk.batch.read_batch(tmp_path / "spring" / "reports.toml").jobs
    assert [job.name for job in jobs] == ["scale-quality"]


def test_new_from_a_file_is_the_same_study(file, tmp_path):
    assert call("draft", file, "-o", "a").exit_code == 0
    assert call("new", "b", "--from", file).exit_code == 0
    for name in ("codebook.toml", "reports.toml", "spring.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_study_may_lie_beside_its_file(file, tmp_path):
    assert call("draft", file, "-o", ".").exit_code == 0
    assert (tmp_path / "codebook.toml").exists()


def test_a_codebook_that_is_there_is_never_overwritten(file, tmp_path):
    (tmp_path / "spring").mkdir()
    (tmp_path / "spring" / "codebook.toml").write_text("mine", "utf-8")
    done = call("draft", file)
    assert done.exit_code == 2
    assert "is not overwritten; --merge adds" in done.output
    assert [path.read_text("utf-8") for path in (tmp_path / "spring").iterdir()] == ["mine"]


def test_another_file_of_the_name_is_left_alone(file, tmp_path):
    (tmp_path / "spring").mkdir()
    (tmp_path / "spring" / "spring.csv").write_text("mine", "utf-8")
    assert call("draft", file).exit_code == 2
    assert [path.read_text("utf-8") for path in (tmp_path / "spring").iterdir()] == ["mine"]


def test_print_shows_the_codebook_and_writes_nothing(file, tmp_path):
    done = call("draft", file, "--print", "--language", "zh")
    assert lk.Codebook.parse(done.output).language == "zh"
    assert "草稿" in done.output.splitlines()[0]
    assert [path.name for path in tmp_path.iterdir()] == ["spring.csv"]


def test_an_absent_file_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("draft", "no.csv")
    assert (done.exit_code, done.output) == (2, "The survey 'no.csv' does not exist.\n")
    assert list(tmp_path.iterdir()) == []


def test_merge_adds_what_a_further_wave_has_and_lists_what_changed(file, tmp_path):
    assert call("draft", file, "-o", "study").exit_code == 0
    old = (tmp_path / "study" / "codebook.toml").read_text("utf-8") + "# mine\n"
    (tmp_path / "study" / "codebook.toml").write_text(old, "utf-8")
    rng = np.random.default_rng(2)
    loyal = {f"LOY{i}": rng.integers(1, 8, 60) for i in (1, 2)}
    autumn = wave(tmp_path / "autumn.csv", **loyal, SAT4=rng.integers(1, 6, 60), region=["north", "south", "east"] * 20)
    frame = pd.read_csv(autumn).drop(columns="channel")
    frame.loc[0, "SAT1"] = 7
    frame.to_csv(autumn, index=False)
    done = call("draft", autumn, "-o", "study", "--merge")
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "Added to 'study/codebook.toml': 'LOY1', 'LOY2', 'SAT4'.",
        "Check: 'autumn.csv' lacks 'channel'.",
        "Check: item 'SAT1' holds '7', which is neither in its range nor a label.",
        "Check: new columns that look like items of 'SAT': 'SAT4'.",
        "Check: new columns that may be groups: 'region'.",
    ]
    text = (tmp_path / "study" / "codebook.toml").read_text("utf-8")
    assert text.startswith(old)
    assert sum(line.startswith(ASKED) for line in text.removeprefix(old).splitlines()) >= 4
    book = lk.Codebook.parse(text)
    assert (book.scales["LOY"].items, book.range("LOY1"), book.range("SAT4")) == (("LOY1", "LOY2"), (1, 7), (1, 5))
    assert (tmp_path / "study" / "autumn.csv").exists()


def test_merge_lists_questions_in_other_words_and_new_codes(tmp_path, monkeypatch):
    """Google Forms names columns by their questions; a reworded one looks like a new one and a lost one."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    asked = ["How satisfied are you with our staff?", "How satisfied are you with our prices?", "Would you buy again?"]
    frame = pd.DataFrame(rng.integers(1, 6, (60, 3)), columns=asked)
    frame.to_csv("spring.csv", index=False)
    assert call("draft", "spring.csv", "-o", "study").exit_code == 0
    now = "How satisfied were you with our prices?"
    autumn = frame.rename(columns={asked[1]: now})
    autumn.loc[3, asked[0]] = 6
    autumn.to_csv("autumn.csv", index=False)
    told = call("draft", "autumn.csv", "-o", "study", "--merge").output
    assert f"'{now}' is new and looks like '{asked[1]}', which is gone" in " ".join(told.split())
    assert "holds '6', which is neither in its range nor a label" in " ".join(told.split())
    book = lk.Codebook.read("study/codebook.toml")
    assert {asked[1], now} <= {book.in_file(name) for name in book.item_names}


def test_merge_lists_wordings_that_changed(tmp_path, monkeypatch):
    """SPSS keeps the name of the variable and changes its label."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.integers(1, 6, (60, 3)), columns=["SAT1", "SAT2", "SAT3"]).astype(float)
    labels = ["Staff are friendly", "Staff are quick", "Prices are fair"]
    pyreadstat.write_sav(frame, "spring.sav", column_labels=labels)
    pyreadstat.write_sav(
        frame, "autumn.sav", column_labels=["Staff are friendly", "Staff were quick", "Prices are fair."]
    )
    assert call("draft", "spring.sav", "-o", "study").exit_code == 0
    told = call("draft", "autumn.sav", "-o", "study", "--merge").output.splitlines()
    assert [line for line in told if "wording" in line] == [
        "Check: the wording of 'SAT2' was 'Staff are quick' and is 'Staff were quick'."
    ]


def test_merging_the_same_wave_changes_nothing(file, tmp_path):
    assert call("draft", file, "-o", "study").exit_code == 0
    old = (tmp_path / "study" / "codebook.toml").read_bytes()
    done = call("draft", file, "-o", "study", "--merge")
    assert done.output == "'study/codebook.toml' names all of 'spring.csv'.\n"
    assert (tmp_path / "study" / "codebook.toml").read_bytes() == old


def test_check_without_a_codebook_is_a_table_of_all_columns(file):
    done = call("check", file)
    assert done.exit_code == 0
    first, _, head, *rows = done.output.splitlines()
    assert first == "60 rows, 5 columns; 0 rows left out."
    assert head.split("  ")[0] == "name"
    assert [row.split()[0] for row in rows] == ["id", "SAT1", "SAT2", "SAT3", "channel"]
    assert [row.split("  ")[-1].strip() for row in rows] == ["respondent", *["item of 'SAT'"] * 3, "group"]


def test_check_by_a_codebook_names_all_columns_too(file, tmp_path):
    (tmp_path / "book.toml").write_text('response = { min = 1, max = 5 }\nscales.s.items = ["SAT1", "SAT2"]', "utf-8")
    rows = call("check", file, "book.toml").output.splitlines()[-5:]
    assert [row.split()[0] for row in rows] == ["id", "SAT1", "SAT2", "SAT3", "channel"]
    assert ["item of 's'" in row for row in rows] == [False, True, True, False, False]
