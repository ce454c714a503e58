"""Path models by maximum likelihood: equal to lavaan's `sem`, plain and robust, and refused where they say nothing."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.core.language import translate
from loyalty_kit.measurement.cfa.estimation import Likelihood, maximise
from loyalty_kit.measurement.cfa.likelihood import Sample
from loyalty_kit.measurement.cfa.model import PATH
from loyalty_kit.paths.covariance.many import settled_values
from loyalty_kit.paths.covariance.structural_model import structural_model
from loyalty_kit.paths.model.specification import complete_answers, specify

ROOT = Path(__file__).parents[2]
LAVAAN = json.loads((ROOT / "tests/reference/paths/structural.json").read_text("utf-8"))
FULL = {"satisfaction": ["competence", "likeability"], "loyalty": ["competence", "likeability", "satisfaction"]}
CHAIN = {"likeability": ["competence"], "satisfaction": ["likeability"], "loyalty": ["satisfaction"]}
OUTCOMES = {"satisfaction": ["competence"], "loyalty": ["likeability"]}
MODELS = {"full": FULL, "chain": CHAIN, "outcomes": OUTCOMES}
ECSI = {
    "expectation": ["image"],
    "quality": ["expectation"],
    "value": ["expectation", "quality"],
    "satisfaction": ["image", "expectation", "quality", "value"],
    "complaints": ["satisfaction"],
    "loyalty": ["image", "satisfaction", "complaints"],
}


@pytest.fixture(scope="module")
def reputation() -> tuple[pd.DataFrame, lk.Codebook]:
    """As lavaan was given it: missing answers replaced by their item's mean."""
    book = lk.Codebook.read(ROOT / "data/corporate_reputation/codebook.toml")
    responses = lk.read_responses(ROOT / "data/corporate_reputation/survey.csv", book)
    items = list(book.item_names)
    return responses.assign(**responses[items].astype(float).fillna(responses[items].astype(float).mean())), book


@pytest.fixture(scope="module")
def fitted(reputation):
    def fit(case: str, estimator: str) -> lk.results.PathResult:
        key = (case, estimator)
        if key not in found:
            found[key] = lk.path_model(*reputation, paths=MODELS[case], estimator=estimator, bootstrap=200)
        return found[key]

    found: dict[tuple[str, str], lk.results.PathResult] = {}
    return fit


def of(rows: list[dict], first: str, op: str, second: str) -> dict:
    """Row of lavaan's table."""
    (row,) = [row for row in rows if row["op"] == op and {row["lhs"], row["rhs"]} == {first, second}]
    return row


@pytest.mark.parametrize("case", MODELS)
@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_parameters_and_errors_equal_lavaan(fitted, case, estimator):
    """R> parameterEstimates(sem(model, data, estimator = …))   # lavaan 0.6-14"""
    op = {"loading": "=~", "path": "~"}
    for row in fitted(case, estimator).parameters().itertuples():
        theirs = of(LAVAAN[case][estimator], row.first, op.get(row.kind, "~~"), row.second)
        assert row.estimate == pytest.approx(theirs["est"], abs=1e-4)
        assert row.std_error == pytest.approx(theirs["se"], abs=1e-4)
        assert row.standardized == pytest.approx(theirs["std"], abs=1e-4)


@pytest.mark.parametrize("case", MODELS)
@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_standardized_paths_and_their_errors_equal_lavaan(fitted, case, estimator):
    """R> standardizedSolution(sem(model, data, estimator = …))   # lavaan 0.6-14"""
    result = fitted(case, estimator)
    for row in result.to_frame().itertuples():
        theirs = of(LAVAAN[case][estimator], row.target, "~", row.source)
        assert row.estimate == pytest.approx(theirs["std"], abs=1e-4)
        assert row.std_error == pytest.approx(theirs["std_se"], abs=1e-4)
        assert row.r2 == pytest.approx(LAVAAN[case]["r2"][row.target], abs=1e-4)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_indirect_and_total_effects_equal_lavaan(fitted, estimator):
    """R> parameterEstimates(…), standardizedSolution(…) of effects that are defined with `:=`   # lavaan 0.6-14"""
    names = {
        ("full", "competence", "loyalty", "indirect"): "ind_competence",
        ("full", "likeability", "loyalty", "indirect"): "ind_likeability",
        ("full", "competence", "loyalty", "total"): "total_competence",
        ("full", "likeability", "loyalty", "total"): "total_likeability",
        ("chain", "competence", "satisfaction", "indirect"): "two",
        ("chain", "competence", "loyalty", "indirect"): "three",
    }
    for (case, source, target, kind), name in names.items():
        effects = fitted(case, estimator).effects().set_index(["source", "target", "kind"])
        row = effects.loc[(source, target, kind)]
        (theirs,) = [row for row in LAVAAN[case][estimator] if row["lhs"] == name]
        assert row["estimate"] == pytest.approx(theirs["std"], abs=1e-4)
        assert row["std_error"] == pytest.approx(theirs["std_se"], abs=1e-4)
        assert row["unstandardized"] == pytest.approx(theirs["est"], abs=1e-4)
        assert row["unstandardized_error"] == pytest.approx(theirs["se"], abs=1e-4)


