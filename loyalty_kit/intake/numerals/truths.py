"""Truth values in the spellings that programs and people use."""

from collections.abc import Sequence

TRUE = frozenset(
    "true yes on wahr ja vrai oui verdadero si sí vero sì verdadeiro sim waar да "
    "是 是的 有 对 真 √ ✓ ✔ ☑ checked selected 已选 选中 はい y j".split()
)
FALSE = frozenset(
    "false no off falsch nein faux non falso não onwaar nee нет 否 不是 没有 无 错 假 × ✗ ✘ ☐ "
    "unchecked 未选 未选中 いいえ n".split()
) | {"not selected", "not checked"}
_TOO_SHORT = frozenset("y j n on off no si non × √".split())
_DIGITS = {"1": True, "0": False}


def truth_values(texts: Sequence[str]) -> list[bool | None] | None:
    """Truth values of a column's distinct texts, or none where one of them is no such value.

    Ones and zeros count among words; alone they are numbers. Words that could be abbreviations count only beside
    their opposites.

    Examples
    --------
    >>> truth_values(["Ja", "nein", ""]), truth_values(["1.0", "FALSE"]), truth_values(["1", "0"])
    ([True, False, None], [True, False], None)
    >>> truth_values(["no"]), truth_values(["SE", "NO"])
    (None, None)
    """
    found = [_truth(text.casefold().strip()) for text in texts]
    words = {text.casefold().strip() for text in texts} - {""}
    if any(value is None for value, text in zip(found, texts, strict=True) if text.strip()):
        return None
    named = {word for word in words if word in TRUE or word in FALSE}
    if not named or (named <= _TOO_SHORT and len(set(found) - {None}) < 2):
        return None
    return found


def is_truth(text: str) -> bool:
    """Whether a text is a truth value in words."""
    return text.casefold().strip() in TRUE | FALSE


def _truth(word: str) -> bool | None:
    if word in TRUE or word in FALSE:
        return word in TRUE
    if word.startswith(("0.", "1.")) and not word[2:].strip("0"):
        word = word[0]
    return _DIGITS.get(word)
