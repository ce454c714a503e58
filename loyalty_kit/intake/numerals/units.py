"""What stands beside numbers: currencies, units of time, counters and signs, each under one name."""

import re
from collections.abc import Iterable

_MONEY = {
    "¥": "¥ cny rmb 元 块 块钱 人民币",
    "$": "$ usd us$ 美元",
    "€": "€ eur euro euros 欧元",
    "£": "£ gbp 英镑",
    "JPY": "jpy 円 日元",
    "HKD": "hk$ hkd 港币 港元",
    "TWD": "nt$ twd ntd 新台币",
    "SGD": "s$ sgd",
    "AUD": "a$ aud",
    "CAD": "c$ cad",
    "BRL": "r$ brl",
    "CHF": "chf fr. sfr.",
    "₩": "₩ krw",
    "₹": "₹ inr rs rs.",
    "₽": "₽ rub",
    "kr": "kr kr. sek nok dkk",
    "zł": "zł pln",
}
_COUNTED = {
    "star": "star stars stern sterne 星 颗星 ★",
    "point": "point points pt pt. pts pts. punkt punkte 分 点",
    "time": "time times mal 次",
    "person": "person persons people personen 人 位 名",
    "piece": "piece pieces pcs stück 个 件 单 笔",
    "year": "year years yr yrs y/o jahr jahre ans 年 岁",
    "grade": "级",
}
_MEASURED = {
    "%": "% percent prozent pct",
    "‰": "‰",
    "ms": "ms msec",
    "s": "s s. sec sec. secs second seconds sek sek. sekunden 秒 秒钟",
    "min": "min min. mins minute minutes minuten 分钟",
    "h": "h h. hr hrs hour hours std std. stunden 小时",
    "day": "day days tag tage 天",
    "week": "week weeks woche wochen 周",
    "month": "month months monat monate 个月",
    "kg": "kg",
    "g": "g",
    "km": "km 公里",
    "m": "m 米",
    "cm": "cm 厘米",
}
BEFORE = {spelling: name for name, spellings in _MONEY.items() for spelling in spellings.split()}
"""Spellings that stand before a number, in lower case, with the unit's name."""
AFTER = BEFORE | {
    s: name for group in (_COUNTED, _MEASURED) for name, spellings in group.items() for s in spellings.split()
}
"""Spellings that stand behind a number."""
STRICT = frozenset(_MEASURED)
"""Units beside which a bare number could mean anything: 120 beside '2 min', 0.4 beside '45 %'."""
POWERS = {"万": 4, "萬": 4, "亿": 8, "億": 8}
"""Chinese words for powers of ten, which stand between a number and its unit."""


def _either(spellings: Iterable[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(spellings, key=len, reverse=True))


PARTS = re.compile(
    rf"(?P<sign>[+-]?)\s?(?:(?P<before>{_either(BEFORE)})\s?)?(?P<inner>[+-]?)(?P<body>\d[\d.,' ]*|\.\d+)"
    rf"(?P<exponent>[eE][+-]?\d+)?\s?(?P<power>[{''.join(POWERS)}]?)(?P<after>{_either(AFTER)})?",
    re.ASCII | re.IGNORECASE,
)
"""A number with what may stand around it; blanks are single ones."""
