"""Sentences, tables and figures about factors and groups: true for every result, also the awkward ones."""

import re

import matplotlib
import numpy as np
import pandas as pd
import pytest
from surveys import simulate

import loyalty_kit as lk
from loyalty_kit.reporting import plots, tables, wording

matplotlib.use("agg")


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
    text = str(wording.answer_structure(model, model.validity(), None, book))
    assert "2 scales, fits the answers well" in text
    assert "The two scales are distinct from one another" in text
    assert "comparability was not examined" in text
    assert "face value" not in text


def test_scales_that_are_one_are_said_to_overlap():
    responses, book = study(correlation=0.99)
    model = lk.cfa(responses, book)
    text = str(wording.answer_structure(model, model.validity(), None, book))
    assert "Hardly two things: trust with price" in text


def test_the_open_search_is_compared_with_the_codebook(sound):
    responses, book, _ = sound
    items = responses[list(book.measures)]
    two, one = (lk.efa(items, factors=k, rotation=r) for k, r in ((2, "oblimin"), (1, "none")))
    assert str(wording.describe_factors(two, book)) == "On one factor, as the codebook says: trust and price."
    assert "One factor carries several scales at once: trust and price." in str(wording.describe_factors(one, book))


def test_the_number_of_factors_comes_with_how_firm_it_is(sound):
    responses, book, _ = sound
    number = lk.retain(responses[list(book.measures)], bootstrap=40)
    text = str(wording.describe_retention(number, book))
    assert "the codebook claims 2" in text
    assert "of 40 resampled surveys" in text


def test_groups_that_work_alike_are_compared_on_latent_means(sound):
    responses, book, model = sound
    ladder = lk.invariance(responses, book, group="channel")
    assert "may be compared by their scores" in str(wording.answer_structure(model, model.validity(), ladder, book))
    text = str(wording.describe_invariance(ladder, book))
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
    (said,) = wording.describe_invariance(refused.value, book)
    assert (said, said.tone) == (sentence, "warning")
    assert sentence in str(wording.answer_structure(model, model.validity(), refused.value, book))


def shifted(items: dict[str, float]) -> tuple[pd.DataFrame, lk.Codebook]:
    """Web customers answer some items higher or lower for the same attitude."""
    responses, book = study(900)
    web = responses["channel"] == "web"
    return responses.assign(**{item: responses[item] + by * web for item, by in items.items()}), book


def test_items_that_work_differently_in_a_group_are_named_as_set_free():
    responses, book = shifted({"trust_1": -4.0})
    ladder = lk.invariance(responses, book, group="channel")
    model = lk.cfa(responses, book)
    assert "Set free to reach the fit: trust_1." in str(wording.describe_invariance(ladder, book))
    answer = str(wording.answer_structure(model, model.validity(bootstrap=50), ladder, book))
    assert "may be compared by their scores" not in answer


def test_where_half_of_the_items_work_differently_no_difference_of_groups_is_told():
    by = {"trust_1": 2.5, "trust_2": -2.5, "trust_3": 4.0, "price_1": 3.0, "price_2": -3.0, "price_3": 4.5}
    responses, book = shifted(by)
    ladder = lk.invariance(responses, book, group="channel")
    text = str(wording.describe_invariance(ladder, book))
    assert "is not justified" in text
    assert "standard deviations" not in text


def test_tables_and_figures_are_made_of_every_result(sound):
    responses, book, model = sound
    validity, ladder = model.validity(), lk.invariance(responses, book, group="channel")
    items = responses[list(book.measures)]
    number = lk.retain(items, bootstrap=20)
    shown = [
        tables.retention_table(number),
        tables.fit_table(model),
        tables.cfa_loadings_table(model, book),
        tables.validity_table(validity, book),
        tables.pairs_table(validity, book),
        tables.invariance_table(ladder),
    ]
    assert all("<table" in table.as_raw_html() for table in shown)
    for ax in (
        plots.plot_scree(number),
        plots.plot_loadings(lk.efa(items, factors=2), book),
        plots.plot_paths(model, book),
        plots.plot_htmt(validity, book),
        plots.plot_invariance(ladder),
    ):
        ax.figure.canvas.draw()
        assert ax.get_title(loc="left")
        matplotlib.pyplot.close(ax.figure)


def test_one_scale_has_nothing_to_be_told_apart_from():
    responses, book = simulate(200, scales={"trust": 4}, rng=2)
    model = lk.cfa(responses, book)
    text = str(wording.answer_structure(model, model.validity(), None, book))
    assert "nothing to be told apart from" in text
