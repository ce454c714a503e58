"""The catalogue: the same keys and names in each language, its forms of numbers and dates, no word outside it."""

import ast
import re
from datetime import datetime
from pathlib import Path

import pytest

import loyalty_kit
from loyalty_kit.errors import InputError
from loyalty_kit.language import (
    LANGUAGES,
    SPOKEN,
    date,
    filled,
    in_a_row,
    interval,
    language,
    level,
    moment,
    number,
    percent,
    phrases,
    probability,
    speak,
    term,
)
from loyalty_kit.reporting.sentences import Passage, Sentence, say

REPORTING = Path(loyalty_kit.__file__).parent / "reporting"
FILES = sorted(path for part in ("wording", "tables", "plots") for path in (REPORTING / part).glob("*.py"))

NAMES = {"Bartlett", "Breusch", "Cronbach", "Holm", "Kaiser", "LMG", "MAP", "Pagan", "R", "SHA", "VIF", "logit"}
INDICES = {"AVE", "CFI", "HTMT", "KMO", "P", "RESET", "RMSEA", "SRMR", "TLI", "n", "p"}
SYSTEMS = {"Alpine", "Debian", "Fedora", "Ubuntu", "Windows", "macOS", "git", "font", "fonts", "google", "noto", "sans"}
PARAMETERS = {"screen_out", "missing", "fiml", "true", "cjk"}


@pytest.fixture
def unspoken(monkeypatch):
    """Take away what this process was told to speak."""
    monkeypatch.delenv(SPOKEN, raising=False)


@pytest.fixture
def chinese(monkeypatch):
    """Have this process speak Chinese."""
    monkeypatch.setenv(SPOKEN, "zh")


def names(phrase: str) -> set[str]:
    return set(re.findall(r"{(\w+)", phrase))


def test_no_key_is_missing_in_either_language():
    assert set(phrases("en")) ^ set(phrases("zh")) == set()


def test_a_phrase_has_the_same_names_in_both_languages():
    english, chinese = phrases("en"), phrases("zh")
    assert {key for key in english if names(english[key]) != names(chinese[key])} == set()


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_no_phrase_is_empty(spoken):
    assert [key for key, phrase in phrases(spoken).items() if not phrase.strip() and key != "gap"] == []


def test_no_name_in_a_phrase_clashes_with_an_argument():
    assert not any("language" in names(phrase) for phrase in phrases("en").values())


def test_chinese_phrases_hold_no_english_words_but_names_indices_and_parameters():
    words = {
        word for phrase in phrases("zh").values() for word in re.findall("[A-Za-z_]+", re.sub("{.*?}", "", phrase))
    }
    assert words - NAMES - INDICES - SYSTEMS - PARAMETERS == set()


def test_chinese_phrases_have_chinese_punctuation():
    halved = re.compile(r"[\u4e00-\u9fff}][,;:!?()]|[\u4e00-\u9fff]\.")
    assert [key for key, phrase in phrases("zh").items() if halved.search(phrase)] == []


@pytest.mark.usefixtures("unspoken")
def test_english_is_spoken_where_nothing_is_said():
    assert language() == "en"
    assert say("sample.all", n=3) == "All 3 respondents in the file are used."


@pytest.mark.usefixtures("chinese")
def test_the_environment_says_what_a_process_speaks():
    assert language() == "zh"
    assert say("sample.all", n=3) == "文件中的 3 名受访者全部纳入分析。"
    assert say("sample.all", n=3, language="en").startswith("All 3")


@pytest.mark.usefixtures("chinese")
def test_a_language_spoken_holds_until_another_is():
    speak("en")
    speak(None)
    assert language() == "en"


@pytest.mark.parametrize("act", [lambda: speak("de"), lambda: term("column.scale", language="de")])
def test_an_unknown_language_is_refused(act):
    with pytest.raises(InputError, match="'language' must be one of 'en', 'zh'; got 'de'"):
        act()


def test_an_unknown_language_of_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv(SPOKEN, "fr")
    with pytest.raises(InputError, match=f"'{SPOKEN}' must be one of 'en', 'zh'; got 'fr'"):
        language()


