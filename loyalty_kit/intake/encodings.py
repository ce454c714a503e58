"""The text of a file's bytes: which of the encodings in use wrote them, judged by what they then say."""

import re
from collections.abc import Callable
from typing import NamedTuple

from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.intake.sources import Source

_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然"
    "家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把"
    "机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果"
    "加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔"
    "更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展"
    "马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共"
    "确传师观清今切院让识候带导争运满愿推荐购买店顾客服质价宜贵牌忠诚态评较般极赞齡男岁龄收城京广州深圳编号渠网络线"
    "邮箱姓选项答卷调查跳填写否偶未每周季半哪议请择您速快慢待环境卫味适专热耐礼貌准依赖喜欢继续朋友亲戚庭省县镇村六"
    "七八九零百千"
)
_TRADITIONAL = (
    "這個們來為國說時會對於著過發後裡種經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問並應戰頭體見產話內給門兒東"
    "聲員論處義幾認條氣題爾別變總電數報結務場計資許統區隊決馬書則聽卻達強難權設記類據邊張該規萬覺術領確傳師觀讓識帶"
    "導爭運滿願薦購買顧質價貴誠態評較極贊齡歲職臺灣雄編號網線郵選項調寫週議請擇環衛適專熱禮準賴歡繼續親縣鎮"
)
_JAPANESE = "会国時見気話書聞読毎午円語校車食満足価格奨購齢県番択然持良悪普対応々込働辺実売買薬駅広図楽"
_WESTERN = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýßœšžÀÁÂÄÅÆÇÈÉÊËÍÎÑÓÔÖØÚÜŒŠŽ’‘“”„–—…€£°«»·§©®™¡¿ºª"
_MARKS = re.compile("[\u3000-\u303f\uff00-\uff60\uffe0-\uffe6¥£€¢°±×÷‘’“”…—·★→－]")
_COMMON = frozenset(_SIMPLIFIED + _TRADITIONAL)
_KANJI = frozenset(_COMMON | set(_JAPANESE))
_WESTERN_LETTERS = frozenset(_WESTERN)
_SAMPLE = 20_000
_ENOUGH = 0.4
_CLEARLY = 2.0
_FEW_BROKEN = 20


class Candidate(NamedTuple):
    """An encoding: the name that a person gives it, Python's wider ones of it, and how likely a text in it is."""

    name: str
    codecs: tuple[str, ...]
    likeness: Callable[[str], float]


def _chinese(text: str) -> float:
    """Share of common characters among those that are not ASCII."""
    return _share(text, lambda mark: mark in _COMMON)


def _japanese(text: str) -> float:
    return _share(text, lambda mark: mark in _KANJI or "\u3041" <= mark <= "\u30fe")


def _western(text: str) -> float:
    """Share of accented letters and typographic marks that stand alone or in pairs."""
    runs = re.findall("[^\x00-\x7f]+", text)
    good = sum(len(run) for run in runs if len(run) <= 2 and set(run) <= _WESTERN_LETTERS)
    return good / max(sum(map(len, runs)), 1)


def _share(text: str, common: Callable[[str], bool]) -> float:
    marks = [mark for mark in text if mark > "\x7f" and not _MARKS.match(mark)]
    return sum(map(common, marks)) / len(marks) if marks else 0.0


CANDIDATES = (
    Candidate("gb18030", ("gb18030",), _chinese),
    Candidate("big5", ("cp950", "big5hkscs"), _chinese),
    Candidate("shift_jis", ("cp932",), _japanese),
    Candidate("cp1252", ("cp1252",), _western),
)
WIDER = {"big5": ("cp950", "big5hkscs"), "shift_jis": ("cp932",), "gb2312": ("gb18030",), "gbk": ("gb18030",)}
"""Encodings that are usually meant by a narrower name."""


def decoded(file: Source) -> tuple[str, str]:
    """Text of a file, and its encoding: a Unicode one, with or without a mark, or an older one judged by its content.

    Raises
    ------
    UnreadableError
        If it is none of these, holds what no text does, or two of them are equally likely.
    """
    if file.options.encoding:
        text, encoding = _as_said(file), file.options.encoding
    else:
        text, encoding = _unicode(file.data) or _older(file)
    if "\x00" in text:
        raise UnreadableError("{file} holds NUL bytes, so it is no CSV text; save it as UTF-8.", file=file.subject)
    return text, encoding


def judged(data: bytes) -> list[tuple[str, str, float]]:
    """Find the encodings that can have written some bytes: name, codec, and how likely, the likeliest first."""
    found = []
    for candidate in CANDIDATES:
        codec = next((codec for codec in candidate.codecs if _read(data, codec) is not None), None)
        if codec is not None:
            found.append((candidate.name, codec, candidate.likeness(_sample(data, codec))))
    return sorted(found, key=lambda found: -found[2])


