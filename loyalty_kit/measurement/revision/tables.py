"""Tables of a revision: what becomes of each scale and item, and the fit step by step."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loyalty_kit.core.messages import message
from loyalty_kit.measurement.factors.factors import FEWEST_MARKERS
from loyalty_kit.measurement.factors.retention import RetentionResult
from loyalty_kit.measurement.revision.refit import Fitted
from loyalty_kit.measurement.revision.rule import MOST, Verdict
from loyalty_kit.measurement.revision.search import Revision

_FIGURES = ["modification_index", "p_value", "expected_change", "standardized_change"]
_UNKNOWN = pd.Series(np.nan, index=["alpha", "omega", "ave"])


def scale_rows(found: Revision, pairs: pd.DataFrame, withheld: Sequence[str]) -> pd.DataFrame:
    """Say what becomes of each claimed scale, with its reliability before and after."""
    claimed, now = found.steps[0][2], found.now
    home = {member: name for name, members in found.clusters.items() for member in members}
    rows = []
    for name, items in claimed.scales.items():
        revised = home[name]
        verdict, reason = _of_scale(name, found, pairs, withheld)
        before = _shown_scale(claimed, name)
        after = _shown_scale(now, revised) if revised in now.scales and verdict != "drop" else _UNKNOWN
        rows.append(
            {
                "scale": name,
                "verdict": verdict,
                "reason": reason,
                "revised": "" if verdict == "drop" else revised,
                "items_before": len(items),
                "items_after": 0 if verdict == "drop" else len(now.scales[revised]),
                **{
                    "alpha_before": before["alpha"],
                    "alpha_low": before["alpha_low"],
                    "alpha_high": before["alpha_high"],
                },
                **{"alpha_after": after["alpha"], "omega_before": before["omega"], "omega_after": after["omega"]},
                **{"ave_before": before["ave"], "ave_after": after["ave"]},
            }
        )
    return pd.DataFrame(rows)


def _of_scale(name: str, found: Revision, pairs: pd.DataFrame, withheld: Sequence[str]) -> tuple[Verdict, str]:
    """Verdict on a claimed scale, and its reason."""
    cluster = next(members for members in found.clusters.values() if name in members)
    dropped = found.unfit.keys() & {name, *(key for key, members in found.clusters.items() if members == cluster)}
    if dropped:
        return "drop", found.unfit[min(dropped)]
    own = pairs[(pairs["first"] == name) | (pairs["second"] == name)]
    if len(cluster) > 1:
        within = own[own["first"].isin(cluster) & own["second"].isin(cluster)]
        return "merge", "overlap" if (within["reason"] == "overlap").any() else "one factor"
    if withheld:
        return "untold", withheld[0]
    others = ~(own["first"].isin(list(found.unfit)) | own["second"].isin(list(found.unfit)))
    open_ones = own.loc[others & (own["verdict"] == "untold"), "reason"]
    return ("untold", str(open_ones.iloc[0])) if len(open_ones) else ("keep", "")


def item_rows(found: Revision, scales: pd.DataFrame, named: pd.DataFrame, withheld: Sequence[str]) -> pd.DataFrame:
    """Say what becomes of each item, with its loading before and after and the misfit for which it is named."""
    claimed, now = found.steps[0][2], _shown_loadings(found.now)
    before = _shown_loadings(claimed)
    verdicts = scales.set_index("scale")["verdict"]
    gone = {finding.item: finding for finding in found.dropped}
    crossing = named[(named["kind"] == "loading") & named["remains"].astype(bool)].drop_duplicates("second")
    rows = []
    for item, row in claimed.loadings.iterrows():
        own: Verdict = verdicts[row["scale"]]
        verdict: Verdict = "merge" if own == "merge" else "untold" if withheld else "keep"
        reason, towards, figures = "", "", dict.fromkeys(_FIGURES, np.nan)
        if own == "drop":
            verdict, reason = "drop", "scale"
        elif item in gone:
            finding = gone[str(item)]
            verdict, reason, towards = "drop", finding.reason, finding.towards
            figures = {name: getattr(finding, name) for name in _FIGURES}
        elif len(crossing) and (crossing["second"] == item).any():
            misfit = crossing[crossing["second"] == item].iloc[0]
            reason, towards, figures = "misfit", misfit["first"], {name: misfit[name] for name in _FIGURES}
        loadings = {"loading_before": before[str(item)], "loading_after": now.get(item, np.nan)}
        told = {"scale": row["scale"], "item": item, "verdict": verdict, "reason": reason, "towards": towards}
        rows.append({**told, **loadings, **figures})
    return pd.DataFrame(rows)


def _shown_scale(fitted: Fitted, name: str) -> "pd.Series[float]":
    """Figures of a scale; those of the factor model missing where they are no estimates."""
    found = pd.Series(fitted.by_scale.loc[name], dtype=float)
    return found if fitted.has_estimates else found.where(~found.index.isin(["omega", "ave"]))


def _shown_loadings(fitted: Fitted) -> pd.Series:
    """Standardized loadings, missing where they are no estimates."""
    found = fitted.loadings["standardized"]
    return found if fitted.has_estimates else found * np.nan


def step_rows(found: Revision) -> pd.DataFrame:
    """Tabulate the claimed model and the model after each step."""
    return pd.DataFrame([{"step": kind, "names": ", ".join(names), **_size(on)} for kind, names, on in found.steps])


def _size(fitted: Fitted) -> dict[str, float]:
    known = fitted.has_estimates
    fit = {name: value if known else np.nan for name, value in fitted.fit.items()}
    return {"scales": len(fitted.scales), "items": len(fitted.loadings), **fit}


def shared_pairs(pairs: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Pairs that share a factor in most resamples, the most frequent first."""
    often = pairs[pairs["together"] > MOST].sort_values("together", ascending=False)
    return tuple(zip(often["first"], often["second"], strict=True))


def conclusion(verdicts: Sequence[Verdict]) -> Verdict:
    """Verdict on the whole: what is to be done goes before what cannot be told."""
    order: tuple[Verdict, ...] = ("merge", "drop", "untold")
    return next((verdict for verdict in order if verdict in verdicts), "keep")


def revision_warnings(found: Revision, number: RetentionResult | None) -> tuple[str, ...]:
    """Sentences on what limits the conclusion."""
    warnings: list[str] = []
    if len(found.steps) > 1:
        warnings.append(
            message("The answers that suggest a revision cannot confirm it; that takes a new sample of respondents.")
        )
    if number is None or number.together is None:
        warnings.append(message("How often scales share a factor in resampled answers was not examined."))
    gone = {finding.item for finding in found.dropped}
    before = found.before_items.scales if found.before_items else {}
    fewer = {name for name, items in before.items() if gone & set(items)}
    short = [name for name, items in found.now.scales.items() if name in fewer and len(items) < FEWEST_MARKERS]
    if short:
        few = {"scales": short, "least": FEWEST_MARKERS}
        warnings.append(message("Scales left with fewer than {least} items: {scales}.", **few))
    return tuple(warnings)