@pytest.mark.parametrize(
    ("write", "english", "chinese"),
    [
        (lambda spoken: percent(0.268, language=spoken), "27\N{NO-BREAK SPACE}%", "27%"),
        (lambda spoken: level(0.995, language=spoken), "99.5\N{NO-BREAK SPACE}%", "99.5%"),
        (lambda spoken: probability(0.0001, language=spoken), "p < .001", "p < 0.001"),
        (lambda spoken: probability(0.0312, language=spoken), "p = .031", "p = 0.031"),
        (lambda spoken: probability(1.0, language=spoken), "p = 1.000", "p = 1.000"),
        (lambda spoken: date("2026-11-02", language=spoken), "2 November 2026", "2026年11月2日"),
        (
            lambda spoken: moment(datetime(2026, 1, 2, 6, 5), language=spoken),
            "2 January 2026, 06:05",
            "2026年1月2日 06:05",
        ),
        (lambda spoken: in_a_row(["a"], language=spoken), "a", "a"),
        (lambda spoken: in_a_row(["信任", "价格", "品质"], language=spoken), "信任, 价格 and 品质", "信任、价格和品质"),
    ],
)
def test_numbers_dates_and_rows_have_the_form_of_the_language(write, english, chinese):
    assert (write("en"), write("zh")) == (english, chinese)


def test_an_interval_has_the_form_of_the_language():
    told = interval(-0.664, 0.77, n=250, confidence=0.95, language="zh")
    assert told.replace("\N{NO-BREAK SPACE}", " ") == "95% 置信区间 −0.66 至 0.77，n = 250"
    none = interval(float("nan"), 0.77, n=2, confidence=0.95, language="zh")
    assert none.replace("\N{NO-BREAK SPACE}", " ") == "无法计算置信区间，n = 2"


def test_numbers_are_alike_in_all_languages():
    assert [number(value) for value in (-0.304, -0.001, 12)] == ["−0.30", "0.00", "12.00"]


def test_a_space_stands_between_chinese_and_latin_words_but_not_within_labels():
    values = {"first": "VIP客户", "second": "Image", "third": "价格"}
    assert filled("{third}与{first}比{second}高", values, language="zh") == "价格与 VIP客户比 Image 高"


def test_chinese_sentences_stand_together_without_a_space():
    assert str(Passage([Sentence("一句。"), Sentence("两句。")])) == "一句。两句。"
    assert str(Passage([Sentence("One."), Sentence("Two.")])) == "One. Two."


@pytest.mark.parametrize(
    ("spoken", "label"), [("en", "<strong>Warning:</strong> x"), ("zh", "<strong>注意：</strong>x")]
)
def test_a_warning_is_called_so_in_the_language_spoken(monkeypatch, spoken, label):
    monkeypatch.setenv(SPOKEN, spoken)
    assert label in Sentence("x", "warning")._repr_html_()


def called(node: ast.AST) -> str:
    """Name of the function that is called."""
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "id", None) or getattr(function, "attr", None) or ""


def texts(nodes: list[ast.AST]) -> list[str]:
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def sentences(path: Path) -> list[str]:
    """Literals that read like a heading or a sentence; docstrings, refusals and texts of the analyses aside."""
    tree = ast.parse(path.read_text("utf-8"))
    aside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            aside.add(id(node.value))
        if isinstance(node, ast.Raise) or called(node) in ("note", "startswith"):
            aside |= {id(part) for part in ast.walk(node)}
    said = texts([node for node in ast.walk(tree) if id(node) not in aside])
    return [text for text in said if re.search(r"(^|\s)[A-Z][a-z]+ [a-z]", text)]


def titles(path: Path) -> list[str]:
    """Literals with a letter that are given to a figure or a table as words to show."""
    given: list[ast.AST] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            given += [
                word.value for word in node.keywords if word.arg in ("title", "label", "xlabel", "ylabel", "note")
            ]
            given += node.args if called(node) in ("set_title", "set_xlabel", "set_ylabel") else []
    parts = [part for node in given if isinstance(node, ast.Constant | ast.JoinedStr) for part in ast.walk(node)]
    return [text for text in texts(parts) if re.search("[A-Za-z]", text)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_no_module_holds_words_of_its_own(path):
    assert sentences(path) + titles(path) == []
