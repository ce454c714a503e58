"""Errors in the language of the page that tells them."""

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path
from string import Formatter

import pytest
from bs4 import BeautifulSoup
from languages import english
from loyalty_kit.notes import note
from loyalty_kit.reporting.wording.notes import PARTS, known_errors, known_notes, known_parts, tell
from small_notebooks import write_notebook

import loyalty_kit as lk
from loyalty_kit.errors import ANONYMOUS, InputError
from loyalty_kit.reporting.history import History
from loyalty_kit.reporting.pages.failure import failure_page, reason
from loyalty_kit.reporting.running.orders import Failure

PACKAGE = Path(lk.__file__).parent
KNOWN, PHRASES = known_errors("zh"), known_parts("zh")
COVERED = """
    checks.py errors.py moments.py extraction.py selection.py replicates.py survey/*.py measurement/*.py modelling/*.py
    campaigns/*.py reporting/provenance.py reporting/recording.py reporting/outcomes.py reporting/pages/prose.py
    reporting/pages/outputs.py reporting/batches/waves.py
"""
RUNNING = "execution.py workers.py executors.py attempt.py"
KINDS = {"InputError", "UnreadableError", "GroupsError", "Failure"}
HELPERS = {
    "listing": ["'Q7', 'Q8' and 3 more", "'Q7'"],
    "rows": ["1 row", "7 rows"],
    "nearest": ["; did you mean 'Q8'?", ""],
}
PASSED = {
    ("checks", "where"): ["The table", "The table of scores (outcome in the codebook: 'Q7')", "The campaign's table"],
    ("errors", "what"): ["The codebook"],
    ("execution", "way"): ["sys.exit", "quit or exit"],
    ("errors", "where"): ["The codebook 'Q7'"],
    ("recording", "where"): ["The estimate 'Q7'"],
}
"""What callers hand over as the beginning of a sentence, by module and name."""
COMPOSED = {
    r"'\n'.join(named)",
    r"""'\n'.join((f"The codebook '{name}', {fault}" for fault in faults))""",
    "error.anonymous",
    "_plain(sentence)",
}
"""Errors whose sentences are made elsewhere: those of a survey and of a codebook are read below."""
AS_THEY_ARE = """
    Cube Codebook ScaleScores Correlation pandas DataFrame Series numpy Generator Narwhals Polars DuckDB PySpark Dask
    Rate Mean Ratio Profit TOML UTF GB NUL CSV Excel SPSS Parquet xlsx xls Markdown ID save read None sys exit quit
    debug ols logit pip install loyalty kit distributed model errors cluster sent caps by duplicates first ci low high
    min cell column channel store false true KeyError
"""
"""Names of the kit, of Python and of file kinds, which a Chinese reader writes as well."""

said = partial(english, known=AS_THEY_ARE)


