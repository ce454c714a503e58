"""What a failed report leaves: a page that tells why, and a banner over the last good report."""

import json
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from html import escape
from urllib.parse import quote

from loyalty_kit.core.language import given, moment, term, translate
from loyalty_kit.core.messages import Message
from loyalty_kit.publishing.history.requests import Failure
from loyalty_kit.publishing.pages.document import document, table

BANNER, BANNER_TAG = "<!--loyalty-kit:banner-->", '<aside class="banner">'

_PRESENT = re.compile(rf"{re.escape(BANNER)}(?:{BANNER_TAG}.*?</aside>)?", re.DOTALL)


def failure_page(
    failure: Failure, *, facts: Mapping[str, str], last_good: str | None = None, language: str = "en"
) -> str:
    """Page that tells what went wrong.

    Parameters
    ----------
    failure : Failure
        Sentence, failing cell and traceback.
    facts : mapping of str to str
        The report's facts: name, title, notebook, parameters (JSON) and outcome.
    last_good : str, optional
        File name of the last good report, beside this page.
    language : str
        Language of its words.

    Returns
    -------
    str
        HTML; everything that comes from the notebook or its parameters stands there as text.

    Examples
    --------
    >>> failure = Failure("Item 'A1' holds 11 in 1 row.", source="lk.read_responses(survey, codebook)")
    >>> page = failure_page(failure, facts={"name": "trust", "title": "Trust", "notebook": "10", "parameters": "{}"})
    >>> "<pre" in page
    True
    """

    def word(key: str, **values: object) -> str:
        return escape(term(f"failure.{key}", language=language, **values))

    title = term("failure.title", language=language, title=facts["title"])
    link = f'<a href="{escape(quote(last_good))}">{word("last_good")}</a>' if last_good else word("no_good")
    said = failure.public or failure.sentence
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="sentence warning">{reason(said, language=language)}</p>',
        f"<p>{word('notebook', notebook=facts['notebook'])}{term('gap', language=language)}{link}</p>",
    ]
    if failure.source:
        parts += [f"<h2>{word('cell')}</h2>", _code(failure.source)]
    if failure.traceback and said == failure.sentence:
        parts.append(f"<details><summary>{word('traceback')}</summary>{_code(failure.traceback)}</details>")
    parts += [f"<h2>{word('parameters')}</h2>", _parameters(json.loads(facts["parameters"]), language)]
    return document(title, "\n".join(parts), facts=facts, language=language)


def reason(said: str, *, language: str, most: int = sys.maxsize) -> str:
    r"""HTML of what went wrong, told in the language of a page.

    Parameters
    ----------
    said : str
        A message, or text that is not the kit's own.
    language : str
        Language of the page; what the catalogue does not know stays English, and says so.
    most : int
        Characters to show.

    Examples
    --------
    >>> from loyalty_kit.core.messages import message, together
    >>> empty = message("The survey '{file}' holds no respondents.", file="a.csv")
    >>> reason(together([empty, "It broke."]), language="zh")
    '调查数据“a.csv”中没有受访者。<br><span lang="en">It broke.</span>'
    """
    lines = []
    for line in said.lines if isinstance(said, Message) else said.splitlines():
        told = translate(line, language=language)
        shown = escape(told if len(told) <= most else f"{told[:most]}…")
        # Who reads the page aloud must know which voice to use.
        lines.append(f'<span lang="en">{shown}</span>' if told == line and language != "en" else shown)
        if len(told) > most:
            break
        most -= len(told)
    return "<br>".join(lines)


def with_banner(page: str, *, failed: str, good: datetime, run: datetime, language: str = "en") -> str:
    """Page of a good report with a banner that a later run failed, in place of an older banner.

    Parameters
    ----------
    page : str
        The report.
    failed : str
        File name of the failure page beside it.
    good, run : datetime
        When the good report was made, and the run that failed.
    language : str
        Language of the banner.

    Examples
    --------
    >>> day = datetime(2026, 11, 20, 6, 30), datetime(2026, 11, 22, 6, 30)
    >>> shown = with_banner(f"<main>{BANNER}</main>", failed="a.failed.html", good=day[0], run=day[1])
    >>> with_banner(shown, failed="a.failed.html", good=day[0], run=day[1]) == shown
    True
    """
    times = {"good": moment(good, language=language), "run": moment(run, language=language)}
    said = escape(term("failure.banner", language=language, **times))
    link = f'<a href="{escape(quote(failed))}">{escape(term("failure.why", language=language))}</a>'
    banner = f"{BANNER}{BANNER_TAG}<p>{said}{term('gap', language=language)}{link}</p></aside>"
    return _PRESENT.sub(lambda _: banner, page, count=1)


def _code(text: str) -> str:
    return f'<pre tabindex="0">{escape(text)}</pre>'


def _parameters(values: Mapping[str, object], language: str) -> str:
    if not values:
        return f"<p>{escape(term('failure.defaults', language=language))}</p>"
    rows = [[escape(name), escape(given(value))] for name, value in values.items()]
    headings = [term("failure.parameter", language=language), term("failure.value", language=language)]
    return table(headings, rows, caption=term("failure.given", language=language))
