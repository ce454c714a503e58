"""What follows for each segment: its next best offer, its drift, and what those who think so buy."""

import numpy as np
from great_tables import GT

from loyalty_kit.core.language import level, number, percent, probability, term, translate
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.baskets.offers import OffersResult
from loyalty_kit.customers.behaviour import BehaviourResult
from loyalty_kit.customers.drift import DriftResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, tabulates


@describes(OffersResult, "offers")
def describe_offers(result: OffersResult) -> Passage:
    """Say what to offer the segment with most to gain, and how often it was bought later without any offer."""
    shown = result.table[result.table["customers"] >= FEWEST]
    if shown.empty:
        return Passage([Sentence(say("offers.none", least=FEWEST))])
    told = [Sentence(say("offers.all", n=len(shown), rules=f"{result.rules:,}"))]
    tried = shown[shown["verdict"] != ""].drop_duplicates(["because", "offer"])
    for verdict in ("yes", "no", "unclear"):
        found = tried[tried["verdict"] == verdict]
        if len(found):
            row = records(found)[0]
            figures = {name: percent(row[name]) for name in ("bought", "others_bought")} if verdict != "unclear" else {}
            told.append(say(f"offers.{verdict}", n=len(found), of=len(tried), offer=row["offer"], **figures))
    return Passage([*told, say("offers.test")])


@tabulates(OffersResult, "offers")
def offers_table(result: OffersResult) -> GT | None:
    """Lay out the offer of each segment."""
    shown = result.table[result.table["customers"] >= FEWEST]
    if shown.empty:
        return None
    shown = shown.assign(
        name=[term(f"segment.{name}") for name in shown["segment"]],
        interval=span(100 * shown["ci_low"], 100 * shown["ci_high"], 0),
        told=[term(f"verdict.held_{verdict}") if verdict else "–" for verdict in shown["verdict"]],
    )
    columns = {
        "name": "segment",
        "offer": "offer",
        "because": "antecedent",
        "customers": "customers",
        "share": "share",
        "bought": "bought_later",
        "others_bought": "others_bought",
        "interval": "difference_interval",
        "told": "held",
    }
    return lay_out(
        shown,
        name="offers",
        title=term("title.offers"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["customers"]},
        percent=["share", "bought", "others_bought"],
        note=term("note.offers"),
        behind=Behind({"interval": ("ci_low", "ci_high")}, shares=["interval"]),
    )


@describes(DriftResult, "drift")
def describe_drift(result: DriftResult) -> Passage:
    """Say which segments grew or shrank beyond what steady buyers would do."""
    days = {"first": result.first.isoformat(), "last": result.last.isoformat()}
    clear = [row for row in records(result.table) if row["verdict"] != "as_chance"]
    if not clear:
        return Passage([Sentence(say("drift.none", **days), "answer")])
    told = [
        say(
            f"drift.{row['verdict']}",
            segment=row["segment"],
            before=percent(row["share"]),
            after=percent(row["later_share"]),
            due=percent(row["share"] + row["expected_by_chance"]),
        )
        for row in clear
    ]
    return Passage([say("drift.some", **days), *(Sentence(text, "answer") for text in told)])


@tabulates(DriftResult, "drift")
def drift_table(result: DriftResult) -> GT:
    """Lay out the sizes of segments at both dates, and those that steady buyers would make."""
    table = result.table
    few = np.minimum(table["share"] * result.n_first, table["later_share"] * result.n_last) < FEWEST
    shown = table[~few].assign(
        due=(table["share"] + table["expected_by_chance"]),
        range=span(
            100 * (table["share"] + table["low_by_chance"]), 100 * (table["share"] + table["high_by_chance"]), 0
        ),
        told=[term(f"verdict.drift_{verdict}") for verdict in table["verdict"][~few]],
    )
    columns = {
        "segment": "segment",
        "share": "share_before",
        "later_share": "share_now",
        "due": "by_chance",
        "range": "range_by_chance",
        "told": "verdict",
    }
    return lay_out(
        shown,
        name="drift",
        title=term("title.drift"),
        labels=headings(columns),
        percent=["share", "later_share", "due"],
        note=term("note.drift", first=result.first.isoformat(), last=result.last.isoformat()),
    )


@describes(BehaviourResult, "behaviour")
def describe_behaviour(result: BehaviourResult) -> Passage:
    """Say whether those who answer alike also buy alike, and how many answers found their customer."""
    key = "behaviour.differs" if result.differs else "behaviour.alike"
    figures = {"n": f"{result.n_used:,}", "p": probability(result.p_value)}
    told = [Sentence(say(key, **figures), "answer")]
    if result.n_unmatched:
        total = result.n_used + result.n_unmatched
        told.append(say("behaviour.unmatched", n=f"{result.n_unmatched:,}", total=f"{total:,}"))
    return Passage(told)


@tabulates(BehaviourResult, "behaviour")
def behaviour_table(result: BehaviourResult) -> GT:
    """Lay out what the customers of each segment buy."""
    named = result.table.assign(name=[translate(name) for name in result.names])
    shown = named[named["customers"] >= FEWEST]
    shown = shown.assign(interval=span(shown["ci_low"], shown["ci_high"], 0))
    columns = {
        "segment": "segment",
        "name": "stands_out",
        "customers": "customers",
        "purchases": "frequency",
        "amount": "monetary",
        "interval": "interval",
        "revenue_share": "revenue_share",
    }
    return lay_out(
        shown,
        name="behaviour",
        title=term("title.behaviour"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={0: ["customers", "amount"], 1: ["purchases"]},
        percent=["revenue_share"],
        note=term("note.behaviour", least=number(FEWEST, 0)),
        behind=Behind({"interval": ("ci_low", "ci_high")}, shares=["interval"]),
    )
