"""Importance and performance through all paths: as regressions of the scores give them, with honest intervals."""

import numpy as np
import pandas as pd
import pytest
from path_studies import ECSI, drawn, single_items, study

import loyalty_kit as lk
from loyalty_kit.core.language import translate

CHAIN = {"trust": ["image"], "loyalty": ["image", "trust"]}


@pytest.fixture(scope="module")
def ecsi() -> lk.results.PathResult:
    responses, book = study("ecsi_mobile")
    return lk.path_model(responses, book, paths=ECSI, bootstrap=200)


def slopes(x: pd.DataFrame, y: pd.Series) -> np.ndarray:
    return np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), y, rcond=None)[0][1:]


def test_importance_is_the_total_effect_among_the_scores(ecsi):
    """Regressions of the scores on one another, and products along the ways, by hand."""
    responses, book = study("ecsi_mobile")
    found = ecsi.priorities("loyalty", bootstrap=200)
    weight = found.items.set_index("item")["weight"]
    scores = pd.DataFrame(
        {
            name: ((responses[list(scale.items)].astype(float) - 1) / 9 * 100) @ weight[list(scale.items)]
            for name, scale in book.scales.items()
            if name != "loyalty"
        }
    )
    own = ecsi.quality().items.query("construct == 'loyalty'").set_index("item")["weight"]
    answers = (responses[list(own.index)].astype(float) - 1) / 9 * 100
    own = own / answers.std()
    scores["loyalty"] = answers @ (own / own.sum())
    total = {"loyalty": 1.0}
    effect = {
        target: dict(zip(sources, slopes(scores[sources], scores[target]), strict=True))
        for target, sources in ECSI.items()
    }
    for name in ("complaints", "satisfaction", "value", "quality", "expectation", "image"):
        total[name] = sum(by[name] * total[target] for target, by in effect.items() if name in by)
    constructs = found.constructs.set_index("construct")
    for name, row in constructs.iterrows():
        assert row["importance"] == pytest.approx(total[name], rel=1e-6)
        assert row["performance"] == pytest.approx(scores[name].mean(), rel=1e-9)
    for row in found.items.itertuples():
        assert row.importance == pytest.approx(total[row.construct] * weight[row.item], rel=1e-6)
        assert row.performance == pytest.approx((responses[row.item].mean() - 1) / 9 * 100)
    assert weight.groupby(found.items.set_index("item")["construct"]).sum().to_numpy() == pytest.approx(1)


def test_intervals_of_a_mean_are_those_of_the_mean(ecsi):
    """1,000 samples: a standard deviation has itself an error of 2.2 %."""
    responses, _ = study("ecsi_mobile")
    items = ecsi.priorities("loyalty").items.set_index("item")
    expected = responses[list(items.index)].astype(float).std(ddof=0) / 9 * 100 / np.sqrt(len(responses))
    assert (items["sd_performance"] / expected).to_numpy() == pytest.approx(1, abs=0.09)
    assert (items["sd_performance"] / expected).mean() == pytest.approx(1, abs=0.02)


def test_items_whose_answers_reach_differently_far_are_put_on_one_scale():
    table = drawn(200, {"image": {}, "trust": {"image": 0.5}, "loyalty": {"image": 0.3, "trust": 0.5}})
    book = single_items(CHAIN, -10, 10)
    plain = lk.path_model(table, book, bootstrap=200).priorities("loyalty", bootstrap=200)
    wide = book.edit(items={"trust_item": {"min": -100, "max": 100}})
    stretched = table.assign(trust_item=10 * table["trust_item"])
    other = lk.path_model(stretched, wide, bootstrap=200).priorities("loyalty", bootstrap=200)
    assert other.constructs["importance"].to_numpy() == pytest.approx(plain.constructs["importance"].to_numpy())
    assert other.constructs["performance"].to_numpy() == pytest.approx(plain.constructs["performance"].to_numpy())


def test_the_first_place_is_important_low_and_not_named_where_nothing_is_predicted():
    table = drawn(300, {"image": {}, "trust": {"image": 0.1}, "loyalty": {"image": 0.2, "trust": 1.0}})
    table["trust_item"] -= 2
    model = lk.path_model(table, single_items(CHAIN, -10, 10), bootstrap=200)
    found = model.priorities("loyalty", prediction=model.predict(), bootstrap=200)
    assert found.first_place is not None
    assert found.first_place.driver == "trust"
    assert found.first_place.likely
    noise = drawn(300, {"image": {}, "trust": {}, "loyalty": {}})
    nothing = lk.path_model(noise, single_items(CHAIN, -10, 10), bootstrap=200)
    assert nothing.priorities("loyalty", prediction=nothing.predict(), bootstrap=200).first_place is None
    assert model.priorities("trust", bootstrap=200).first_place is None


def test_an_item_that_lowers_its_own_score_is_named():
    table = drawn(300, {"image": {}, "trust": {"image": 0.6}, "loyalty": {"image": 0.6, "trust": 0.6}})
    table["against"] = -table["image_item"]
    book = lk.Codebook.parse(
        'response = { min = -99, max = 99 }\nscales.image.items = ["image_item", "image_more", "against"]\n'
        'scales.loyalty.items = ["loyalty_item"]\npaths.loyalty = ["image"]'
    )
    table["image_more"] = table["image_item"] + drawn(300, {"x": {}}, seed=9)["x_item"]
    warnings = lk.path_model(table, book, bootstrap=200).priorities("loyalty", bootstrap=200).warnings
    assert [str(told) for told in warnings][0].startswith("Item 'against' of construct 'image' has a negative weight")
    assert "权重为负" in translate(warnings[0], language="zh")


def test_an_outcome_that_nothing_acts_on_is_refused(ecsi):
    with pytest.raises(lk.InputError, match="got 'loyalti'; did you mean 'loyalty'") as caught:
        ecsi.priorities("loyalti")
    assert "受其他构念作用" in translate(caught.value.message, language="zh")
    with pytest.raises(lk.InputError, match="must be a construct that others act on"):
        ecsi.priorities("image")
