"""Which searches count as converged: the same ones on every processor."""

import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.measurement.cfa.confirmatory import CfaResult, cfa
from loyalty_kit.measurement.cfa.convergence import Ending, Objective, is_identified
from loyalty_kit.measurement.cfa.estimation import Likelihood, maximise, starting_values
from loyalty_kit.measurement.cfa.likelihood import Sample
from loyalty_kit.measurement.cfa.model import confirmatory_model
from loyalty_kit.measurement.cfa.ordinal import LeastSquares
from loyalty_kit.measurement.cfa.structure import read_answers, structure_of
from loyalty_kit.measurement.invariance.groups import Groups, Member

ONE = {"s": list("abc")}
KERNELS = ["Haswell", "SkylakeX", "Zen", "Nehalem"]
ESTIMATORS = {
    "ml": {},
    "mlr": {"estimator": "mlr"},
    "fiml": {"missing": "fiml"},
    "marker": {"scale": "marker"},
    "wlsmv": {"estimator": "wlsmv"},
}

# Correlations ab, ac, bc whose product is below 0 are those of no factor, as λa²λb²λc² is not; where one of three
# is 0, they are so only in the limit of endless loadings.
WITHOUT_MAXIMUM = {
    "as strong as one another": (0.3, 0.3, -0.3),
    "one saddle point between two": (0.4, -0.3, 0.3),
    "all negative": (-0.5, -0.3, -0.2),
    "all but none": (0.7, 0.4, -0.02),
    "one of them zero": (0.4, 0.3, 0.0),
}

# Weak answers of 60 respondents: a search ends on a saddle point with loadings below 1 and chi² 20.2 at df 13, from
# which chi² falls to 17.2 and further, with a residual variance that goes to −∞.
WEAK = [
    [1.00, 0.10, 0.11, -0.03, -0.09, 0.04, -0.10],
    [0.10, 1.00, 0.03, 0.11, 0.25, 0.34, 0.17],
    [0.11, 0.03, 1.00, -0.13, 0.06, 0.06, -0.20],
    [-0.03, 0.11, -0.13, 1.00, -0.07, -0.01, 0.04],
    [-0.09, 0.25, 0.06, -0.07, 1.00, -0.01, 0.18],
    [0.04, 0.34, 0.06, -0.01, -0.01, 1.00, 0.12],
    [-0.10, 0.17, -0.20, 0.04, 0.18, 0.12, 1.00],
]

# Under least squares loadings of the third scale go to 0 and its correlations with the others to −∞.
DRIFTING = [
    [1.00, -0.21, -0.13, 0.21, 0.19, -0.06],
    [-0.21, 1.00, -0.08, 0.07, -0.41, 0.35],
    [-0.13, -0.08, 1.00, -0.02, 0.24, -0.04],
    [0.21, 0.07, -0.02, 1.00, 0.06, 0.20],
    [0.19, -0.41, 0.24, 0.06, 1.00, 0.00],
    [-0.06, 0.35, -0.04, 0.20, 0.00, 1.00],
]


def three(ab: float, ac: float, bc: float) -> np.ndarray:
    return np.array([[1, ab, ac], [ab, 1, bc], [ac, bc, 1]])


def answers(r: np.ndarray, n: int = 200, *, ordered: bool = False) -> pd.DataFrame:
    """Answers with exactly these correlations, or cut into five categories."""
    noise = np.random.default_rng(0).standard_normal((n, len(r)))
    z = np.linalg.qr(np.column_stack([np.ones(n), noise]))[0][:, 1:] * np.sqrt(n)
    x = z @ np.linalg.cholesky(r).T
    return pd.DataFrame(np.clip(np.round(x + 3), 1, 5) if ordered else x, columns=list("abcdefg")[: len(r)])


def fitted(r: np.ndarray, estimator: str) -> CfaResult:
    return cfa(answers(r, ordered=estimator == "wlsmv"), ONE, **ESTIMATORS[estimator])


