"""Errors in the language of the page that tells them."""

import re
from functools import partial
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from languages import english
from small_notebooks import write_notebook

import loyalty_kit as lk
from loyalty_kit.core.errors import ANONYMOUS, InputError
from loyalty_kit.core.language import translate
from loyalty_kit.core.messages import Message, message, together
from loyalty_kit.publishing.history.history import History
from loyalty_kit.publishing.history.requests import RESPONSE, Failure, RenderResponse
from loyalty_kit.publishing.pages.failure import failure_page, reason

AS_THEY_ARE = """
    Cube Codebook ScaleScores Correlation pandas DataFrame Series numpy Generator Narwhals Polars DuckDB PySpark Dask
    Rate Mean Ratio Profit TOML UTF GB NUL CSV Excel SPSS Parquet xlsx xls Markdown ID save read None sys exit quit
    debug ols logit pip install loyalty kit distributed model errors cluster sent caps by duplicates first ci low high
    min cell column channel store false true KeyError
"""
"""Names of the kit, of Python and of file kinds, which a Chinese reader writes as well."""

said = partial(english, known=AS_THEY_ARE)


ITEMS = "response = { min = 1, max = 5, labels = { yes = 5 } }\n"
SCALE = 'scales.trust.items = ["A1", "A2"]\n'
BOOKS = [
    "x = 1",
    "scales = 5",
    SCALE,
    ITEMS + 'scales.trust.items = "A1"',
    ITEMS + "scales.trust.items = []",
    ITEMS + "scales.trust.items = [5]",
    ITEMS + 'scales.trust.label = "Trust"',
    ITEMS + 'scales.trust.items = ["A1", "A1"]',
    ITEMS + SCALE + 'scales.trust.reverse = ["B1"]',
    ITEMS + 'scales.trust.items = ["trust_01", "A2"]\nscales.trust.reverse = ["trust_1"]',
    ITEMS + SCALE + 'scales.value.items = ["A1"]\nweight = "A2"',
    ITEMS + SCALE + 'scales.trust.role = "boss"\nscales.trust.cost = -1',
    ITEMS + SCALE + "scales.trust.cost = nan\nmissing = [[1]]",
    ITEMS + SCALE + 'language = "de"\ntitle = 5\nrespondent = "a\\nb"',
    ITEMS + SCALE + 'groups = ["trust"]\nindex.trust.scales = ["trust"]',
    ITEMS + SCALE + 'index.all.scales = ["trusst", "price"]',
    ITEMS + SCALE + 'index.all = { scales = { trust = 1 }, weights = "equal" }',
    ITEMS + SCALE + "index.all.scales.trust = -1",
    ITEMS + SCALE + 'items.A1.role = "recommend"\nitems.A2.min = 9\nitems.A3.rol = "x"',
    "response = { min = 5, max = 1, labels = [1] }",
    "response = { min = 5, max = 1 }",
    *("a = ", "a", "[a", "a = 1\na = 2", 'a = "x', "a = [1", "a = {b = 1", "a = 2020-99-99", 'a = "\\q"', "[a]\n[a]"),
    *("[[a", 'a = "\x01"', "a.b = 1\na.b.c = 2", 'a = "\\uD800"', "a = 1 b = 2", "= 1", "\x01", "a = {b = 1,}"),
]
SURVEY_BOOK = """
respondent = "id"
weight = "w"
groups = ["group"]
language = "zh"
response = { min = 1, max = 5, labels = { yes = 5 } }
scales.trust.items = ["A1", "A2", "A3"]
scales.value.items = ["B1", "B2", "C1", "D1"]
"""
COLUMNS = ["id", "w", "A1", "A2", "A3", "B1", "B02", "C1", "C1", "D1", "group"]
WRONG = {
    **{(1, "id"): "r-2", (9, "id"): "", (5, "w"): "-3", (10, "w"): "", (12, "w"): "much"},
    **{(3, "A1"): "often", (4, "A2"): "often", (3, "A3"): "often"},
    **{(7, "B1"): "11", (8, "B1"): "11", (6, "D1"): "-99", (8, "D1"): "maybe"},
}
USUAL = {"id": "r-{row}", "group": "g{row}"}
ROWS = ([WRONG.get((row, name), USUAL.get(name, "3").format(row=row)) for name in COLUMNS] for row in range(1, 31))
SURVEY = "\n".join(map(",".join, [COLUMNS, *ROWS]))


def refusal_of_codebook(text: str) -> Message:
    with pytest.raises(InputError) as refused:
        lk.Codebook.parse(text)
    return refused.value.said


@pytest.fixture
def survey(tmp_path) -> Path:
    (tmp_path / "codebook.toml").write_text(SURVEY_BOOK, "utf-8")
    (tmp_path / "survey.csv").write_text(SURVEY, "utf-8")
    return tmp_path


def faults_of(folder: Path) -> tuple[Message, ...]:
    with pytest.raises(InputError) as refused:
        lk.read_responses(folder / "survey.csv", folder / "codebook.toml")
    return refused.value.said.lines


