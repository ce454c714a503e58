"""Keying, scale scores and indices."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.core.errors import InputError
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.scoring import reverse_key, score

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "tests" / "reference"
BOOK = Codebook.parse("""
groups = ["channel"]
response = { min = 1, max = 5 }
scales.trust = { items = ["a", "b", "c"], reverse = ["b"], role = "driver" }
scales.loyalty = { items = ["d"], role = "outcome", label = "Loyalty" }
index.total = { scales = { trust = 3, loyalty = 1 } }
index.even = { scales = ["trust", "loyalty"], weights = "equal" }
""")


def frame(**columns: list[float | None]) -> pd.DataFrame:
    table = {"a": [5.0], "b": [1.0], "c": [5.0], "d": [3.0]} | columns
    return pd.DataFrame(table, dtype=float).assign(channel="web")


@pytest.fixture(scope="module")
def ecsi() -> tuple[pd.DataFrame, Codebook]:
    folder = ROOT / "data" / "ecsi_mobile"
    return pd.read_csv(folder / "survey.csv").astype(float), Codebook.read(folder / "codebook.toml")


def test_key_turns_reverse_keyed_items_only():
    keyed = reverse_key(frame(), BOOK)
    assert keyed.loc[0, ["a", "b", "c", "d"]].tolist() == [5, 5, 5, 3]


def test_key_leaves_its_input_alone():
    answers = frame()
    reverse_key(answers, BOOK)
    assert answers.equals(frame())


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, None]), min_size=1, max_size=9))
def test_keying_twice_gives_the_answers_back(answers: list[float | None]):
    table = pd.DataFrame({name: answers for name in "abcd"}, dtype=float)
    assert reverse_key(reverse_key(table, BOOK), BOOK).equals(table)


def test_scores_of_the_ends_are_0_and_100():
    answers = frame(a=[5.0, 1.0], b=[1.0, 5.0], c=[5.0, 1.0], d=[5.0, 1.0])
    assert score(answers, BOOK).frame[["trust", "loyalty"]].to_numpy().tolist() == [[100, 100], [0, 0]]


@pytest.mark.parametrize(("answered", "expected"), [(3, 75.0), (2, 75.0), (1, np.nan)])
def test_a_score_needs_half_of_the_items(answered: int, expected: float):
    values = [4.0, 2.0, 4.0][:answered] + [None] * (3 - answered)
    scores = score(frame(a=[values[0]], b=[values[1]], c=[values[2]]), BOOK)
    np.testing.assert_equal(scores.frame["trust"].iloc[0], expected)


def test_min_answered_of_one_needs_every_item():
    assert score(frame(c=[None]), BOOK, min_answered=1).frame["trust"].isna().all()


def test_an_index_weighs_scales_as_the_codebook_says():
    scores = score(frame(), BOOK)
    assert scores.frame.loc[0, "total"] == pytest.approx(0.75 * 100 + 0.25 * 50)
    assert scores.frame.loc[0, "even"] == pytest.approx(75)
    assert scores.weights["total"].to_dict() == {"trust": 0.75, "loyalty": 0.25}


def test_an_index_is_missing_where_one_of_its_scales_is():
    assert score(frame(d=[None]), BOOK).frame["total"].isna().all()


def test_weights_by_loadings_follow_a_known_one_factor_structure():
    """Three scale scores with loadings .9, .6, .6 on one factor: weights .9, .6, .6 over 2.1."""
    rng = np.random.default_rng(1)
    factor = rng.standard_normal(20_000)
    noise = rng.standard_normal((20_000, 3))
    loadings = np.array([0.9, 0.6, 0.6])
    latent = factor[:, None] * loadings + noise * np.sqrt(1 - loadings**2)
    book = Codebook.parse("""
        response = { min = -10, max = 10 }
        scales = { x = { items = ["a"] }, y = { items = ["b"] }, z = { items = ["c"] } }
        index.all = { scales = ["x", "y", "z"], weights = "loadings" }""")
    weights = score(pd.DataFrame(latent, columns=list("abc")), book).weights["all"]
    np.testing.assert_allclose(weights, loadings / loadings.sum(), atol=0.01)


BY_LOADINGS = Codebook.parse("""
    weight = "w"
    response = { min = 1, max = 5 }
    scales = { x = { items = ["a"] }, y = { items = ["b"] }, z = { items = ["c"] } }
    index.all = { scales = ["x", "y", "z"], weights = "loadings" }""")


@pytest.mark.parametrize(
    ("c", "w", "reason"),
    [
        ([3.0] * 5, 1, "those with a score on each of its scales score all alike on 'z'"),
        ([None] * 5, 1, "nobody has a score on 'z'"),
        ([2.0, None, None, 4.0, 1.0], 1, "3 of 5 respondents have a score on each of its 3 scales, and 4 are needed"),
        ([2.0, 4, 1, 3, 5], [1, 1, 1, 0, 0], "3 of 3 respondents have a score on each of its 3 scales"),
        ([5.0, 4, 3, 2, 1], 1, "their scores have no common factor on which all load positively"),
    ],
)
def test_equal_weights_where_loadings_were_asked_for_are_told_with_their_cause(c, w, reason):
    answers = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [1.0, 3, 2, 4, 5], "c": c, "w": w}).astype(float)
    scores = score(answers, BY_LOADINGS)
    assert scores.weights["all"].tolist() == pytest.approx([1 / 3] * 3)
    (told,) = scores.warnings
    assert told.startswith(f"Index 'all' weighs its scales equally: {reason}")


def test_group_columns_roles_and_labels_come_along():
    scores = score(frame(), BOOK)
    assert scores.frame["channel"].tolist() == ["web"]
    assert scores.roles == {"trust": "driver", "loyalty": "outcome"}
    assert scores.labels["loyalty"] == "Loyalty"


def test_order_and_index_survive_even_where_ids_repeat():
    answers = pd.concat([frame(d=[1.0]), frame(d=[5.0])])
    answers.index = ["x", "x"]
    assert score(answers, BOOK).frame["loyalty"].tolist() == [0, 100]


def test_scale_means_and_sds_of_ecsi_equal_r(ecsi):
    """R> colMeans((d - 1) / 9 * 100) over each scale's items, sd (drivers.R; tolerance 1e-8)."""
    told = json.loads((REFERENCE / "ecsi_mobile_drivers.json").read_text())
    summary = score(*ecsi).summary().set_index("scale")
    for name, mean in told["scale_means"].items():
        assert summary.loc[name, "mean"] == pytest.approx(mean, abs=1e-8)
        assert summary.loc[name, "sd"] == pytest.approx(told["scale_sds"][name], abs=1e-8)


