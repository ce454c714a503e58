"""Who answered, how carefully, and which rows a report is about."""

from collections.abc import Iterable

import pandas as pd
from great_tables import GT

from loyalty_kit.core.language import in_a_row, term, translate
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.sentences import Passage, Sentence, say
from loyalty_kit.reporting.verbs import describes, tabulates
from loyalty_kit.survey.constant_items import KeptItems
from loyalty_kit.survey.groups import GroupCounts
from loyalty_kit.survey.screening import ScreeningResult

SMALL_SAMPLE = 100
LEVELS = {"(none)": "no_level", "(other)": "other_level", "(chosen)": "chosen", "(not chosen)": "not_chosen"}
"""Levels that `group_counts` adds, with their key in the catalogue."""


def warned(texts: Iterable[str]) -> list[Sentence]:
    """Warnings of a result, loud."""
    return [Sentence(translate(text), "warning") for text in texts]


def small_sample(n: int) -> list[Sentence]:
    """Warning where a survey is small."""
    return [Sentence(say("sample.small", n=n), "warning")] if n < SMALL_SAMPLE else []


@describes(ScreeningResult, "screening")
def describe_screening(screening: ScreeningResult) -> Passage:
    """Who shows signs of careless answering, and what was done about it."""
    flagged, dropped = int(screening.flags.any(axis=1).sum()), int(screening.dropped.sum())
    case = "clean" if not flagged else "one_rule" if not dropped else "dropped" if screening.leave_out else "kept"
    first = say(f"screening.{case}", flagged=flagged, dropped=dropped, n=screening.n_used)
    return Passage([first, *warned(screening.warnings)])


@describes(ScreeningResult, "sample")
def describe_sample(screening: ScreeningResult) -> Passage:
    """Say which survey it is, how many respondents its file holds and how many are used, and how they are weighted."""
    total, n, title = screening.n_used, screening.n_kept, screening.codebook.title
    sentences = [say("sample.title", title=title)] if title else []
    sentences.append(_used(n, total, screening.file_rows.rows if screening.file_rows else total))
    if screening.codebook.weight:
        zero = screening.weightless
        case = "weightless" if zero else "weighted"
        sentences.append(say(f"sample.{case}", weight=screening.codebook.weight, zero=zero))
    return Passage([*sentences, *small_sample(n)])


def _used(n: int, screened: int, held: int) -> Sentence:
    """Say how many respondents of a file are used, and what became of the others."""
    dropped, others = screened - n, held - screened
    if others:
        return say(f"sample.selected{'_some' if dropped else ''}", n=n, total=held, others=others, dropped=dropped)
    return say("sample.some", n=n, total=screened, dropped=dropped) if dropped else say("sample.all", n=n)


@describes(KeptItems, "left out")
def describe_left_out(kept: KeptItems) -> Passage:
    """Say what of the codebook could not be used; nothing where all of it was."""
    return Passage(warned(kept.warnings))


@describes(GroupCounts, "groups")
def describe_groups(counts: GroupCounts) -> Passage:
    """Say what the table of groups shows and hides."""
    if counts.table.empty:
        return Passage([say("groups.none")])
    first = say("groups.all", groups=in_a_row(counts.table["group"].unique()))
    hidden = [say("groups.hidden", min_cell=counts.min_cell)] if counts.table["n"].isna().any() else []
    return Passage([first, *hidden])


@tabulates(GroupCounts, "groups")
def groups_table(counts: GroupCounts) -> GT | None:
    """Respondents by group; suppressed counts are said to be, and without a group there is no table."""
    table = counts.table
    if table.empty:
        return None
    hidden = term("verdict.suppressed", min_cell=counts.min_cell)
    shown = table.assign(
        n=[hidden if pd.isna(n) else f"{n:,.0f}" for n in table["n"]],
        level=[term(f"verdict.{LEVELS[name]}") if name in LEVELS else name for name in table["level"]],
        count=table["n"],
    )
    labels = headings({"level": "level", "n": "respondents", "share": "share"})
    behind = Behind({"n": "count"}, group=term("column.group"))
    return lay_out(
        shown,
        name="groups",
        title=term("title.groups"),
        labels=labels,
        percent=["share"],
        group="group",
        behind=behind,
    )


@tabulates(ScreeningResult, "screening")
def screening_table(screening: ScreeningResult) -> GT:
    """Respondents at each screening rule."""
    table = screening.to_frame()
    shown = table.assign(meaning=table["meaning"].map(translate))
    labels = headings({"meaning": "sign", "flagged": "respondents", "dropped": "two_signs"})
    return lay_out(shown, name="screening", title=term("title.screening"), labels=labels)
