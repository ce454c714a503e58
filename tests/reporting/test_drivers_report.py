"""Sentences, tables and figures about drivers: true for clear, unclear and null results."""

import re
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from languages import english, figures, seen

import loyalty_kit as lk
from loyalty_kit.reporting import plots, tables, wording
from loyalty_kit.reporting.plots import canvas
from loyalty_kit.reporting.wording.catalogue import SPOKEN

matplotlib.use("agg")

REPUTATION = Path(__file__).parents[2] / "data/corporate_reputation"
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


def test_a_place_among_three_is_told_only_of_more_than_three(clear):
    _, _, importance, *_ = clear
    few = lk.drivers(scores(), drivers=DRIVERS[:3]).importance(bootstrap=50)
    told = [str(wording.describe_importance(result)) for result in (importance, few)]
    assert ["among the top three" in text for text in told] == [True, False]


def test_groups_too_small_for_a_model_are_said_to_be_so(clear):
    table, *_ = clear
    few = table.assign(channel=["app"] * 3 + ["web"] * (len(table) - 3))
    with pytest.raises(lk.GroupsError) as refused:
        lk.drivers(few, drivers=DRIVERS).stability(by="channel")
    (said,) = wording.describe_stability(refused.value)
    assert said.tone == "warning"
    assert said.startswith(
        "Whether the drivers work alike in every group was not examined. A comparison by 'channel' needs two groups "
        "that can carry the model. Group 'app' of 'channel' is left out."
    )


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


@pytest.fixture(scope="module")
def shipped():
    """Results of the notebook on the survey of reputation that is shipped."""
    book = lk.Codebook.read(REPUTATION / "codebook.toml")
    answers = lk.read_responses(REPUTATION / "survey.csv", book)
    scores = lk.score(answers, book)
    model = lk.drivers(scores, outcome="loyalty", reliability=lk.reliability(answers, book))
    first = lk.priorities(model, scores, bootstrap=100)
    grid = model.robustness(samples={"careless left out": scores})
    groups = model.stability(by="servicetype", bootstrap=50)
    return book, model, model.importance(bootstrap=100), model.validate(repeats=2), first, grid, groups


def passages(book, model, importance, validation, first, grid, groups) -> list[tuple[str, ...]]:
    """Every passage of the report, in the language spoken."""
    return [
        wording.describe_driver_sample(model, book),
        wording.answer_drivers(model, importance, validation, first),
        wording.describe_model(model),
        wording.describe_importance(importance),
        wording.describe_driver_validation(validation),
        wording.describe_robustness(grid),
        wording.describe_stability(groups),
        wording.describe_priorities(first),
    ]


def drawn(model, importance, first, grid) -> str:
    """Every text of the report's figures."""
    axes = [
        plots.plot_coefficients(model),
        plots.plot_importance(importance),
        plots.plot_ranks(importance),
        plots.plot_priorities(first),
        plots.plot_robustness(grid),
    ]
    return "\n".join(map(seen, axes))


def names(book, model, groups) -> str:
    """Names from the data."""
    return " ".join(
        [book.title, model.outcome, *model.drivers, *model.labels.values(), groups.by, *groups.table["group"]]
    )


def test_a_chinese_report_of_drivers_holds_no_english_but_names_from_the_data(shipped, monkeypatch):
    book, model, importance, _, first, grid, groups = shipped
    monkeypatch.setenv(SPOKEN, "zh")
    shown = [
        tables.coefficients_table(model),
        tables.importance_table(importance),
        tables.robustness_table(grid),
        tables.priorities_table(first),
        tables.stability_table(groups),
    ]
    told = "\n".join(map(seen, [*passages(*shipped), *shown]))
    assert english(told, known=names(book, model, groups)) == set()
    assert "剔除敷衍作答者" in told


@pytest.mark.parametrize("effects", [None, (0.8, 0.1, 0.1, 0.1), (0.4, 0.4, 0.4, 0.4), (0.0, 0.0, 0.0, 0.0)])
def test_a_sentence_about_drivers_gives_the_same_figures_in_both_languages(shipped, monkeypatch, effects):
    results = shipped
    if effects is not None:
        _, model, *others = study(n=80, effects=effects)
        results = lk.Codebook(title="Members"), model, *others, model.robustness(), None
    said = {}
    for language in ("en", "zh"):
        monkeypatch.setenv(SPOKEN, language)
        said[language] = [figures(sentence) for passage in passages(*results) for sentence in passage]
    assert said["en"] == said["zh"]


def test_figures_about_drivers_speak_chinese_where_a_font_has_it(shipped, monkeypatch):
    book, model, importance, _, first, grid, groups = shipped
    monkeypatch.setenv(SPOKEN, "zh")
    monkeypatch.setattr(canvas, "cjk_font", lambda: "DejaVu Sans")
    assert english(drawn(model, importance, first, grid), known=names(book, model, groups)) == set()


def test_figures_about_drivers_stay_english_where_no_font_has_chinese(shipped, monkeypatch):
    _, model, importance, _, first, grid, _ = shipped
    monkeypatch.setenv(SPOKEN, "zh")
    monkeypatch.setattr(canvas, "cjk_font", lambda: None)
    monkeypatch.setattr(canvas, "lose", lambda label: None)
    text = drawn(model, importance, first, grid)
    assert not re.search("[\u4e00-\u9fff]", text)
    assert "act first" in text


def test_another_step_than_five_points_is_said(clear):
    table, model, *_ = clear
    text = str(wording.describe_priorities(lk.priorities(model, table, step=10, bootstrap=20)))
    assert "Each step of 10 points on quality goes with" in text
    assert "Five" not in text
