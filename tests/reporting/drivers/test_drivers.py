"""Sentences, tables and figures about drivers: true for clear, unclear and null results."""

import re
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from languages import english, figures, seen
from told import whole

import loyalty_kit as lk
from loyalty_kit.core.language import SPOKEN
from loyalty_kit.drivers.priority import LOOK_CLOSER
from loyalty_kit.reporting import canvas

matplotlib.use("agg")

REPUTATION = Path(__file__).parents[3] / "data/corporate_reputation"
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
    validation = model.validate(repeats=3)
    importance = model.importance(bootstrap=200, validation=validation)
    return table, model, importance, validation, lk.priorities(model, table, bootstrap=200, validation=validation)


@pytest.fixture(scope="module")
def clear():
    return study()


def test_a_clear_leader_is_named_with_its_probability(clear):
    _, *results = clear
    text = whole(lk.judge_drivers(*results)).replace("\xa0", " ")
    assert "quality matters most: it ranks first with a probability of 100 %." in text
    assert "Very probably among the three that matter most (with a probability of 90 % or more): quality" in text
    assert re.search(
        r"Act first on quality: with a probability of \d+ % it matters, scores low and goes with higher loyalty\.", text
    )
    assert "association at one moment" in text


def test_equal_drivers_have_no_leader():
    _, *results = study(effects=(0.4, 0.4, 0.4, 0.4))
    assert "No driver clearly matters most." in str(lk.describe(lk.judge_drivers(*results)))


def test_drivers_that_explain_nothing_are_said_to():
    _, model, importance, validation, first = study(n=80, effects=(0.0, 0.0, 0.0, 0.0))
    answer = lk.describe(lk.judge_drivers(model, importance, validation, first))
    assert re.match(r"These data do not show that the drivers predict loyalty \(n = 80; R² = −0\.\d\d in ", answer[0])
    assert answer[1:] == ("So they cannot say which driver matters most, nor where to act first.",)
    described = lk.describe(model)
    assert "For no single driver does the interval exclude zero" in str(described)
    assert "No clear association of their own: quality, price, service and image." in described
    (shares,) = lk.describe(importance)
    assert shares.endswith("the shares and ranks here may be chance alone.")
    places = lk.describe(first)
    assert places[0].endswith("may be chance alone: they are no reason to act.")
    assert len(places) == 1 + len(DRIVERS)
    assert all("this cannot be told from none" in sentence for sentence in places[1:])
    held = str(lk.describe(validation))
    assert "the model predicts worse than the mean alone (R² −0." in held
    assert "explains −" not in held


def test_with_fewer_than_fifteen_respondents_to_a_driver_there_are_shares_and_no_ranking():
    _, model, importance, validation, first = study(n=59)
    verdict = lk.judge_drivers(model, importance, validation, first)
    assert (verdict.ranking, importance.ranking, first.ranking) == ("too_few",) * 3
    refusal = (
        "So few respondents cannot tell which of the 4 drivers matters most, nor where to act first: that takes 60 "
        "respondents of equal weight."
    )
    assert lk.describe(verdict, "answer")[1:] == (refusal,)
    assert "among the three" not in whole(verdict)
    shares = lk.describe(importance)
    assert shares[0].startswith("No ranking is given: 4 drivers take 60 respondents of equal weight.")
    assert all("of what is explained (95" in told and "rank" not in told for told in shares[1:])
    assert lk.describe(first)[0].startswith("Where to act first cannot be told: 4 drivers take 60 respondents")
    assert str(lk.tiles(verdict)).splitlines()[1:] == [
        "Ranking of 4 drivers: not given; takes 60 respondents; cannot be told"
    ]
    shown = [
        seen(lk.table(importance)),
        seen(lk.table(first)),
        seen(lk.plot(importance, "ranks")),
        seen(lk.plot(first)),
    ]
    assert not any(re.search(r"act first|P\(|\brank\b", text, re.IGNORECASE) for text in shown[:2])
    assert "No ranking is given" in shown[2]
    assert "act first" not in shown[3].casefold()


def test_with_fifteen_respondents_to_a_driver_there_is_a_ranking_and_weights_count_by_what_they_are_worth():
    assert study(n=60)[2].ranking == "given"
    table = scores(n=60).assign(w=[3.0, 1.0] * 30)
    weighted = lk.drivers(table, drivers=DRIVERS, weight="w")
    assert weighted.importance(bootstrap=20).ranking == "too_few"
    assert lk.priorities(weighted, table, bootstrap=20).ranking == "too_few"


