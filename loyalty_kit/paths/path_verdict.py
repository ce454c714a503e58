"""What a path model comes to: whether it may be read, what leads to the outcome, and through what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.results import Result
from loyalty_kit.paths.path_result import PathResult
from loyalty_kit.paths.prediction.predict import PathPredictionResult
from loyalty_kit.paths.prediction.priorities import PathPriorityResult
from loyalty_kit.paths.prediction.rivals import RivalsResult
from loyalty_kit.paths.quality import PathQualityResult

Reading = Literal["given", "not_distinct", "not_predicted", "unclear"]


@dataclass(frozen=True, eq=False)
class PathVerdict(Result):
    """Verdict on a path model.

    Attributes
    ----------
    model : PathResult
        The fitted model.
    outcome : str
        Construct that the report is about.
    quality : PathQualityResult
        Whether its constructs are distinct.
    effects : DataFrame
        What `PathResult.effects` gives.
    prediction : PathPredictionResult
        Whether it predicts customers whom it has not seen.
    priorities : PathPriorityResult
        Where to act for the outcome.
    rivals : RivalsResult
        Which other model predicts as well.
    """

    model: PathResult = field(repr=False)
    outcome: str
    quality: PathQualityResult = field(repr=False)
    effects: pd.DataFrame = field(repr=False)
    prediction: PathPredictionResult = field(repr=False)
    priorities: PathPriorityResult = field(repr=False)
    rivals: RivalsResult = field(repr=False)
    labels: Mapping[str, str] = field(repr=False)
    n_used: int
    n_dropped: int
    confidence: float

    @property
    def reading(self) -> Reading:
        """Whether reports say what leads to the outcome.

        Returns
        -------
        str
            'not_distinct' where two constructs are surely one, 'not_predicted' where the outcome of unseen customers is
            predicted no better than by its mean, 'unclear' where no total effect is clear, else 'given'.
        """
        if len(self.alike):
            return "not_distinct"
        if self.prediction.verdict(self.outcome) == "none":
            return "not_predicted"
        return "given" if self.leader is not None else "unclear"

    @property
    def alike(self) -> pd.DataFrame:
        """Pairs of constructs that are surely one: the whole interval of HTMT lies above .9, the highest first."""
        pairs = self.quality.distinct
        return pairs[pairs["verdict"] == "not_distinct"].sort_values("htmt", ascending=False)

    @property
    def totals(self) -> pd.DataFrame:
        """Total effects on the outcome, the largest first."""
        found = self.effects[(self.effects["target"] == self.outcome) & (self.effects["kind"] == "total")]
        return found.sort_values("estimate", ascending=False, key=abs).reset_index(drop=True)

    @property
    def leader(self) -> dict[str, Any] | None:
        """Largest total effect on the outcome of those whose interval leaves zero out; None where there is none."""
        clear = self.totals[(self.totals["ci_low"] > 0) | (self.totals["ci_high"] < 0)]
        return None if clear.empty else {str(key): value for key, value in clear.iloc[0].items()}

    @property
    def mediated(self) -> dict[str, Any] | None:
        """What works most through others: the largest clear effect on the outcome that is not direct.

        Returns
        -------
        dict or None
            source, mediation, share (of the total that works through others; missing where the parts differ in
            sign), way (constructs of its largest indirect effect, 'trust > affection'), way_share. None where no
            indirect effect is clear.
        """
        rows = [self.through(source) for source in self.totals["source"]]
        clear = [row for row in rows if row["mediation"] in ("complementary", "competitive", "indirect_only")]
        return max(clear, key=lambda row: abs(row["estimate"]), default=None)

    def through(self, source: str) -> dict[str, Any]:
        """Say how much of a construct's effect on the outcome works through others, and by which way most."""
        own = self.effects[(self.effects["target"] == self.outcome) & (self.effects["source"] == source)]
        ways, total = own[own["kind"] == "indirect"], own[own["kind"] == "total"].iloc[0]
        found = {"source": source, "mediation": total["mediation"], "estimate": 0.0, "share": 0.0, "way": ""}
        if ways.empty:
            return found | {"way_share": np.nan}
        most = ways.iloc[int(ways["estimate"].abs().to_numpy().argmax())]
        of_it = {"estimate": float(ways["estimate"].sum()), "share": float(ways["share_of_total"].sum(skipna=False))}
        return found | of_it | {"way": most["via"], "way_share": float(most["share_of_total"])}

    def to_frame(self) -> pd.DataFrame:
        """Table of the total effects on the outcome."""
        return self.totals


def judge_paths(
    model: PathResult,
    prediction: PathPredictionResult,
    priorities: PathPriorityResult,
    rivals: RivalsResult,
) -> PathVerdict:
    """Weigh the analyses of one path model together.

    Parameters
    ----------
    model : PathResult
        What `path_model` gave.
    prediction, priorities, rivals : PathPredictionResult, PathPriorityResult, RivalsResult
        What its methods of these names gave; the outcome is that of the priorities.

    Returns
    -------
    PathVerdict
    """
    return PathVerdict(
        model=model,
        outcome=priorities.outcome,
        quality=model.quality(),
        effects=model.effects(),
        prediction=prediction,
        priorities=priorities,
        rivals=rivals,
        labels=model.labels,
        n_used=model.n_used,
        n_dropped=model.n_dropped,
        confidence=model.confidence,
    )
