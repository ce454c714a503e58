"""Exploratory factor analysis: psych's solutions, the model's identity, recovery, labels, scores, warnings."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matching import matched
from numpy.testing import assert_allclose
from surveys import latent, simple_structure, simulate

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.correlations.correlation import correlate
from loyalty_kit.measurement.factors.factors import efa
from loyalty_kit.statistics.extraction import extract
from loyalty_kit.survey.codebook import Codebook

REFERENCE = Path(__file__).parents[2] / "reference"
SETS = {"bfi": ("bfi", 5), "holzinger": ("holzinger1939", 3), "ecsi": ("ecsi_mobile", 6)}
EXTRACTIONS, ROTATIONS = ["minres", "ml", "pa"], ["none", "varimax", "promax", "oblimin", "geomin"]
FIGURES = json.loads((REFERENCE / "factors.json").read_text())


@pytest.fixture(params=[(name, extraction) for name in SETS for extraction in ("minres", "ml")])
def problem(request):
    """Function that rotates a data set's factors, and psych's figures of that extraction by rotation."""
    name, extraction = request.param
    file, factors = SETS[name]
    figures = json.loads((REFERENCE / f"{file}.json").read_text())["efa"]
    items = request.getfixturevalue(name)[figures["ml_none"]["loadings"]["rows"]]

    def solve(rotation):
        return efa(items, factors=factors, extraction=extraction, rotation=rotation)

    return solve, {
        rotation: figures[f"{extraction}_{rotation}"] for rotation in ("none", "oblimin", "varimax", "promax")
    }


@pytest.mark.parametrize(
    ("rotation", "tolerance"), [("none", 1e-4), ("oblimin", 1e-4), ("varimax", 3e-3), ("promax", 3e-3)]
)
def test_loadings_and_factor_correlations_equal_psych(problem, rotation, tolerance):
    """R> psych::fa(R, k, n.obs = n, fm = extraction, rotate = rotation, max.iter = 1000)   # psych 2.2.9

    psych rotates by R's varimax, whose stopping rule leaves it up to 3e-3 from the maximum.
    """
    solve, figures = problem
    found, reference = solve(rotation), np.array(figures[rotation]["loadings"]["values"])
    pattern, phi = matched(found.loadings, reference, found.factor_correlations)
    assert_allclose(pattern, reference, atol=tolerance)
    assert_allclose(phi, figures[rotation].get("phi", {}).get("values", np.eye(len(phi))), atol=tolerance)


def test_communalities_and_uniqueness_equal_psych(problem):
    """R> psych::fa(R, k, n.obs = n, fm = extraction, rotate = "oblimin")$communality   # psych 2.2.9"""
    solve, figures = problem
    found = solve("oblimin")
    assert_allclose(found.communalities, list(figures["oblimin"]["communalities"].values()), atol=1e-4)
    assert_allclose(found.uniqueness, list(figures["oblimin"]["uniqueness"].values()), atol=1e-4)


def test_fit_equals_psych(problem):
    """R> psych::fa(R, k, n.obs = n, fm = extraction, rotate = "oblimin")   # psych 2.2.9"""
    solve, figures = problem
    fit, reference = solve("oblimin").fit, figures["oblimin"]
    assert fit["df"] == reference["dof"]
    assert_allclose(fit[["chi2", "bic"]], [reference["chi2"], reference["bic"]], atol=1e-3)
    assert_allclose(fit[["rmsr", "rmsea", "tli"]], [reference["rms"], reference["rmsea"], reference["tli"]], atol=1e-6)


def test_variance_explained_equals_psych(problem):
    """R> psych::fa(R, k, n.obs = n, fm = extraction, rotate = "oblimin")$Vaccounted[1:3, ]   # psych 2.2.9"""
    solve, figures = problem
    assert_allclose(solve("oblimin").variance.T, figures["oblimin"]["variance"]["values"][:3], atol=5e-4)