def test_noise_that_keeps_rank_and_sign_is_not_certified(clear):
    _, model, *_ = clear
    grid = model.robustness()
    noise = grid.table.assign(in_top3=4, sign_holds=4, clear=[4, 4, 3, 0])
    first, *others = lk.describe(replace(grid, table=noise))
    assert first.endswith("an interval that excludes 0: quality and price.")
    assert others == [
        "service is among the top three in 4 of 4 ways; it keeps its sign in 4, with an interval that excludes 0 in 3.",
        "image is among the top three in 4 of 4 ways; it keeps its sign in 4, with an interval that excludes 0 in 0.",
    ]


def test_a_sample_that_repeats_the_one_analysed_is_said_to_add_nothing(clear):
    table, model, *_ = clear
    told = str(lk.describe(model.robustness(samples={"careless left out": table, "twin": table})))
    assert "In all 4 ways" in told
    assert "Screening leaves out nobody who has all the scores, so that it adds no way to ask the question." in told
    assert "Sample ‘twin’ holds the same respondents as another" in told


@pytest.mark.parametrize(("sign", "way"), [(1, "more"), (-1, "less")])
def test_what_goes_with_a_step_is_told_as_more_or_less_and_doubt_where_it_may_be_none(clear, sign, way):
    *_, first = clear
    figures = {"expected_change": 1.43 * sign, "change_ci_low": 1.43 * sign - 1, "change_ci_high": 1.43 * sign + 1}
    told = [
        lk.describe(replace(first, table=first.table.assign(**(figures | wide)).head(1)))[1]
        for wide in ({}, {"change_ci_low": -3.0, "change_ci_high": 3.0})
    ]
    assert f"go with 1.43 points {way} of loyalty" in told[0]
    assert "interval 0.43 to 2.43), other drivers being equal." in told[0]
    assert told[1].endswith("interval −3.00 to 3.00), other drivers being equal; this cannot be told from none.")


def test_a_likeliest_place_to_act_has_a_positive_coefficient(clear):
    *_, first = clear
    table = first.table.assign(p_act_first=[0.6, 0.3, 0.1, 0.0], expected_change=[-1.0, 2.0, 3.0, 4.0])
    likely = lk.describe(replace(first, table=table))[0]
    assert likely.startswith(f"Where to act first is not settled; {table['driver'][1]} is the likeliest place")
    nowhere = lk.describe(replace(first, table=table.assign(expected_change=-1.0)))[0]
    assert nowhere.startswith("No driver is at once more important")


def test_coefficients_that_cannot_be_corrected_stand_in_no_table(clear):
    table, *_ = clear
    twin = table.assign(price=table["quality"] + np.random.default_rng(2).normal(0, 3, len(table)))
    known = dict.fromkeys(DRIVERS, 0.7)
    for scores, shown in ((table, True), (twin, False)):
        model = lk.drivers(scores, drivers=DRIVERS, reliability=known)
        assert model.corrected is not None
        assert ("Corrected" in seen(lk.table(model))) is shown
        told = str(lk.describe(model))
        assert ("corrected for measurement error: an approximation" in told) is shown
        assert ("Correction for measurement error is not possible here" in told) is not shown


@pytest.mark.parametrize(("p", "written"), [(0.00001, "(RESET p < .001)"), (0.031, "(RESET p = .031)")])
def test_a_bend_is_told_with_its_p_in_the_form_of_all_sentences(clear, p, written):
    table, *_ = clear
    bent = lk.drivers(table.assign(loyalty=table["quality"] ** 2 / 100), drivers=["quality", "price"])
    assert bent.diagnostics.loc["reset", "p_value"] < 0.05
    bent.diagnostics.loc["reset", "p_value"] = p
    told = str(lk.describe(bent))
    assert re.findall(r"\(RESET[^)]*\)", told) == [written]


def test_a_small_sample_is_warned_of():
    warned = [lk.describe(study(n=n)[1], "sample") for n in (99, 100)]
    assert [passage[-1].tone for passage in warned] == ["warning", "plain"]
    assert warned[0][-1].startswith("With 99 respondents every figure below is uncertain")


