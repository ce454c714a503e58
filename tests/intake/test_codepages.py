"""The code page of labels and cells, judged by what they say."""

import pytest

from loyalty_kit.intake.libraries.codepages import code_page, in_page, python_name

SIMPLIFIED = ["非常满意", "不满意", "上海", "门店", "年龄", "您的性别"]
TRADITIONAL = ["非常滿意", "不滿意", "臺北", "門市", "年齡", "您的性別"]
JAPANESE = ["とても満足", "不満", "東京", "店舗", "年齢", "性別"]
GERMAN = ["sehr zufrieden", "Größe", "Müller", "Straße", "für Sie"]
FRENCH = ["très satisfait", "été", "où êtes-vous né ?", "l’âge – réel"]


def written(texts: list[str], encoding: str) -> list[bytes]:
    return [text.encode(encoding) for text in texts]


@pytest.mark.parametrize(
    ("texts", "encoding"),
    [
        (SIMPLIFIED, "gb18030"),
        (TRADITIONAL, "cp950"),
        (JAPANESE, "cp932"),
        (GERMAN, "cp1252"),
        (FRENCH, "cp1252"),
        (SIMPLIFIED, "utf-8"),
        (JAPANESE, "utf-8"),
        (FRENCH, "utf-8"),
    ],
)
@pytest.mark.parametrize("declared", [None, "UTF-8", "WINDOWS-1252", "ISO-8859-1", "US-ASCII", "no such page"])
def test_texts_are_read_as_they_were_written_whatever_the_file_declares(texts, encoding, declared):
    page = code_page(written(texts, encoding), declared)
    assert [in_page(text, page) for text in written(texts, encoding)] == texts


@pytest.mark.parametrize("text", ["北京", "男", "是", "否", "上海市"])
def test_one_short_chinese_label_is_enough(text):
    """The report of haven 244: '±±¾©' is 北京."""
    assert in_page(text.encode("gbk"), code_page([text.encode("gbk")], "WINDOWS-1252")) == text


@pytest.mark.parametrize("text", ["ä", "öß", "Ä", "naïve", "señor", "£ 5", "5 °C"])
def test_one_short_western_label_is_not_taken_for_chinese(text):
    assert in_page(text.encode("cp1252"), code_page([text.encode("cp1252")], "WINDOWS-1252")) == text


def test_a_wrong_chinese_declaration_is_seen_where_the_other_gives_words():
    assert code_page(written(SIMPLIFIED, "gb18030"), "BIG-5") == "gb18030"
    assert code_page(written(TRADITIONAL, "cp950"), "CP936") == "cp950"
    assert code_page(written(TRADITIONAL, "cp950"), "BIG-5") == "cp950"


def test_a_declared_page_that_is_no_candidate_is_believed():
    assert code_page(written(["Очень доволен", "Москва"], "cp1251"), "windows-1251") == "cp1251"
    assert code_page(written(["매우 만족", "서울"], "cp949"), "CP949") == "cp949"


def test_a_character_cut_by_the_fields_width_is_left_out():
    cut = ["满意度".encode("gbk")[:5], "不满意".encode("gbk")]
    assert [in_page(text, code_page(cut)) for text in cut] == ["满意", "不满意"]


def test_ascii_needs_no_page():
    assert code_page([b"yes", b"no"]) == "utf-8"
    assert in_page(b"yes", "gb18030") == "yes"


@pytest.mark.parametrize(
    ("name", "page"), [("gbk", "gb18030"), ("GB2312", "gb18030"), ("big5", "cp950"), ("latin-1", "cp1252"), ("x", None)]
)
def test_a_narrow_name_means_the_wider_page(name, page):
    assert python_name(name) == page
