"""What enrolment did: the answer in three states, the course around enrolment, and whether it may be believed."""

import numpy as np
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.estimates import Tile, Tone
from loyalty_kit.core.language import interval, level, number, percent, term, translate
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.programme.enrolment_result import EnrolmentEffectResult, PlaceboResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, INK, MUTED, canvas, label
from loyalty_kit.reporting.layout import headings, lay_out, p_is, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.tiles import between, makes_tiles
from loyalty_kit.reporting.verbs import describes, draws, tabulates

TONES: dict[str, Tone] = {"gain": "good", "loss": "bad", "none": "plain", "cannot_tell": "open"}
DIGITS = 2


@describes(EnrolmentEffectResult, "answer")
def describe_answer(result: EnrolmentEffectResult) -> Passage:
    """Say whether enrolling changes what members do, or why that cannot be told."""
    simulated = [Sentence(say("campaign.simulated"), "warning")] if result.simulated else []
    key = result.reason if result.verdict == "cannot_tell" else result.verdict
    p = float(np.nanmin([result.before_p_value, result.placebo_p_value, 1.0]))
    told = say(
        f"enrolment.{key}",
        outcome=result.outcome,
        effect=number(result.estimate, DIGITS),
        size=number(abs(result.estimate), DIGITS),
        interval=_interval(result.ci_low, result.ci_high, result),
        widest=number(float(np.nanmax(np.abs([result.placebo_low, result.placebo_high, 0.0]))), DIGITS),
        p=p_is(p),
    )
    return Passage([*simulated, Sentence(told, "answer"), *_naive(result)])


def _interval(low: float, high: float, result: EnrolmentEffectResult) -> str:
    return interval(low, high, n=result.n_members, confidence=result.confidence, digits=DIGITS)


def _naive(result: EnrolmentEffectResult) -> list[Sentence]:
    """Say what the plain difference is, and how much of it was there before anybody enrolled."""
    if np.isnan(result.naive):
        return []
    figures = {"after": number(result.naive, DIGITS), "before": number(result.naive_before, DIGITS)}
    return [say("enrolment.naive", outcome=result.outcome, **figures)]


@describes(EnrolmentEffectResult, "reasons")
def describe_reasons(result: EnrolmentEffectResult) -> Passage:
    """Say what was assumed and who was left out."""
    figures = {"n": f"{result.n_used:,}", "members": f"{result.n_members:,}", "dropped": f"{result.n_dropped:,}"}
    return Passage([say("enrolment.used", **figures), *(Sentence(translate(text)) for text in result.warnings)])


@describes(EnrolmentEffectResult, "before")
def describe_before(result: EnrolmentEffectResult) -> Passage:
    """Say whether members were on another course before they enrolled."""
    if np.isnan(result.before_p_value):
        return Passage([say("enrolment.no_before")])
    key = "enrolment.apart" if result.before_p_value < 0.05 else "enrolment.together"
    figures = {"chi2": number(result.chi2, 1), "df": result.df}
    return Passage([say(key, p=p_is(result.before_p_value), **figures)])


@describes(EnrolmentEffectResult, "cohorts")
def describe_cohorts(result: EnrolmentEffectResult) -> Passage:
    """Say between which cohorts the effect lies."""
    table = records(result.cohorts[result.cohorts["n_members"] >= FEWEST].sort_values("effect"))
    if len(table) < 2:
        return Passage([])
    low, high = table[0], table[-1]
    ends = {"low": number(low["effect"], DIGITS), "high": number(high["effect"], DIGITS)}
    return Passage([say("enrolment.cohorts", first=low["cohort"], last=high["cohort"], n=len(table), **ends)])