def test_a_suppressor_is_explained_and_not_hidden():
    rng = np.random.default_rng(1)
    good = rng.normal(60, 12, 400)
    table = pd.DataFrame({"satisfaction": good, "quality": good + rng.normal(0, 4, 400)})
    table["loyalty"] = 50 + 1.4 * (table["satisfaction"] - 60) - 0.7 * (table["quality"] - 60) + rng.normal(0, 5, 400)
    model = lk.drivers(table, drivers=["satisfaction", "quality"])
    (warning, *_) = [sentence for sentence in lk.describe(model) if sentence.tone == "warning"]
    assert warning.startswith("quality correlates positively with loyalty")
    assert "no call for less of it" in warning


def test_a_rank_that_never_changes_is_no_range(clear):
    _, model, *_ = clear
    grid = model.robustness()
    assert grid.table.set_index("driver").loc["quality", ["best_rank", "worst_rank"]].tolist() == [1, 1]
    assert "1 to 1" not in lk.table(grid).as_raw_html()


def test_one_driver_alone_is_not_ranked():
    table = scores()
    model = lk.drivers(table, drivers=["quality"])
    found = model.importance(bootstrap=50), model.validate(repeats=3), lk.priorities(model, table, bootstrap=50)
    text = whole(lk.judge_drivers(model, *found)).replace("\xa0", " ")
    assert text.startswith("quality goes with ")
    assert not re.search("matters most|act first|drivers together", text)


def test_a_place_among_three_is_told_only_of_more_than_three(clear):
    _, _, importance, *_ = clear
    few = lk.drivers(scores(), drivers=DRIVERS[:3]).importance(bootstrap=50)
    told = [str(lk.describe(result)) for result in (importance, few)]
    assert ["among the top three" in text for text in told] == [True, False]
    assert ["top 3" in seen(lk.table(result)) for result in (importance, few)] == [True, False]


def test_where_all_are_among_the_top_three_only_sign_and_interval_are_told():
    few = lk.drivers(scores(effects=(0.8, 0.0, 0.0, 0.0)), drivers=DRIVERS[:3]).robustness()
    first, *others = lk.describe(few)
    assert (
        first
        == "In all 4 ways to ask the question, these keep their sign and have an interval that excludes 0: quality."
    )
    assert len(others) == 2
    assert all(re.match(r"(price|service) keeps its sign in \d of 4 ways, with an interval", told) for told in others)
    assert "top 3" not in seen(lk.table(few))
    assert lk.describe(replace(few, table=few.table.assign(clear=0)))[0].startswith("No driver keeps")


def test_a_group_of_fewer_than_fifteen_respondents_to_a_driver_has_coefficients_and_no_rank():
    table = scores()
    few = table.assign(channel=["app"] * 55 + ["web"] * (len(table) - 55))
    shown = seen(lk.table(lk.drivers(few, drivers=DRIVERS).stability(by="channel", bootstrap=20)))
    assert "nan" not in shown
    assert "1.0" not in re.findall(r"[\d.]+", shown)
    assert "–" in shown


def test_groups_too_small_for_a_model_are_said_to_be_so(clear):
    table, *_ = clear
    few = table.assign(channel=["app"] * 3 + ["web"] * (len(table) - 3))
    with pytest.raises(lk.GroupsError) as refused:
        lk.drivers(few, drivers=DRIVERS).stability(by="channel")
    (said,) = lk.describe(refused.value, "stability")
    assert said.tone == "warning"
    assert said.startswith(
        "Whether the drivers work alike in every group was not examined. A comparison by 'channel' needs two groups "
        "that can carry the model. Group 'app' of 'channel' is left out."
    )


def test_stability_is_said_for_none_same_and_different_groups(clear):
    table, model, *_ = clear
    assert str(lk.describe(None, "stability")) == "No group was named, so stability over groups was not examined."
    assert "is not contradicted" in str(lk.describe(model.stability(by="channel", bootstrap=50)))
    web = table["channel"] == "web"
    other = table.assign(loyalty=np.where(web, 100 - table["loyalty"], table["loyalty"]))
    text = str(lk.describe(lk.drivers(other, drivers=DRIVERS).stability(by="channel", bootstrap=50)))
    assert "do not work alike" in text
    assert "quality differs between the groups" in text


