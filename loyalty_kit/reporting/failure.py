"""The page of a report that failed: which cell, what went wrong, with which parameters."""

import json
from collections.abc import Mapping
from html import escape
from urllib.parse import quote

from loyalty_kit.reporting.document import document, table
from loyalty_kit.reporting.execution import RunError


def failure_page(error: RunError, *, facts: Mapping[str, str], last_good: str | None = None) -> str:
    """Page that tells what went wrong.

    Parameters
    ----------
    error : RunError
        Sentence, failing cell and traceback, without respondents.
    facts : mapping of str to str
        The report's facts: name, title, notebook, parameters (JSON) and outcome.
    last_good : str, optional
        File name of the last good report, beside this page.

    Returns
    -------
    str
        HTML; everything that comes from the notebook or its parameters stands there as text.

    Examples
    --------
    >>> error = RunError("Item 'A1' holds 11 in 1 row.", source="lk.read_responses(survey, codebook)")
    >>> page = failure_page(error, facts={"name": "trust", "title": "Trust", "notebook": "10", "parameters": "{}"})
    >>> "<pre" in page
    True
    """
    title = f"Failed: {facts['title']}"
    good = f'The <a href="{escape(quote(last_good))}">last good report</a> is unchanged.' if last_good else ""
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="sentence warning">{"<br>".join(map(escape, error.public.splitlines()))}</p>',
        f"<p>Notebook {escape(facts['notebook'])}. {good or 'There is no good report yet.'}</p>",
    ]
    if error.source:
        parts += ["<h2>Failing cell</h2>", _code(error.source)]
    if error.traceback and error.public == error.sentence:
        parts.append(f"<details><summary>Traceback</summary>{_code(error.traceback)}</details>")
    parts += ["<h2>Parameters</h2>", _parameters(json.loads(facts["parameters"]))]
    return document(title, "\n".join(parts), facts=facts)


def _code(text: str) -> str:
    return f'<pre tabindex="0">{escape(text)}</pre>'


def _parameters(values: Mapping[str, object]) -> str:
    if not values:
        return "<p>None was given; the notebook's defaults held.</p>"
    rows = [[escape(name), escape(str(value))] for name, value in values.items()]
    return table(["Parameter", "Value"], rows, caption="Parameters that were given")
