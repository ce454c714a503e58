"""Tables of a revision: what becomes of each scale and item, what does not fit, and the fit step by step."""

from typing import Any

from great_tables import GT

from loyalty_kit.core.language import in_a_row, level, term
from loyalty_kit.measurement.revision.revise import RevisionResult
from loyalty_kit.measurement.revision.rule import FEWEST
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.layout import headings, lay_out, p_values, span
from loyalty_kit.reporting.measurement.factors import labels
from loyalty_kit.reporting.measurement.revision import clusters, revised_name
from loyalty_kit.reporting.sentences import records
from loyalty_kit.reporting.verbs import tabulates
from loyalty_kit.survey.codebook import Codebook


@tabulates(RevisionResult, "scales")
def scales_table(result: RevisionResult) -> GT:
    """Lay out what becomes of each scale, with its reliability before and after."""
    table, book = result.scales, result.codebook
    shown = table.assign(
        label=table["scale"].map(book.label),
        told=[_told(row["scale"], row["verdict"], result) for row in records(table)],
        why=[_reason(row["reason"], result) for row in records(table)],
        interval=span(table["alpha_low"], table["alpha_high"], 2),
    )
    columns = {"label": "scale", "told": "verdict", "why": "why", "items_before": "items_before"}
    columns |= {"items_after": "items_after", "alpha_before": "alpha_before", "interval": "interval"}
    columns |= {name: name for name in ("alpha_after", "omega_before", "omega_after")}
    return lay_out(
        shown,
        name="revision-scales",
        title=term("title.revision_scales"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={2: ["alpha_before", "alpha_after", "omega_before", "omega_after"]},
        note=term("note.revision_scales"),
        behind=Behind({"interval": ("alpha_low", "alpha_high")}),
    )


@tabulates(RevisionResult, "items")
def items_table(result: RevisionResult) -> GT | None:
    """Lay out the items of scales that do not stay as they are, and those that do not fit."""
    items, book = result.items, result.codebook
    changed = set(items.loc[items["verdict"].isin(["merge", "drop"]), "scale"])
    table = items[items["scale"].isin(changed) | (items["reason"] != "")]
    if table.empty:
        return None
    shown = table.assign(
        group=table["scale"].map(book.label),
        told=table["verdict"].map(_verdict),
        why=[_item_reason(row, book) for row in records(table)],
        p=p_values(table["p_value"]),
    )
    columns = {"item": "item", "told": "verdict", "why": "why", "loading_before": "loading_before"}
    columns |= {"loading_after": "loading_after"}
    decimals = {2: ["loading_before", "loading_after"]}
    if table["modification_index"].notna().any():
        columns |= {name: name for name in ("modification_index", "standardized_change")} | {"p": "p_holm"}
        decimals = {2: [*decimals[2], "standardized_change"], 1: ["modification_index"]}
    return lay_out(
        shown,
        name="revision-items",
        title=term("title.revision_items"),
        labels=headings(columns),
        decimals=decimals,
        group="group",
        note=term("note.revision_items"),
        behind=Behind({"p": "p_value"}, group=term("column.scale")),
    )


@tabulates(RevisionResult, "misfits")
def misfits_table(result: RevisionResult) -> GT | None:
    """Lay out what the model leaves out and should not, with the change to be expected."""
    table, book = result.misfits, result.codebook
    if table.empty:
        return None
    loading = table["kind"] == "loading"
    ends = [
        revised_name(name, book) if crossing else name for name, crossing in zip(table["first"], loading, strict=True)
    ]
    shown = table.assign(
        what=[
            term("revision.loads" if crossing else "revision.share_error", first=first, second=second)
            for crossing, first, second in zip(loading, ends, table["second"], strict=True)
        ],
        p=p_values(table["p_value"]),
    )
    columns = {"what": "left_out_of_model", "modification_index": "modification_index"}
    columns |= {"expected_change": "expected_change", "standardized_change": "standardized_change", "p": "p_holm"}
    columns |= {"index_after": "index_after"} if len(result.steps) > 1 else {}
    return lay_out(
        shown,
        name="misfits",
        title=term("title.misfits"),
        labels=headings(columns),
        decimals={
            1: [name for name in ("modification_index", "index_after") if name in columns],
            2: ["expected_change", "standardized_change"],
        },
        note=term("note.misfits"),
        behind=Behind({"p": "p_value"}),
    )


@tabulates(RevisionResult, "steps")
def steps_table(result: RevisionResult) -> GT:
    """Lay out the fit of the claimed model and of the model after each step."""
    table, book = result.steps, result.codebook
    shown = table.assign(
        what=[
            term(f"revision.step_{row['step'].replace(' ', '_')}", names=_named(row["names"], row["step"], book))
            for row in records(table)
        ]
    )
    columns = {
        "what": "revision_step",
        **{name: name for name in ("scales", "items", "chi2", "df", "cfi", "rmsea", "srmr")},
    }
    return lay_out(
        shown,
        name="revision-steps",
        title=term("title.revision_steps"),
        labels=headings(columns),
        decimals={3: ["cfi", "rmsea", "srmr"], 1: ["chi2"], 0: ["df"]},
        note=term("note.revision_steps"),
    )


def _verdict(code: str) -> str:
    return term(f"revision.verdict_{code}")


def _told(scale: str, code: str, result: RevisionResult) -> str:
    """Verdict on a scale, with those that it is to be merged with."""
    others = next((set(members) - {scale} for members in clusters(result) if scale in members), set())
    names = [name for name in result.scales["scale"] if name in others]
    return term("revision.merge_with", scales=labels(names, result.codebook)) if names else _verdict(code)


def _reason(code: str, result: RevisionResult) -> str:
    return term(f"revision.reason_{code.replace(' ', '_')}", least=FEWEST) if code else ""


def _item_reason(row: dict[str, Any], book: Codebook) -> str:
    code = row["reason"]
    return term(f"revision.because_{code}", towards=revised_name(row["towards"], book)) if code else ""


def _named(names: str, step: str, book: Codebook) -> str:
    """Name what a step is about: scales by their labels, items by their names."""
    if not names:
        return ""
    each = names.split(", ")
    return in_a_row(each if step == "drop item" else [revised_name(name, book) for name in each])
