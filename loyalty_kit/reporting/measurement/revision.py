"""What to do with each scale and item: keep, merge or drop, why, and what it would do."""

from matplotlib.axes import Axes

from loyalty_kit.core.language import in_a_row, level, number, percent, term, translate
from loyalty_kit.measurement.cfa.validity import LIBERAL
from loyalty_kit.measurement.revision.revise import RevisionResult
from loyalty_kit.measurement.revision.rule import FEWEST
from loyalty_kit.measurement.revision.search import JOINED
from loyalty_kit.reporting.measurement.factors import labels
from loyalty_kit.reporting.measurement.invariance import comparability
from loyalty_kit.reporting.measurement.structure import fit_sentence, improper, overlaps
from loyalty_kit.reporting.measurement.validity import draw_pairs
from loyalty_kit.reporting.sentences import Passage, Sentence, records, say
from loyalty_kit.reporting.verbs import describes, draws
from loyalty_kit.survey.codebook import Codebook

MOST_SENTENCES, MOST_PAIRS = 3, 4


@describes(RevisionResult, "answer")
def describe_answer(result: RevisionResult) -> Passage:
    """Headline: what scales share, what to do with them and what that does, and whether groups may be compared."""
    told = _headline(result)
    doubted = improper(result.structure) if len(told) < MOST_SENTENCES and "few" not in result.withheld else []
    return Passage([*(Sentence(sentence, "answer") for sentence in told), *doubted])


@describes(RevisionResult, "reasons")
def describe_revision_reasons(result: RevisionResult) -> Passage:
    """Say what the conclusion rests on: fit, number of factors, pairs that cannot be told, comparability."""
    structure = result.structure
    fit = [] if result.verdict == "keep" and not result.withheld else [fit_sentence(structure)]
    distinct = [*overlaps(structure), *_untold_pairs(result)] if len(result.pairs) else [say("structure.single")]
    groups = comparability(structure.groups, settled=not structure.against_keying)
    alone = [say("structure.htmt_alone")] if structure.model.standing != "proper" and len(result.pairs) else []
    doubts = improper(structure) if len(_headline(result)) >= MOST_SENTENCES else []
    told = [*fit, *_number(result), *alone, *distinct, *(groups if structure.groups is None else groups[1:])]
    return Passage([*told, *doubts])


@describes(RevisionResult, "scales")
def describe_scales(result: RevisionResult) -> Passage:
    """Say of each scale that is not simply kept what to do with it and why, and what the whole revision does."""
    book = result.codebook
    sentences = [_of_cluster(result, members) for members in clusters(result)]
    for row in records(result.scales[result.scales["verdict"] == "drop"]):
        figures = {"alpha": number(row["alpha_before"]), "low": number(row["alpha_low"])}
        figures |= {"high": number(row["alpha_high"]), "level": level(result.confidence)}
        sentences.append(say(f"revision.drop_{row['reason']}", scale=book.label(row["scale"]), **figures))
    if not sentences and not result.withheld:
        sentences = [say("revision.no_scale")]
    notes = [Sentence(translate(text, book.labels)) for text in result.warnings]
    return Passage([*sentences, *_effect_sentence(result), *notes])


@describes(RevisionResult, "items")
def describe_items(result: RevisionResult) -> Passage:
    """Name the items that do not fit, with the change to be expected."""
    book = result.codebook
    if result.withheld:
        return Passage([say("revision.items_withheld", why=_why(result))])
    sentences = []
    for row in records(result.items[result.items["reason"].isin(["weak", "cross", "misfit"])]):
        figures = {"loading": number(row["loading_before"]), "mi": number(row["modification_index"], 1)}
        figures |= {"change": number(row["standardized_change"])}
        names = {"item": _item(row["item"], book), "scale": book.label(row["scale"])}
        other = revised_name(row["towards"], book) if row["towards"] else ""
        less = "_less" if row["reason"] == "misfit" and row["standardized_change"] < 0 else ""
        sentences.append(say(f"revision.item_{row['reason']}{less}", towards=other, **names, **figures))
    left = result.misfits[result.misfits["remains"].astype(bool)]
    for row in records(left[left["kind"] != "loading"]):
        figures = {"mi": number(row["modification_index"], 1), "change": number(row["standardized_change"])}
        case = "closer" if row["standardized_change"] > 0 else "farther"
        sentences.append(say(f"revision.pair_{case}", first=row["first"], second=row["second"], **figures))
    return Passage(sentences or [say("revision.no_item")])


@draws(RevisionResult, "pairs")
def plot_pairs(result: RevisionResult, *, ax: Axes | None = None) -> Axes:
    """Draw HTMT of each pair of scales, those marked that are to be merged and that cannot be told."""
    marks = {(row["first"], row["second"]): row["verdict"] for row in records(result.pairs)}
    return draw_pairs(result.structure.validity, marks, ax=ax)


def _headline(result: RevisionResult) -> list[Sentence]:
    """Put opening and comparability into as many sentences as a headline has."""
    structure = result.structure
    groups: list[Sentence] = []
    if structure.groups is not None:
        groups = comparability(structure.groups, settled=not structure.against_keying)[:1]
    return [*_opening(result)[: MOST_SENTENCES - len(groups)], *groups]


def _opening(result: RevisionResult) -> list[Sentence]:
    """Say what scales share and what to do, or why that cannot be told."""
    if result.structure.against_keying:
        return [say("structure.keying", items=in_a_row(result.structure.against_keying))]
    if result.withheld and result.verdict == "untold":
        return [say("revision.withheld", why=_why(result))]
    if result.verdict == "keep":
        count = {"scales": len(result.scales), "items": len(result.items)}
        case = "keep_one" if len(result.scales) == 1 else "keep"
        return [*_sharing(result), say(f"revision.{case}", **count), fit_sentence(result.structure)]
    return [*_sharing(result), say("revision.do", actions=term("revision.gap").join(_actions(result)))]


