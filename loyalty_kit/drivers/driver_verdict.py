"""What a driver analysis comes to: how much is explained, which driver leads, where to act first."""

from dataclasses import dataclass

import pandas as pd

from loyalty_kit.core.results import Result
from loyalty_kit.drivers.driver_result import DriverResult
from loyalty_kit.drivers.importance.importance import ImportanceResult
from loyalty_kit.drivers.importance.uncertainty import Ranking
from loyalty_kit.drivers.item_map import ItemMapResult
from loyalty_kit.drivers.priority import PriorityResult
from loyalty_kit.drivers.validation.validation import ValidationResult
from loyalty_kit.measurement.reliability.reliability import ReliabilityResult

SURE = 0.90
"""Probability from which a rank is told without reserve."""


@dataclass(frozen=True, eq=False)
class DriverVerdict(Result):
    """Verdict on the drivers of an outcome.

    Attributes
    ----------
    model : DriverResult
        The fitted model.
    importance : ImportanceResult
        What each driver adds.
    validation : ValidationResult
        Whether the model predicts customers whom it has not seen; where it does not, no driver is ranked.
    priorities : PriorityResult
        Where to act first.
    reliability : ReliabilityResult or None
        How well the scales measure, where that was given.
    items : ItemMapResult or None
        The items of each driver, where that was given.
    """

    model: DriverResult
    importance: ImportanceResult
    validation: ValidationResult
    priorities: PriorityResult
    reliability: ReliabilityResult | None = None
    items: ItemMapResult | None = None

    @property
    def ranking(self) -> Ranking:
        """Whether the drivers are ranked: not where nothing is predicted, nor where respondents are too few."""
        return self.importance.ranking if self.validation.predicts else "not_predicted"

    @property
    def item_to_mend(self) -> str | None:
        """Wording of the item to mend first, of the driver to act first on; None where none is clearly so."""
        first = self.priorities.first_place
        if self.items is None or first is None or self.items.places.get(first.driver) != "mend":
            return None
        return self.items.wordings[str(self.items.of(first.driver)["item"].iloc[0])]

    @property
    def leader(self) -> tuple[str, float]:
        """Driver that is likeliest to matter most, and how probable that is."""
        first: pd.Series = self.importance.rank_probabilities[1]
        return str(first.idxmax()), float(first.max())

    @property
    def surely_leading(self) -> list[str]:
        """Drivers that belong to the three most important ones with probability 0.90 or more."""
        table = self.importance.table
        return list(table.loc[table["p_top3"] >= SURE, "driver"])

    def to_frame(self) -> pd.DataFrame:
        """Table of the priorities."""
        return self.priorities.to_frame()


def judge_drivers(
    model: DriverResult,
    importance: ImportanceResult,
    validation: ValidationResult,
    priorities: PriorityResult,
    *,
    reliability: ReliabilityResult | None = None,
    items: ItemMapResult | None = None,
) -> DriverVerdict:
    """Weigh the analyses of one driver model together.

    Parameters
    ----------
    model : DriverResult
        What `drivers` gave.
    importance, validation : ImportanceResult, ValidationResult
        What its methods `importance` and `validate` gave.
    priorities : PriorityResult
        What `priorities` gave.
    reliability : ReliabilityResult, optional
        What `reliability` gave; an outcome that is not measured well enough is then told with the headline.
    items : ItemMapResult, optional
        What `item_map` gave; the headline then names the question to mend, where one clearly comes first.

    Returns
    -------
    DriverVerdict
    """
    return DriverVerdict(model, importance, validation, priorities, reliability, items)