@pytest.mark.parametrize("case", MODELS)
def test_fit_equals_lavaan(fitted, case):
    """R> fitMeasures(sem(model, data, estimator = "MLR"))   # lavaan 0.6-14"""
    fit = fitted(case, "mlr").fit
    names = {"chi2": "chisq", "df": "df", "p_value": "pvalue", "loglik": "logl", "baseline_chi2": "baseline.chisq"}
    names |= {"rmsea_low": "rmsea.ci.lower", "rmsea_high": "rmsea.ci.upper"}
    names |= {name: name for name in ("cfi", "tli", "rmsea", "srmr", "aic", "bic")}
    scaled = {
        "chi2_scaled": "chisq.scaled",
        "scaling_factor": "chisq.scaling.factor",
        "p_value_scaled": "pvalue.scaled",
    }
    scaled |= {f"{name}_{kind}": f"{name}.{kind}" for name in ("cfi", "tli", "rmsea") for kind in ("scaled", "robust")}
    for ours, theirs in names.items():
        assert fit[ours] == pytest.approx(LAVAAN[case]["fit"][theirs], abs=1e-4, rel=1e-7)
    for ours, theirs in scaled.items():
        assert fit[ours] == pytest.approx(LAVAAN[case]["mlr_fit"][theirs], abs=1e-4)


def test_modification_indices_equal_lavaan(fitted):
    """R> modindices(sem(model, data))   # lavaan 0.6-14"""
    op = {"path": "~", "loading": "=~", "residual covariance": "~~"}
    table = fitted("chain", "ml").modification_indices
    assert set(table.loc[table["kind"] == "path", "second"]) == {"satisfaction", "loyalty"}
    for row in table.itertuples():
        ends = (row.second, row.first) if row.kind == "path" else (row.first, row.second)
        (theirs,) = [
            each
            for each in LAVAAN["chain"]["modification"]
            if each["op"] == op[row.kind]
            and (each["lhs"], each["rhs"]) in (ends, ends[:: -1 if row.kind[0] == "r" else 1])
        ]
        assert row.modification_index == pytest.approx(theirs["mi"], abs=1e-3)
        assert row.expected_change == pytest.approx(theirs["epc"], abs=1e-4)
        assert row.standardized_change == pytest.approx(theirs["sepc.all"], abs=1e-4)


def test_bootstrap_intervals_lie_where_lavaan_s_do(fitted, reputation):
    """R> parameterEstimates(sem(…, se = "bootstrap", bootstrap = 1000), boot.ci.type = "perc"): .1612 to .3442

    of the unstandardized indirect effect; ours is of the standardized one, whose error lavaan has as .0474.
    """
    effects = lk.path_model(*reputation, paths=FULL, estimator="ml", bootstrap=1000).effects()
    row = effects[(effects["via"] == "satisfaction") & (effects["source"] == "likeability")].iloc[0]
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
    assert row["ci_high"] - row["ci_low"] == pytest.approx(row["delta_high"] - row["delta_low"], rel=0.25)


