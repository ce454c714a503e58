"""First figures of the reports on scales and on their structure."""

from typing import Any

from loyalty_kit.core.errors import GroupsError
from loyalty_kit.core.estimates import Tile, Tone
from loyalty_kit.core.language import level, number, term
from loyalty_kit.measurement.factors.fit_indices import leading_indices
from loyalty_kit.measurement.invariance.invariance import InvarianceResult
from loyalty_kit.measurement.reliability.reliability import ReliabilityResult
from loyalty_kit.measurement.revision.revise import RevisionResult
from loyalty_kit.measurement.structure_verdict import StructureVerdict
from loyalty_kit.reporting.tiles import makes_tiles

FIT_TONES: dict[str, Tone] = {"good": "good", "fair": "open", "poor": "bad", "withheld": "open"}


@makes_tiles(ReliabilityResult)
def reliability_tiles(result: ReliabilityResult) -> list[Tile]:
    """Count the scales that may be used."""
    verdicts = list(result.verdicts.values())
    counts = {case: verdicts.count(case) for case in ("trust", "unsure", "distrust", "unknown")}
    tone: Tone = "bad" if counts["distrust"] else "good" if counts["trust"] == len(verdicts) else "open"
    others = [term(f"tile.scales_{case}", count=counts[case]) for case in ("distrust", "unsure", "unknown")]
    told = [text for text, case in zip(others, ("distrust", "unsure", "unknown"), strict=True) if counts[case]]
    apart = len(result.codebook.scales) - len(verdicts)
    told += [term("tile.scales_apart", count=apart)] if apart > 0 else []
    return [
        Tile(
            heading=term("tile.scales"),
            value=term("tile.of", count=counts["trust"], total=len(verdicts) + max(apart, 0)),
            verdict=term("comma").join(told) or term("tile.scales_trust"),
            tone=tone,
        )
    ]


@makes_tiles(RevisionResult)
def revision_tiles(result: RevisionResult) -> list[Tile]:
    """Count the scales that stay as they are; then fit, distinctness and comparability."""
    return [_kept(result), *structure_tiles(result.structure)]


def _kept(result: RevisionResult) -> Tile:
    verdicts = list(result.scales["verdict"])
    gone = int(((result.items["verdict"] == "drop") & (result.items["reason"] != "scale")).sum())
    counts = {"merge": verdicts.count("merge"), "drop": verdicts.count("drop"), "untold": verdicts.count("untold")}
    parts = [term(f"tile.revision_{case}", count=count) for case, count in counts.items() if count and case != "untold"]
    if gone:
        parts.append(term("tile.revision_items_one" if gone == 1 else "tile.revision_items", count=gone))
    parts += [term("tile.revision_untold", count=counts["untold"])] if counts["untold"] else []
    tone: Tone = "bad" if counts["merge"] or counts["drop"] or gone else "open" if counts["untold"] else "good"
    return Tile(
        heading=term("tile.revision"),
        value="–"
        if set(verdicts) == {"untold"}
        else term("tile.of", count=verdicts.count("keep"), total=len(verdicts)),
        verdict=term("comma").join(parts) or term("tile.revision_all"),
        tone=tone,
    )


@makes_tiles(StructureVerdict)
def structure_tiles(verdict: StructureVerdict) -> list[Tile]:
    """Fit, distinctness and comparability."""
    return [_fit(verdict), *_pairs(verdict), *_groups(verdict)]


def _fit(verdict: StructureVerdict) -> Tile:
    fit = leading_indices(verdict.model.fit.to_dict())
    ends = {"low": number(fit["rmsea_low"], 3), "high": number(fit["rmsea_high"], 3), "level": level(0.90)}
    withheld = verdict.fit == "withheld"
    return Tile(
        heading=term("tile.fit"),
        value="–" if withheld else term("tile.cfi", cfi=number(fit["cfi"], 3)),
        detail="" if withheld else term("tile.rmsea", rmsea=number(fit["rmsea"], 3), **ends),
        verdict=term(f"tile.fit_{verdict.fit}"),
        tone=FIT_TONES[verdict.fit],
        name="" if withheld else "cfa/rmsea",
    )


def _pairs(verdict: StructureVerdict) -> list[Tile]:
    """Count the pairs of scales that are shown to be distinct; nothing where there is one scale."""
    codes = list(verdict.validity.pairs["verdict"])
    if not codes:
        return []
    distinct, overlapping = codes.count("distinct"), codes.count("overlapping")
    case, tone = _distinctness(distinct, overlapping, len(codes))
    value = term("tile.of", count=distinct, total=len(codes))
    return [Tile(term("tile.pairs"), value, verdict=term(f"tile.pairs_{case}", count=overlapping), tone=tone)]


def _distinctness(distinct: int, overlapping: int, total: int) -> tuple[str, Tone]:
    if overlapping:
        return "overlap", "bad"
    return ("all", "good") if distinct == total else ("open" if distinct else "none", "open")


def _groups(verdict: StructureVerdict) -> list[Tile]:
    """Say how far groups may be compared; nothing where none was named."""
    groups: Any = verdict.groups
    if groups is None:
        return []
    heading = term("tile.groups")
    if isinstance(groups, GroupsError) or verdict.against_keying or groups.decision is None:
        return [Tile(heading, "–", verdict=term("tile.groups_untold"), tone="open")]
    case, tone = _comparability(groups)
    return [Tile(heading, str(groups.by), verdict=term(f"tile.groups_{case}"), tone=tone)]


def _comparability(groups: InvarianceResult) -> tuple[str, Tone]:
    if not groups.comparable:
        return "no", "bad"
    if len(groups.partial):
        return "part", "open"
    return "yes", "open" if groups.reserve or groups.doubts else "good"
