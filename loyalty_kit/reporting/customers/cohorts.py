"""Whether new customers come back: the table of cohorts as a picture, and all cohorts together."""

from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.language import interval, level, percent, term
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.cohorts import CohortsResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.canvas import canvas, heat, label
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

MOST_AGES = 12
MOST_COHORTS = 15


@describes(CohortsResult, "cohorts")
def describe_retention(result: CohortsResult) -> Passage:
    """Say how many customers of a cohort buy in the next period and, where the log reaches, in a later one."""
    rows = {row["age"]: row for row in records(result.pooled())}
    ages = [age for age in (1, 6) if age in rows and rows[age]["size"] >= FEWEST]
    if not ages:
        return Passage([Sentence(say("cohorts.none", least=FEWEST))])
    sentences = []
    for age in ages:
        row = rows[age]
        if row["active"] < FEWEST:
            sentences.append(say("cohorts.few", n=f"{row['size']:,}", age=age, least=FEWEST))
            continue
        low, high = 100 * row["ci_low"], 100 * row["ci_high"]
        written = interval(low, high, n=row["size"], confidence=result.confidence, digits=0)
        key = "cohorts.next" if age == 1 else "cohorts.later"
        sentences.append(say(key, share=percent(row["retention"]), age=age, interval=written))
    return Passage([*sentences, say("cohorts.first")])


@tabulates(CohortsResult, "cohorts")
def retention_table(result: CohortsResult) -> GT:
    """Lay out all cohorts together, by periods since the first purchase."""
    pooled = result.pooled()
    shown = pooled[(pooled["size"] >= FEWEST) & (pooled["active"] >= FEWEST) & (pooled["age"] > 0)].head(MOST_AGES)
    shown = shown.assign(interval=span(100 * shown["ci_low"], 100 * shown["ci_high"], 0))
    columns = {"age": "age", "size": "cohort_size", "active": "came_back", "retention": "share", "interval": "interval"}
    return lay_out(
        shown,
        name="cohorts",
        title=term("title.cohorts"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["size", "active"]},
        percent=["retention"],
        note=term("note.cohorts"),
        behind=Behind({"interval": ("ci_low", "ci_high")}, shares=["interval"]),
    )


@draws(CohortsResult, "cohorts")
def plot_retention(result: CohortsResult, *, ax: Axes | None = None) -> Axes | None:
    """Draw the share of each cohort that buys in each period after its first; None where few do in every one."""
    table = result.table
    seen = table[table["complete"] & (table["age"] > 0) & (table["active"] >= FEWEST)]
    if seen.empty:
        return None
    grid = 100 * seen.pivot(index="cohort", columns="age", values="retention")
    grid = grid.iloc[-MOST_COHORTS:, :MOST_AGES]
    with canvas(ax, rows=len(grid) + 2) as ax:
        heat(ax, grid, limits=(0, float(grid.max().max())), colours="Blues", digits=0)
        ax.set_xlabel(label("figure.cohorts_x"))
        ax.set_ylabel("")
        ax.set_title(label("figure.cohorts"), loc="left", fontweight="bold")
        ax.tick_params(axis="y", rotation=0)
        return ax