def test_weighted_summary_equals_r():
    """R> cov.wt(x, wt, method = "unbiased") (survey.R; tolerance 1e-8)."""
    told = json.loads((REFERENCE / "survey.json").read_text())
    data = pd.read_csv(ROOT / "data" / "ecsi_mobile" / "survey.csv").astype(float).assign(w=[1, 2, 3, 4, 5] * 50)
    book = Codebook.parse(
        'weight = "w"\nresponse = { min = 1, max = 10 }\n'
        'scales = { x = { items = ["CUSL1"] }, y = { items = ["CUSL3"] } }'
    )
    summary = score(data, book).summary()
    np.testing.assert_allclose(summary["mean"], told["weighted_means"], atol=1e-8)
    np.testing.assert_allclose(summary["sd"], told["weighted_sds"], atol=1e-8)


def test_interval_of_a_mean_is_students():
    """Mean 50, sd 50, n 3: half-width t(.975, 2) · 50 / √3."""
    row = score(frame(a=[1.0] * 3, b=[5.0] * 3, c=[1.0] * 3, d=[1.0, 3.0, 5.0]), BOOK).summary().set_index("scale")
    assert row.loc["loyalty", "ci_high"] - 50 == pytest.approx(4.302652729911275 * 50 / np.sqrt(3))


def test_a_summary_of_nobody_holds_no_numbers():
    summary = score(frame(a=[None], b=[None], c=[None], d=[None]), BOOK).summary()
    assert summary["n"].eq(0).all()
    assert summary["mean"].isna().all()


def test_one_respondent_has_a_mean_and_no_interval():
    summary = score(frame(), BOOK).summary().set_index("scale")
    assert summary.loc["loyalty", "mean"] == 50
    assert np.isnan(summary.loc["loyalty", "ci_low"])


answers = st.lists(st.tuples(*[st.one_of(st.none(), st.integers(1, 5)) for _ in range(4)]), min_size=1, max_size=20)


@given(answers)
def test_scores_stay_between_0_and_100(rows):
    table = pd.DataFrame(rows, columns=list("abcd"), dtype=float).assign(channel="web")
    scores = score(table, BOOK).frame[["trust", "loyalty", "total"]].to_numpy()
    known = scores[np.isfinite(scores)]
    assert ((known >= 0) & (known <= 100)).all()


@pytest.mark.parametrize("share", [0, 1.5, "half", True])
def test_a_share_answered_outside_its_range_is_refused(share):
    with pytest.raises(InputError, match="'min_answered' must be a share above 0 and up to 1"):
        score(frame(), BOOK, min_answered=share)


def test_a_missing_item_is_named_with_the_nearest_column():
    with pytest.raises(InputError, match="lacks the column 'b'"):
        score(frame().rename(columns={"b": "B "}), BOOK)
