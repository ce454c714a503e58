"""Fonts with Chinese characters told by their files: fast, without matplotlib, and again and again."""

import pytest

from loyalty_kit.core.drawing import font_files
from loyalty_kit.core.drawing.font_files import cjk_font_files

NOTO = ("NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The only folder with fonts, at which each question looks anew."""
    monkeypatch.setattr(font_files, "FOLDERS", (str(tmp_path / "none"), str(tmp_path)))
    monkeypatch.setattr(font_files, "_LOOK_SECONDS", 1e-9)
    monkeypatch.delenv(font_files.IGNORED, raising=False)
    return tmp_path


def install(folder, *names):
    for name in names:
        (folder / "opentype").mkdir(exist_ok=True)
        (folder / "opentype" / name).touch()


def found() -> list[str]:
    return [file.name for file in cjk_font_files()]


@pytest.mark.parametrize(
    "name",
    [
        "NotoSansCJK-VF.ttc",
        "NotoSansCJKsc-Regular.otf",
        "NotoSansSC[wght].ttf",
        "SourceHanSansSC-Regular.otf",
        "SourceHanSans.ttc",
        "PingFang.ttc",
        "Hiragino Sans GB.ttc",
        "msyh.ttc",
        "simhei.ttf",
        "wqy-microhei.ttc",
        "NotoSansCJKjp-Regular.otf",
        "Arial Unicode.ttf",
    ],
)
def test_each_system_has_a_font_that_is_found(folder, name):
    install(folder, name, "DejaVuSans.ttf")
    assert found() == [name]


@pytest.mark.parametrize("name", ["DejaVuSans.ttf", "NotoSansCJKkr-Regular.otf", "NotoSansScript.ttf", "msyh.txt"])
def test_other_files_are_no_font_with_chinese_characters(folder, name):
    install(folder, name)
    assert found() == []


def test_of_several_fonts_the_best_is_taken_whole(folder):
    install(folder, "simhei.ttf", *NOTO)
    assert found() == list(NOTO)


def test_a_font_that_comes_while_a_process_lives_is_found(folder):
    before = found()
    install(folder, *NOTO)
    assert (before, found()) == ([], list(NOTO))


def test_questions_of_one_moment_look_once(folder, monkeypatch):
    monkeypatch.setattr(font_files, "_LOOK_SECONDS", 1e9)
    before = found()
    install(folder, *NOTO)
    assert before == found() == []


def test_fonts_of_the_system_are_hidden_as_matplotlib_hides_them(folder, monkeypatch):
    install(folder, *NOTO)
    monkeypatch.setenv(font_files.IGNORED, "1")
    assert found() == []