def test_complexity_structure_and_residuals_equal_psych(bfi):
    """R> f <- psych::fa(R, 5, fm = "ml"); f$complexity; f$Structure; f$residual["A1", "A2"]   # psych 2.2.9"""
    found = efa(bfi.iloc[:, :25], factors=5, extraction="ml")
    assert_allclose(found.complexity, FIGURES["complexity"], atol=1e-3)
    assert_allclose(matched(found.structure, FIGURES["structure"]), FIGURES["structure"], atol=1e-4)
    assert_allclose(found.residual_correlations.loc["A1", "A2"], FIGURES["residual_A1_A2"], atol=1e-6)


@pytest.mark.parametrize("extraction", EXTRACTIONS)
@pytest.mark.parametrize("rotation", ROTATIONS)
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), factors=st.integers(1, 3), correlation=st.floats(0, 0.6))
def test_loadings_and_phi_reproduce_the_implied_matrix(extraction, rotation, seed, factors, correlation):
    """The identity that factor_analyzer's phi_ breaks: Λ Φ Λᵀ + Ψ is the extraction's own model."""
    answers, _ = simulate(150, scales={f"s{n}": 4 for n in range(factors)}, correlation=correlation, rng=seed)
    found = efa(answers, factors=factors, extraction=extraction, rotation=rotation, starts=2)
    unrotated = extract(found.correlation.matrix, factors=factors, method=extraction).loadings
    implied = np.where(np.eye(len(unrotated)) > 0, 1.0, unrotated @ unrotated.T)
    loadings, phi = found.loadings.to_numpy(), found.factor_correlations.to_numpy()
    assert_allclose(loadings @ phi @ loadings.T + np.diag(found.uniqueness), implied, atol=1e-10)


@pytest.mark.parametrize("rotation", ["oblimin", "promax", "varimax", "geomin"])
def test_factors_stand_in_order_of_variance_and_sum_to_zero_or_more(bfi, rotation):
    found = efa(bfi.iloc[:, :25], factors=5, rotation=rotation)
    assert found.variance["ss_loadings"].is_monotonic_decreasing
    assert (found.loadings.sum() >= 0).all()
    assert list(found.loadings.columns) == list(found.factor_correlations.columns) == ["F1", "F2", "F3", "F4", "F5"]


@pytest.mark.parametrize("extraction", EXTRACTIONS)
def test_known_loadings_are_recovered(extraction):
    structure = simple_structure(
        {"image": [0.8, 0.7, 0.6, 0.5], "value": [0.7, 0.7, 0.7], "loyalty": [0.9, 0.6, 0.5, 0.7]}
    )
    phi = pd.DataFrame(np.where(np.eye(3), 1.0, 0.4), structure.columns, structure.columns)
    found = efa(latent(20_000, structure, factor_correlations=phi, rng=2), factors=3, extraction=extraction)
    pattern, among = matched(found.loadings, structure, found.factor_correlations)
    assert_allclose(pattern, structure, atol=0.03)
    assert_allclose(among, phi, atol=0.03)


def test_items_a_correlation_and_a_matrix_give_one_solution(holzinger):
    items = holzinger.filter(like="x")
    given_matrix = efa(items.corr(), factors=3, n=len(items))
    for data in (items, correlate(items)):
        found = efa(data, factors=3)
        assert_allclose(found.loadings, given_matrix.loadings, atol=1e-5)
        assert_allclose(found.fit, given_matrix.fit, rtol=1e-6)


def test_whole_weights_give_the_loadings_of_repeated_respondents(holzinger):
    items = holzinger.filter(like="x")
    weights = np.arange(len(items)) % 3 + 1
    repeated = efa(items.loc[items.index.repeat(weights)], factors=3)
    assert_allclose(efa(items, factors=3, weight=weights).loadings, repeated.loadings, atol=1e-5)


