"""Sentences, tables and figures about drivers: true for clear, unclear and null results."""

import re

import matplotlib
import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.reporting import plots, tables, wording

matplotlib.use("agg")

DRIVERS = ["quality", "price", "service", "image"]


def scores(n: int = 400, *, effects: tuple[float, ...] = (0.8, 0.1, 0.1, 0.1), seed: int = 0) -> pd.DataFrame:
    """Scores from 0 to 100, independent drivers with known effects, three channels."""
    rng = np.random.default_rng(seed)
    x = np.clip(rng.normal([50, 60, 70, 75], 15, (n, 4)), 0, 100)
    y = np.clip(20 + (x - [50, 60, 70, 75]) @ np.array(effects) + 30 + rng.normal(0, 10, n), 0, 100)
    return pd.DataFrame(x, columns=DRIVERS).assign(loyalty=y, channel=np.resize(["web", "store", "app"], n))


def study(**options):
    table = scores(**options)
    model = lk.drivers(table, drivers=DRIVERS)
    importance, validation = model.importance(bootstrap=200), model.validate(repeats=3)
    return table, model, importance, validation, lk.priorities(model, table, bootstrap=200)


@pytest.fixture(scope="module")
def clear():
    return study()


def test_a_clear_leader_is_named_with_its_probability(clear):
    _, *results = clear
    text = str(wording.answer_drivers(*results)).replace("\xa0", " ")
    assert "quality matters most: it ranks first with probability 100 %." in text
    assert "Act first on quality: important and low" in text
    assert "association at one moment" in text


def test_equal_drivers_have_no_leader():
    _, *results = study(effects=(0.4, 0.4, 0.4, 0.4))
    assert "No driver clearly matters most." in str(wording.answer_drivers(*results))


def test_drivers_that_explain_nothing_are_said_to():
    _, model, *results = study(n=80, effects=(0.0, 0.0, 0.0, 0.0))
    text = str(wording.answer_drivers(model, *results))
    assert "predicted no better than by its mean" in text
    assert "matters most" not in text
    assert "For no single driver does the interval exclude zero" in str(wording.describe_model(model))


def test_a_suppressor_is_explained_and_not_hidden():
    rng = np.random.default_rng(1)
    good = rng.normal(60, 12, 400)
    table = pd.DataFrame({"satisfaction": good, "quality": good + rng.normal(0, 4, 400)})
    table["loyalty"] = 50 + 1.4 * (table["satisfaction"] - 60) - 0.7 * (table["quality"] - 60) + rng.normal(0, 5, 400)
    model = lk.drivers(table, drivers=["satisfaction", "quality"])
    (warning, *_) = [sentence for sentence in wording.describe_model(model) if sentence.tone == "warning"]
    assert warning.startswith("quality correlates positively with loyalty")
    assert "no call for less of it" in warning


def test_stability_is_said_for_none_same_and_different_groups(clear):
    table, model, *_ = clear
    assert str(wording.describe_stability(None)) == "No group was named, so stability over groups was not examined."
    assert "is not contradicted" in str(wording.describe_stability(model.stability(by="channel", bootstrap=50)))
    web = table["channel"] == "web"
    other = table.assign(loyalty=np.where(web, 100 - table["loyalty"], table["loyalty"]))
    text = str(wording.describe_stability(lk.drivers(other, drivers=DRIVERS).stability(by="channel", bootstrap=50)))
    assert "do not work alike" in text
    assert "quality differs between the groups" in text


def test_every_sentence_stands_for_a_few_respondents():
    table, model, importance, validation, first = study(n=12)
    texts = [
        wording.describe_driver_sample(model, lk.Codebook(title="Members")),
        wording.answer_drivers(model, importance, validation, first),
        wording.describe_model(model),
        wording.describe_importance(importance),
        wording.describe_driver_validation(validation),
        wording.describe_robustness(model.robustness()),
        wording.describe_priorities(first),
    ]
    assert not re.search(r"\bnan\b", " ".join(map(str, texts)))


def test_tables_and_figures_are_made_of_every_result(clear):
    table, model, importance, _, first = clear
    grid, groups = model.robustness(), model.stability(by="channel", bootstrap=50)
    shown = [
        tables.coefficients_table(model),
        tables.importance_table(importance),
        tables.robustness_table(grid),
        tables.priorities_table(first),
        tables.stability_table(groups),
    ]
    assert all("<table" in table.as_raw_html() for table in shown)
    for ax in (
        plots.plot_coefficients(model),
        plots.plot_importance(importance),
        plots.plot_ranks(importance),
        plots.plot_priorities(first),
        plots.plot_robustness(grid),
    ):
        ax.figure.canvas.draw()
        assert ax.get_xlabel()
        matplotlib.pyplot.close(ax.figure)