def ending(objective: Objective, values: np.ndarray) -> Ending:
    return Ending.at(objective, values, objective.evaluate(values))


def least_squares(r: np.ndarray, scales: dict[str, list[str]], n: float) -> LeastSquares:
    pairs = np.asarray(r)[np.tril_indices(len(r), -1)]
    return LeastSquares(confirmatory_model(scales, residuals=False), pairs, 1 / (1 - pairs**2) ** 2, n)


@pytest.mark.parametrize("r", WITHOUT_MAXIMUM.values(), ids=WITHOUT_MAXIMUM)
def test_correlations_of_no_factor_have_no_estimates_and_fit_by_no_construction(r):
    result = fitted(three(*r), "ml")
    assert not result.converged and result.standing == "not converged"
    assert result.warnings == ("The search did not converge: the figures are where it stopped and no estimates.",)


@pytest.mark.parametrize("estimator", [estimator for estimator in ESTIMATORS if estimator != "ml"])
def test_no_estimator_finds_a_factor_where_there_is_none(estimator):
    result = fitted(three(0.5, -0.3, 0.2), estimator)
    assert not result.converged
    assert not any("by construction" in text or "identified" in text for text in result.warnings)


def test_a_saddle_point_of_a_model_with_degrees_of_freedom_is_no_solution():
    table = answers(np.array(WEAK), 60)
    result = cfa(table, {"s": list("abc"), "t": list("defg")})
    assert not result.converged and result.fit["chi2"] < 19


def test_factor_correlations_that_run_away_are_no_solution():
    objective = least_squares(np.array(DRIFTING), {"s": list("ab"), "t": list("cd"), "u": list("ef")}, 30.0)
    start = starting_values(objective.model, [(np.zeros(6), np.array(DRIFTING))])
    assert not maximise(objective, start).converged


def test_groups_in_one_of_which_there_is_no_factor_have_no_estimates():
    structure = structure_of(ONE)
    tables = [read_answers(answers(three(*r)), structure, "listwise") for r in ((0.5, -0.3, 0.2), (0.5, 0.5, 0.4))]
    members = tuple(Member.of(table, robust=False, fiml=False) for table in tables)
    assert not Groups(("x", "y"), structure, members).fit(frozenset(), frozenset()).converged


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(
    ("r", "standing"),
    [((0.5, 0.5, 0.4), "proper"), ((-0.5, 0.5, -0.4), "proper"), ((0.6, 0.5, 0.2), "improper")],
)
def test_three_items_of_a_factor_are_estimated_whatever_their_signs(r, standing, estimator):
    result = fitted(three(*r), estimator)
    assert result.converged and result.standing == standing
    assert_allclose(result.fit["chi2"], 0, atol=1e-6)
    assert any("fits by construction" in text for text in result.warnings)


@pytest.mark.parametrize("estimator", [estimator for estimator in ESTIMATORS if estimator != "wlsmv"])
def test_an_item_that_is_alone_leaves_the_others_loadings_untold(estimator):
    """Any λa and λb with λa · λb = 0.4 fit; which of them, and whether the information can be inverted, is rounding."""
    result = fitted(three(0.4, 0, 0), estimator)
    assert result.standing == "not identified" and result.loadings["std_error"].isna().all()


class Saddle:
    """−x² + y² − y⁴: flat at 0, and two maxima, of 1/4, at y = ±√½."""

    def evaluate(self, values):
        x, y = values
        return -(x**2) + y**2 - y**4, np.array([-2 * x, 2 * y - 4 * y**3]), np.eye(2)

    def observed(self, values):
        return np.diag([2.0, 12 * values[1] ** 2 - 2])


