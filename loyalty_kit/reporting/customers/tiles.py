"""First figures of a log: what the top brings, who is at risk, how many champions left, whether segments are real."""

from loyalty_kit.core.estimates import Tile, Tone
from loyalty_kit.core.language import percent, term
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.concentration import ConcentrationResult
from loyalty_kit.customers.rfm.rfm import MovesResult, RfmResult
from loyalty_kit.customers.segments.structure import StructureResult
from loyalty_kit.reporting.sentences import records
from loyalty_kit.reporting.tiles import between, makes_tiles

TONES: dict[str, Tone] = {"structure": "good", "none": "plain"}
"""By verdict; of the others nothing is settled."""
STAYED: dict[str, Tone] = {"more": "good", "fewer": "bad"}


@makes_tiles(ConcentrationResult)
def concentration_tiles(result: ConcentrationResult) -> list[Tile]:
    """Sum up what the top customers bring."""
    top = records(result.table)[0]
    detail = between(100 * top["ci_low"], 100 * top["ci_high"], result.confidence)
    return [Tile(term("tile.top", top=percent(result.top)), percent(top["estimate"]), detail, name=top["measure"])]


@makes_tiles(RfmResult)
def segment_tiles(result: RfmResult) -> list[Tile]:
    """Sum up who is at risk, and what they have brought."""
    heading = term("tile.at_risk")
    for row in records(result.table):
        if row["segment"] == "at_risk" and row["customers"] >= FEWEST:
            detail = term("tile.of_revenue", share=percent(row["revenue_share"]))
            return [Tile(heading, f"{row['customers']:,}", detail, term("tile.win_back"), "open")]
    return [Tile(heading, "–", term("tile.few", least=FEWEST))]


@makes_tiles(MovesResult)
def moves_tiles(result: MovesResult) -> list[Tile]:
    """Sum up how many champions are still champions, beside chance."""
    for row in records(result.table):
        if row["from"] == row["to"] == "champions" and row["customers"] >= FEWEST:
            detail = between(100 * row["ci_low"], 100 * row["ci_high"], result.confidence)
            due = term(f"tile.stay_{row['verdict']}", chance=percent(row["expected_by_chance"]))
            tone: Tone = STAYED.get(row["verdict"], "plain")
            return [Tile(term("tile.stay"), percent(row["share"]), detail, due, tone)]
    return []


@makes_tiles(StructureResult)
def structure_tiles(result: StructureResult) -> list[Tile]:
    """Sum up whether segments are real."""
    value = term(f"tile.structure_{result.verdict}")
    verdict = term(f"tile.cluster_{result.verdict}")
    return [Tile(term("tile.structure"), value, verdict=verdict, tone=TONES.get(result.verdict, "open"))]
