"""Sentences, tables and figures about factors and groups: true for every result, also the awkward ones."""

import dataclasses
import re

import matplotlib
import numpy as np
import pandas as pd
import pytest
from languages import seen
from surveys import simulate
from told import whole

import loyalty_kit as lk
from loyalty_kit.measurement.keying import against_keying
from loyalty_kit.reporting.bounds import number_near_bound

matplotlib.use("agg")


def noise(n: int = 200, *, seed: int = 1) -> tuple[pd.DataFrame, lk.Codebook]:
    """Five scales of four items that have nothing in common."""
    scales = {name: {"items": [f"{name}_{i}" for i in range(1, 5)]} for name in ("image", "price", "care", "trust")}
    scales["loyalty"] = {"items": [f"loyalty_{i}" for i in range(1, 5)], "role": "outcome"}
    names = [item for scale in scales.values() for item in scale["items"]]
    answers = np.random.default_rng(seed).integers(1, 8, (n, len(names))).astype(float)
    book = lk.Codebook.model_validate({"response": {"min": 1.0, "max": 7.0}, "scales": scales})
    return pd.DataFrame(answers, columns=names), book


def study(n: int = 400, *, correlation: float = 0.3, seed: int = 1) -> tuple[pd.DataFrame, lk.Codebook]:
    """Two scales of four items, three groups."""
    answers, book = simulate(n, scales={"trust": 4, "price": 4}, correlation=correlation, loadings=0.75, rng=seed)
    groups = np.resize(["store", "web", "app"], n)
    return answers.assign(channel=groups), book


@pytest.fixture(scope="module")
def sound():
    responses, book = study()
    return responses, book, lk.cfa(responses, book, estimator="mlr")


def test_a_sound_structure_is_said_to_fit_and_its_scales_to_be_distinct(sound):
    responses, book, model = sound
    text = whole(lk.judge_structure(model, model.validity(), None))
    assert "2 scales, fits the answers well" in text
    assert "The two scales are distinct from one another" in text
    assert "comparability was not examined" in text
    assert "face value" not in text


def with_outcome(book: lk.Codebook, name: str) -> lk.Codebook:
    scales = {
        key: scale.model_copy(update={"role": "outcome"} if key == name else {}) for key, scale in book.scales.items()
    }
    return book.model_copy(update={"scales": scales})


def test_scales_that_are_one_are_said_to_overlap():
    responses, book = study(correlation=0.99)
    model = lk.cfa(responses, book)
    text = whole(lk.judge_structure(model, model.validity(), None))
    assert "Hardly two things: trust with price" in text
    assert "do not rank them against each other" in text


def test_an_overlap_with_the_outcome_is_told_as_such():
    responses, book = study(correlation=0.99)
    model = lk.cfa(responses, with_outcome(book, "price"))
    text = whole(lk.judge_structure(model, model.validity(), None))
    assert "trust overlaps with the outcome, price," in text
    assert "part of its importance for it may be that overlap" in text
    assert "rank them" not in text


def test_a_pair_that_the_answers_do_not_settle_is_not_said_to_overlap():
    responses, book = simulate(150, scales={"a": 3, "b": 3, "c": 3}, correlation=0.9, rng=4)
    model = lk.cfa(responses, book)
    validity = model.validity(bootstrap=300)
    assert (validity.pairs["ci_low"] < 0.9).all()
    text = whole(lk.judge_structure(model, validity, None))
    assert "Hardly two things" not in text
    assert f"interval of HTMT holds 0.90: {(validity.pairs['ci_high'] >= 0.9).sum()}." in text


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_answers_without_anything_in_common_are_praised_nowhere(seed):
    responses, book = noise(seed=seed)
    model = lk.cfa(responses, book, estimator="mlr")
    validity = model.validity(bootstrap=50)
    told = lk.describe(lk.judge_structure(model, validity, None))
    assert "cannot be judged: " in told[0] and "hardly correlate with one another (Bartlett's test" in told[0]
    text = " ".join([*told, *lk.describe(validity)])
    assert "belong together" not in text and "Hardly" not in text and "fits the answers" not in text
    assert "contradict each other" not in text and "shown to be distinct" not in text
    assert "hardly correlate" in str(lk.describe(lk.adequacy(responses)))