def _sample(data: bytes, codec: str) -> str:
    """Text around what is not ASCII, up to a size at which the judgement is clear."""
    text = data[: 50 * _SAMPLE].decode(codec, errors="ignore")
    pieces = re.findall(".?[^\x00-\x7f]+", text, re.DOTALL)
    if not pieces:
        pieces = re.findall(".?[^\x00-\x7f]+", data.decode(codec, errors="ignore"), re.DOTALL)
    return "".join(pieces)[:_SAMPLE]


def _as_said(file: Source) -> str:
    """Text in the encoding that a person named."""
    name = str(file.options.encoding)
    for codec in (name, *WIDER.get(name.casefold().replace("-", "_"), ())):
        try:
            return file.data.decode("utf-8-sig" if codec.casefold() in ("utf-8", "utf8") else codec)
        except LookupError:
            raise UnreadableError(
                "'{name}' is no encoding that Python knows: {line}.",
                name=name,
                line=file.options.line("encoding", "gb18030"),
            ) from None
        except UnicodeError:
            continue
    others = [known for known, _, _ in judged(file.data) if known != name]
    raise UnreadableError(
        "{file} is no text in '{encoding}'; what fits better: {line}.",
        file=file.subject,
        encoding=name,
        line=file.options.line("encoding", "utf-8" if _unicode(file.data) is not None else (others or ["cp1252"])[0]),
    )


def _unicode(data: bytes) -> tuple[str, str] | None:
    """Text of bytes in UTF-8, UTF-16 or UTF-32, and which; none where they are not."""
    codecs: tuple[str, ...] = ("utf-8-sig",)
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"))
    if marked:
        codecs = ("utf-32",) if b"\x00\x00" in (data[:2], data[2:4]) else ("utf-16",)
    elif b"\x00" in data[:4000]:
        codecs = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
    for codec in codecs:
        text = _read(data, codec)
        if text is not None and (len(codecs) == 1 or _is_plausible(text)):
            return text, codec.removesuffix("-sig")
    return None


def _is_plausible(text: str) -> bool:
    """Whether wide characters were read as what they are: mostly ASCII, or common characters beside it."""
    sample = text[:_SAMPLE]
    others = [mark for mark in sample if mark > "\x7f"]
    if not sample or "\x00" in text:
        return False
    return len(others) <= 0.3 * len(sample) or max(_chinese(sample), _japanese(sample), _western(sample)) >= _ENOUGH


def _read(data: bytes, codec: str) -> str | None:
    try:
        text = data.decode(codec)
        if not codec.startswith("utf"):
            # Python's codecs of Chinese may give half a character, which no file could hold again.
            text.encode()
    except UnicodeError:
        return None
    return text


def _older(file: Source) -> tuple[str, str]:
    """Text of bytes that are no Unicode, and its encoding, the likeliest."""
    if b"\x00" in file.data:
        raise UnreadableError("{file} holds NUL bytes, so it is no CSV text; save it as UTF-8.", file=file.subject)
    _refuse_broken(file)
    found = judged(file.data)
    likely = [entry for entry in found if entry[2] >= _ENOUGH]
    if not likely:
        raise UnreadableError(
            "{file} is text in none of the encodings that are tried ({encodings}); save it as UTF-8, or if you know "
            "its encoding: {line}.",
            file=file.subject,
            encodings=("utf-8", *(candidate.name for candidate in CANDIDATES)),
            line=file.options.line("encoding", found[0][0] if found else "cp1252"),
        )
    if len(likely) > 1 and likely[0][2] < _CLEARLY * likely[1][2]:
        raise UnreadableError(
            "{file} can be text in {encodings}, and its contents do not tell which: {line}.",
            file=file.subject,
            encodings=tuple(name for name, _, _ in likely),
            line=file.options.line("encoding", likely[0][0]),
        )
    return file.data.decode(likely[0][1]), likely[0][0]


def _refuse_broken(file: Source) -> None:
    """Refuse UTF-8 text with a few bytes that are none, with their place."""
    try:
        file.data.decode()
    except UnicodeDecodeError as error:
        text = file.data.decode(errors="replace")
        broken = text.count("\ufffd")
        if sum(map(len, re.findall("[^\x00-\x7f\ufffd]+", text))) >= _FEW_BROKEN * broken:
            raise UnreadableError(
                "{file} is UTF-8 text except in row {row}; mend the cell there and save it as UTF-8.",
                file=file.subject,
                row=file.data[: error.start].count(b"\n") + 1,
            ) from None
