"""Segments that exist or not, their profile, and the rules that lead to them."""

import numpy as np
from great_tables import GT
from matplotlib.axes import Axes

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.core.language import in_a_row, interval, number, percent, probability, term, translate
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.baskets.associations import AssociationsResult
from loyalty_kit.customers.engagement import EngagementValidity
from loyalty_kit.customers.loyalty_types import LoyaltyTypesResult
from loyalty_kit.customers.segments.segments import SegmentsResult
from loyalty_kit.customers.segments.structure import StructureResult
from loyalty_kit.customers.segments.tree import TreeResult
from loyalty_kit.reporting.canvas import canvas, heat, label
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws, tabulates

MOST_RULES = 15
MEASURED = ("days_since_last", "purchases", "amount")


def column_labels() -> dict[str, str]:
    """Names of the columns that `RfmResult.frame` has; other columns keep theirs."""
    return {name: term(f"measure.{name}") for name in MEASURED}


@describes(StructureResult, "structure")
def describe_structure(result: StructureResult) -> Passage:
    """Say whether there are segments at all."""
    figures = {"statistic": number(result.statistic, 2), "expected": number(result.expected, 2)}
    text = say(f"structure.{result.verdict}", p=probability(result.p_value), n=f"{result.n_used:,}", **figures)
    return Passage([Sentence(text, "answer")])


@describes(SegmentsResult, "segments")
def describe_segments(result: SegmentsResult, *, structure: StructureResult | TooLittleError | None = None) -> Passage:
    """Say how many segments there are, how large, and which come back in other samples; cuts where there are none."""
    stability = result.stability()
    names = {
        row["segment"]: term(
            "groups_found.one",
            number=row["segment"],
            name=translate(name, column_labels()),
            share=percent(row["share"]),
        )
        for row, name in zip(records(result.table), result.names, strict=True)
    }
    if isinstance(structure, StructureResult) and structure.verdict in ("none", "columns"):
        return Passage([say("groups_found.cuts", k=result.k, names=in_a_row(names.values()))])
    sentences = [say("groups_found.all", k=result.k, names=in_a_row(names.values()))]
    for verdict in ("stable", "unsure", "dissolves"):
        found = stability.loc[stability["verdict"] == verdict, "segment"]
        if len(found):
            sentences.append(say(f"groups_found.{verdict}", segments=in_a_row(map(str, found)), count=len(found)))
    return Passage([*sentences, *(Sentence(translate(text), "warning") for text in result.warnings)])


@tabulates(SegmentsResult, "segments")
def segments_table(result: SegmentsResult) -> GT:
    """Lay out each segment: name, size, how far it comes back, and its means."""
    stability = result.stability()
    shown = result.table.assign(
        name=[translate(name, column_labels()) for name in result.names],
        jaccard=stability["jaccard"],
        by_chance=stability["by_chance"],
        sure=stability["sure"],
    )
    shown = shown[shown["customers"] >= FEWEST]
    columns = {
        "segment": "segment",
        "name": "stands_out",
        "customers": "customers",
        "share": "share",
        "jaccard": "comes_back",
        "by_chance": "by_chance",
        "sure": "sure",
    }
    return lay_out(
        shown,
        name="found",
        title=term("title.found"),
        labels=headings(columns),
        decimals={0: ["customers"], 2: ["jaccard", "by_chance"]},
        percent=["share", "sure"],
        note=term("note.found"),
    )


@draws(SegmentsResult, "segments")
def plot_segments(result: SegmentsResult, *, ax: Axes | None = None) -> Axes:
    """Draw the profile of each segment: means in standard deviations from all customers'."""
    table = result.profile.rename(
        columns=column_labels(), index=lambda number: label("figure.found_row", number=number)
    )
    with canvas(ax, rows=len(table) + 2) as ax:
        heat(ax, table, limits=(-2, 2), colours="RdBu_r", digits=1)
        ax.set_title(label("figure.found"), loc="left", fontweight="bold")
        ax.tick_params(axis="y", rotation=0)
        return ax


@describes(TreeResult, "rules")
def describe_rules(result: TreeResult) -> Passage:
    """Say how often the rules find the segment."""
    return Passage([say("rules.right", accuracy=percent(result.accuracy), largest=percent(result.largest))])


