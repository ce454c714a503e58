"""What changed since the last run of a report: a sentence, and the figures behind it."""

import json
import math
from collections.abc import Sequence
from html import escape

from loyalty_kit.core.estimates import Change, Estimate, compare
from loyalty_kit.core.language import date, in_a_row, moment, number, term
from loyalty_kit.publishing.history.requests import PastRun
from loyalty_kit.publishing.pages.sparklines import sparkline

_MOST = 3
"""Figures that a sentence names; the table has them all."""

_WIDTHS = (10, 1, 0.05, 0.005)
"""Widths of intervals below which one decimal more is shown."""

_HEADLINES = (("still", "unclear"), ("unjudged", "unknown"), ("same", "same"))
"""What is said where nothing moved, by the verdicts found."""

_MOST_DIGITS = 6

_LONGEST = 60
"""Characters of a parameter's value that a sentence shows."""

_COLUMNS = ("figure", "last", "now", "difference", "verdict", "course")


def since_section(
    estimates: Sequence[Estimate], past: Sequence[PastRun], language: str, *, parameters: str = ""
) -> str:
    """Section that compares a run with the one before.

    Parameters
    ----------
    estimates : sequence of Estimate
        What the run recorded.
    past : sequence of PastRun
        Earlier good runs, oldest first.
    language : {'en', 'zh'}
        Language of the words.
    parameters : str
        What the run was given, as JSON; empty where that is not known.

    Returns
    -------
    str
        HTML, the same for the same arguments: what moved, is new and is gone, which parameters differ
        from those of the last run, then a folded table with a line a figure. Empty at the first run and
        where neither run recorded a figure.

    Notes
    -----
    Labels and parameters come from elsewhere and are escaped.
    """
    changes = compare(estimates, past[-1].estimates) if past else ()
    if not changes:
        return ""
    last, words = past[-1].started, _headline(changes, date(past[-1].started, language=language), language)
    words += _parameters_said(past[-1].parameters, parameters, language)
    first, *rest = (escape(sentence) for sentence in words)
    lead = f"<strong>{first}</strong>" if any(change.verdict == "moved" for change in changes) else first
    return (
        f"<p>{lead}{''.join(term('gap', language=language) + sentence for sentence in rest)}</p>\n"
        f"<details><summary>{_word('summary', language)}</summary>\n"
        f"{_table(changes, [*(run.estimates for run in past), tuple(estimates)], last, language)}\n"
        f"<p>{_word('method', language)}</p></details>"
    )


def course_line(figures: Sequence[Estimate | None], label: str, language: str) -> str:
    """Line of a figure over runs with its values in words; empty where there are fewer than two."""
    digits = _digits([figure for figure in figures if figure is not None])
    absent = term("since.absent", language=language)
    values = [absent if figure is None else number(figure.estimate, digits) for figure in figures]
    told = {"label": label, "count": len(figures), "values": term("comma", language=language).join(values)}
    return sparkline(figures, label=term("since.line", language=language, **told))


def figure_text(figure: Estimate) -> str:
    """Figure with as many decimals as suit its interval."""
    return number(figure.estimate, _digits([figure]))


def _word(key: str, language: str, **values: object) -> str:
    return escape(term(f"since.{key}", language=language, **values))


def _headline(changes: Sequence[Change], day: str, language: str) -> list[str]:
    """Say first what moved, then what cannot be judged, is new and is gone."""

    def of(verdict: str) -> list[Change]:
        return [change for change in changes if change.verdict == verdict]

    said = []
    if moved := sorted(of("moved"), key=_clearness, reverse=True):
        phrases = [_moved(change, language) for change in moved[:_MOST]]
        if len(moved) > _MOST:
            phrases.append(term("since.more", language=language, count=len(moved) - _MOST))
        told = term("since.join", language=language).join(phrases)
        said.append(term("since.moved", language=language, date=day, changes=told))
    else:
        kinds = {change.verdict for change in changes}
        key = next((key for key, kind in _HEADLINES if kind in kinds), "nothing")
        said.append(term(f"since.{key}", language=language, date=day))
    said += _sizes_said(changes, language)
    if unknown := [_changed(change, language) for change in of("unknown") if _visible(change)]:
        said.append(term("since.unknown", language=language, changes=_named(unknown, language)))
    for verdict in ("new", "gone"):
        if labels := [change.label for change in of(verdict)]:
            said.append(term(f"since.{verdict}", language=language, labels=_named(labels, language)))
    return said


def _sizes_said(changes: Sequence[Change], language: str) -> list[str]:
    """Say from how many answers figures came then and come now, where that differs."""
    pairs = [(change.last.n, change.now.n) for change in changes if change.last and change.now]
    counts = [(last, now) for last, now in pairs if last is not None and now is not None]
    if not counts:
        return []
    then, now = (f"{max(side):,}" for side in zip(*counts, strict=True))
    return [] if then == now else [term("since.sizes", language=language, then=then, now=now)]


def _parameters_said(then: str, now: str, language: str) -> list[str]:
    """Say which parameters differ: figures may then move although no customer has."""
    before, given = _parameters(then), _parameters(now)
    if before is None or given is None:
        return []
    phrases = []
    for name in dict.fromkeys([*given, *before]):
        if before.get(name) != given.get(name):
            told = {"then": _shown(before.get(name), language), "now": _shown(given.get(name), language)}
            phrases.append(term("since.parameter", language=language, name=name, **told))
    return [term("since.parameters", language=language, changes=_named(phrases, language))] if phrases else []