def test_samples_together_settle_where_each_settles_alone(reputation):
    specification = specify(reputation[1], CHAIN)
    answers, _, _ = complete_answers(*reputation, specification)
    model, rng = structural_model(specification), np.random.default_rng(2)
    drawn = [answers[rng.integers(0, len(answers), len(answers))] for _ in range(6)]
    covariances = np.array([np.cov(each.T, bias=True) for each in drawn])
    whole = Sample(
        np.array([344.0]), np.ones((1, 10), dtype=bool), np.zeros((1, 10)), np.cov(answers.T, bias=True)[None]
    )
    start = maximise(Likelihood(model, [whole]), settled_start(model)).values
    together = settled_values(model, covariances, 344.0, start)
    for values, covariance in zip(together, covariances, strict=True):
        sample = Sample(whole.counts, whole.present, whole.means, covariance[None])
        assert values == pytest.approx(maximise(Likelihood(model, [sample]), start).values, abs=1e-4)


def settled_start(model):
    """Values from which the search of the whole survey begins here: one, but a half for paths."""
    return np.where(model.elements.kind == PATH, 0.5, 1.0)


def test_collinear_constructs_are_refused_in_the_first_line():
    """lavaan on ECSI: latent R² of .976 to .990 and standard errors of up to 23.7."""
    book = lk.Codebook.read(ROOT / "data/ecsi_mobile/codebook.toml")
    responses = lk.read_responses(ROOT / "data/ecsi_mobile/survey.csv", book)
    with pytest.raises(lk.InputError) as caught:
        lk.path_model(responses, book, paths=ECSI, estimator="ml", bootstrap=200)
    told = str(caught.value)
    assert told.startswith(
        "Constructs are collinear: 'expectation' follows from 'image', 'quality', 'value' (R² = 0.99)"
    )
    assert "standard errors up to 23.7" in told
    assert "共线" in translate(caught.value.message, language="zh")


def test_formative_constructs_are_refused(reputation):
    with pytest.raises(lk.InputError, match="takes reflective constructs only; 'quality' are formative") as caught:
        lk.path_model(*reputation, paths={"competence": ["quality"]}, estimator="ml", bootstrap=200)
    assert "反映性" in translate(caught.value.message, language="zh")


SMALL = """response = { min = 1, max = 7 }
scales.trust.items = ["t1", "t2", "t3"]
scales.loyalty.items = ["l1", "l2", "l3"]
paths.loyalty = ["trust"]
"""


def answers(n: int, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    trust = rng.normal(size=n)
    loyalty = 0.6 * trust + 0.8 * rng.normal(size=n)
    parts = {"t": trust, "l": loyalty}
    items = {f"{key}{i}": 4 + part + 0.7 * rng.normal(size=n) for key, part in parts.items() for i in (1, 2, 3)}
    return pd.DataFrame(items).clip(1, 7)


def test_a_negative_residual_variance_is_refused_by_item():
    table = answers(200)
    table["t1"] = (table["t2"] + table["t3"]) / 2 + 0.01 * table["t1"]
    with pytest.raises(lk.InputError, match="Item 't1' gets a residual variance below zero") as caught:
        lk.path_model(table, lk.Codebook.parse(SMALL), estimator="ml", bootstrap=200)
    assert "残差方差" in translate(caught.value.message, language="zh")


def test_turning_an_item_leaves_the_paths_unchanged():
    table, book = answers(200), lk.Codebook.parse(SMALL)
    turned = table.assign(t1=8 - table["t1"])
    keyed = lk.Codebook.parse(SMALL + 'scales.trust.reverse = ["t1"]')
    first = lk.path_model(table, book, estimator="mlr", bootstrap=200).to_frame()
    second = lk.path_model(turned, keyed, estimator="mlr", bootstrap=200).to_frame()
    pd.testing.assert_frame_equal(first, second, rtol=1e-6)


def test_the_tables_of_the_covariance_structure_are_empty_under_partial_least_squares():
    result = lk.path_model(answers(100), lk.Codebook.parse(SMALL), bootstrap=200)
    assert result.fit.empty
    assert result.parameters().empty
    assert result.modification_indices.empty


def test_maximum_likelihood_recovers_a_known_path_where_partial_least_squares_attenuates():
    """Trust acts on loyalty by .6; items of reliability .67 shrink the path of scores to about .6 × .86 (alpha)."""
    table, book = answers(4000), lk.Codebook.parse(SMALL)
    by = {each: lk.path_model(table, book, estimator=each, bootstrap=200).to_frame().iloc[0] for each in ("pls", "ml")}
    assert by["ml"]["delta_low"] < 0.6 < by["ml"]["delta_high"]
    assert by["pls"]["ci_high"] < 0.6