@tabulates(TreeResult, "rules")
def rules_table(result: TreeResult) -> GT:
    """Lay out the rules."""
    named = column_labels()
    rules = [
        " & ".join(condition.told(named.get(condition.column, condition.column)) for condition in conditions)
        for conditions in result.conditions
    ]
    shown = result.table.assign(segment=result.table["segment"] + 1, rule=rules)
    labels = headings({"rule": "rule", "segment": "segment", "customers": "customers", "share_right": "right"})
    return lay_out(
        shown[shown["customers"] >= FEWEST],
        name="rules",
        title=term("title.rules"),
        labels=labels,
        decimals={0: ["customers"]},
        percent=["share_right"],
    )


@describes(AssociationsResult, "rules")
def describe_associations(result: AssociationsResult) -> Passage:
    """Say how many rules there are, which is the strongest, and how many held later."""
    clear = result.clear
    if clear.empty:
        return Passage(
            [Sentence(say("baskets.none", rules=f"{result.rules:,}", orders=f"{result.n_used:,}"), "answer")]
        )
    top = records(clear)[0]
    sentences = [
        say(
            "baskets.top",
            rules=f"{result.rules:,}",
            clear=f"{len(clear):,}",
            given=top["antecedent"],
            then=top["consequent"],
            confidence=percent(top["confidence"]),
            lift=number(top["lift"], 1),
            span=term("span", low=number(top["ci_low"], 1), high=number(top["ci_high"], 1)),
        )
    ]
    if result.n_later:
        held, due = (clear["held"] == "yes").mean(), clear["held_expected"].mean()
        sentences.append(say("baskets.held", share=percent(held), due=percent(due), orders=f"{result.n_later:,}"))
    return Passage(Sentence(text, "answer") for text in sentences)


@tabulates(AssociationsResult, "rules")
def associations_table(result: AssociationsResult) -> GT | None:
    """Lay out the strongest rules; none where no rule is clear."""
    clear = result.clear.head(MOST_RULES)
    if clear.empty:
        return None
    shown = clear.assign(
        interval=span(clear["ci_low"], clear["ci_high"], 1),
        told=[term(f"verdict.held_{held}") if held else "–" for held in clear["held"]],
    )
    columns = {
        "antecedent": "antecedent",
        "consequent": "consequent",
        "orders": "orders",
        "confidence": "confidence",
        "lift": "lift_shrunken",
        "interval": "interval",
        "later_confidence": "confidence_later",
        "told": "held",
    }
    return lay_out(
        shown,
        name="baskets",
        title=term("title.baskets"),
        labels=headings(columns, level=percent(result.confidence)),
        decimals={0: ["orders"], 1: ["lift"]},
        percent=["confidence", "later_confidence"],
        note=term("note.baskets", most=MOST_RULES),
    )


@describes(LoyaltyTypesResult, "types")
def describe_types(result: LoyaltyTypesResult) -> Passage:
    """Say how many customers are of each type, and how many a small shift of the cuts would move."""
    named = [
        term("types.one", type=term(f"type.{row['type']}"), share=percent(row["share"]))
        for row in records(result.table)
    ]
    moved = float(np.average(result.table["moved"], weights=result.table["customers"]))
    return Passage([say("types.all", types=in_a_row(named)), say("types.moved", moved=percent(moved))])


@tabulates(LoyaltyTypesResult, "types")
def types_table(result: LoyaltyTypesResult) -> GT:
    """Lay out each type of loyalty."""
    shown = result.table[result.table["customers"] >= FEWEST]
    shown = shown.assign(name=[term(f"type.{name}") for name in shown["type"]])
    columns = {
        "name": "type",
        "customers": "customers",
        "share": "customer_share",
        "revenue_share": "revenue_share",
        "moved": "moved",
    }
    return lay_out(
        shown,
        name="types",
        title=term("title.types"),
        labels=headings(columns),
        decimals={0: ["customers"]},
        percent=["share", "revenue_share", "moved"],
    )


@describes(EngagementValidity, "validity")
def describe_validity(result: EngagementValidity) -> Passage:
    """Say whether engagement tells more of later purchases than recency and frequency do."""
    told = say(
        f"engaged.{result.verdict}",
        r=number(result.correlation, 2),
        interval=interval(result.ci_low, result.ci_high, n=result.n_used, confidence=0.95, digits=2),
        without=percent(max(result.r2_without, 0)),
        with_index=percent(max(result.r2_with, 0)),
    )
    return Passage([Sentence(told)])