def test_respondents_left_out_are_counted(bfi):
    found = efa(bfi.iloc[:, :25], factors=5)
    assert (found.n_used, found.n_dropped) == (2436, 364)


def test_factors_take_the_names_of_the_scales_that_hold_them(bfi):
    keys = json.loads((REFERENCE / "bfi.json").read_text())["reliability"]
    scales = {scale: {"items": [item.lstrip("-") for item in entry["items"]]} for scale, entry in keys.items()}
    codebook = Codebook.model_validate({"response": {"min": 1.0, "max": 6.0}, "scales": scales})
    found = efa(bfi.iloc[:, :25], factors=5, codebook=codebook)
    assert set(found.loadings.columns) == set(scales)
    assert found.loadings["neuroticism"].abs().nlargest(5).index.str.startswith("N").all()


def test_a_factor_is_named_by_a_scale_only_where_it_brings_back_that_scale_whole_and_alone():
    answers, _ = simulate(400, scales={"a": 4, "b": 4}, rng=0)
    scales = {"整体": {"items": list(answers.columns)}}
    codebook = Codebook.model_validate({"response": {"min": 1.0, "max": 10.0}, "scales": scales})
    assert list(efa(answers, factors=2, codebook=codebook).loadings.columns) == ["F1", "F2"]
    halves = {"x": {"items": ["a_1", "a_2", "b_1", "b_2"]}, "y": {"items": ["a_3", "a_4", "b_3", "b_4"]}}
    mixed = Codebook.model_validate({"response": {"min": 1.0, "max": 10.0}, "scales": halves})
    one = efa(answers.assign(a_1=answers["a_1"]), factors=1, codebook=mixed)
    assert list(one.loadings.columns) == ["F1"]
    stray = {"x": {"items": ["a_1", "a_2", "a_3"]}, "y": {"items": ["a_4", "b_1", "b_2", "b_3", "b_4"]}}
    mostly = Codebook.model_validate({"response": {"min": 1.0, "max": 10.0}, "scales": stray})
    assert set(efa(answers, factors=2, codebook=mostly).loadings.columns) == {"F1", "F2"}
    right = {"x": {"items": [f"a_{n}" for n in range(1, 5)]}, "y": {"items": [f"b_{n}" for n in range(1, 5)]}}
    whole = Codebook.model_validate({"response": {"min": 1.0, "max": 10.0}, "scales": right})
    assert set(efa(answers, factors=2, codebook=whole).loadings.columns) == {"x", "y"}


def test_table_has_a_row_for_each_item(holzinger):
    table = efa(holzinger.filter(like="x"), factors=3).to_frame()
    assert list(table.columns) == ["item", "F1", "F2", "F3", "communality", "uniqueness", "complexity"]
    assert table["item"].tolist() == [f"x{i}" for i in range(1, 10)]