def test_a_model_that_did_not_converge_is_said_to_be_none():
    responses, book = noise()
    model = lk.cfa(responses, book)
    assert not model.converged
    told = lk.describe(lk.judge_structure(model, model.validity(bootstrap=0), None))
    assert "cannot be judged: the model did not converge;" in told[0]


def test_a_model_that_fits_by_construction_is_not_said_to_fit():
    responses, book = simulate(200, scales={"trust": 3}, rng=2)
    model = lk.cfa(responses, book)
    told = lk.describe(lk.judge_structure(model, model.validity(bootstrap=0), None))
    assert "fits by construction." in told[0] and "fits the answers" not in told[0]


def test_a_model_without_degrees_of_freedom_that_did_not_converge_is_not_said_to_fit_by_construction(monkeypatch):
    responses, book = simulate(200, scales={"trust": 3}, rng=2)
    z = np.linalg.qr(responses - responses.mean())[0]
    signs = np.linalg.cholesky([[1, 0.5, -0.3], [0.5, 1, 0.2], [-0.3, 0.2, 1]])
    model = lk.cfa(pd.DataFrame(z @ signs.T, columns=responses.columns), book)
    for language, construction, lost in (("en", "by construction", "did not converge"), ("zh", "必然", "未收敛")):
        monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", language)
        answer = lk.describe(lk.judge_structure(model, model.validity(bootstrap=0)))
        told = f"{answer} {lk.describe(model)}"
        assert lost in told and construction not in told


def test_keying_is_doubted_where_it_is_clearly_wrong_and_not_where_chance_may_be_at_work():
    responses, book = study()
    wrong = responses.assign(trust_2=11 - responses["trust_2"])
    assert against_keying(lk.cfa(wrong, book), book.reversed) == ["trust_2"]
    model = lk.cfa(responses.assign(trust_2=np.random.default_rng(1).normal(size=len(responses))), book)
    loading = model.loadings.set_index("item").loc["trust_2"]
    assert loading["standardized"] < 0 < loading["ci_high"]
    assert against_keying(model, book.reversed) == []


def test_groups_that_could_not_be_examined_are_not_called_incomparable(monkeypatch):
    responses, book = noise(60)
    responses = responses.assign(channel=["web"] * 32 + ["app"] * 28)
    ladder = lk.invariance(responses, book, group="channel")
    model = lk.cfa(responses, book)
    answer = whole(lk.judge_structure(model, model.validity(bootstrap=0), ladder))
    for text in (answer, str(lk.describe(ladder, "invariance"))):
        assert "could not be examined: the model did not converge at the level 'configural'" in text
        assert "web (32), app (28)" in text and "should not be compared" not in text
    assert [tick.get_text() for tick in lk.plot(ladder).get_yticklabels()][-1] == "metric: not examined"
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")
    told = str(lk.describe(ladder, "invariance"))
    assert "“形态等值”层级的模型未收敛" in told and "configural" not in told


@pytest.mark.parametrize(
    ("value", "bound", "told"),
    [(0.72, 0.5, "0.72"), (0.4979, 0.5, "0.498"), (0.502, 0.5, "0.50"), (0.89996, 0.9, "0.89996")],
)
def test_a_figure_has_the_digits_that_keep_it_on_its_side_of_a_bound(value, bound, told):
    assert number_near_bound(value, bound) == told


def test_a_table_never_shows_the_bound_beside_a_verdict_that_it_was_missed(sound):
    _, book, model = sound
    validity = model.validity(bootstrap=20)
    near = dataclasses.replace(validity, scales=validity.scales.assign(ave=[0.4979, 0.61]))
    html = lk.table(near).as_raw_html()
    assert "0.498" in html and ">0.50<" not in html