@pytest.mark.parametrize("book", BOOKS)
def test_every_fault_of_a_codebook_is_told(book):
    for line in refusal_of_codebook(book).lines:
        told = translate(line, language="zh")
        keys = r"response|min|max|respondent|weight|duration|groups"
        plain = re.sub(rf"“[^”]*”|(items|index)\.\w+(\.\w+)?|{keys}", "", told)
        assert said(plain) - {"scales", "trust", "value", "items", "Unicode", "nan"} == set(), told


def test_a_codebook_may_have_any_number_of_faults():
    items = ", ".join(f'"A{number}"' for number in range(400))
    told = translate(refusal_of_codebook(f"scales.trust.items = [{items}]"), language="zh")
    assert told.count("没有回答范围") == 400
    assert "has no range" not in told


@pytest.mark.parametrize("anonymous", ["", "1"])
def test_every_fault_of_a_survey_is_told_with_its_item_value_count_and_row(survey, monkeypatch, anonymous):
    monkeypatch.setenv(ANONYMOUS, anonymous)
    told = [translate(line, language="zh") for line in faults_of(survey)]
    first = "数据第 7 行" if anonymous else "受访者“r-7”"
    assert f"题项“B1”出现回答 11，共 2 行（首见于{first}）；编码簿允许的回答：1 至 5 及其文字标签。" in told
    for line in told:
        assert said(re.sub("“[^”]*”", "", line)) <= {"response", "labels"}, line


def test_a_failed_report_tells_the_faults_of_its_survey_in_chinese_on_its_page_and_in_the_index(survey):
    read = "import loyalty_kit as lk\nlk.read_responses('survey.csv', codebook)"
    parameters = 'codebook: str = "codebook.toml"'
    result = lk.render(write_notebook(survey / "n.ipynb", read, parameters=parameters), survey / "out", base=survey)
    page = BeautifulSoup((survey / "out/n.failed.html").read_text("utf-8"), "html.parser")
    told = page.select_one("p.sentence.warning")
    assert result.outcome == "failed"
    assert page.html["lang"] == "zh-Hans"
    assert "题项“B1”出现回答 11，共 2 行（首见于数据第 7 行）" in told.get_text()
    assert told.select("[lang]") == [] and told.get("lang") is None
    assert not re.search(r"r-\d", told.get_text())
    index = BeautifulSoup((survey / "out/index.html").read_text("utf-8"), "html.parser")
    assert told.get_text("\n").split("\n")[0] in index.select_one(".report").get_text()
    assert len(index.select(".report .warning small")[0].get_text()) < 400
    assert "holds" in History(survey / "out").courses()["n"].error


def page_of(sentence: str, **more: str) -> BeautifulSoup:
    facts = {"name": "a", "title": "量表", "notebook": "10.ipynb", "parameters": "{}"}
    page = failure_page(Failure(sentence, **more), facts=facts, language="zh")
    return BeautifulSoup(page, "html.parser").select_one("p.sentence.warning")


EMPTY = message("The survey '{file}' holds no respondents.", file="a.csv")


def test_the_language_of_a_page_is_not_that_of_the_process(monkeypatch):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "en")
    assert reason(EMPTY, language="zh") == "调查数据“a.csv”中没有受访者。"
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")
    assert reason(EMPTY, language="en") == "The survey &#x27;a.csv&#x27; holds no respondents."


def test_a_sentence_that_is_not_known_stays_english_and_says_so():
    told = page_of(together(["It broke.", EMPTY]))
    assert [(mark.get_text(), mark["lang"]) for mark in told.select("[lang]")] == [("It broke.", "en")]
    assert told.get_text().endswith("调查数据“a.csv”中没有受访者。")


def test_what_a_cell_of_the_author_raised_is_told_without_its_message():
    public = message("{kind}; the message may name respondents and stands in the terminal only.", kind="KeyError")
    told = page_of("KeyError: 'r-1'", public=public).get_text()
    assert told == "KeyError；错误信息可能涉及具体受访者，因此只显示在终端中。"


def test_a_failure_keeps_its_message_on_its_way_from_process_to_process():
    attempt = RenderResponse(failure=Failure(together([EMPTY, EMPTY]), public="KeyError"))
    again = RESPONSE.validate_json(RESPONSE.dump_json(attempt)).failure
    assert [line.values for line in again.sentence.lines] == [{"file": "a.csv"}] * 2
    assert (again.sentence, again.public) == (attempt.failure.sentence, "KeyError")
    assert not isinstance(again.public, Message)


@pytest.mark.parametrize("name", ["The survey is empty.", "<b>1</b> & '2'", "{n} {0}", "; got none", "x\\1"])
def test_a_name_in_the_data_is_shown_as_it_is(name):
    told = page_of(message("The survey '{file}' holds no respondents.", file=name))
    assert told.get_text() == f"调查数据“{name}”中没有受访者。"
    assert told.select("*") == []


def test_text_that_a_users_own_code_raises_as_an_error_of_the_kit_stays_text(tmp_path):
    code = "import loyalty_kit as lk\nraise lk.InputError('No {such} thing.')"
    result = lk.render(write_notebook(tmp_path / "n.ipynb", code), tmp_path / "out", base=tmp_path)
    assert (result.outcome, result.error) == ("failed", "No {such} thing.")
    page = (tmp_path / "out/n.failed.html").read_text("utf-8")
    assert "No {such} thing." in page
    assert "template" not in BeautifulSoup(page, "html.parser").select_one("main").get_text()
