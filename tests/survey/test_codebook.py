"""The codebook's grammar: what it takes, what it fills in and the sentence with which it refuses."""

from pathlib import Path

import pytest

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.survey.codebook import Codebook

BASE = 'response = { min = 1, max = 5 }\n[scales.trust]\nitems = ["a", "b"]\n'


def test_defaults_hold_for_every_item_without_its_own():
    book = Codebook.parse(BASE + "[items.b]\nmax = 7\n")
    assert book.range("a") == (1, 5)
    assert book.range("b") == (1, 7)


def test_text_answers_of_the_default_and_of_the_item_are_joined():
    book = Codebook.parse(
        'response = { min = 1, max = 5, labels = { "非常同意" = 5 } }\nscales.trust.items = ["a"]\n'
        'items.a.labels = { "Strongly agree" = 5 }'
    )
    assert book.item("a").labels == {"非常同意": 5, "Strongly agree": 5}


def test_chinese_keys_labels_and_items_are_kept():
    book = Codebook.parse(
        'response = { min = 1, max = 5 }\n[scales."满意度"]\nlabel = "顾客满意"\nitems = ["题1", "题2"]'
    )
    assert book.label("满意度") == "顾客满意"
    assert book.item_names == ("题1", "题2")


def test_columns_are_those_that_the_survey_must_have():
    head = 'respondent = "id"\nweight = "w"\ngroups = ["channel"]\n'
    book = Codebook.parse(head + BASE + "[items.c]\nmin = 0\nmax = 10\n")
    assert book.columns == ("id", "w", "channel", "a", "b", "c")


def test_a_scale_is_reflective_and_has_no_role_unless_told():
    scale = Codebook.parse(BASE).scales["trust"]
    assert (scale.kind, scale.role, scale.reverse) == ("reflective", "none", ())


def test_a_codebook_may_say_the_language_of_its_reports():
    assert Codebook.parse('language = "zh"').language == "zh"
    assert Codebook.parse(BASE).language is None


def test_labels_fall_back_on_keys_and_wordings_on_names():
    book = Codebook.parse(BASE)
    assert book.label("trust") == "trust"
    assert book.wording("a") == "a"


def test_a_file_saved_with_a_byte_order_mark_and_windows_lines_is_read(tmp_path: Path):
    path = tmp_path / "codebook.toml"
    path.write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    assert Codebook.read(path).item_names == ("a", "b")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BASE + "itmes = []", "key 'scales.trust.itmes': no such key; did you mean 'items'?"),
        ('language = "de"', "key 'language': input should be 'en' or 'zh'; got 'de'"),
        ('titel = "x"', "key 'titel': no such key; did you mean 'title'?"),
        (BASE + '[items.a]\nwordin = "x"', "key 'items.a.wordin': no such key; did you mean 'wording'?"),
        (BASE + '[scales.other]\nitems = ["a"]', "'a' stands in scales.trust.items and in scales.other.items"),
        ('response = { min = 1, max = 5 }\nscales.t.items = ["a", "a"]', "key 'scales.t': 'a' stands twice in 'items'"),
        (BASE + 'reverse = ["c"]', "key 'scales.trust': 'reverse' names 'c', not among 'items'"),
        (
            BASE + "[index.i]\nscales = { trust = 1, trst = 2 }",
            "names 'trst', which is no scale; did you mean 'trust'?",
        ),
        (BASE + '[index.i]\nscales = ["trust"]\nweights = "equl"', "key 'index.i.weights'"),
        (BASE + "[index.i]\nscales = { trust = -1 }", "weights must be zero or more"),
        (BASE + '[index.i]\nscales = { trust = 1 }\nweights = "equal"', "not in both"),
        ("response = { min = 5, max = 1 }", "key 'response': min 5 is not below max 1"),
        (BASE + "[items.a]\nmin = 9", "items.a: min 9 is not below max 5"),
        ('scales.trust.items = ["a"]', "item 'a' has no range"),
        (BASE + '[items.a]\nmin = "1"', "key 'items.a.min': must be a number; got '1'."),
        ('groups = "channel"', "key 'groups': must be a list, [ … ]; got 'channel'."),
        ("scales.t.items = []", "key 'scales.t.items': needs at least one entry; got []."),
        ("scales.t.items = [3]", "key 'scales.t.items.0': must be text in quotation marks; got 3."),
        ("scales.t = 3", "key 'scales.t': must be a table, { name = value }; got 3."),
        ("scales.t = {}", "key 'scales.t.items': is required."),
        (BASE + '[items.a]\nrole = "recommend"', "role 'recommend' needs the range 0 to 10; got 1 to 5"),
        (BASE + "[index.trust]\nscales = { trust = 1 }", "'trust' names a scale and an index"),
        (BASE + '[names]\nz = "How?"', "names.z is no respondent, weight, group or item"),
        (BASE + '[names]\na = "How?"\nb = "How?"', "'names' gives the column 'How?' two names"),
        ('groups = ["trust"]\n' + BASE, "'trust' names a column and a scale or index"),
        ('respondent = "a"\n' + BASE, "'a' stands in respondent, weight or groups and in scales.trust.items"),
    ],
)
def test_a_fault_is_told_with_the_path_of_its_key(text: str, told: str):
    with pytest.raises(InputError) as refusal:
        Codebook.parse(text)
    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_short_name_stands_for_a_column_whose_name_is_the_wording():
    book = Codebook.parse(BASE + '[names]\na = "How likely …?"')
    assert (book.in_file("a"), book.wording("a"), book.in_file("b")) == ("How likely …?", "How likely …?", "b")


def test_several_faults_are_told_at_once():
    with pytest.raises(InputError, match=r"'b' has no range.*'c' has no range"):
        Codebook.parse('scales.t.items = ["b", "c"]')


@pytest.mark.parametrize("content", [b"a = ", b"\xff\xfe\x00", "标题 = ".encode("gb18030")])
def test_what_is_no_toml_cannot_be_read(tmp_path: Path, content: bytes):
    path = tmp_path / "codebook.toml"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"codebook\.toml' is not"):
        Codebook.read(path)


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_an_absent_file_or_a_folder_cannot_be_read(tmp_path: Path, name: str):
    with pytest.raises(UnreadableError):
        Codebook.read(tmp_path / name)
