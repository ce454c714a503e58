"""Who takes part, and the effect on members beside others made like them."""

from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.estimates import Tile, Tone
from loyalty_kit.core.language import interval, level, number, percent, term, translate
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.programme.balance import MemberEffectResult
from loyalty_kit.programme.participation import ParticipationResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import BLUE, GREEN, ORANGE, canvas, label, name_rows
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.tiles import between, makes_tiles
from loyalty_kit.reporting.verbs import describes, draws, tabulates

COLOURS = {"enrolled": BLUE, "active": GREEN, "redeeming": ORANGE}
TONES: dict[str, Tone] = {"gain": "good", "loss": "bad", "none": "plain", "cannot_tell": "open"}
DIGITS = 2


@describes(ParticipationResult, "participation")
def describe_participation(result: ParticipationResult) -> Passage:
    """Say what share of customers are members, and of members who are active and redeem."""
    told = []
    for row in records(result.latest()):
        if row["n"] < FEWEST:
            told.append(say("participation.few", least=FEWEST))
            break
        written = interval(
            100 * row["ci_low"], 100 * row["ci_high"], n=row["n"], confidence=result.confidence, digits=0
        )
        told.append(say(f"participation.{row['measure']}", share=percent(row["share"]), interval=written))
    return Passage([*told, *(Sentence(translate(text)) for text in result.warnings)])


@tabulates(ParticipationResult, "groups")
def participation_table(result: ParticipationResult) -> GT | None:
    """Lay out the shares of each group in the last period."""
    last = result.periods[-1] if result.periods else ""
    table = result.shares
    shown = table[(table["by"] != "") & (table["period"] == last) & (table["n"] >= FEWEST)]
    if shown.empty:
        return None
    shown = shown.assign(
        name=[term("participation.group", by=row["by"], group=row["group"]) for row in records(shown)],
        said=[term(f"measure.{name}") for name in shown["measure"]],
        interval=span(100 * shown["ci_low"], 100 * shown["ci_high"], 0),
    )
    columns = {"name": "group", "said": "measure", "share": "share", "interval": "interval", "n": "n"}
    return lay_out(
        shown,
        name="participation",
        title=term("title.participation"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["n"]},
        percent=["share"],
        note=term("note.participation"),
        behind=Behind({"interval": ("ci_low", "ci_high")}, shares=["interval"]),
    )


@draws(ParticipationResult, "course")
def plot_participation(result: ParticipationResult, *, ax: Axes | None = None) -> Axes | None:
    """Draw the shares from period to period; None where there are no periods."""
    if len(result.periods) < 2:
        return None
    table = result.shares[(result.shares["by"] == "") & (result.shares["n"] >= FEWEST)]
    with canvas(ax, rows=6) as ax:
        for name, part in table.groupby("measure", sort=False):
            at = [result.periods.index(period) for period in part["period"]]
            colour = COLOURS[str(name)]
            ax.plot(at, 100 * part["share"], "o-", color=colour, label=label(f"measure.{name}"))
            ax.fill_between(at, 100 * part["ci_low"], 100 * part["ci_high"], color=colour, alpha=0.18, linewidth=0)
        every = max(1, -(-len(result.periods) // 6))
        ax.set_xticks(range(0, len(result.periods), every), result.periods[::every])
        ax.set_ylim(0, 102)
        ax.set_ylabel(label("figure.share_y"))
        ax.set_title(label("figure.participation"), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="best")
        return ax


@makes_tiles(ParticipationResult)
def participation_tiles(result: ParticipationResult) -> list[Tile]:
    """Sum up the share of customers who are members."""
    row = records(result.latest())[0]
    detail = between(100 * row["ci_low"], 100 * row["ci_high"], result.confidence)
    return [Tile(term("tile.enrolled"), percent(row["share"]), detail, name="share_enrolled")]


@describes(MemberEffectResult, "effect")
def describe_effect(result: MemberEffectResult) -> Passage:
    """Say what membership brought those who joined, beside the plain difference, and what could explain it away."""
    written = interval(result.ci_low, result.ci_high, n=result.n_members, confidence=result.confidence, digits=DIGITS)
    figures = {"outcome": result.outcome, "effect": number(result.estimate, DIGITS), "interval": written}
    key = result.reason if result.verdict == "cannot_tell" else result.verdict
    others = f"{result.effective_others:,.0f}"
    told = [
        say("member.naive", outcome=result.outcome, naive=number(result.naive, DIGITS)),
        say(
            f"member.{key}",
            size=number(abs(result.estimate), DIGITS),
            others=others,
            of=f"{result.n_others:,}",
            **figures,
        ),
    ]
    if result.verdict in ("gain", "loss"):
        told.append(say("member.unseen", ratio=number(result.e_value, 1), end=number(result.e_value_end, 1)))
    return Passage([*told, *(Sentence(translate(text)) for text in result.warnings)])


@tabulates(MemberEffectResult, "balance")
def balance_table(result: MemberEffectResult) -> GT:
    """Lay out what members and others were like, before and after the others were weighted."""
    columns = {
        "covariate": "covariate",
        "members": "mean_members",
        "others_before": "mean_others",
        "others_after": "mean_weighted",
        "before": "apart_before",
        "after": "apart_after",
    }
    return lay_out(
        result.comparability,
        name="balance",
        title=term("title.balance"),
        labels=headings(columns),
        decimals={2: [name for name in columns if name != "covariate"]},
        note=term("note.balance"),
    )


@draws(MemberEffectResult, "balance")
def plot_balance(result: MemberEffectResult, *, ax: Axes | None = None) -> Axes:
    """Draw how far members and others lie apart, before and after the others were weighted."""
    table = result.comparability.iloc[::-1]
    rows = range(len(table))
    with canvas(ax, rows=len(table) + 2) as ax:
        ax.axvline(0, color="black", linewidth=1)
        ax.plot(table["before"], rows, "D", color=ORANGE, label=label("figure.apart_before"))
        if table["after"].notna().any():
            ax.plot(table["after"], rows, "o", color=BLUE, label=label("figure.apart_after"))
        name_rows(ax, table["covariate"].tolist())
        ax.set_xlabel(label("figure.member_balance_x"))
        ax.set_title(label("figure.member_balance"), loc="left", fontweight="bold")
        ax.legend(frameon=False, loc="best")
        return ax


@makes_tiles(MemberEffectResult)
def member_tiles(result: MemberEffectResult) -> list[Tile]:
    """Sum up the effect on those who joined."""
    return [
        Tile(
            term("tile.member", outcome=result.outcome),
            number(result.estimate, DIGITS),
            between(result.ci_low, result.ci_high, result.confidence, digits=DIGITS),
            term(f"tile.enrolment_{result.verdict}"),
            TONES[result.verdict],
            name="effect_on_members",
        )
    ]