class Module:
    """Texts that the errors of a module can have, each with neutral values filled in."""

    def __init__(self, path: Path, kinds: set[str]) -> None:
        self.name, self.tree = path.stem, ast.parse(path.read_text("utf-8"))
        self.functions = {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}
        self.texts: set[str] = set()
        self.composed: set[str] = set()
        for scope in (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)):
            for call in ast.walk(scope):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in kinds and call.args:
                    self.take(call.args[0], scope)
                    for public in (word.value for word in call.keywords if word.arg in ("public", "anonymous")):
                        self.texts |= set(filter(None, self.variants(public, scope)))

    def take(self, argument: ast.expr, scope: ast.FunctionDef) -> None:
        found = self.variants(argument, scope)
        if ast.unparse(argument) in COMPOSED:
            self.composed.add(ast.unparse(argument))
        elif "note(" not in ast.unparse(argument):
            self.texts |= set(found)

    def variants(self, node: ast.AST, scope: ast.FunctionDef) -> list[str]:
        again = partial(self.variants, scope=scope)
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=parts):
                return ["".join(texts) for texts in product(*map(again, parts))]
            case ast.FormattedValue(value=value):
                return again(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return [first + second for first, second in product(again(left), again(right))]
            case ast.IfExp(body=body, orelse=other):
                return again(body) + again(other)
            case ast.BoolOp(op=ast.Or(), values=[*firsts, last]):
                return [text for first in firsts for text in again(first) if text] + again(last)
            case ast.Name(id=name):
                return PASSED.get((self.name, name)) or self.assigned(name, scope) or ["Q7"]
            case ast.Call(func=ast.Name(id=name)) if name in HELPERS or name in self.functions:
                return HELPERS.get(name) or self.returned(self.functions[name])
            case ast.Call(func=ast.Attribute(attr="join"), args=[ast.GeneratorExp(elt=one)]):
                return again(one)
        return ["Q7"]

    def assigned(self, name: str, scope: ast.FunctionDef) -> list[str]:
        found = []
        for node in (*ast.walk(scope), *self.tree.body):
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                    found += self.variants(value, scope)
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                    pairs = zip(names, values, strict=True)
                    found += [text for own, value in pairs if own.id == name for text in self.variants(value, scope)]
        return found

    def returned(self, function: ast.FunctionDef) -> list[str]:
        returns = (node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value)
        return [text for value in returns for text in self.variants(value, function)]


def modules() -> Iterator[Module]:
    for pattern in COVERED.split():
        yield from (Module(path, KINDS) for path in sorted(PACKAGE.glob(pattern)))
    # What else these raise stops the command line before any report begins.
    yield from (Module(PACKAGE / "reporting/running" / name, {"Failure"}) for name in RUNNING.split())


MODULES = list(modules())
TEXTS = sorted({text for module in MODULES for text in module.texts if re.search("[a-z]", text)})
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


def sentence_of_codebook(text: str) -> str:
    with pytest.raises(InputError) as refused:
        lk.Codebook.parse(text)
    return str(refused.value)


@pytest.fixture
def survey(tmp_path) -> Path:
    (tmp_path / "codebook.toml").write_text(SURVEY_BOOK, "utf-8")
    (tmp_path / "survey.csv").write_text(SURVEY, "utf-8")
    return tmp_path


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(InputError) as refused:
        lk.read_responses(folder / "survey.csv", folder / "codebook.toml")
    return str(refused.value).splitlines()


def names(template: str) -> set[str]:
    return {name for _, name, *_ in Formatter().parse(template) if name}


def as_pattern(template: str) -> str:
    return "".join(re.escape(text) + (".*" if name else "") for text, name, *_ in Formatter().parse(template))


def test_errors_are_found_where_they_are_raised():
    assert len(TEXTS) > 300
    assert {expression for module in MODULES for expression in module.composed} == COMPOSED


@pytest.mark.parametrize("text", TEXTS)
def test_every_error_that_a_failed_report_can_tell_has_its_chinese(text):
    told = tell(text, language="zh")
    assert told != text
    assert said(re.sub("“[^”]*”", "", told)) == set(), told


@pytest.mark.parametrize("book", BOOKS)
def test_every_fault_of_a_codebook_is_told(book):
    for line in sentence_of_codebook(book).splitlines():
        told = tell(line, language="zh")
        plain = re.sub(r"“[^”]*”|(items|index)\.\w+(\.\w+)?|response|min|max|respondent|weight|groups", "", told)
        assert said(plain) - {"scales", "trust", "value", "items", "Unicode", "nan"} == set(), told


def test_the_chinese_has_the_same_names():
    everything = [*KNOWN.items(), *(entry for section in PHRASES.values() for entry in section.items())]
    assert [english for english, told in everything if names(english) != names(told)] == []


def test_the_chinese_is_chinese_with_its_own_marks():
    wrong = re.compile("[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]|[\u4e00-\u9fff]['\"]|\\s%|[“‘] | [”’]")
    told = [*KNOWN.values(), *(told for section in PHRASES.values() for told in section.values())]
    assert [text for text in told if wrong.search(re.sub(r"{[^{}]*}", "1", text))] == []


def test_no_entry_has_outlived_its_sentence(survey):
    texts = [
        *TEXTS,
        *faults_of(survey),
        *map(sentence_of_codebook, BOOKS),
        "The survey 'Q7' has none of the codebook's columns; its own are 'Q7'.",
        "The survey 'Q7' has none of the codebook's columns; columns of its own: Q7.",
    ]
    assert [entry for entry in KNOWN if not any(re.fullmatch(as_pattern(entry), text) for text in texts)] == []


def test_no_phrase_has_outlived_its_use():
    sources = [path.read_text("utf-8") for path in PACKAGE.rglob("*.py")] + [inspect.getsource(tomllib._parser)]
    used = {name for known in (KNOWN, *PHRASES.values()) for template in known for name in names(template)}
    assert set(PHRASES) <= used
    for section in set(PHRASES) - {"cause", "wrong", "often", "table", "syntax"}:
        for template in PHRASES[section]:
            pieces = [text.strip("' .") for text, *_ in Formatter().parse(template) if len(text) > 4]
            assert all(any(text in source.replace("\\\\", "\\") for source in sources) for text in pieces), template


def test_a_phrase_of_an_error_has_a_name_that_no_note_uses():
    notes = {name for template in known_notes("zh") for name in names(template)}
    assert set(PHRASES) & (notes | PARTS) == set()


def test_of_two_templates_that_fit_the_more_specific_one_counts():
    told = partial(tell, language="zh")
    assert told("'weight' must hold one number a row (5); got shape (3,).").endswith("实际形状为：(3,)。")
    assert told("The arm 'A' holds 1 customer; at least 2 are needed to estimate an effect.").startswith(
        "“A”组只有 1 名"
    )
    assert told("The table of scores lacks the column 'a'; did you mean 'b'?") == "得分表缺少“a”列；您要写的是否为“b”？"


def test_lists_of_names_have_chinese_marks():
    text = "Items 'a', 'b' and 3 more determine one another exactly; leave out one of them."
    assert tell(text, language="zh") == "题项“a”、“b”等（另有 3 个）可以互相完全推出；请剔除其中一个。"


def test_a_codebook_may_have_more_faults_than_calls_can_be_nested():
    items = ", ".join(f'"A{number}"' for number in range(400))
    told = tell(sentence_of_codebook(f"scales.trust.items = [{items}]"), language="zh")
    assert told.count("没有回答范围") == 400
    assert "has no range" not in told


def test_a_part_that_holds_itself_does_so_at_its_end():
    held = [(name, entry) for name, section in PHRASES.items() for entry in section.items() if name in names(entry[0])]
    assert len(held) >= 3
    assert all(text.endswith(f"{{{name}}}") for name, entry in held for text in entry)


def test_what_is_nested_too_deep_stays_english():
    text = "In group 'a' of 'b': " * 2000 + "It is empty."
    assert tell(text, language="zh") == text


def test_an_error_within_a_note_is_told_with_it(monkeypatch):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")
    why = "Item 'L1' holds no answer; without answers there is no correlation."
    told = "“渠道”的“门店”组：题项“L1”没有任何回答；没有回答就无法计算相关系数。"
    within = note("In group '{group}' of '{by}': {why}", group="门店", by="渠道", why=why)
    assert tell(within) == tell(str(within)) == told


def test_the_language_of_a_page_is_not_that_of_the_process(monkeypatch):
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "en")
    assert reason("The survey 'a.csv' is empty.", language="zh") == "调查数据“a.csv”是空文件。"
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")
    assert reason("The survey 'a.csv' is empty.", language="en") == "The survey &#x27;a.csv&#x27; is empty."