class Ridge:
    """−x² − 1e-8 (y − 1e3)²: scaled by what is expected, the slope is as good as flat a thousand units away."""

    def evaluate(self, values):
        x, y = values
        return -(x**2) - 1e-8 * (y - 1e3) ** 2, np.array([-2 * x, -2e-8 * (y - 1e3)]), np.eye(2)

    def observed(self, values):
        return np.diag([2.0, 2e-8])


def test_a_search_goes_on_from_a_saddle_point():
    found = maximise(Saddle(), np.array([1.0, 0.0]))
    assert found.converged
    assert_allclose([found.loglik, abs(found.values[1])], [0.25, np.sqrt(0.5)], atol=1e-6)
    assert ending(Saddle(), np.array([0.0, np.sqrt(0.5)])).ascent() is None


def test_a_flat_slope_far_from_the_top_is_not_the_top():
    assert np.abs(Ridge().evaluate(np.zeros(2))[1]).max() < 1e-4 and not ending(Ridge(), np.zeros(2)).settled
    assert ending(Ridge(), np.array([0.0, 1e3])).settled


def test_information_that_is_singular_but_for_rounding_tells_no_parameter():
    almost = np.array([[1.0, 1.0], [1.0, 1.0 + 4e-16]]) * 1e6
    assert not is_identified(almost) and not is_identified(np.diag([1.0, 0.0]))
    assert is_identified(np.diag([1e-12, 1e12])), "whatever the units"


def test_curvature_of_least_squares_is_that_of_their_slope():
    objective = least_squares(np.array(DRIFTING), {"s": list("abcd"), "t": list("ef")}, 100.0)
    values = np.random.default_rng(1).uniform(0.2, 0.8, objective.model.size)
    steps = 1e-5 * np.eye(len(values))
    slopes = [objective.evaluate(values + d)[1] - objective.evaluate(values - d)[1] for d in steps]
    assert_allclose(objective.observed(values), -np.stack(slopes) / 2e-5, atol=1e-6)


def test_the_saddle_point_of_a_factor_is_left_wherever_rounding_has_put_it():
    r, model = three(0.4, -0.3, 0.3), confirmatory_model(ONE)
    sample = Sample(np.array([200.0]), np.ones((1, 3), dtype=bool), np.zeros((1, 3)), r[None])
    objective = Likelihood(model, [sample])
    saddle = np.array([np.sqrt(0.4), np.sqrt(0.4), 0.0, 0.6, 0.6, 1.0])
    for beside in np.random.default_rng(1).normal(scale=1e-9, size=(5, 6)):
        higher = ending(objective, saddle + beside).ascent()
        assert higher is not None and objective.evaluate(higher)[0] > objective.evaluate(saddle)[0] + 1


@pytest.mark.skipif("LOYALTY_KIT_TESTED_KERNEL" in os.environ, reason="runs the others under another kernel")
@pytest.mark.parametrize("kernel", [KERNELS[0], *(pytest.param(name, marks=pytest.mark.slow) for name in KERNELS[1:])])
def test_these_tests_pass_under_another_processors_arithmetic(kernel):
    """OpenBLAS adds and multiplies in another order, with or without fused steps, on each kind of processor."""
    changed = os.environ | {"OPENBLAS_CORETYPE": kernel, "LOYALTY_KIT_TESTED_KERNEL": kernel}
    chosen = "by_no_construction or saddle or untold or singular"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", chosen, __file__]
    run = subprocess.run(command, env=changed, capture_output=True, text=True, check=False)
    if run.returncode == -signal.SIGILL:
        pytest.skip(f"this processor lacks what the kernel {kernel} needs")
    assert run.returncode == 0, run.stdout[-4000:]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_figures_of_a_model_that_has_no_estimates_are_not_recorded(estimator):
    assert fitted(three(0.5, -0.3, 0.2), estimator).estimates() == ()
    assert fitted(three(0.6, 0.5, 0.2), estimator).estimates() == ()
    assert len(fitted(three(0.5, 0.5, 0.4), estimator).estimates()) == 2