def test_probabilities_in_the_ladder_are_never_zero():
    responses, book = shifted({"trust_1": -4.0})
    html = lk.table(lk.invariance(responses, book, group="channel")).as_raw_html()
    assert "&lt; .001" in html or "< .001" in html


def test_a_column_of_loadings_is_named_by_a_scale_only_where_it_is_brought_back():
    responses, book = study()
    items = responses[list(book.measures)]
    right = lk.plot(lk.efa(items, factors=2, codebook=book))
    scales = {
        key: scale.model_copy(update={"items": own})
        for (key, scale), own in zip(book.scales.items(), (book.measures[:3], book.measures[3:]), strict=True)
    }
    other = book.model_copy(update={"scales": scales})
    wrong = lk.plot(lk.efa(items, factors=2, codebook=other))
    names = [{tick.get_text() for tick in ax.get_xticklabels()} for ax in (right, wrong)]
    assert names == [{"trust", "price"}, {"F1", "F2"}]


def test_the_open_search_is_compared_with_the_codebook(sound):
    responses, book, _ = sound
    items = responses[list(book.measures)]
    two, one = (lk.efa(items, factors=k, rotation=r, codebook=book) for k, r in ((2, "oblimin"), (1, "none")))
    assert str(lk.describe(two)) == "On one factor, as the codebook says: trust and price."
    assert "One factor carries several scales at once: trust and price." in str(lk.describe(one))


def test_the_number_of_factors_comes_with_how_firm_it_is(sound):
    responses, book, _ = sound
    number = lk.retain(responses[list(book.measures)], codebook=book, bootstrap=40)
    text = str(lk.describe(number))
    assert "the codebook claims 2" in text
    assert "of 40 resampled surveys" in text


def test_groups_that_work_alike_are_compared_on_latent_means(sound):
    responses, book, model = sound
    ladder = lk.invariance(responses, book, group="channel")
    assert "may be compared by their scores: at the " in str(
        lk.describe(lk.judge_structure(model, model.validity(), ladder))
    )
    text = str(lk.describe(ladder, "invariance"))
    assert "cannot be told apart" in text
    assert not re.search(r"\bnan\b", text)


def test_groups_too_small_to_be_compared_are_said_to_be_so(sound):
    responses, book, model = sound
    few = responses.assign(channel=["app"] * 3 + ["web"] * (len(responses) - 3))
    with pytest.raises(lk.GroupsError) as refused:
        lk.invariance(few, book, group="channel")
    sentence = (
        "Whether groups may be compared was not examined. Comparing by 'channel' needs two groups with more "
        "respondents than the 8 items; too few are in 'app'."
    )
    (said,) = lk.describe(refused.value, "invariance")
    assert (said, said.tone) == (sentence, "warning")
    assert sentence in whole(lk.judge_structure(model, model.validity(), refused.value))


def shifted(items: dict[str, float]) -> tuple[pd.DataFrame, lk.Codebook]:
    """Web customers answer some items higher or lower for the same attitude."""
    responses, book = study(900)
    web = responses["channel"] == "web"
    return responses.assign(**{item: responses[item] + by * web for item, by in items.items()}), book


def test_items_that_work_differently_in_a_group_are_named_as_set_free():
    responses, book = shifted({"trust_1": -4.0})
    ladder = lk.invariance(responses, book, group="channel")
    model = lk.cfa(responses, book)
    assert "Set free to reach the fit: trust_1." in str(lk.describe(ladder, "invariance"))
    answer = whole(lk.judge_structure(model, model.validity(bootstrap=50), ladder))
    assert "may be compared by their scores" not in answer


def test_where_half_of_the_items_work_differently_no_difference_of_groups_is_told():
    by = {"trust_1": 2.5, "trust_2": -2.5, "trust_3": 4.0, "price_1": 3.0, "price_2": -3.0, "price_3": 4.5}
    responses, book = shifted(by)
    ladder = lk.invariance(responses, book, group="channel")
    text = str(lk.describe(ladder, "invariance"))
    assert "is not justified" in text
    assert "standard deviations" not in text