def _sharing(result: RevisionResult) -> list[Sentence]:
    """Say which scales share a factor in most resamples; nothing where none do."""
    if not result.shared or result.number is None:
        return []
    first, second = (result.codebook.label(name) for name in result.shared[0])
    share = result.pairs.set_index(["first", "second"])["together"].loc[result.shared[0]]
    codes = result.pairs.set_index(["first", "second"])["verdict"]
    said = [str(codes.loc[pair]) for pair in result.shared]
    case = f"shared_{said[0]}" if len(said) == 1 else "shared_some" if "apart" in said else "shared"
    counts = {"count": len(said), "total": len(result.pairs), "apart": said.count("apart")}
    return [say(f"revision.{case}", first=first, second=second, share=percent(float(share)), **counts)]


def _actions(result: RevisionResult) -> list[str]:
    """Put what to do into parts of one sentence, with what it does to the fit."""
    book, scales, items = result.codebook, result.scales, result.items
    parts = [term("revision.merge", scales=labels(members, book)) for members in clusters(result)]
    dropped = scales.loc[scales["verdict"] == "drop", "scale"]
    if len(dropped):
        parts.append(term("revision.drop_scales", scales=labels(dropped, book)))
    gone = items.loc[(items["verdict"] == "drop") & (items["reason"] != "scale"), "item"]
    if len(gone):
        parts.append(term("revision.drop_items", items=in_a_row(gone)))
    if len(result.steps) > 1 and parts:
        parts[-1] += term("revision.effect", **_effect(result))
    kept = scales.loc[scales["verdict"] == "keep", "scale"]
    if len(kept):
        parts.append(term("revision.keep_scales", scales=labels(kept, book)))
    untold = scales.loc[scales["verdict"] == "untold", "scale"]
    if len(untold):
        parts.append(term("revision.untold_scales", scales=labels(untold, book)))
    return parts


def _of_cluster(result: RevisionResult, members: tuple[str, ...]) -> Sentence:
    """Say why scales are to be merged, and how reliable they are as one."""
    book, scales = result.codebook, {row["scale"]: row for row in records(result.scales)}
    within = result.pairs[result.pairs["first"].isin(members) & result.pairs["second"].isin(members)]
    figures = {"htmt": number(within["htmt"].max()), "bound": number(LIBERAL)}
    figures |= {"alpha": number(scales[members[0]]["alpha_after"])}
    if within["together"].notna().any():
        figures |= {"share": percent(float(within["together"].max()))}
    case = "merge_overlap" if scales[members[0]]["reason"] == "overlap" else "merge_factor"
    return say(f"revision.{case}", scales=labels(members, book), **figures)


def clusters(result: RevisionResult) -> list[tuple[str, ...]]:
    """Claimed scales that are to be one."""
    merged = result.scales[result.scales["verdict"] == "merge"]
    return [tuple(map(str, own["scale"])) for _, own in merged.groupby("revised", sort=False)]


def _effect(result: RevisionResult) -> dict[str, str]:
    first, last = result.steps.iloc[0], result.steps.iloc[-1]
    names = ("cfi", "rmsea", "srmr")
    return {
        **{f"{name}_before": number(first[name], 3) for name in names},
        **{f"{name}_after": number(last[name], 3) for name in names},
    }


def _effect_sentence(result: RevisionResult) -> list[Sentence]:
    return [say("revision.effect_told", **_effect(result))] if len(result.steps) > 1 else []


def _number(result: RevisionResult) -> list[Sentence]:
    """Set the number of factors that the answers hold beside those claimed and revised."""
    if result.number is None:
        return []
    counts = {"claimed": int(result.steps["scales"].iloc[0]), "revised": int(result.steps["scales"].iloc[-1])}
    vote, shares = result.number.vote, result.number.shares
    case = "number" if counts["claimed"] == counts["revised"] else "number_revised"
    share = "–" if shares is None else percent(float(shares["vote"].get(vote, 0.0)))
    return [say(f"revision.{case}", vote=vote, share=share, **counts)]


def _untold_pairs(result: RevisionResult) -> list[Sentence]:
    """Say which pairs cannot be told, and what to do until they can."""
    pairs = result.pairs[result.pairs["verdict"] == "untold"]
    if result.withheld or pairs.empty:
        return []
    book = result.codebook
    if len(pairs) > MOST_PAIRS:
        return [say("revision.untold_count", count=len(pairs), total=len(result.pairs))]
    names = [
        term("verdict.pair", first=book.label(row["first"]), second=book.label(row["second"])) for row in records(pairs)
    ]
    return [say("revision.untold_pairs", pairs=term("structure.pair_gap").join(names))]


def _why(result: RevisionResult) -> str:
    """Say why nothing can be told."""
    parts = [term(f"revision.why_{code.replace(' ', '_')}", n=result.n_used, least=FEWEST) for code in result.withheld]
    return term("structure.pair_gap").join(parts)


def revised_name(name: str, book: Codebook) -> str:
    """Label of a scale, or of one that others were made into."""
    return JOINED.join(book.label(part) for part in name.split(JOINED)) if name else ""


def _item(name: str, book: Codebook) -> str:
    wording = book.item(name).wording if name in book.item_names else None
    return term("items.named", item=name, wording=wording) if wording else name
