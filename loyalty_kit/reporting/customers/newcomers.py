"""What a new customer may cost, in all and by channel."""

from great_tables import GT

from loyalty_kit.core.language import in_a_row, level, term, translate
from loyalty_kit.customers.value.newcomers.allowable import AllowableCostResult
from loyalty_kit.customers.value.newcomers.by_channel import AcquisitionResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.money import money
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, tabulates


@describes(AllowableCostResult, "cost")
def describe_cost(result: AllowableCostResult, *, currency: str = "") -> Passage:
    """Say what a new customer brings within the horizon, and what one may cost so that the lower end still pays."""
    row = records(result.table)[0]
    figures = {
        "weeks": result.horizon,
        "value": money(row["estimate"], currency),
        "low": money(row["ci_low"], currency),
        "high": money(row["ci_high"], currency),
        "level": level(result.confidence),
        "allowable": money(result.allowable, currency),
    }
    told = [Sentence(say("cost.allowable", **figures), "answer")]
    if result.verdict and result.cost is not None:
        told.append(say(f"cost.{result.verdict}", cost=money(result.cost, currency)))
    return Passage([*told, *(Sentence(translate(warning)) for warning in result.warnings)])


@describes(AcquisitionResult, "channels")
def describe_channels(result: AcquisitionResult) -> Passage:
    """Say of which channels a new customer brings what one costs."""
    named = [row for row in records(result.table) if row["level"] not in ("", "few")]
    told = []
    for verdict in ("pays", "unclear", "does_not_pay"):
        names = [row["level"] for row in named if row["verdict"] == verdict]
        if names:
            text = say(f"channels.{verdict}", names=in_a_row(names), weeks=result.horizon)
            told.append(Sentence(text, "answer"))
    told = told or [Sentence(say("channels.no_cost"))]
    return Passage([*told, *(Sentence(translate(warning)) for warning in result.warnings)])


@describes(type(None), "channels")
def describe_no_channels(result: None) -> Passage:
    """Say nothing where the log knows no channels."""
    return Passage([])


@tabulates(AcquisitionResult, "channels")
def channels_table(result: AcquisitionResult) -> GT:
    """Lay out what a new customer of each channel brings beside what one costs."""
    names = {"": term("part.unknown"), "few": term("part.few")}
    shown = result.table.assign(
        name=[names.get(name, name) for name in result.table["level"]],
        interval=span(result.table["ci_low"], result.table["ci_high"], 0),
        told=[term(f"verdict.channel_{verdict}") for verdict in result.table["verdict"]],
    )
    columns = {
        "name": f"part_{result.by}",
        "customers": "customers",
        "estimate": "new_value",
        "interval": "interval",
        "cost": "new_cost",
        "ratio": "value_to_cost",
        "payback": "weeks_back",
        "told": "pays",
    }
    return lay_out(
        shown,
        name="channels",
        title=term("title.channels"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["customers"], 1: ["estimate", "cost", "ratio", "payback"]},
        note=term("note.channels", weeks=result.horizon),
        behind=Behind({"interval": ("ci_low", "ci_high")}),
    )


@tabulates(type(None), "channels")
def no_channels_table(result: None) -> None:
    """Lay out nothing where the log knows no channels."""
