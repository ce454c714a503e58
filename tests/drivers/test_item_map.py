"""The share of a driver over its items: adds up, equals brute force, and names a question only where one stands out."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import loyalty_kit as lk
from loyalty_kit.drivers.importance.item_split import split
from loyalty_kit.drivers.importance.measures import driver_matrices, measured

BOOK = lk.Codebook.parse(
    """
    response = { min = 0, max = 10 }
    scales.process = { items = ["order", "queue", "till"], role = "driver", reverse = ["queue"] }
    scales.price = { items = ["fair", "low"], role = "driver" }
    scales.advice = { items = ["expert"], role = "driver" }
    scales.loyalty = { items = ["again"], role = "outcome" }
    items.till.wording = "Queueing time at the till"
    """
)


def survey(*, till: float, n: int = 600, seed: int = 0) -> pd.DataFrame:
    """Answers in which the till matters so much beside the other two questions on the process, and scores low."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(n)
    latent = {
        name: 0.5 * common + rng.standard_normal(n) for name in ("order", "queue", "till", "fair", "low", "expert")
    }
    again = till * latent["till"] + 0.3 * (latent["order"] + latent["queue"] + latent["fair"] + latent["low"])
    latent["again"] = again + 0.2 * latent["expert"] + rng.standard_normal(n)
    means = {"order": 7.5, "queue": 7.5, "till": 5.0, "fair": 7.5, "low": 7.5, "expert": 8.0, "again": 6.0}
    table = pd.DataFrame({name: np.clip(np.round(means[name] + 1.2 * x), 0, 10) for name, x in latent.items()})
    return table.assign(queue=10 - table["queue"])


def found(answers: pd.DataFrame, book: lk.Codebook = BOOK, **options):
    scores = lk.score(answers, book)
    model = lk.drivers(scores, **options)
    first = lk.priorities(model, scores, bootstrap=200)
    return model, first, lk.item_map(model, answers, book, priorities=first, bootstrap=200)


@pytest.fixture(scope="module")
def clear():
    return found(survey(till=0.9))


def test_items_add_up_to_their_driver(clear):
    model, first, items = clear
    shares = items.table.groupby("driver")["share"].sum()
    whole = first.table.set_index("driver")["share"]
    assert_allclose(shares[whole.index], whole, atol=1e-12)
    assert_allclose(items.table.groupby("driver")["within"].sum(), 1)
    assert list(items.table["driver"].unique()) == first.table["driver"].tolist()
    assert items.n_used == model.n_used


def test_items_add_up_beside_controls_weights_and_gaps():
    answers = survey(till=0.9)
    rng = np.random.default_rng(5)
    answers = answers.assign(w=rng.uniform(0.5, 2, len(answers)), city=rng.choice(["a", "b"], len(answers)))
    answers.loc[:50, "till"] = np.nan
    book = BOOK.edit(weight="w", groups=["city"])
    _, first, items = found(answers, book, controls=["city"])
    shares = items.table.groupby("driver")["share"].sum()
    whole = first.table.set_index("driver")["share"]
    assert_allclose(shares[whole.index], whole, atol=1e-10)
    till = items.table.set_index("item").loc["till", "performance"]
    assert till == pytest.approx(
        np.average(answers["till"].dropna() * 10, weights=answers["w"][answers["till"].notna()])
    )


def test_the_value_of_an_item_is_its_mean_gain_over_all_orders():
    """Brute force: the driver's LMG is worked out anew for every subset of its items."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((80, 5)) + rng.standard_normal((80, 1))
    y = x @ [0.2, 0.5, 0.1, 0.4, 0.3] + rng.standard_normal(80)
    table = np.cov(np.column_stack([x, y]), rowvar=False)

    def worth(chosen: tuple[int, ...]) -> float:
        if not chosen:
            return 0.0
        columns = np.column_stack([x[:, :2], x[:, list(chosen)].mean(axis=1), y])
        return measured("lmg", driver_matrices(np.cov(columns, rowvar=False)[None], 3)[0])[0, 2]

    gains = np.zeros(3)
    for order in permutations((2, 3, 4)):
        for k, item in enumerate(order):
            gains[item - 2] += (worth(tuple(sorted(order[: k + 1]))) - worth(tuple(sorted(order[:k])))) / 6
    assert_allclose(split(table[None], 2, 3)[0], gains, atol=1e-12)


def test_items_that_are_alike_have_equal_values():
    """Closed form: uncorrelated items of one driver with the same covariance share its r² alike."""
    table = np.eye(5)
    table[0, 4] = table[4, 0] = 0.4
    table[1:4, 4] = table[4, 1:4] = 0.2
    # The mean of three has covariance .2 and variance 1/3 with the outcome: r² = .12.
    assert_allclose(split(table[None], 1, 3)[0], 0.04, atol=1e-12)


def test_a_question_that_stands_out_and_scores_low_is_to_be_mended(clear):
    _, _, items = clear
    assert items.places["process"] == "mend"
    row = items.of("process").iloc[0]
    assert row["item"] == "till"
    assert row["p_mend"] > 0.95
    assert row["ci_low"] < row["share"] < row["ci_high"]
    assert items.places["advice"] == "single"


def test_where_questions_matter_alike_none_is_named():
    """The till matters as the others do, so whether it matters more than they do is a toss of a coin."""
    _, _, items = found(survey(till=0.3, seed=3))
    assert items.places["process"] in ("unclear", "none")
    assert 0.05 < items.table.set_index("item").loc["till", "p_mend"] < 0.8


def test_reversed_items_are_keyed(clear):
    _, _, items = clear
    assert items.table.set_index("item").loc["queue", "performance"] == pytest.approx(75, abs=3)


def test_too_few_respondents_name_no_question():
    _, _, items = found(survey(till=0.9, n=44))
    assert items.ranking == "too_few"


def test_a_scale_of_too_many_items_is_passed_over_with_its_name():
    rng = np.random.default_rng(0)
    many = [f"i{j}" for j in range(15)]
    answers = pd.DataFrame(rng.integers(1, 6, (80, 17)), columns=[*many, "b", "again"]).astype(float)
    book = lk.Codebook.model_validate(
        {
            "response": {"min": 1, "max": 5},
            "scales": {
                "long": {"items": many, "role": "driver"},
                "short": {"items": ["b"], "role": "driver"},
                "loyalty": {"items": ["again"], "role": "outcome"},
            },
        }
    )
    _, first, items = found(answers, book)
    assert set(items.table["driver"]) == {"short"}
    assert items.warnings == ("The items of 'long' are not told apart: with the other drivers they are more than 15.",)
    assert items.table["share"].sum() == pytest.approx(first.table.set_index("driver").loc["short", "share"])


def test_other_answers_and_other_models_are_refused(clear):
    model, first, _ = clear
    answers = survey(till=0.9)
    with pytest.raises(lk.InputError, match="do not give the scores of 'process' that the model was fitted to"):
        lk.item_map(model, answers.assign(till=5.0), BOOK, priorities=first)
    scores = lk.score(answers, BOOK)
    ordered = lk.drivers(scores, model="ordered")
    with pytest.raises(lk.InputError, match="within the linear model only; use model='ols'"):
        lk.item_map(ordered, answers, BOOK, priorities=first)