@pytest.mark.parametrize("anonymous", ["", "1"])
def test_every_fault_of_a_survey_is_told_with_its_item_value_count_and_row(survey, monkeypatch, anonymous):
    monkeypatch.setenv(ANONYMOUS, anonymous)
    told = [tell(line, language="zh") for line in faults_of(survey)]
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
    assert told.get_text("\n").split("\n")[0] in index.select_one("tbody").get_text()
    assert len(index.select("tbody small")[1].get_text()) < 400
    assert "holds" in History(survey / "out").courses()["n"].error


def page_of(sentence: str, **more: str) -> BeautifulSoup:
    facts = {"name": "a", "title": "量表", "notebook": "10.ipynb", "parameters": "{}"}
    page = failure_page(Failure(sentence, **more), facts=facts, language="zh")
    return BeautifulSoup(page, "html.parser").select_one("p.sentence.warning")


def test_a_sentence_that_is_not_known_stays_english_and_says_so():
    told = page_of("It broke.\nThe survey 'a.csv' is empty.")
    assert [(mark.get_text(), mark["lang"]) for mark in told.select("[lang]")] == [("It broke.", "en")]
    assert told.get_text().endswith("调查数据“a.csv”是空文件。")


def test_what_a_cell_of_the_author_raised_is_told_without_its_message():
    public = "KeyError; the message may name respondents and stands in the terminal only."
    assert (
        page_of("KeyError: 'r-1'", public=public).get_text()
        == "KeyError；错误信息可能涉及具体受访者，因此只显示在终端中。"
    )


@pytest.mark.parametrize(
    "name",
    ["The survey is empty.", "<b>1</b> & '2'", "{n} {0}", "a' holds 3 in 1 row", "; got none", "in 2 rows", "x\\1"],
)
def test_a_name_in_the_data_is_shown_as_it_is(name):
    told = page_of(f"Item '{name}' holds 11 in 2 rows (first: data row 7); the codebook allows 1 to 5.")
    assert told.get_text() == f"题项“{name}”出现回答 11，共 2 行（首见于数据第 7 行）；编码簿允许的回答：1 至 5。"
    assert told.select("*") == []
