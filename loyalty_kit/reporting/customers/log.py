"""Whether a log of orders can be read, and how its revenue is spread."""

from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import interval, number, percent, term, translate
from loyalty_kit.customers.concentration import ConcentrationResult
from loyalty_kit.customers.transactions.checks import LogCheckResult
from loyalty_kit.reporting.canvas import BLUE, MUTED, ORANGE, canvas, label
from loyalty_kit.reporting.layout import headings, lay_out
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

HIDDEN = ("future", "early", "time", "amount", "repeated", "orders", "unpaid", "alike")
"""Checks that a table leaves out where they found nothing."""


@describes(LogCheckResult, "checks")
def describe_checks(checked: LogCheckResult) -> Passage:
    """Say how many rows and customers the log holds, and what a reader must know of it."""
    first = say(
        "log.all",
        rows=f"{checked.rows:,}",
        customers=f"{checked.n_used:,}",
        first=checked.first.isoformat(),
        last=checked.last.isoformat(),
    )
    table = records(checked.table)
    failed = [Sentence(translate(row["message"]), "warning") for row in table if row["outcome"] == "fail"]
    warned = [Sentence(translate(row["message"])) for row in table if row["outcome"] == "warn"]
    return Passage([*failed, first, *warned])


@tabulates(LogCheckResult, "checks")
def checks_table(checked: LogCheckResult) -> GT:
    """Lay out every check that found something, and those that always say something."""
    table = checked.table
    table = table[(table["outcome"] != "pass") | ~table["check"].isin(HIDDEN)]
    shown = table.assign(
        check=[term(f"log.check_{name}") for name in table["check"]],
        outcome=[term(f"verdict.log_{outcome}") for outcome in table["outcome"]],
        message=table["message"].map(translate),
    )
    labels = headings({"check": "check", "outcome": "outcome", "message": "message"})
    return lay_out(shown, name="log", title=term("title.log"), labels=labels)


@describes(ConcentrationResult, "concentration")
def describe_concentration(result: ConcentrationResult) -> Passage:
    """Say what share of the revenue the top customers bring."""
    return Passage([top_of(result)])


def top_of(result: ConcentrationResult) -> Sentence:
    """Say what share the top brings, with its interval."""
    row = records(result.table)[0]
    low, high = (100 * row[end] for end in ("ci_low", "ci_high"))
    written = interval(low, high, n=result.n_used, confidence=result.confidence, digits=0)
    return say("revenue.top", top=percent(result.top), share=percent(row["estimate"]), interval=written)


@draws(ConcentrationResult, "concentration")
def plot_concentration(result: ConcentrationResult, *, ax: Axes | None = None) -> Axes:
    """Draw the Lorenz curve: the share of revenue that the smaller customers bring."""
    curve = 100 * result.curve
    with canvas(ax, rows=7) as ax:
        ax.plot([0, 100], [0, 100], color=MUTED, linewidth=1, linestyle="--")
        ax.plot(curve["customers"], curve["revenue"], color=BLUE, linewidth=2)
        border = 100 * (1 - result.top)
        share = records(result.table)[0]["estimate"]
        ax.plot([border, border], [100 * (1 - share), 100], color=ORANGE, linewidth=3)
        ax.annotate(
            label("figure.lorenz_top", top=number(100 * result.top, 0), share=number(100 * share, 0)),
            (border, 100 - 50 * share),
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
        )
        ax.set(xlim=(0, 100), ylim=(0, 100))
        ax.set_xlabel(label("figure.lorenz_x"))
        ax.set_ylabel(label("figure.lorenz_y"))
        ax.set_title(label("figure.lorenz"), loc="left", fontweight="bold")
        return ax