def test_a_driver_is_called_different_only_where_the_joint_test_rejects(clear):
    table, model, *_ = clear
    found = model.stability(by="channel", bootstrap=20)
    tests = found.moderation.tests.assign(p_corrected=[0.031, 0.5, 0.5, 0.5])
    for joint, phrase in (
        (0.104, "The joint test does not reject; quality alone would, also after correction"),
        (0.01, "quality differs between the groups"),
    ):
        changed = found.moderation.joint.copy()
        changed["p_value"] = joint
        moderation = replace(found.moderation, tests=tests, joint=changed)
        _, told = lk.describe(replace(found, moderation=moderation))
        assert told.startswith(phrase)
        assert "(p = .031)" in told


def test_every_sentence_stands_for_a_few_respondents():
    table, model, importance, validation, first = study(n=12)
    texts = [
        lk.describe(model, "sample"),
        lk.describe(lk.judge_drivers(model, importance, validation, first)),
        lk.describe(model),
        lk.describe(importance),
        lk.describe(validation),
        lk.describe(model.robustness()),
        lk.describe(first),
    ]
    assert not re.search(r"\bnan\b", " ".join(map(str, texts)))


def test_tables_and_figures_are_made_of_every_result(clear):
    table, model, importance, _, first = clear
    grid, groups = model.robustness(), model.stability(by="channel", bootstrap=50)
    shown = [
        lk.table(model),
        lk.table(importance),
        lk.table(grid),
        lk.table(first),
        lk.table(groups),
    ]
    assert all("<table" in table.as_raw_html() for table in shown)
    for ax in (
        lk.plot(model),
        lk.plot(importance),
        lk.plot(importance, "ranks"),
        lk.plot(first),
        lk.plot(grid),
    ):
        ax.figure.canvas.draw()
        assert ax.get_xlabel()
        matplotlib.pyplot.close(ax.figure)


def test_the_map_ends_where_shares_do_and_marks_a_driver_to_look_closer_at(clear):
    *_, first = clear
    doubtful = replace(
        first, ellipses=first.ellipses.assign(sd_share=0.3), table=first.table.assign(quadrant=LOOK_CLOSER)
    )
    ax = lk.plot(doubtful)
    assert ax.get_ylim() == (0, 100)
    assert "quality (look closer)" in seen(ax)
    assert "look closer" in seen(lk.table(doubtful))


@pytest.fixture(scope="module")
def shipped():
    """Results of the notebook on the survey of reputation that is shipped."""
    book = lk.Codebook.read(REPUTATION / "codebook.toml")
    answers = lk.read_responses(REPUTATION / "survey.csv", book)
    scores = lk.score(answers, book)
    model = lk.drivers(scores, outcome="loyalty", reliability=lk.reliability(answers, book))
    first = lk.priorities(model, scores, bootstrap=100)
    grid = model.robustness(samples={"careless left out": scores.frame.iloc[5:]})
    groups = model.stability(by="servicetype", bootstrap=50)
    return book, model, model.importance(bootstrap=100), model.validate(repeats=2), first, grid, groups


def passages(book, model, importance, validation, first, grid, groups) -> list[tuple[str, ...]]:
    """Every passage of the report, in the language spoken."""
    return [
        lk.describe(model, "sample"),
        lk.describe(lk.judge_drivers(model, importance, validation, first)),
        lk.describe(model),
        lk.describe(importance),
        lk.describe(validation),
        lk.describe(grid),
        lk.describe(groups, "stability"),
        lk.describe(first),
    ]


