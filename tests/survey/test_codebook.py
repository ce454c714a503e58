"""The codebook's grammar: what it takes, what it fills in and the sentence with which it refuses."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ('items.q = { columns = ["x"] }', "key 'items.q': only a question of kind 'ticks' takes 'columns'"),
        ('items.q = { kind = "ticks", min = 1 }', "key 'items.q': a question of kind 'ticks' takes no 'min'"),
        ('items.q = { kind = "ticks", columns = ["x"], other = "y" }', "ticks in 'columns' take no 'other'"),
        ('items.q = { kind = "ticks", chosen = 2 }', "'chosen' is for ticks in 'columns', one an option"),
        ('items.q = { kind = "ticks", options = ["Web"], other = "Wb" }', "among 'options'; did you mean 'Web'?"),
        ('items.q = { kind = "tick" }', "key 'items.q.kind': input should be 'answer' or 'ticks'; got 'tick'"),
        (BASE + '[items.a]\nkind = "ticks"', "'a' stands in scales.trust.items and in items.a"),
        (BASE + '[items.q]\nkind = "ticks"\ncolumns = ["a"]', "in scales.trust.items and in items.q.columns"),
        ('respondent = ["id", "wave"]\nweight = "id"', "'id' stands in respondent, weight, duration or groups"),
        ('groups = ["trust"]\n' + BASE, "'trust' names a column and a scale or index"),
        ('respondent = "a"\n' + BASE, "'a' stands in respondent, weight, duration or groups and in scales.trust.items"),
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


TICKS = """
groups = ["Q5_2"]
[items.channels]
kind = "ticks"
wording = "Where do you buy?"
columns = { Q5_1 = "In the store", Q5_2 = "On the web" }
[items.Q6]
kind = "ticks"
options = { 1 = "Price", 2 = "Service" }
"""


def test_a_question_of_ticks_has_columns_or_one_cell_and_a_variable_an_option():
    book = Codebook.parse(TICKS)
    assert list(book.ticks) == ["channels", "Q6"]
    assert book.tick_labels == {"Q5_1": "In the store", "Q5_2": "On the web", "Q6_1": "Price", "Q6_2": "Service"}
    assert book.item_names == ()
    assert book.columns == ("Q5_1", "Q5_2", "Q6")


def test_options_without_labels_are_called_by_their_names():
    assert Codebook.parse('items.q = { kind = "ticks", options = ["Web"] }').tick_labels == {"q_Web": "Web"}


def test_respondents_may_be_named_by_several_columns_of_which_some_are_groups():
    book = Codebook.parse('respondent = ["id", "wave"]\ngroups = ["wave"]\n' + BASE)
    assert book.ids == ("id", "wave")
    assert book.columns == ("id", "wave", "a", "b")
    assert Codebook.parse('respondent = "id"').ids == ("id",)
    assert Codebook.parse(BASE).ids == ()


def test_edits_are_merged_into_tables_in_their_place_and_checked():
    book = Codebook.parse(BASE + "[items.b]\nmax = 7\n[items.c]\nmax = 3")
    edited = book.edit(missing=[98], items={"b": {"wording": "How?"}, "d": {"max": 4}})
    assert (edited.missing, list(edited.items), edited.range("b"), edited.wording("b")) == (
        (98,), ["b", "c", "d"], (1, 7), "How?",
    )  # fmt: skip
    assert (book.missing, "d" in book.items) == ((), False)
    assert list(book.edit(items={"b": None}).items) == ["c"]
    with pytest.raises(InputError, match="key 'items.b.maxx': no such key"):
        book.edit(items={"b": {"maxx": 7}})


def test_a_codebook_is_written_once_and_never_over_another(tmp_path: Path):
    book = Codebook.parse(BASE)
    path = book.write(tmp_path / "new.toml")
    assert Codebook.read(path) == book
    with pytest.raises(InputError, match="exists and is not overwritten"):
        book.edit(title="Other").write(path)
    assert Codebook.read(path) == book
    with pytest.raises(InputError, match="cannot be written"):
        book.write(tmp_path / "no folder" / "new.toml")


def test_a_written_codebook_reads_like_one_written_by_hand():
    text = """title = "Spring \\"25\\""
missing = [98, "NA"]

[response]
min = 1
max = 5

[scales.trust]
items = ["a", "b"]

[items."题 1"]
labels = { "Yes, very" = 5 }

[items.channels]
wording = "Where do you buy?"
kind = "ticks"
columns = { Q5_1 = "In the store", Q5_2 = "On the web" }

[items.Q6]
kind = "ticks"
options = { 1 = "Price", 2 = "Service" }
"""
    assert Codebook.parse(text).to_toml() == text


def test_lists_and_tables_that_are_long_are_broken():
    items = ", ".join(f'"a rather long name of an item {number}"' for number in range(5))
    book = Codebook.parse(
        f"response = {{ min = 1, max = 5, labels = {{ {'x' * 90} = 1 }} }}\nscales.t.items = [{items}]"
    )
    assert max(map(len, book.to_toml().splitlines())) <= 100
    assert Codebook.parse(book.to_toml()) == book


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
RANGE = st.tuples(st.floats(-1e6, 1e6), st.floats(0.001, 1e18)).map(lambda ends: (ends[0], ends[0] + ends[1]))
CODE = st.one_of(st.integers(-(2**60), 2**60), st.floats(allow_nan=False, allow_infinity=False), TEXT)


@st.composite
def codebooks(draw: st.DrawFn) -> Codebook:
    """Codebooks with any text where text may stand."""
    low, high = draw(RANGE)
    names = draw(st.lists(NAME, min_size=8, max_size=8, unique=True))
    labels = draw(st.dictionaries(NAME, st.floats(allow_nan=False, allow_infinity=False), max_size=3))
    ticks = draw(
        st.sampled_from([{"columns": {names[4]: draw(TEXT)}}, {"columns": [names[4]]}, {"options": [names[4]]}])
    )
    return Codebook(
        title=draw(TEXT),
        respondent=draw(st.sampled_from([None, names[0], (names[0], names[1])])),
        missing=tuple(draw(st.lists(CODE, max_size=3))),
        file={"header": draw(st.sampled_from([None, 2, (1, 2)])), "decimal": draw(st.sampled_from([None, ","]))},
        response={"min": low, "max": high, "labels": labels},
        scales={names[2]: {"items": [names[3]], "label": draw(TEXT)}},
        items={names[3]: {"wording": draw(TEXT)}, names[5]: {"kind": "ticks", **ticks}},
        index={names[6]: {"scales": draw(st.sampled_from([(names[2],), {names[2]: 1.5}]))}},
    )


@given(codebooks())
def test_what_is_written_is_read_as_the_same_codebook(book: Codebook):
    assert Codebook.parse(book.to_toml()) == book
    assert Codebook.parse(book.to_toml()).to_toml() == book.to_toml()
