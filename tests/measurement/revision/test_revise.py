"""Keep, merge, drop or cannot be told: what the rule says, and that every refit is the model it claims to be."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from surveys import latent, simple_structure, simulate

import loyalty_kit as lk
from loyalty_kit.measurement.cfa.estimation import Likelihood, maximise
from loyalty_kit.measurement.cfa.likelihood import Sample
from loyalty_kit.measurement.cfa.model import LOADING, Elements, Model, confirmatory_model
from loyalty_kit.measurement.revision.refit import Fitted, refit
from loyalty_kit.measurement.revision.rule import judge_pairs

LOADINGS = simple_structure({"image": [0.8, 0.7, 0.6], "value": [0.7, 0.7, 0.6], "loyalty": [0.9, 0.7, 0.6]})
FACTORS = pd.DataFrame([[1, 0.9, 0.3], [0.9, 1, 0.4], [0.3, 0.4, 1]], LOADINGS.columns, LOADINGS.columns)
ITEMS = {scale: list(LOADINGS.index[LOADINGS[scale] != 0]) for scale in LOADINGS}
MERGED = {"loyalty": ITEMS["loyalty"], "image + value": [*ITEMS["image"][:2], *ITEMS["value"]]}
ESTIMATORS = [("ml", "listwise"), ("mlr", "listwise"), ("mlr", "fiml"), ("wlsmv", "listwise")]


def survey(estimator: str, missing: str) -> pd.DataFrame:
    answers = latent(300, LOADINGS, factor_correlations=FACTORS, rng=3)
    if estimator == "wlsmv":
        return (answers * 1.1).round().clip(-2, 2)
    return answers.mask(np.random.default_rng(1).random(answers.shape) < 0.1) if missing == "fiml" else answers


def judged(responses: pd.DataFrame, scales: object, *, bootstrap: int = 200, resamples: int = 100) -> object:
    model = lk.cfa(responses, scales)
    number = None
    if isinstance(scales, lk.Codebook) and resamples:
        items = responses[list(scales.measures)]
        number = lk.retain(items, codebook=scales, bootstrap=resamples, simulations=50)
    return lk.revise_scales(lk.judge_structure(model, model.validity(bootstrap=bootstrap)), number)


@pytest.mark.parametrize(("estimator", "missing"), ESTIMATORS)
def test_a_refit_equals_the_factor_model_of_those_scales(estimator, missing):
    responses = survey(estimator, missing)
    again = refit(lk.cfa(responses, ITEMS, estimator=estimator, missing=missing), MERGED)
    afresh = lk.cfa(responses, MERGED, estimator=estimator, missing=missing)
    assert_allclose(again.fit["cfi"], Fitted.of(afresh).fit["cfi"], atol=1e-6)
    assert_allclose(again.fit["chi2"], afresh.fit["chi2"], rtol=1e-6)
    assert_allclose(again.loadings["standardized"], afresh.loadings["standardized"], atol=1e-5)
    assert_allclose(again.loadings["ci_low"], afresh.loadings["ci_low"], atol=1e-5)
    assert_allclose(again.by_scale["omega"], afresh.validity(bootstrap=0).composite_reliability, atol=1e-5)


def test_reliability_before_and_after_is_that_of_the_scales_themselves():
    responses, book = simulate(400, scales={"a": 4, "b": 4}, correlation=0.999, reverse=["a_2"], rng=5)
    found = judged(responses, book)
    keyed = responses.assign(a_2=11 - responses["a_2"])
    before, after = (lk.cronbach_alpha(keyed[own]).estimate for own in (list(book.measures[:4]), list(book.measures)))
    row = found.scales.set_index("scale").loc["a"]
    assert row["verdict"] == "merge" and row["revised"] == "a + b"
    assert_allclose([row["alpha_before"], row["alpha_after"]], [before, after], atol=1e-12)


def test_the_expected_change_is_what_freeing_the_loading_brings():
    """Population moments with a cross-loading of .05: chi² falls by the index, the loading rises by the change."""
    loadings = LOADINGS.copy()
    loadings.loc["image_3", "loyalty"] = 0.05
    covariance = loadings.to_numpy() @ FACTORS.to_numpy() @ loadings.to_numpy().T
    covariance += np.diag(1 - np.diag(covariance))
    root = np.linalg.cholesky(covariance)
    z = np.random.default_rng(1).normal(size=(500, 9))
    z = np.linalg.qr(z - z.mean(axis=0))[0] * np.sqrt(500)
    responses = pd.DataFrame(z @ root.T, columns=loadings.index)
    claimed = lk.cfa(responses, ITEMS)
    row = claimed.modification_indices.query("kind == 'loading' and first == 'loyalty' and second == 'image_3'").iloc[0]
    plain = confirmatory_model(ITEMS)
    places = [*zip(*(getattr(plain.elements, n) for n in ("kind", "group", "row", "column")), strict=True)]
    freed = Model(plain.items, plain.scales, 1, Elements.of([*places, (LOADING, 0, 2, 2)]), plain.fixed)
    sample = Sample(np.array([500.0]), np.ones((1, 9), dtype=bool), np.zeros((1, 9)), covariance[None])
    found = maximise(Likelihood(freed, [sample]), np.append(claimed.solution.values, 0.0))
    assert_allclose(row["modification_index"], 2 * (found.loglik - claimed.fit["loglik"]), rtol=0.05)
    assert_allclose([row["expected_change"], found.values[-1]], 0.05, rtol=0.1)


def pairs(verdict: str, htmt: float) -> pd.DataFrame:
    row = {"first": "a", "second": "b", "correlation": htmt, "htmt": htmt, "ci_low": 0.0, "ci_high": 2.0}
    return pd.DataFrame([{**row, "verdict": verdict}])


@pytest.mark.parametrize(
    ("distinct", "htmt", "share", "verdict"),
    [
        ("distinct", 0.7, 0.9, "apart"),
        ("overlapping", 0.97, 0.1, "merge"),
        ("not settled", 0.92, 0.6, "merge"),
        ("not settled", 0.92, 0.5, "untold"),
        ("not settled", 0.88, 0.9, "untold"),
        ("not settled", 0.88, 0.05, "apart"),
        ("not settled", 0.95, np.nan, "untold"),
        ("untold", 1.2, 0.0, "untold"),
        ("below", 0.5, 0.0, "untold"),
    ],
)
def test_a_pair_is_judged_by_its_interval_and_by_how_often_it_shares_a_factor(distinct, htmt, share, verdict):
    together = pd.DataFrame([[1.0, share], [share, 1.0]], index=["a", "b"], columns=["a", "b"])
    assert judge_pairs(pairs(distinct, htmt), together)["verdict"].tolist() == [verdict]


def test_without_resamples_only_the_interval_can_merge():
    assert judge_pairs(pairs("overlapping", 0.97), None)["verdict"].tolist() == ["merge"]
    assert judge_pairs(pairs("not settled", 0.97), None)["verdict"].tolist() == ["untold"]


def test_fewer_than_a_hundred_respondents_tell_nothing():
    responses, book = simulate(99, scales={"a": 4, "b": 4}, correlation=0.999, rng=1)
    found = judged(responses, book)
    assert found.withheld == ("few",) and found.verdict == "untold" and found.shared == ()
    assert set(found.scales["verdict"]) == set(found.items["verdict"]) == set(found.pairs["verdict"]) == {"untold"}
    assert found.steps["step"].tolist() == ["claimed"]


def test_items_against_their_keying_and_items_without_anything_in_common_tell_nothing():
    responses, book = simulate(300, scales={"a": 4, "b": 4}, rng=1)
    turned = judged(responses.assign(a_2=11 - responses["a_2"]), book, resamples=0)
    assert turned.withheld == ("keying",)
    noise = pd.DataFrame(np.random.default_rng(1).normal(size=(300, 8)), columns=responses.columns)
    assert "unrelated" in judged(noise, book, resamples=0).withheld


def test_a_model_that_is_improper_cannot_be_told_unless_merging_mends_it():
    responses, book = simulate(300, scales={"a": 3, "b": 3, "c": 3}, correlation=0.5, rng=1)
    split = {"x": ["a_1", "a_2", "b_1"], "y": ["a_3", "b_2", "b_3"], "z": list(book.scales["c"].items)}
    found = judged(responses, split)
    assert found.withheld or found.verdict != "keep"
    one, same = simulate(300, scales={"a": 3, "b": 3, "c": 3}, loadings=0.8, correlation=0.999, rng=8)
    mended = judged(one, same)
    assert set(mended.scales["verdict"]) == {"merge"} and mended.withheld == ()
    assert mended.scales["revised"].nunique() == 1


def test_a_scale_whose_items_share_nothing_is_dropped_and_the_rest_is_kept():
    responses, book = simulate(400, scales={"a": 4, "b": 4, "c": 3}, rng=2)
    noise = np.random.default_rng(5).integers(1, 11, (400, 3))
    found = judged(responses.assign(**{f"c_{i + 1}": noise[:, i] for i in range(3)}), book)
    verdicts = found.scales.set_index("scale")[["verdict", "reason"]].T.to_dict("list")
    assert verdicts == {"a": ["keep", ""], "b": ["keep", ""], "c": ["drop", "unrelated"]}
    assert found.steps["step"].tolist() == ["claimed", "drop scale"]
    assert found.items.set_index("scale").loc["c", "reason"].tolist() == ["scale"] * 3


def test_tables_and_their_columns_are_a_contract():
    responses, book = simulate(300, scales={"a": 4, "b": 4}, rng=1)
    found = judged(responses, book)
    assert found.verdict == "keep" and found.withheld == ()
    assert list(found.to_frame()) == [
        "scale", "verdict", "reason", "revised", "items_before", "items_after", "alpha_before", "alpha_low",
        "alpha_high", "alpha_after", "omega_before", "omega_after", "ave_before", "ave_after",
    ]  # fmt: skip
    assert list(found.steps) == [
        "step", "names", "scales", "items", "chi2", "df", "cfi", "rmsea", "rmsea_low", "rmsea_high", "srmr",
    ]  # fmt: skip
    assert list(found.pairs)[-3:] == ["together", "verdict", "reason"]
    assert found.items["loading_after"].equals(found.items["loading_before"])


def test_one_scale_alone_is_kept_or_dropped_too():
    responses, book = simulate(300, scales={"a": 4}, rng=1)
    assert judged(responses, book).scales["verdict"].tolist() == ["keep"]


def crossing(items: int) -> tuple[pd.DataFrame, lk.Codebook]:
    """The last item of the first scale loads more on the second."""
    loadings = simple_structure({"a": [0.8] * items, "b": [0.7] * 4, "c": [0.7] * 4})
    loadings.loc[f"a_{items}", ["a", "b"]] = [0.4, 0.6]
    factors = pd.DataFrame(np.where(np.eye(3), 1.0, 0.3), loadings.columns, loadings.columns)
    scales = {scale: {"items": list(loadings.index[loadings.index.str.startswith(scale)])} for scale in "abc"}
    book = lk.Codebook.model_validate({"response": {"min": -9, "max": 9}, "scales": scales})
    return latent(500, loadings, factor_correlations=factors, rng=4), book


def test_an_item_that_goes_takes_the_misfits_with_it_that_it_made():
    found = judged(*crossing(4))
    row = found.items.set_index("item").loc["a_4"]
    assert (row["verdict"], row["reason"], row["towards"]) == ("drop", "cross", "b")
    assert row["standardized_change"] >= 0.32 and row["p_value"] < 0.05
    assert len(found.misfits) > 1 and not found.misfits["remains"].any()
    assert found.items["reason"].tolist().count("") == 11
    first, last = found.steps.iloc[0], found.steps.iloc[-1]
    assert last["cfi"] > first["cfi"] and last["step"] == "drop item" and last["names"] == "a_4"


def test_an_item_that_its_scale_cannot_spare_is_named_and_stays():
    found = judged(*crossing(2))
    items = found.items.set_index("item")
    assert "drop" not in set(items["verdict"])
    assert found.misfits["remains"].all() and found.steps["step"].tolist() == ["claimed"]
