"""Segments: how many, how sure, whether there are any; and what is refused."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import loyalty_kit as lk
from loyalty_kit.customers.segments.structure import clearness, cloud, judged, same_columns

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))

from clouds import COLUMNS, four, nothing


def test_four_segments_are_found_by_themselves():
    table, truth = four(1)
    found = lk.segments(table, columns=COLUMNS)
    assert found.k == 4
    assert adjusted_rand_score(found.labels, truth) > 0.95
    assert (found.stability()["verdict"] == "stable").all()
    assert found.structure(samples=39).verdict in ("structure", "columns")


def test_a_cloud_is_no_segments():
    found = lk.segments(nothing(1), columns=COLUMNS)
    assert found.structure(samples=39).verdict == "none"


def test_a_segment_that_is_split_at_random_does_not_come_back():
    table, _ = four(1)
    right = lk.segments(table, columns=COLUMNS, k=4).stability()["jaccard"].min()
    assert lk.segments(table, columns=COLUMNS, k=5).stability()["jaccard"].min() < right - 0.2


def test_rules_of_three_splits_find_them():
    table, _ = four(1)
    rules = lk.segments(table, columns=COLUMNS).tree()
    assert rules.accuracy > 0.95
    assert rules.to_frame()["customers"].sum() == len(table)
    assert rules.to_frame()["rule"].str.count("&").max() <= 2


@pytest.mark.parametrize("method", ["kmeans", "gmm", "ward"])
def test_new_customers_get_the_segment_of_their_like(method):
    table, _ = four(1)
    found = lk.segments(table, columns=COLUMNS, method=method, k=4)
    again = found.assign(table)
    assert (again["segment"] - 1 == found.labels).mean() > 0.99
    assert again["probability"].between(0.25, 1).all()


def test_a_customer_without_a_column_gets_no_segment():
    table, _ = four(1)
    found = lk.segments(table, columns=COLUMNS, k=4)
    assert found.assign(table.assign(age=np.nan).head(2))["segment"].isna().all()


def test_drift_is_a_matter_of_sizes():
    table, truth = four(1)
    found = lk.segments(table, columns=COLUMNS, k=4)
    same = found.drift(table)
    np.testing.assert_allclose(same["share"], same["later_share"], atol=0.01)
    later = found.drift(table[truth != 0])
    assert later["later_share"].iloc[0] < 0.05 and later["ci_high"].iloc[0] < later["share"].iloc[0]


def test_rows_without_every_column_are_counted():
    table, _ = four(1)
    table.loc[:9, "age"] = np.nan
    found = lk.segments(table, columns=COLUMNS, k=4)
    assert (found.n_used, found.n_dropped) == (390, 10)


def test_units_do_not_matter():
    table, _ = four(1)
    plain = lk.segments(table, columns=COLUMNS, k=4)
    scaled = lk.segments(table * [1, 1000, 0.01], columns=COLUMNS, k=4)
    assert adjusted_rand_score(plain.labels, scaled.labels) == 1


def test_categories_are_latent_classes():
    rng = np.random.default_rng(1)
    truth = np.repeat([0, 1], [300, 200])
    answers = (rng.random((500, 6)) < np.where(truth[:, None] == 0, 0.9, 0.1)).astype(int)
    table = pd.DataFrame(answers, columns=list("abcdef")).replace({0: "no", 1: "yes"})
    found = lk.segments(table, columns=list("abcdef"), method="latent_class", k=2, samples=20)
    assert adjusted_rand_score(found.labels, truth) > 0.9
    assert found.structure(samples=39).verdict == "structure"


WRONG = {
    "one column": ({"columns": ["visits"]}, "'columns' must name two columns or more"),
    "absent": ({"columns": ["visits", "spnd"]}, "The table lacks the column 'spnd'; did you mean 'spend'?"),
    "constant": ({"columns": ["visits", "same"]}, "Column 'same' is constant, so it parts nobody; leave it out."),
    "text": ({"columns": ["visits", "city"]}, "Column 'city' holds text; give numbers"),
    "method": ({"columns": COLUMNS, "method": "dbscan"}, "'method' must be one of"),
    "logs": ({"columns": COLUMNS, "logs": ["visits"]}, "'logs' must name columns of 'columns' without negative values"),
    "continuous classes": ({"columns": COLUMNS, "method": "latent_class"}, "latent classes take 12 categories at most"),
}


@pytest.mark.parametrize(("options", "told"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_parted_is_said(options, told):
    table = four(1)[0].assign(same=1, city="Wuhan")
    with pytest.raises(lk.InputError, match=told):
        lk.segments(table, **options)


def test_few_rows_are_refused():
    with pytest.raises(lk.InputError, match="need 50 complete rows or more; got 20 of 20"):
        lk.segments(four(1)[0].head(20), columns=COLUMNS)


DRAWS = np.random.default_rng(1).normal(size=39)
JUDGED = {
    "within the draws": (np.sort(DRAWS)[-3], "none"),
    "farther than all, but hardly": (DRAWS.mean() + 2.2 * DRAWS.std(ddof=1), "unclear"),
    "far": (DRAWS.mean() + 2.6 * DRAWS.std(ddof=1), "clear"),
}


@pytest.mark.parametrize(("statistic", "word"), JUDGED.values(), ids=JUDGED)
def test_between_chance_and_structure_stands_a_word_for_neither(statistic, word):
    """One in a hundred of normal draws lies beyond 2.43 s sqrt(1 + 1 / 39), of 38 degrees of freedom: 2.46 s."""
    draws = np.sort(DRAWS)
    draws[-1] = min(draws[-1], draws[-2])
    assert judged(draws, statistic) == word


def test_all_customers_decide_so_that_no_seed_does():
    table = four(1, n=1_600)[0] * [0.45, 0.45, 1]
    words = {lk.segments(table, columns=COLUMNS, k=4, rng=seed).structure(samples=19).verdict for seed in range(4)}
    assert len(words) == 1


def test_segments_are_as_clear_as_their_distances_say():
    """By hand: 1 − a / b of each row, a to its own centre and b to the other's."""
    values = np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 9.0], [2.0, 11.0]])
    near = [np.hypot(2, 10), np.hypot(2, 10), 9, 11]
    expected = np.mean([1 - 2 / near[0], 1 - 2 / near[1], 1 - 1 / near[2], 1 - 1 / near[3]])
    assert clearness(values, np.array([0, 0, 1, 1])) == pytest.approx(expected)


def test_draws_keep_what_they_promise():
    values = np.exp(four(1)[0].to_numpy() / 3)
    rng = np.random.default_rng(1)
    kept = same_columns(values)(rng)
    np.testing.assert_array_equal(np.sort(kept, axis=0), np.sort(values, axis=0))
    drawn = np.concatenate([cloud(values)(rng) for _ in range(200)])
    np.testing.assert_allclose(np.cov(drawn, rowvar=False), np.cov(values, rowvar=False), rtol=0.05, atol=0.02)
