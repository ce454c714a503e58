"""First figures of a survey: its index, or its outcome, and the recommendation score."""

from loyalty_kit.core.estimates import Tile
from loyalty_kit.core.language import number, percent, term
from loyalty_kit.reporting.sentences import records
from loyalty_kit.reporting.tiles import between, makes_tiles
from loyalty_kit.survey.scoring import ScaleScores
from loyalty_kit.survey.shares import NetPromoterResult, SharesResult, TopBoxResult


@makes_tiles(ScaleScores)
def score_tiles(scores: ScaleScores) -> list[Tile]:
    """Sum up each index; where there is none, each outcome."""
    outcomes = [name for name, role in scores.roles.items() if role == "outcome"]
    wanted = list(scores.weights.columns) or outcomes
    rows = [row for row in records(scores.summary()) if row["scale"] in wanted and row["n"]]
    return [
        Tile(
            heading=scores.labels[str(row["scale"])],
            value=term("tile.of_100", score=number(row["mean"], 1)),
            detail=between(row["ci_low"], row["ci_high"], scores.confidence, digits=1),
            verdict=term("tile.leans") if _leans(scores, str(row["scale"])) else "",
            tone="open" if _leans(scores, str(row["scale"])) else "plain",
            name=f"score/{row['scale']}",
        )
        for row in rows
    ]


def _leans(scores: ScaleScores, name: str) -> bool:
    """Whether an index is made of scales that are not shown to be reliable."""
    parts = scores.weights[name].dropna().index if name in scores.weights.columns else [name]
    return any(scale in scores.doubtful for scale in parts)


@makes_tiles(SharesResult)
def share_tiles(shares: SharesResult) -> list[Tile]:
    """Sum up each question of recommendation; of other marked questions the share in the highest boxes."""
    shown = {name: one for name, one in shares.by_item.items() if one.n_used >= shares.min_cell}
    ordered = sorted(shown.items(), key=lambda pair: not isinstance(pair[1], NetPromoterResult))
    return [_share(one, shares.wordings[name]) for name, one in ordered]


def _share(result: NetPromoterResult | TopBoxResult, wording: str) -> Tile:
    figure = result.estimates()[0].name
    if isinstance(result, NetPromoterResult):
        detail = between(result.ci_low, result.ci_high, result.confidence)
        return Tile(term("tile.net_promoter"), _signed(result.estimate), detail, name=figure)
    detail = between(100 * result.ci_low, 100 * result.ci_high, result.confidence)
    heading = term("tile.top_box", item=wording, lowest=f"{result.lowest:g}", highest=f"{result.highest:g}")
    return Tile(heading, percent(result.estimate), detail, name=figure)


def _signed(value: float) -> str:
    text = number(value, 0)
    return text if text.startswith("−") or text == "0" else f"+{text}"
