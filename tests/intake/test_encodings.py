"""Which encoding wrote a file, judged by what it then says."""

import pytest

from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.intake.encodings import decoded
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.intake.sources import Source

TEXTS = {
    "gb18030": [
        "编号,满意度\n1,门店\n",
        "id,城市\n1,北京\n",
        "单号,金额\n1,¥120.00\n2,¥99.00\n",
        "id,性别\n1,男\n2,女\n",
    ],
    "big5": ["編號,滿意度,通路\n1,非常滿意,門市\n", "id,城市\n1,台北\n2,高雄\n"],
    "shift_jis": ["番号,満足度,店\n1,とても満足,渋谷店\n", "id,性別\n1,男性\n2,女性\n"],
    "cp1252": ["id,größe\n1,für\n", "id,réponse\n1,été\n", "id,q\n1,don’t\n", "id,opinião\n1,não\n"],
}
UNICODE = ["utf-8", "utf-8-sig", *(f"utf-{size}{end}" for size in (16, 32) for end in ("", "-le", "-be"))]


def read(data: bytes, **options: object) -> tuple[str, str]:
    return decoded(Source("The survey", "survey.csv", data, FileOptions(**options)))


@pytest.mark.parametrize(("encoding", "text"), [(name, text) for name, texts in TEXTS.items() for text in texts])
def test_an_older_encoding_is_known_by_a_word_or_two(encoding, text):
    assert read(text.encode(encoding)) == (text, encoding)


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("text", [texts[0] for texts in TEXTS.values()])
def test_unicode_is_known_with_and_without_a_mark(encoding, text):
    assert read(text.encode(encoding))[0] == text


def test_an_ambiguous_text_is_asked_about_with_the_line_that_decides():
    """0xC4 0xDC is 能 in GB18030 and two capital letters in Windows-1252."""
    with pytest.raises(UnreadableError, match=r"can be text in .*\[file\] encoding = "):
        read(b"id,q\n1,\xc4\xdc\n")
    assert read(b"id,q\n1,\xc4\xdc\n", encoding="gb18030")[0] == "id,q\n1,能\n"
    assert read(b"id,q\n1,\xc4\xdc\n", encoding="cp1252")[0] == "id,q\n1,ÄÜ\n"


def test_a_wrong_encoding_is_refused_with_the_one_that_fits():
    with pytest.raises(UnreadableError, match=r"no text in 'utf-8'.*\[file\] encoding = \"gb18030\"\.$"):
        read("城市,北京".encode("gb18030"), encoding="utf-8")
    with pytest.raises(UnreadableError, match="'utf9' is no encoding that Python knows"):
        read(b"id", encoding="utf9")


def test_a_broken_byte_in_utf8_is_told_by_its_row():
    text = "编号,意见\n" + "1,非常满意的一次购物\n" * 5
    with pytest.raises(UnreadableError, match="is UTF-8 text except in row 7"):
        read(text.encode() + b"2,\xe5\x8c\n")
