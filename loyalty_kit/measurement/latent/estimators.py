"""Estimators of factor models, and which answers each can use."""

from typing import Literal

from loyalty_kit.core.checks import check_choice
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message

Estimator = Literal["ml", "mlr", "wlsmv"]
MissingAnswers = Literal["listwise", "fiml", "pairwise"]

METHODS = {
    ("ml", "listwise"): message("maximum likelihood"),
    ("ml", "fiml"): message("full-information maximum likelihood"),
    ("mlr", "listwise"): message("maximum likelihood with robust errors and scaled test (MLR)"),
    ("mlr", "fiml"): message("full-information maximum likelihood with robust errors and scaled test (MLR)"),
    ("wlsmv", "pairwise"): message(
        "diagonally weighted least squares on polychoric correlations of all who answered both items (WLSMV)"
    ),
    ("wlsmv", "listwise"): message("diagonally weighted least squares on polychoric correlations (WLSMV)"),
}


def check_estimator(estimator: Estimator, missing: MissingAnswers) -> None:
    """Refuse an estimator that is not built, and one that takes no gaps where it is to take them."""
    check_choice(estimator, "estimator", ("ml", "mlr", "wlsmv"))
    check_choice(missing, "missing", ("listwise", "fiml", "pairwise"))
    if (estimator, missing) not in METHODS:
        raise InputError(
            "missing='{missing}' does not go with estimator='{estimator}': for every answer that is there, 'ml' and "
            "'mlr' take 'fiml', 'wlsmv' takes 'pairwise'.",
            missing=missing,
            estimator=estimator,
        )
