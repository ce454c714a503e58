"""First figures of a campaign: what each arm gains, how sure that is, and what to do with it."""

from typing import Any

from loyalty_kit.campaigns.planning.decisions import DecisionResult
from loyalty_kit.core.estimates import Tile, Tone
from loyalty_kit.core.language import level, term
from loyalty_kit.core.messages import called
from loyalty_kit.reporting.campaigns.amounts import amount, chance, per_thousand
from loyalty_kit.reporting.campaigns.decision import ORDER
from loyalty_kit.reporting.money import money
from loyalty_kit.reporting.sentences import records
from loyalty_kit.reporting.tiles import makes_tiles

TONES: dict[str, Tone] = {"roll out": "good", "stop": "bad", "second": "bad", "unsound": "bad"}
"""By advice; of the others nothing is settled."""


UNTOLD = ("open", "unknown")
"""Advice beside which no probability stands: what is not known could turn it."""


@makes_tiles(DecisionResult)
def decision_tiles(decision: DecisionResult) -> list[Tile]:
    """Sum up each arm, the first to act on first, then what rolling the best out would gain of all members."""
    arms = decision.arms
    ordered = arms.sort_values("advice", key=lambda advice: advice.map([*ORDER, "unsound"].index), kind="stable")
    tiles = [_arm(row, decision) for row in records(ordered)]
    return [*tiles[:3], *_total(decision)] if decision.sound else tiles


def _arm(row: dict[str, Any], decision: DecisionResult) -> Tile:
    detail = ""
    if decision.sound and row["ci_low"] <= row["ci_high"]:
        ends = {name: amount(row[f"ci_{name}"]) for name in ("low", "high")}
        detail = term("tile.between", level=level(decision.effects.confidence), **ends)
        if row["believable"] != "no" and row["advice"] not in UNTOLD:
            detail = term("tile.gains", interval=detail, p=chance(row["probability_gain"]))
    return Tile(
        heading=term("tile.arm", arm=called(row["arm"])),
        value=per_thousand(row["expected_gain"], decision.currency) if decision.sound else "–",
        detail=detail,
        verdict=term(f"verdict.advice_{row['advice'].replace(' ', '_')}"),
        tone=TONES.get(row["advice"], "open"),
        name=f"effect/{decision.metric}/{row['arm']}",
    )


def _total(decision: DecisionResult) -> list[Tile]:
    """Sum up the best arm's gain of all members; nothing where their number or its interval is not known."""
    told = decision.arms[~decision.arms["advice"].isin(UNTOLD)]
    best, table = decision.now["arm"], decision.totals[decision.totals["arm"].isin(told["arm"])]
    return [
        Tile(
            heading=term("tile.total", arm=called(row["arm"]), members=f"{decision.members:,}"),
            value=money(row["total"], decision.currency),
            detail=term(
                "tile.between",
                level=level(decision.effects.confidence),
                low=money(row["ci_low"], decision.currency),
                high=money(row["ci_high"], decision.currency),
            ),
        )
        for row in records(table[table["arm"] == best])
        if row["ci_low"] <= row["ci_high"]
    ]