@tabulates(EnrolmentEffectResult, "events")
def event_table(result: EnrolmentEffectResult) -> GT:
    """Lay out the effect by periods since enrolment, with both kinds of interval."""
    shown = result.events[result.events["n_members"] >= FEWEST]
    shown = shown.assign(
        interval=span(shown["ci_low"], shown["ci_high"], DIGITS),
        band=span(shown["band_low"], shown["band_high"], DIGITS),
    )
    columns = {"event": "since_enrolment", "effect": "effect", "interval": "interval", "band": "band"}
    return lay_out(
        shown,
        name="events",
        title=term("title.events", outcome=result.outcome),
        labels=headings(columns | {"n_members": "members"}, level=level(result.confidence)),
        decimals={2: ["effect"], 0: ["n_members"]},
        note=term("note.events"),
        behind=Behind({"interval": ("ci_low", "ci_high"), "band": ("band_low", "band_high")}),
    )


@tabulates(EnrolmentEffectResult, "cohorts")
def cohort_table(result: EnrolmentEffectResult) -> GT:
    """Lay out the mean effect on each cohort."""
    shown = result.cohorts[result.cohorts["n_members"] >= FEWEST]
    shown = shown.assign(interval=span(shown["ci_low"], shown["ci_high"], DIGITS))
    columns = {"cohort": "enrolled_in", "effect": "effect", "interval": "interval", "n_members": "members"}
    return lay_out(
        shown,
        name="cohort-effects",
        title=term("title.cohort_effects", outcome=result.outcome),
        labels=headings(columns, level=level(result.confidence)),
        decimals={2: ["effect"], 0: ["n_members"]},
        note=term("note.cohort_effects"),
        behind=Behind({"interval": ("ci_low", "ci_high")}),
    )


@draws(EnrolmentEffectResult, "events")
def plot_events(result: EnrolmentEffectResult, *, ax: Axes | None = None) -> Axes:
    """Draw the effect by periods since enrolment, with the band that holds all of them together."""
    table = result.events
    with canvas(ax, rows=7) as ax:
        ax.axhline(0, color=INK, linewidth=1)
        ax.axvline(-0.5, color=MUTED, linestyle="--", linewidth=1)
        band = {"alpha": 0.18, "color": BLUE, "linewidth": 0, "label": label("figure.band")}
        ax.fill_between(table["event"], table["band_low"], table["band_high"], **band)
        reach = [table["effect"] - table["ci_low"], table["ci_high"] - table["effect"]]
        ax.errorbar(
            table["event"],
            table["effect"],
            yerr=reach,
            fmt="o",
            color=BLUE,
            elinewidth=2,
            capsize=3,
            label=label("figure.each", level=level(result.confidence)),
        )
        ax.set_xlabel(label("figure.events_x"))
        ax.set_ylabel(label("figure.events_y", outcome=result.outcome))
        ax.set_title(label("figure.events"), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="upper left")
        return ax


@describes(PlaceboResult, "placebo")
def describe_placebo(result: PlaceboResult) -> Passage:
    """Say how often the method would have cried wolf on these members."""
    key = "placebo.apart" if result.ci_low > 0 or result.ci_high < 0 else "placebo.together"
    ends = {"low": number(result.ci_low, DIGITS), "high": number(result.ci_high, DIGITS)}
    figures = {"mean": number(result.estimate, DIGITS), "level": level(result.confidence), "sets": f"{result.n_sets:,}"}
    due = percent(1 - result.confidence)
    return Passage(
        [say("placebo.share", share=percent(result.share), due=due, sets=figures["sets"]), say(key, **figures, **ends)]
    )


@makes_tiles(EnrolmentEffectResult)
def enrolment_tiles(result: EnrolmentEffectResult) -> list[Tile]:
    """Sum up the effect, or that it cannot be told, and the plain difference beside it."""
    found = Tile(
        term("tile.enrolment", outcome=result.outcome),
        number(result.estimate, DIGITS),
        between(result.ci_low, result.ci_high, result.confidence, digits=DIGITS),
        term(f"tile.enrolment_{result.verdict}"),
        TONES[result.verdict],
        name="enrolment_effect",
    )
    if np.isnan(result.naive):
        return [found]
    detail = term("tile.naive_before", before=number(result.naive_before, DIGITS))
    return [found, Tile(term("tile.naive"), number(result.naive, DIGITS), detail, term("tile.naive_wrong"))]
