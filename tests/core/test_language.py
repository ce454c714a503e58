"""The catalogue: the same keys and names in each language, its forms of numbers and dates, no word outside it."""

import ast
import re
from datetime import datetime
from pathlib import Path
from string import Formatter

import pytest
from templates import TEXTS, uses
from templates import names as names_of

import loyalty_kit
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.language import (
    LANGUAGES,
    SPOKEN,
    date,
    entries,
    filled,
    in_a_row,
    interval,
    language,
    level,
    moment,
    number,
    percent,
    phrase_files,
    phrases,
    probability,
    speak,
    term,
    translate,
    translations,
)
from loyalty_kit.core.messages import foreign, message, together
from loyalty_kit.reporting.sentences import Passage, Sentence, say

REPORTING = Path(loyalty_kit.__file__).parent / "reporting"
FILES = sorted(path for path in REPORTING.rglob("*.py") if path.parent != REPORTING)

NAMES = set(
    "Kendall Lawshe W Bartlett Benjamini Breusch Cronbach Holm Jaccard Kaiser LMG MAP Pagan R SHA VIF logit".split()
)
NAMES |= set("BCa BIC CVPAT Cox DeLong Gamma Kaplan Leiman Meier NBD PLS PLSc PLSpredict Schmid".split())
NAMES |= set("CUPED Fisher Harman Hochberg Kruskal Newcombe Wald Wallis Welch Wilson".split())
SYMBOLS = set("A C N a b e f k t".split())
"""Of formulas told in words."""
INDICES = {"AVE", "CFI", "HTMT", "KMO", "P", "RESET", "RMSEA", "SRMR", "TLI", "n", "p"}
SYSTEMS = {"Alpine", "Debian", "Fedora", "Ubuntu", "Windows", "macOS", "git", "font", "fonts", "google", "noto", "sans"}
CHARTS = set("Altair Bokeh Chrome Chromium HTML Plotly bokeh convert export io kaleido plotly python vl".split())
CHARTS |= {"get_screenshot_as_png"}
PARAMETERS = {"plsc", "screen_out", "missing", "fiml", "pairwise", "wlsmv", "true", "cjk"}
PARAMETERS |= set("price too_cheap cheap expensive too_expensive intent_cheap intent_expensive ladder".split())


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
    told = (phrase for key, phrase in phrases("zh").items() if not key.startswith(("source.", "formula.")))
    words = {word for phrase in told for word in re.findall("[A-Za-z_]+", re.sub("{.*?}", "", phrase))}
    assert words - NAMES - SYMBOLS - INDICES - SYSTEMS - CHARTS - PARAMETERS == set()


def test_chinese_phrases_have_chinese_punctuation():
    halved = re.compile(r"[\u4e00-\u9fff}][,;:!?()]|[\u4e00-\u9fff]\.")
    told = {key: phrase for key, phrase in phrases("zh").items() if not key.startswith("formula.")}
    assert [key for key, phrase in told.items() if halved.search(phrase)] == []


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_no_key_and_no_template_stands_in_two_files(spoken):
    found = [entry[:2] for file in phrase_files(spoken) for entry in entries(file)]
    assert len(phrase_files(spoken)) >= 7
    assert [entry for entry in set(found) if found.count(entry) > 1] == []


USES = list(uses())


def test_every_message_has_a_literal_template():
    assert len(USES) > 600
    assert [use.place for use in USES if use.template is None and not use.made_elsewhere] == []


def test_each_name_of_a_template_is_given_a_value():
    known = [use for use in USES if use.template is not None and use.given]
    assert [use.place for use in known if names_of(use.template) != use.given] == []


def test_every_message_has_its_chinese():
    assert sorted({use.template for use in USES if use.template is not None} - set(translations("zh"))) == []


def places(template: str) -> set[tuple[str, str]]:
    return {(name, form or "") for _, name, form, _ in Formatter().parse(template) if name in names_of(template)}


