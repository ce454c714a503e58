"""Segments: how many, how sure, whether there are any; and what is refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import loyalty_kit as lk

COLUMNS = ["visits", "spend", "age"]
CENTRES = np.array([[0, 0, 0], [6, 0, 0], [0, 6, 0], [0, 0, 6]])


def four(seed: int, n: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(4), [n // 2, n // 4, n // 8, n // 8])
    return pd.DataFrame(CENTRES[truth] + rng.normal(size=(n, 3)), columns=COLUMNS), truth


def nothing(seed: int, n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, 3)) @ np.array([[1, 0.6, 0.3], [0, 1, 0.2], [0, 0, 1]]), columns=COLUMNS)


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


@pytest.mark.slow
def test_a_cloud_is_called_one_in_nearly_every_draw():
    """1,000 draws; .95 is due, Monte Carlo error .7 %."""
    none = sum(
        lk.segments(nothing(seed), columns=COLUMNS, k=3).structure(samples=39).verdict == "none" for seed in range(1000)
    )
    assert none / 1000 >= 0.93


@pytest.mark.slow
def test_four_real_segments_are_found_in_nearly_every_draw():
    """200 draws: k and who is where."""
    found = 0
    for seed in range(200):
        table, truth = four(seed)
        found += adjusted_rand_score(lk.segments(table, columns=COLUMNS, rng=seed).labels, truth) >= 0.9
    assert found / 200 >= 0.95
