"""Fits of segments against R: k-means, Ward, mclust's equal covariances, poLCA."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_info

from loyalty_kit.customers.segments.fits import fit
from loyalty_kit.customers.segments.latent_classes import latent_classes
from loyalty_kit.customers.segments.stability import silhouette

REFERENCE = Path(__file__).parents[2] / "reference/customers"
KNOWN = json.loads((REFERENCE / "segments.json").read_text("utf-8"))
CLASSES = json.loads((REFERENCE / "latent_classes.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    table = pd.read_csv(REFERENCE / "online_retail_customers.csv")
    logs = np.log1p(table[["recency", "orders", "amount"]].to_numpy(dtype=float))
    return (logs - logs.mean(axis=0)) / logs.std(axis=0, ddof=1)


@pytest.mark.parametrize("known", KNOWN["kmeans"], ids=lambda known: f"k = {known['k']}")
def test_kmeans_reaches_the_sum_of_r(values, known):
    """R> kmeans(X, k, nstart = 100, iter.max = 200)$tot.withinss; its k = 6 is a local minimum, hence `<=`."""
    found, _ = fit(values, known["k"], "kmeans", np.random.default_rng(1))
    assert found.within <= known["wss"] * (1 + 1e-4)
    if known["k"] < 6:
        assert found.within == pytest.approx(known["wss"], rel=1e-4)


def test_centres_equal_r(values):
    found, _ = fit(values, 4, "kmeans", np.random.default_rng(1))
    np.testing.assert_allclose(found.centres, KNOWN["kmeans4_centers"], atol=1e-3)


@pytest.mark.parametrize("known", KNOWN["ward"], ids=lambda known: f"k = {known['k']}")
def test_ward_cuts_the_tree_of_r(values, known):
    """R> cutree(hclust(dist(X), "ward.D2"), k)"""
    _, labels = fit(values, known["k"], "ward", np.random.default_rng(1))
    assert np.bincount(labels).tolist() == known["sizes"]


def test_kmeans_and_ward_agree_as_in_r(values):
    labels = [fit(values, 4, method, np.random.default_rng(1))[1] for method in ("kmeans", "ward")]
    assert adjusted_rand_score(*labels) == pytest.approx(KNOWN["ari_kmeans4_ward4"], abs=1e-3)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_mixtures_are_no_worse_than_mclust(values, k):
    """R> mclustBIC(X, G = k, modelNames = "EEE"), larger is better; one component is exact."""
    found, _ = fit(values, k, "gmm", np.random.default_rng(1))
    known = KNOWN["gmm_bic_mclust"][k - 1]["EEE"]
    assert -found.criterion >= known - 0.01
    if k == 1:
        assert -found.criterion == pytest.approx(known, abs=1e-4)


MODELS = [(name, known) for name in ("carcinoma", "gss82") for known in CLASSES[name]]


@pytest.mark.parametrize(("name", "known"), MODELS, ids=lambda part: part if isinstance(part, str) else part["classes"])
def test_latent_classes_equal_polca(name, known):
    """R> poLCA(f, x, nclass = k, nrep = 20, maxiter = 20000, tol = 1e-12)   # 1.6.0.2; Linzer & Lewis (2011)"""
    table = pd.read_csv(REFERENCE / f"{name}.csv")
    answers = np.column_stack([np.unique(table[item], return_inverse=True)[1] for item in table.columns])
    found = latent_classes(answers, known["classes"], starts=20, rng=np.random.default_rng(1))
    assert found.log_likelihood == pytest.approx(known["ll"], abs=1e-3)
    assert found.parameters == known["npar"]
    if known["classes"] < 4:
        np.testing.assert_allclose(found.shares, np.atleast_1d(known["shares"]), atol=2e-3)


def test_probabilities_of_classes_are_those_of_bayes():
    answers = np.random.default_rng(1).integers(0, 3, (200, 3))
    found = latent_classes(answers, 2, starts=5, rng=np.random.default_rng(1))
    first = [
        found.shares[c] * np.prod([found.probabilities[c, found.edges[i] + answers[0, i]] for i in range(3)])
        for c in range(2)
    ]
    np.testing.assert_allclose(found.posterior(answers)[0], np.array(first) / sum(first), atol=1e-12)


def test_a_fit_of_few_rows_runs_on_one_thread_and_leaves_the_others_as_they_were(values, monkeypatch):
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"]

    seen = []
    fitted = KMeans.fit

    def watched(model: KMeans, *args: object, **kwargs: object) -> KMeans:
        seen.append(threads())
        return fitted(model, *args, **kwargs)

    monkeypatch.setattr(KMeans, "fit", watched)
    before = threads()
    fit(values[:100], 2, "kmeans", np.random.default_rng(0))
    assert set(seen[0]) == {1}
    assert threads() == before


@pytest.mark.parametrize("k", [2, 5])
def test_silhouettes_equal_scikit_learn(values, k):
    labels = fit(values, k, "kmeans", np.random.default_rng(1))[1]
    drawn = np.random.default_rng(2).permutation(len(values))[:1_000]
    found = silhouette(values, labels, np.random.default_rng(2))
    assert found == pytest.approx(silhouette_score(values[drawn], labels[drawn]), abs=1e-9)
