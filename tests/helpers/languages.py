"""What tests of reports in two languages share: the text that is seen, its English words and its figures."""

import re
from html import unescape
from typing import Any

import matplotlib.pyplot as plt
from great_tables import GT
from matplotlib.axes import Axes
from matplotlib.text import Text

from loyalty_kit.reporting.sentences import Passage

NAMES = {"Bonferroni", "Breusch", "Fisher", "Holm", "Lin", "Pagan", "Wald", "Welch"}
TERMS = {"HC", "LMG", "RESET", "VIF", "logit", "max"}


def seen(shown: Any) -> str:
    """Text of a passage, a table or a figure, as its reader sees it."""
    if isinstance(shown, GT):
        html = re.sub("<style>.*?</style>", "", shown.as_raw_html(), flags=re.DOTALL)
        return unescape(re.sub("<[^>]*>", " ", html))
    if not isinstance(shown, Axes):
        return "\n".join(map(str, shown)) if isinstance(shown, Passage) else str(shown)
    texts = [text.get_text() for text in shown.get_figure().findobj(Text)]
    plt.close(shown.get_figure())
    return "\n".join(texts)


def english(text: str, *, known: str = "") -> set[str]:
    """Latin words of two letters or more that are no name from the data, no scholar and no term of the field."""
    return set(re.findall("[A-Za-z]{2,}", text)) - set(re.findall("[A-Za-z]+", known)) - NAMES - TERMS


def figures(sentence: str) -> list[str]:
    """Numbers of a sentence, in order of size as text, alike for both languages."""
    plain = sentence.replace("Five", "5").replace("zero", "0")
    return sorted(re.findall(r"−?\d+(?:,\d{3})*(?:\.\d+)?", re.sub(r"(?<!\d)\.(?=\d)", "0.", plain)))
