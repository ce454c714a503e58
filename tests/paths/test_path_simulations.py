"""Path models of surveys whose truth is known: coverage of effects, kinds of mediation, nothing where nothing is."""

import numpy as np
import pytest

import loyalty_kit as lk
from tests.helpers.four_constructs import KNOWN, NOTHING, book, survey

INDIRECT = {
    ("satisfaction", "trust", "affection"): 0.6 * 0.5,
    ("satisfaction", "trust", "loyalty"): 0.6 * 0.3,
    ("satisfaction", "trust > affection", "loyalty"): 0.6 * 0.5 * 0.4,
    ("trust", "affection", "loyalty"): 0.5 * 0.4,
}
KINDS = {
    ("satisfaction", "affection"): "indirect_only",
    ("satisfaction", "loyalty"): "indirect_only",
    ("trust", "loyalty"): "complementary",
}


def told(estimator: str, surveys: int, seed: int, paths: dict = KNOWN, n: int = 400) -> dict[str, np.ndarray]:
    """Of each survey: whether intervals hold the indirect effects, and whether kinds are the true ones."""
    rng, items = np.random.default_rng(seed), book()
    found: dict[str, list] = {"percentile": [], "bca": [], "kinds": [], "none": []}
    for _ in range(surveys):
        try:
            result = lk.path_model(survey(n, rng, paths=paths), items, estimator=estimator, bootstrap=500, rng=rng)
        except lk.InputError:
            found["none"].append(np.ones(len(KINDS)))
            continue
        effects = result.effects()
        mediation = effects.groupby(["source", "target"])["mediation"].first()
        rows = effects[effects["kind"] == "indirect"].set_index(["source", "via", "target"])
        ends = {"percentile": ("ci_low", "ci_high"), "bca": ("bca_low", "bca_high")}
        for name, (low, high) in ends.items():
            found[name].append([rows.loc[key, low] <= value <= rows.loc[key, high] for key, value in INDIRECT.items()])
        found["kinds"].append([mediation[pair] == kind for pair, kind in KINDS.items()])
        found["none"].append([mediation[pair] in ("none", "direct_only") for pair in KINDS])
    return {name: np.array(values, dtype=float) for name, values in found.items()}


def shown(name: str, values: np.ndarray) -> np.ndarray:
    rates = values.mean(axis=0)
    print(f"{name}: {rates.round(3)}, Monte Carlo error {np.sqrt(rates * (1 - rates) / len(values)).round(3)}")
    return rates


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "surveys"), [("plsc", 200), ("ml", 150)])
def test_intervals_of_indirect_effects_cover_and_kinds_of_mediation_are_named_right(estimator, surveys):
    """400 respondents, three items a construct with loadings of .8."""
    found = told(estimator, surveys, 5)
    for name in ("percentile", "bca"):
        rates = shown(f"{estimator} {name}", found[name])
        error = 3 * np.sqrt(0.95 * 0.05 / surveys)
        assert (rates > 0.92 - error).all()
        assert (rates < 0.97 + error).all()
        assert 0.92 <= rates.mean() <= 0.97
    assert shown(f"{estimator} kinds", found["kinds"]).mean() >= 0.90


@pytest.mark.slow
def test_partial_least_squares_by_itself_attenuates_indirect_effects():
    """Scores of three items have reliability of .84: indirect effects shrink, and intervals miss the truth."""
    found = told("pls", 60, 6)
    assert shown("pls percentile", found["percentile"]).min() < 0.80


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "surveys"), [("plsc", 100), ("ml", 100)])
def test_where_nothing_acts_no_mediation_is_told(estimator, surveys):
    """Constructs that do not correlate: refused, or no indirect effect, in 95 of 100 surveys or more."""
    assert (shown(f"{estimator} nothing", told(estimator, surveys, 7, NOTHING)["none"]) >= 0.95).all()