def _parameters(text: str) -> dict[str, str] | None:
    """Parameters of a run as JSON, but for its language, which changes no figure; None where they are not known."""
    try:
        given = json.loads(text)
    except ValueError:
        return None
    if not isinstance(given, dict):
        return None
    return {name: json.dumps(value, ensure_ascii=False) for name, value in given.items() if name != "language"}


def _shown(value: str | None, language: str) -> str:
    """Value of a parameter as its sentence shows it."""
    if value is None:
        return term("since.default", language=language)
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


def _named(labels: Sequence[str], language: str) -> str:
    """Labels in a row, the first few of many."""
    rest = len(labels) - _MOST
    shown = list(labels) if rest <= 1 else [*labels[:_MOST], term("since.others", language=language, count=rest)]
    return in_a_row(shown, language=language)


def _clearness(change: Change) -> float:
    """Size of a move in half-widths of its interval."""
    difference, low, high = change.difference or 0.0, change.ci_low or 0.0, change.ci_high or 0.0
    return abs(difference) / (high - low) if high > low else math.inf


def _moved(change: Change, language: str) -> str:
    if change.now is None or change.last is None or change.ci_low is None or change.ci_high is None:
        return change.label
    digits, fell = _decimals(change), (change.difference or 0.0) < 0
    ends = sorted((abs(change.ci_low), abs(change.ci_high)))
    figures = (change.last.estimate, change.now.estimate, abs(change.difference or 0.0), *ends)
    names = ("last", "now", "difference", "low", "high")
    told = dict(zip(names, (number(figure, digits) for figure in figures), strict=True))
    return term("since.fell" if fell else "since.rose", language=language, label=change.label, **told)


def _visible(change: Change) -> bool:
    """Whether a difference is more than zero at the decimals that it is shown with."""
    return round(change.difference or 0.0, _decimals(change)) != 0


def _changed(change: Change, language: str) -> str:
    difference = _signed(change.difference or 0.0, _decimals(change))
    return term("since.changed", language=language, label=change.label, difference=difference)


def _table(changes: Sequence[Change], runs: Sequence[Sequence[Estimate]], last: str, language: str) -> str:
    """Table of all figures, each with its line over the runs."""
    head = "".join(f'<th scope="col">{_word(column, language)}</th>' for column in _COLUMNS)
    by_name = [{figure.name: figure for figure in run if math.isfinite(figure.estimate)} for run in runs]
    rows = []
    for change in changes:
        digits = _decimals(change)
        cells = [
            _value(change.last, digits, language),
            _value(change.now, digits, language),
            _difference(change, digits, language),
            _verdict(change, language),
            course_line([run.get(change.name) for run in by_name], change.label, language),
        ]
        rows.append(
            f'<tr><th scope="row">{escape(change.label)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        )
    caption = _word("caption", language, moment=moment(last, language=language))
    top = f"<caption><span>{caption}</span></caption>\n<thead><tr>{head}</tr></thead>"
    return "\n".join(["<table>", top, "<tbody>", *rows, "</tbody>", "</table>"])


def _value(figure: Estimate | None, digits: int, language: str) -> str:
    """Figure with its interval and n below it."""
    if figure is None:
        return "–"
    below = []
    if figure.interval:
        low, high = (number(end, digits) for end in figure.interval)
        below.append(term("span", language=language, low=low, high=high))
    if figure.n is not None:
        below.append(term("since.n", language=language, n=figure.n))
    small = term("since.join", language=language).join(below)
    return number(figure.estimate, digits) + (f"<br><small>{escape(small)}</small>" if small else "")


def _difference(change: Change, digits: int, language: str) -> str:
    if change.difference is None:
        return "–"
    told = _signed(change.difference, digits)
    if change.ci_low is None or change.ci_high is None:
        return told
    ends = {"low": _signed(change.ci_low, digits), "high": _signed(change.ci_high, digits)}
    return f"{told}<br><small>{escape(term('span', language=language, **ends))}</small>"


def _verdict(change: Change, language: str) -> str:
    if change.verdict == "moved":
        return _word("verdict_fell" if (change.difference or 0.0) < 0 else "verdict_rose", language)
    return _word(f"verdict_{change.verdict}", language)


def _signed(value: float, digits: int) -> str:
    text = number(value, digits)
    return text if text.startswith("−") or float(text) == 0 else f"+{text}"


def _decimals(change: Change) -> int:
    """Decimals that suit the figures of a change; as many more as a move needs not to seem to reach zero."""
    digits = _digits([figure for figure in (change.now, change.last) if figure])
    if change.verdict == "moved" and change.ci_low is not None and change.ci_high is not None:
        near = min(abs(change.ci_low), abs(change.ci_high))
        while round(near, digits) == 0 and digits < _MOST_DIGITS:
            digits += 1
    return digits


def _digits(figures: Sequence[Estimate]) -> int:
    """Decimals that suit the narrowest interval; without any, those that show the largest figure with three digits."""
    widths = [high - low for figure in figures if figure.interval for low, high in [figure.interval] if high > low]
    if widths:
        return sum(min(widths) < limit for limit in _WIDTHS)
    largest = max((abs(figure.estimate) for figure in figures), default=0.0)
    return min(max(2 - math.floor(math.log10(largest)), 0), len(_WIDTHS)) if largest else 0
