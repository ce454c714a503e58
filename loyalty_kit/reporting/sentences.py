"""What a notebook shows as a paragraph: computed sentences, each with its tone."""

from html import escape
from typing import TYPE_CHECKING, Any, Literal

from loyalty_kit.core.language import term
from loyalty_kit.core.tables import METHOD

if TYPE_CHECKING:
    import pandas as pd

Tone = Literal["plain", "answer", "warning", "left_out"]


class Sentence(str):
    """A computed sentence; a notebook shows it as a paragraph, its text escaped."""

    tone: Tone

    def __new__(cls, text: str, tone: Tone = "plain") -> "Sentence":
        """Give text a tone: 'answer' for a headline, 'warning' for what must be seen, 'left_out' for why not."""
        sentence = super().__new__(cls, text)
        sentence.tone = tone
        return sentence

    def _repr_html_(self) -> str:
        if self.tone == "left_out":
            # The page names the section that this stands in; elsewhere the fold says so much.
            summary = f"<summary>{escape(term('left_out_here'))}</summary>"
            return f'<details class="left-out">{summary}<p class="sentence">{escape(self)}</p></details>'
        kind = {"plain": "sentence", "answer": "answer", "warning": "sentence warning"}[self.tone]
        label = f"<strong>{term('warning_label')}</strong>{term('gap')}" if self.tone == "warning" else ""
        return f'<p class="{kind}">{label}{escape(self)}</p>'


class Passage(tuple[Sentence, ...]):
    """Computed sentences that stand together, a paragraph each, and how they were computed where no table says so."""

    method: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Join the sentences into one text, without a space after a Chinese full stop."""
        return " ".join(self).replace("。 ", "。")

    def _repr_html_(self) -> str:
        return "".join(sentence._repr_html_() for sentence in self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        """Only how it was computed: what is seen comes from `_repr_html_`."""
        told = any(sentence.tone != "left_out" for sentence in self)
        return {METHOD: list(self.method)} if self.method and told else {}


def say(key: str, /, *, language: Any = None, **values: object) -> Sentence:
    """Sentence of the catalogue with its values filled in; parameters as in `term`.

    Examples
    --------
    >>> say("sample.all", n=250, language="en")
    'All 250 respondents in the file are used.'
    """
    return Sentence(term(key, language=language, **values))


def records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows of a table as mappings from column to value."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