def test_tables_and_figures_are_made_of_every_result(sound):
    responses, book, model = sound
    validity, ladder = model.validity(), lk.invariance(responses, book, group="channel")
    items = responses[list(book.measures)]
    number = lk.retain(items, bootstrap=20)
    shown = [
        lk.table(number),
        lk.table(model),
        lk.table(model, "loadings"),
        lk.table(validity),
        lk.table(validity, "pairs"),
        lk.table(ladder),
    ]
    assert all("<table" in table.as_raw_html() for table in shown)
    for ax in (
        lk.plot(number),
        lk.plot(lk.efa(items, factors=2)),
        lk.plot(model),
        lk.plot(validity),
        lk.plot(ladder),
    ):
        ax.figure.canvas.draw()
        assert ax.get_title(loc="left")
        matplotlib.pyplot.close(ax.figure)


def test_one_scale_has_nothing_to_be_told_apart_from():
    responses, book = simulate(200, scales={"trust": 4}, rng=2)
    model = lk.cfa(responses, book)
    text = whole(lk.judge_structure(model, model.validity(), None))
    assert "nothing to be told apart from" in text


def test_the_page_says_what_the_user_added_and_shows_its_figures(sound):
    responses, book, plain = sound
    model = lk.cfa(responses, book, estimator="mlr", also=["trust =~ price_1", "trust_1 ~~ trust_2"])
    claim = "2 scales with trust =~ price_1 and trust_1 ~~ trust_2 added by the user, fits the answers well"
    assert claim in whole(lk.judge_structure(model, model.validity(bootstrap=0), None))
    table = seen(lk.table(model, "loadings"))
    assert "Added by the user" in table and "trust_1 ~~ trust_2" in table and "trust =~ price_1" in table
    assert "dded by the user" not in seen(lk.table(plain, "loadings")) + whole(
        lk.judge_structure(plain, plain.validity(bootstrap=0))
    )
    lk.speak("zh")
    try:
        assert "并加入使用者指定的" in whole(lk.judge_structure(model, model.validity(bootstrap=0), None))
    finally:
        lk.speak("en")


def test_figures_without_standing_are_neither_printed_nor_recorded():
    """Two items of one factor whose correlations ask for more than the first item's whole variance."""
    r = np.array([[1, 0.9, 0.7, 0.2], [0.9, 1, 0.5, 0.1], [0.7, 0.5, 1, 0.1], [0.2, 0.1, 0.1, 1]])
    values = np.random.default_rng(1).normal(size=(300, 4))
    values = (values - values.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(values.T, ddof=0))).T
    table = pd.DataFrame(values @ np.linalg.cholesky(r).T, columns=list("abcd"))
    model = lk.cfa(table, {"trust": list("abcd")}, also=["c ~~ d"])
    assert model.standing == "improper" and model.estimates() == ()
    validity = model.validity(bootstrap=0)
    for frame in (model.to_frame(), model.told.residual_variances, validity.to_frame().drop(columns="independence_p")):
        numbers = frame.select_dtypes("float")
        assert len(numbers.columns) and numbers.isna().all(axis=None)
    assert model.told.fit.dropna().index.tolist() == ["df", "baseline_df", "parameters"]
    page = seen(lk.table(model, "fit")) + seen(lk.table(model, "loadings")) + seen(lk.table(validity, "scales"))
    assert not re.search(r"\d\.\d", page)
    assert not re.search(r"\d\.\d", seen(lk.plot(model)))
    assert model.loadings["standardized"].notna().all()


def test_groups_that_could_not_be_compared_leave_their_place_empty():
    """The reason is said; there is nothing to draw and no table, and the report goes on."""
    reason = lk.GroupsError("Nobody in group 'web' gave the answer 1.")
    assert "was not examined" in str(lk.describe(reason, "invariance"))
    assert lk.plot(reason) is None and lk.table(reason) is None
