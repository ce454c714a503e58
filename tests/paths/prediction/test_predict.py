"""Prediction of unseen respondents: equal to R's seminr and to leave-one-out regressions, and honest about noise."""

import numpy as np
import pytest
from path_studies import ECSI, SEMINR, drawn, reputation, single_items, study
from scipy import stats

import loyalty_kit as lk
from loyalty_kit.core.language import translate

SIMPLE = {"satisfaction": ["competence", "likeability"], "loyalty": ["competence", "likeability", "satisfaction"]}


@pytest.fixture(scope="module")
def ecsi() -> lk.results.PathResult:
    responses, book = study("ecsi_mobile")
    return lk.path_model(responses, book, paths=ECSI, bootstrap=200)


def left_out(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Errors of a regression that leaves out each row in turn: residuals by one less the hat values."""
    design = np.column_stack([np.ones(len(x)), x])
    q, _ = np.linalg.qr(design)
    return (y - q @ (q.T @ y)) / (1 - (q**2).sum(axis=1, keepdims=True))


def test_leave_one_out_errors_equal_seminr(ecsi):
    """R> predict_pls(m, technique = predict_DA, noFolds = 250); predict_EA   # seminr 2.3.1"""
    reference = SEMINR["mobi"]["loo"]
    for row in ecsi.predict().to_frame().itertuples():
        assert row.rmse == pytest.approx(reference["pls_rmse"][row.item], abs=1e-8)
        assert row.rmse_earliest == pytest.approx(reference["pls_rmse_earliest"][row.item], abs=1e-8)
        assert row.q2 == pytest.approx(reference["q2_predict"][row.item], abs=1e-8)


def test_leave_one_out_errors_of_reputation_equal_seminr():
    reference = SEMINR["corp_rep"]["loo"]
    table = lk.path_model(*reputation(), paths=SIMPLE, bootstrap=200).predict().to_frame()
    for row in table.itertuples():
        assert row.rmse == pytest.approx(reference["pls_rmse"][row.item], abs=1e-8)
        assert row.rmse_earliest == pytest.approx(reference["pls_rmse_earliest"][row.item], abs=1e-8)


def test_the_linear_model_is_the_regression_on_the_items_of_the_direct_antecedents(ecsi):
    responses, book = study("ecsi_mobile")
    table = ecsi.predict().to_frame().set_index("item")
    for target, sources in ECSI.items():
        own = list(book.scales[target].items)
        given = [item for name in sources for item in book.scales[name].items]
        errors = left_out(responses[given].to_numpy(float), responses[own].to_numpy(float))
        assert table.loc[own, "rmse_linear"].to_numpy() == pytest.approx(np.sqrt((errors**2).mean(axis=0)), rel=1e-9)


def test_losses_are_compared_by_a_paired_t_test():
    """One item on another: model and regression are one, and both errors have closed forms."""
    table = drawn(60, {"trust": {}, "loyalty": {"trust": 0.4}})
    book = single_items({"loyalty": ["trust"]})
    losses = lk.path_model(table, book, bootstrap=200).predict().losses
    y = table[["loyalty_item"]].to_numpy()
    model, mean = left_out(table[["trust_item"]].to_numpy(), y) ** 2, left_out(np.empty((60, 0)), y) ** 2
    row = losses[(losses["target"] == "loyalty") & (losses["over"] == "direct") & (losses["benchmark"] == "mean")]
    test = stats.ttest_1samp((model - mean)[:, 0], 0)
    ends = test.confidence_interval(0.95)
    assert row[["difference", "ci_low", "ci_high", "p_value"]].to_numpy()[0] == pytest.approx(
        [(model - mean).mean(), ends.low, ends.high, test.pvalue]
    )
    linear = losses[losses["benchmark"] == "linear"]["difference"]
    assert linear.to_numpy() == pytest.approx(0, abs=1e-12)


def test_weights_that_are_all_alike_change_nothing():
    table = drawn(80, {"trust": {}, "loyalty": {"trust": 0.4}})
    book = single_items({"loyalty": ["trust"]})
    plain = lk.path_model(table, book, bootstrap=200).predict(4, rng=2).losses
    weighted = lk.path_model(table.assign(w=3.0), book.edit(weight="w"), bootstrap=200).predict(4, rng=2).losses
    assert weighted.drop(columns=["target", "over", "benchmark", "verdict"]).to_numpy() == pytest.approx(
        plain.drop(columns=["target", "over", "benchmark", "verdict"]).to_numpy(), abs=1e-9
    )


def test_the_verdict_says_against_what_the_model_wins(ecsi):
    prediction = ecsi.predict(10)
    assert (prediction.folds, prediction.n_used) == (10, 250)
    assert prediction.verdict() == "even"
    noise = drawn(200, {"trust": {}, "loyalty": {}})
    assert lk.path_model(noise, single_items({"loyalty": ["trust"]}), bootstrap=200).predict().verdict() == "none"


def test_a_regression_on_more_items_than_respondents_is_no_benchmark():
    rng = np.random.default_rng(3)
    factor = rng.normal(size=(24, 1))
    names = [f"t{number}" for number in range(24)]
    items = ", ".join(f'"{name}"' for name in names)
    book = lk.Codebook.parse(
        f'response = {{ min = -9, max = 9 }}\nscales.trust.items = [{items}]\nscales.loyalty.items = ["l"]\n'
        'paths.loyalty = ["trust"]'
    )
    table = drawn(24, {"l": {}}).rename(columns={"l_item": "l"})
    table = table.assign(**dict(zip(names, (factor + rng.normal(size=(24, 24))).T, strict=True)))
    prediction = lk.path_model(table.assign(l=factor[:, 0] + table["l"]), book, bootstrap=200).predict()
    linear = prediction.losses[prediction.losses["benchmark"] == "linear"]
    assert set(linear["verdict"]) == {"no_benchmark"}
    assert prediction.to_frame()["rmse_linear"].isna().all()


def test_items_of_two_constructs_that_are_one_do_not_stop_the_regression():
    table = drawn(90, {"trust": {}, "love": {"trust": 1}, "loyalty": {"trust": 0.5, "love": 0.4}})
    book = lk.Codebook.parse(
        'response = { min = -99, max = 99 }\nscales.trust.items = ["trust_item", "more"]\n'
        'scales.love.items = ["love_item", "same"]\nscales.loyalty.items = ["loyalty_item"]\n'
        'paths.loyalty = ["trust", "love"]'
    )
    more = drawn(90, {"x": {}}, seed=8)["x_item"]
    table = table.assign(more=more, same=more)
    found = lk.path_model(table, book, bootstrap=200).predict().to_frame()
    errors = left_out(table[["trust_item", "love_item", "more"]].to_numpy(), table[["loyalty_item"]].to_numpy())
    assert found["rmse_linear"].to_numpy() == pytest.approx(np.sqrt((errors**2).mean(axis=0)), rel=1e-6)


def test_parts_must_be_two_to_as_many_as_respondents(ecsi):
    with pytest.raises(lk.InputError, match="'folds' must be 250 or less") as caught:
        ecsi.predict(251)
    assert "不得超过" in translate(caught.value.message, language="zh")
    with pytest.raises(lk.InputError, match="folds"):
        ecsi.predict(1)


def test_a_model_that_does_not_settle_without_its_part_is_refused():
    """An item that nine of 90 answer otherwise, all of them in one of two parts by some lot."""
    table = drawn(90, {"trust": {}, "loyalty": {"trust": 0.4}})
    table["trust_item"] = np.where(np.arange(90) < 5, 4.0, 3.0)
    model = lk.path_model(table, single_items({"loyalty": ["trust"]}), bootstrap=200)
    with pytest.raises(lk.InputError, match="respondents cannot be predicted, more than 5 in 100") as caught:
        for seed in range(60):
            model.predict(2, rng=seed)
    assert "无法预测" in translate(caught.value.message, language="zh")