def test_same_seed_gives_the_same_solution(ecsi):
    first, again = (efa(ecsi, factors=6, rotation="geomin", rng=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.loadings, again.loadings)


def test_inputs_are_left_as_they_were(holzinger):
    before = holzinger.copy()
    efa(holzinger.filter(like="x"), factors=3)
    pd.testing.assert_frame_equal(holzinger, before)


def test_scores_keep_the_index_and_are_missing_where_an_answer_is(holzinger):
    items = holzinger.filter(like="x")
    items.index = [f"r{i}" for i in range(len(items))]
    items.loc["r5", "x3"] = np.nan
    scores = efa(items, factors=3).scores(items.assign(group="A"))
    assert list(scores.index) == list(items.index)
    assert scores.isna().any(axis=1).sum() == 1


@pytest.mark.parametrize("method", ["regression", "bartlett", "tenberge"])
def test_scores_have_mean_zero_over_the_respondents_behind_the_factors(holzinger, method):
    items = holzinger.filter(like="x")
    assert_allclose(efa(items, factors=3).scores(items, method=method).mean(), 0, atol=1e-10)


def test_scores_of_another_wave_are_measured_by_the_first(holzinger):
    items = holzinger.filter(like="x")
    found = efa(items, factors=3)
    assert (found.scores(items + 1).mean() > 0.5).all()
    assert len(found.scores(items.head(1))) == 1


def test_scores_of_a_matrix_are_standardized_by_the_respondents_scored(holzinger):
    items = holzinger.filter(like="x")
    scored = efa(items.corr(), factors=3).scores(items * 10 + 3)
    assert_allclose(scored, efa(items, factors=3).scores(items), atol=1e-5)


def test_scores_need_every_item(holzinger):
    items = holzinger.filter(like="x")
    with pytest.raises(InputError, match="The table of items lacks the column 'x9'"):
        efa(items, factors=3).scores(items.drop(columns="x9"))


def test_a_heywood_case_is_named_and_estimated():
    r = pd.DataFrame([[1, 0.9, 0.9], [0.9, 1, 0.7], [0.9, 0.7, 1]], index=list("abc"), columns=list("abc"))
    found = efa(r, factors=1, n=200)
    assert found.warnings[0] == "Heywood case: the factors leave no variance of its own to 'a'."
    assert np.isfinite(found.loadings).all(axis=None)


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_empty_factors_are_counted_whatever_the_rotation(rotation):
    names = list("abcdef")
    r = pd.DataFrame(np.full((6, 6), 0.5) + np.eye(6) / 2, index=names, columns=names)
    found = efa(r, factors=2, n=200, rotation=rotation)
    assert "The items share only 1 of the 2 factors asked for; the rest are empty." in found.warnings
    assert_allclose(found.uniqueness, 0.5, atol=1e-5)


def test_a_factor_with_fewer_than_three_marking_items_is_called_weak(ecsi):
    found = efa(ecsi, factors=6)
    markers = (found.loadings.abs() >= 0.3).sum()
    assert [name in " ".join(found.warnings) for name in markers.index] == (markers < 3).tolist()


def test_a_model_without_degrees_of_freedom_is_said(holzinger):
    found = efa(holzinger[["x4", "x5", "x6"]], factors=1)
    assert "The model has no degrees of freedom; whether it fits cannot be tested." in found.warnings


def test_different_solutions_of_the_rotation_are_counted_and_said(ecsi):
    found = efa(ecsi, factors=6, rotation="geomin", starts=30)
    assert found.solutions > 1
    assert (
        f"The rotation met {found.solutions} different solutions from 30 starts; the best is shown." in found.warnings
    )


@pytest.mark.parametrize(
    ("change", "arguments", "sentence"),
    [
        (lambda x: x, {"factors": 9}, "'factors' must be fewer than the 9 items; got 9."),
        (lambda x: x, {"factors": 0}, "'factors' must be a whole number of at least 1; got 0."),
        (lambda x: x, {"factors": 3, "rotation": "varimx"}, "'rotation' must be one of 'none', 'varimax', 'promax',"),
        (lambda x: x, {"factors": 3, "extraction": "pca"}, "'method' must be one of 'minres', 'ml', 'pa'; got 'pca'."),
        (lambda x: x, {"factors": 3, "starts": 0}, "'starts' must be a whole number of at least 1; got 0."),
        (lambda x: x.assign(x3=2.0), {"factors": 3}, "Item 'x3' holds the same answer in every row"),
        (lambda x: x.assign(x3=np.nan), {"factors": 3}, "Item 'x3' holds no answer"),
        (lambda x: x.assign(x3=-x["x1"]), {"factors": 3}, "Items 'x1', 'x3' determine one another exactly"),
        (lambda x: x.head(8), {"factors": 3}, "8 respondents are too few for 9 items"),
    ],
)
def test_what_cannot_be_factored_gets_one_sentence(holzinger, change, arguments, sentence):
    with pytest.raises(InputError) as caught:
        efa(change(holzinger.filter(like="x")), **arguments)
    assert str(caught.value).startswith(sentence)
