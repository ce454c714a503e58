"""The omegas of scales: total with its interval, hierarchical, of ordered answers, and why one is not told."""

import pandas as pd
from great_tables import GT

from loyalty_kit.core.language import in_a_row, level, percent, term, translate
from loyalty_kit.measurement.reliability.reliability import ReliabilityResult
from loyalty_kit.reporting.behind import Behind
from loyalty_kit.reporting.layout import headings, lay_out, span
from loyalty_kit.reporting.sentences import Passage, Sentence, say
from loyalty_kit.reporting.verbs import describes, tabulates


@describes(ReliabilityResult, "omega")
def describe_omega(result: ReliabilityResult) -> Passage:
    """How much all scales share, and which omega cannot be told of which scale, and why."""
    return Passage([*_together(result), *_untold(result)])


@tabulates(ReliabilityResult, "omega")
def omega_table(result: ReliabilityResult) -> GT:
    """Omegas of each scale; those of which none can be told are left out."""
    table = result.scales
    shown = table.assign(
        label=table["scale"].map(result.codebook.label),
        omega_interval=span(table["omega_ci_low"], table["omega_ci_high"], 2),
    )
    columns = {
        "label": "scale",
        "omega_total": "omega",
        "omega_interval": "interval",
        "omega_hierarchical": "omega_hierarchical",
        "ordinal_omega": "ordinal_omega",
        "ordinal_alpha": "ordinal_alpha",
        "items": "items",
        "n_used": "n",
    }
    figures = ["omega_total", "omega_hierarchical", "ordinal_omega", "ordinal_alpha"]
    empty = [name for name in figures[1:] if table[name].isna().all()]
    columns = {name: heading for name, heading in columns.items() if name not in empty}
    return lay_out(
        shown,
        name="omega",
        title=term("title.omega"),
        labels=headings(columns, level=level(result.confidence)),
        decimals={2: [name for name in figures if name not in empty], 0: ["n_used"]},
        note=term("note.omega"),
        behind=Behind({"omega_interval": ("omega_ci_low", "omega_ci_high")}),
    )


def _together(result: ReliabilityResult) -> list[Sentence]:
    """How much of the sum of all items is one thing that all scales share."""
    found = result.together
    if found is None:
        return []
    if found.reason is not None:
        return [say("omega.together_untold", why=translate(found.reason))]
    rest = found.omega_total - found.omega_hierarchical
    return [say("omega.together", general=percent(found.omega_hierarchical), rest=percent(rest))]


def _untold(result: ReliabilityResult) -> list[Sentence]:
    """One sentence a coefficient and reason, with the scales that it holds for."""
    table: pd.DataFrame = result.untold
    told = table.assign(text=[translate(reason) for reason in table["reason"]])
    return [
        say(f"omega.untold_{name}", why=text, scales=in_a_row(map(result.codebook.label, own["scale"])))
        for (name, text), own in told.groupby(["coefficient", "text"], sort=False)
    ]