def test_the_chinese_of_a_message_has_the_same_names_and_formats():
    with_names = {template: told for template, told in translations("zh").items() if names_of(template)}
    assert len(with_names) > 300
    assert [template for template, told in with_names.items() if places(told) != places(template)] == []


def test_no_chinese_of_a_message_has_outlived_its_template():
    core = Path(loyalty_kit.__file__).parent / "core" / "phrases" / "core.zh.toml"
    words_of_others = {key for section, key, _ in entries(core) if section == "messages"}
    made = {use.template for use in USES} | TEXTS | words_of_others
    assert sorted(set(translations("zh")) - made) == []


def test_the_chinese_of_messages_has_chinese_marks():
    wrong = re.compile("[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]|[\u4e00-\u9fff]['\"]|\\s%|[“‘] | [”’]")
    assert [told for told in translations("zh").values() if wrong.search(re.sub(r"{[^{}]*}", "1", told))] == []


def test_a_message_is_told_with_the_messages_in_it():
    why = message("'{first}' and '{second}' are perfectly correlated", first="L1", second="L2")
    told = message("{why}, so omega_total and loadings are not given", why=why)
    assert translate(told, language="zh") == "“L1”与“L2”完全相关，因此不给出 ω 系数和载荷"
    assert translate(told, language="en") is told


def test_lists_of_names_have_chinese_marks():
    def told(items: list[str]) -> str:
        said = message("Items {items} determine one another exactly; leave out one of them.", items=items)
        return translate(said, language="zh")

    assert told(["a", "b"]) == "题项“a”、“b”可以互相完全推出；请剔除其中一个。"
    assert told(list("abcdefghijk")).startswith("题项“a”、“b”、“c”、“d”、“e”、“f”、“g”、“h”等（另有 3 个）")


def test_numbers_keep_their_format_in_a_message():
    said = message("Only {n:.0f} events in the smaller arm: the interval is rough.", n=3.0)
    assert translate(said, language="zh") == "较少的一组只有 3 次事件：置信区间只是粗略值。"


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_scales_are_called_by_their_labels_also_in_a_message_within_a_message(spoken):
    within = message("Left out of the factor model, because {kind}: {scales}.", kind=message("formative"), scales=["v"])
    said = message("Scale '{scale}' has no coefficients. {why}", scale="v", why=within)
    assert translate(said, {"v": "性价比"}, language=spoken).count("性价比") == 2


@pytest.mark.parametrize("name", ["balance", "The survey is empty.", "{n} {0}", "; got none", "in 2 rows", "x\\1"])
def test_a_name_in_the_data_is_never_translated(name):
    assert translate(message("No customer lacks {metric}.", metric=name), language="zh") == f"所有顾客都有 {name}。"


def test_words_of_the_system_are_told_where_they_are_known():
    def told(cause: str) -> str:
        said = message("The text '{path}' cannot be read: {cause}.", path="a.md", cause=foreign(cause))
        return translate(said, language="zh")

    assert told("Permission denied") == "无法读取文本“a.md”：没有权限。"
    assert told("Strange trouble") == "无法读取文本“a.md”：Strange trouble。"


def test_several_messages_are_told_line_by_line():
    empty = message("The survey '{file}' holds no respondents.", file="a.csv")
    assert translate(together([empty, "It broke."]), language="zh") == "调查数据“a.csv”中没有受访者。\nIt broke."


def test_what_is_nested_too_deep_stays_english():
    said = message("It is empty.")
    for _ in range(2000):
        said = message("In group '{group}' of '{by}': {why}", group="a", by="b", why=said)
    assert translate(said, language="zh") == said


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
        if isinstance(node, ast.Raise) or called(node) in ("message", "startswith"):
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


def test_customers_have_one_name_in_chinese():
    told = {**phrases("zh"), **translations("zh")}
    assert [key for key, phrase in told.items() if "\u5ba2\u6237" in phrase.replace("\u5ba2\u6237\u7aef", "")] == []