def drawn(model, importance, first, grid) -> str:
    """Every text of the report's figures."""
    axes = [
        lk.plot(model),
        lk.plot(importance),
        lk.plot(importance, "ranks"),
        lk.plot(first),
        lk.plot(grid),
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
        lk.table(model),
        lk.table(importance),
        lk.table(grid),
        lk.table(first),
        lk.table(groups),
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
    monkeypatch.setattr(canvas, "note_undrawn", lambda label: None)
    text = drawn(model, importance, first, grid)
    assert not re.search("[\u4e00-\u9fff]", text)
    assert "act first" in text


def test_another_step_than_five_points_is_said(clear):
    table, model, *_ = clear
    text = str(lk.describe(lk.priorities(model, table, step=10, bootstrap=20)))
    assert "Each step of 10 points on quality goes with" in text
    assert "Five" not in text


BOOK = lk.Codebook.parse(
    """
    response = { min = 0, max = 10 }
    scales.process = { label = "Process", items = ["order", "queue", "till"], role = "driver" }
    scales.price = { label = "Price", items = ["fair", "low"], role = "driver" }
    scales.loyalty = { label = "Loyalty", items = ["again"], role = "outcome" }
    items.till.wording = "Queueing time at the till"
    """
)


def questions(till: float, n: int = 500):
    """Verdict and map of items of a survey in which the till matters so much, and scores low."""
    rng = np.random.default_rng(0)
    x = {name: rng.standard_normal(n) for name in ("order", "queue", "till", "fair", "low")}
    x["again"] = till * x["till"] + 0.3 * (x["order"] + x["queue"] + x["fair"] + x["low"]) + rng.standard_normal(n)
    means = {"till": 4.0, "order": 6.0, "queue": 6.0}
    table = pd.DataFrame({name: np.clip(np.round(means.get(name, 7.5) + 1.2 * z), 0, 10) for name, z in x.items()})
    scores = lk.score(table, BOOK)
    model = lk.drivers(scores)
    validation = model.validate(repeats=2)
    found = model.importance(bootstrap=100, validation=validation)
    first = lk.priorities(model, scores, bootstrap=100, validation=validation)
    items = lk.item_map(model, table, BOOK, priorities=first, bootstrap=100)
    return lk.judge_drivers(model, found, validation, first, items=items), items


def test_the_answer_names_the_question_to_mend():
    verdict, items = questions(0.9)
    answer = lk.describe(verdict, "answer")
    assert len(answer) == 3
    assert answer[2].startswith("Act first on Process, there on ‘Queueing time at the till’ (mean 40 of 100): with a ")
    assert "there first ‘Queueing time at the till’" in str(lk.tiles(verdict)).splitlines()[2]
    told = str(lk.describe(items)).replace("\xa0", " ")
    assert "Process: mend ‘Queueing time at the till’ first. It carries " in told
    shown = seen(lk.table(items)), seen(lk.plot(items))
    assert all("Queueing time at the till" in text for text in shown)
    assert "P(mend first)" in shown[0]


def test_the_answer_says_where_no_question_clearly_comes_first():
    verdict, items = questions(0.3)
    assert items.places["process"] == "unclear"
    assert "(none of its questions clearly comes first)" in lk.describe(verdict, "answer")[2]
    assert "Process: no clear difference between its questions. The likeliest to mend is" in str(lk.describe(items))
    assert "Queueing" not in str(lk.tiles(verdict))


def test_questions_are_not_ranked_where_drivers_are_not():
    _, items = questions(0.9, n=29)
    assert items.ranking in ("too_few", "not_predicted")
    assert lk.describe(items)[0].startswith("Which question to mend first cannot be told either")
    assert "P(mend first)" not in seen(lk.table(items))


def test_what_goes_with_a_point_more_is_told_for_all_and_by_group(clear):
    table, model, *_ = clear
    told = lk.describe(lk.lift(model, by="channel"))
    assert re.match(r"A step of 1 on quality goes with 0\.\d\d on loyalty", told[0])
    assert told[0].replace("\xa0", " ").endswith("n = 400), the other drivers being equal.")
    assert any(text.startswith("In web a step of 1 on quality goes with") for text in told)
    assert "all customers (n = 400)" in seen(lk.table(lk.lift(model, by="channel"))).replace("\xa0", " ")
    none = lk.describe(lk.lift(study(effects=(0.0, 0.0, 0.0, 0.0), n=80)[1]))
    assert none[0].startswith("No clear change of loyalty goes with a step of 1 on these")


@pytest.mark.parametrize("till", [0.9, 0.3])
def test_questions_and_points_give_the_same_figures_in_both_languages(monkeypatch, clear, till):
    verdict, items = questions(till)
    lifted, said = lk.lift(clear[1], by="channel"), {}
    for language in ("en", "zh"):
        monkeypatch.setenv(SPOKEN, language)
        passages = [lk.describe(verdict, "answer"), lk.describe(items), lk.describe(lifted)]
        said[language] = [sorted(figures(sentence)) for passage in passages for sentence in passage]
    assert said["en"] == said["zh"]
