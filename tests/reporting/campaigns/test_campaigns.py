"""Sentences, tables and figures about a campaign: true for clear, unclear, unsound and tiny tests."""

import re
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from great_tables import GT
from languages import english, figures, seen
from matplotlib.axes import Axes
from told import whole

import loyalty_kit as lk
from loyalty_kit.campaigns.planning.decisions import advice_on
from loyalty_kit.core.language import SPOKEN
from loyalty_kit.reporting import canvas
from loyalty_kit.reporting.campaigns.amounts import amount, chance

matplotlib.use("agg")

OUTCOMES = ["bought", "spend", "before"]
PROFIT = "0.5 * spend - 0.1"
SPRING = Path(__file__).parents[3] / "data/spring_campaign/members.parquet"
HILLSTROM = Path(__file__).parents[4] / "shared/data/hillstrom.csv"


def customers(n=4000, *, lift=0.0, rate=0.2, arms=("none", "A", "B"), seed=0) -> pd.DataFrame:
    """Customers whose chance to buy rises by `lift` in arm A alone; spend of buyers is log-normal."""
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.resize(arms, n))
    bought = rng.random(n) < rate + lift * (arm == "A")
    return pd.DataFrame(
        {
            "id": [f"secret-{i}" for i in range(n)],
            "arm": arm,
            "bought": bought.astype(int),
            "spend": np.where(bought, rng.lognormal(2, 0.5, n), 0.0),
            "before": rng.gamma(2, 10, n),
            "segment": rng.choice(["web", "门店"], n),
            "week": rng.integers(1, 4, n),
        }
    )


def study(table: pd.DataFrame, folder, *, placebos=100, profit=PROFIT, **options):
    """All results of the notebook, from a file."""
    file = folder / "customers.csv"
    table.to_csv(file, index=False)
    arms = sorted(set(table["arm"]) - {"none"})
    options = {"outcomes": OUTCOMES, "customer": "id", "by": ["segment"], "period": "week", "min_cell": 30} | options
    shares = ["none: 1", *(f"{arm}: 1" for arm in arms)]
    campaign = lk.read_campaign(file, arm="arm", shares=shares, profit=profit, **options)
    metrics = lk.campaign_metrics(options["outcomes"], profit)
    trust = campaign.trust(metrics, by=options["by"], placebos=placebos, rng=1)
    effects = campaign.evaluate(metrics, by=options["by"], trust=trust)
    decision = lk.decide(effects, metric=metrics[2].name, assignment=campaign.check(metrics), rng=1)
    course = campaign.course(metrics) if options["period"] else None
    plan = lk.plan_next(effects, metric=metrics[2].name, planned=campaign.planned)
    return campaign, metrics, campaign.check(metrics), trust, effects, decision, course, plan


def passages(results, *, min_cell=30, simulated=False) -> list[tuple[str, ...]]:
    """Every passage of the report."""
    campaign, metrics, assignment, trust, effects, decision, course, plan = results
    return [
        lk.describe(replace(campaign, simulated=simulated), "simulated"),
        lk.describe(campaign),
        lk.describe(decision, "answer"),
        lk.describe(decision, "reasons"),
        tuple(str(lk.tiles(decision)).splitlines()),
        lk.describe(assignment),
        lk.describe(effects),
        lk.describe(effects, "segments"),
        lk.describe(decision),
        lk.describe(effects, "trust"),
        lk.describe(course, "course"),
        lk.describe(plan),
    ]


def sentences(results, **options) -> str:
    """Every sentence of the report."""
    return "\n".join(map(str, passages(results, **options))).replace("\xa0", " ")


def axes(results, *, min_cell=30) -> list[Axes]:
    """Every figure of the report."""
    _, metrics, assignment, _, effects, _, course, plan = results
    drawn = [lk.plot(assignment), lk.plot(effects)]
    drawn += [lk.plot(assignment, "balance")] if len(assignment.balance) else []
    drawn += [lk.plot(effects, "segments", metric=metrics[2].name)]
    drawn += [lk.plot(effects, "gain"), lk.plot(plan)]
    drawn += [lk.plot(course)] if course is not None else []
    return [ax for ax in drawn if ax is not None]


def shown(results, *, min_cell=30) -> list[str]:
    """Every table of the report as HTML; every figure is drawn."""
    for ax in axes(results, min_cell=min_cell):
        ax.figure.canvas.draw()
        assert ax.get_xlabel()
        matplotlib.pyplot.close(ax.figure)
    return [table.as_raw_html() for table in laid_out(results, min_cell=min_cell)]


def laid_out(results, *, min_cell=30) -> list[GT]:
    """Every table of the report."""
    _, metrics, assignment, trust, effects, decision, _, plan = results
    tables = [lk.table(assignment), lk.table(effects), lk.table(effects, "segments"), lk.table(decision)]
    tables += [lk.table(effects, "trust"), lk.table(plan)]
    return [table for table in tables if table is not None]


@pytest.fixture(scope="module")
def clear(tmp_path_factory):
    """Arm A wins by far, B does nothing."""
    return study(customers(lift=0.15), tmp_path_factory.mktemp("clear"), placebos=2000)


def test_a_clear_winner_is_rolled_out_and_the_other_arm_is_not(clear):
    _, _, assignment, trust, effects, decision, *_ = clear
    first, second, *_ = lk.describe(decision, "answer")
    assert first.replace("\xa0", " ").startswith("Roll out A: it gains with probability over 99 %")
    assert second.startswith("Stop B: it is the best choice with probability under 1")
    assert first.tone == "answer"


def test_the_headline_says_whether_it_can_be_believed(clear):
    _, _, assignment, trust, effects, decision, *_ = clear
    assert lk.describe(decision, "reasons")[0].startswith("Can this be believed? Yes")


def test_an_effect_that_is_told_apart_is_said_with_its_interval_and_n(clear):
    text = sentences(clear)
    assert re.search(
        r"bought: A raises the share by 1\d\.\d percentage points, from 2\d\.\d % to 3\d\.\d % \(95 %", text
    )
    assert "profit: no clear difference between B and none" in text
    assert "These intervals hold for the 2 arms together." in text


def test_no_difference_is_no_call_to_roll_out(tmp_path):
    text = sentences(study(customers(lift=0.0, seed=5), tmp_path))
    assert "Roll out" not in text
    assert "no clear difference between A and none" in text


def test_a_test_that_does_not_settle_it_says_what_knowing_more_is_worth(tmp_path):
    results = study(customers(600, lift=0.05, seed=2, arms=("none", "A")), tmp_path)
    _, _, assignment, trust, effects, decision, *_ = results
    assert decision.arms["advice"].tolist() == ["test"]
    text = str(lk.describe(decision, "answer"))
    assert "Test A more before deciding" in text
    assert "short of the 95 % asked for" in text.replace("\xa0", " ")
    now = decision.now
    assert f"worth at most {amount(now['expected_loss'])} per 1,000 customers" in text
    assert f"beside the {amount(decision.arms['difference'].iloc[0])} expected" in text


def test_the_profit_that_is_shown_is_one_figure_in_every_place(few_buyers):
    """The permutation test decides here; its estimate is the difference of the arms, everywhere."""
    _, metrics, _, _, effects, decision, *_ = few_buyers
    (row,) = decision.arms.to_dict("records")
    assert row["expected_gain"] == row["difference"]
    shown = amount(row["difference"])
    for passage in (lk.describe(decision, "answer"), lk.describe(effects)):
        assert f"{shown} per 1,000 customers" in str(passage)
    assert f">{shown}<" in lk.table(decision).as_raw_html()
    assert f">{shown}<" in lk.table(effects).as_raw_html()


@pytest.fixture(scope="module")
def unsound(tmp_path_factory):
    """A tenth of the customers is gone, all of them of arm A and without a purchase."""
    table = customers(lift=0.15)
    broken = table.drop(table.index[(table["arm"] == "A") & (table["bought"] == 0)][:400])
    return study(broken, tmp_path_factory.mktemp("unsound"))


def test_an_unsound_assignment_stands_on_top_and_stops_the_advice(unsound):
    _, _, assignment, trust, effects, decision, *_ = unsound
    first, second = lk.describe(decision, "answer")
    assert first.tone == "warning"
    assert first.startswith("Arm 'A' has")
    assert second.startswith("Decide nothing on this test yet")
    table = lk.table(decision).as_raw_html()
    assert table.count("none, the test is not sound") == 2


@pytest.fixture(scope="module")
def few_buyers(tmp_path_factory):
    """So few buy in a small control that ordinary intervals cry wolf."""
    rng = np.random.default_rng(3)
    table = customers(3000, rate=0.012, arms=("none", *["A"] * 9))
    table["spend"] = np.where(table["bought"] == 1, rng.lognormal(3, 1.2, len(table)), 0.0)
    file = tmp_path_factory.mktemp("few") / "customers.csv"
    table.to_csv(file, index=False)
    options = {"outcomes": ["bought", "spend"], "profit": PROFIT}
    campaign = lk.read_campaign(file, arm="arm", shares=["none: 1", "A: 9"], customer="id", **options)
    metrics = lk.campaign_metrics(**options)
    trust = campaign.trust(metrics, placebos=300, rng=0)
    effects = campaign.evaluate(metrics, trust=trust)
    decision = lk.decide(effects, metric="profit(spend)", assignment=campaign.check(metrics))
    plan = lk.plan_next(effects, metric="profit(spend)", planned=campaign.planned)
    return campaign, metrics, campaign.check(metrics), trust, effects, decision, None, plan


def test_the_permutation_result_replaces_one_that_cries_wolf_and_the_answer_says_so(few_buyers):
    _, metrics, assignment, trust, effects, decision, *_ = few_buyers
    text = whole(decision)
    assert "Can this be believed? By permutation only" in text
    assert "the permutation result stands in its place" in str(lk.describe(effects))
    assert "by permutation" in lk.table(effects, "trust").as_raw_html()


def test_one_rule_decides_whichever_method_stands(few_buyers):
    _, _, _, _, _, decision, *_ = few_buyers
    (row,) = decision.arms.to_dict("records")
    assert row["procedure"] == "permutation"
    gains = [row | {"probability_gain": p, "probability_best": p} for p in (0.02, 0.04, 0.5, 0.94, 0.96, 0.98)]
    advised = ["stop", "borderline stop", "test", "borderline", "borderline", "roll out"]
    assert [advice_on(gain, leading=True) for gain in gains] == advised


def test_a_borderline_is_called_one_in_the_headline(few_buyers):
    decision = few_buyers[5]
    borders = {"advice": "borderline", "believable": "borderline", "false_better": 0.04, "probability_gain": 0.94}
    told = whole(replace(decision, arms=decision.arms.assign(**borders))).replace("\xa0", " ")
    assert "Whether to roll out A is borderline: it gains with probability 94 %, too near the 95 % that" in told
    assert "It is a borderline: in 300 placebo campaigns without any effect" in told


@pytest.mark.parametrize("arms", [("none", "A"), ("none", "A", "B")])
def test_every_sentence_table_and_figure_stands_for_200_customers(tmp_path, arms):
    results = study(customers(200, arms=arms), tmp_path)
    text = sentences(results) + " ".join(shown(results))
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", text)


def test_nobody_buys_in_control(tmp_path):
    table = customers(400, arms=("none", "A"))
    table.loc[table["arm"] == "none", ["bought", "spend"]] = 0
    results = study(table, tmp_path, outcomes=["bought", "spend"], by=[])
    text = sentences(results) + " ".join(shown(results))
    assert "bought: A raises the share by" in text
    assert "Few customers bought at all, 0 in none and" in text
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", text)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_guardrails_are_said_laid_out_and_drawn(tmp_path, monkeypatch, language):
    table = customers(4000, arms=("none", "A")).assign(
        left=lambda t: (t.index % 50 == 0) | ((t["arm"] == "A") & (t.index % 9 == 0))
    )
    file = tmp_path / "customers.csv"
    table.assign(left=table["left"].astype(int)).to_csv(file, index=False)
    named = ["left: lower 0.5 points", "spend: higher 60 %", "before: lower 0.1"]
    plan = {"outcomes": ["bought", "spend"], "profit": PROFIT}
    campaign = lk.read_campaign(file, arm="arm", shares=["none: 1", "A: 1"], guardrails=named, **plan)
    metrics = lk.campaign_metrics(**plan)
    effects = campaign.evaluate(metrics, guardrails=lk.guardrails_of(named))
    monkeypatch.setenv(SPOKEN, language)
    told = str(lk.describe(effects.guardrails)).replace("\xa0", " ")
    answer = str(lk.describe(lk.decide(effects, metric="profit(spend)"), "answer"))
    html = lk.table(effects.guardrails).as_raw_html()
    lk.plot(effects.guardrails).figure.canvas.draw()
    assert not re.search(r"\bnan\b|\bNone\b", told + html)
    assert effects.guardrails.to_frame()["verdict"].tolist()[:2] == ["broken", "kept"]
    if language == "en":
        assert "left, A: the guardrail is broken. The change of" in told
        assert "(percentage points, 90 % interval" in told
        assert "A broke a guardrail: left." in answer
    else:
        assert english(told + seen(lk.table(effects.guardrails)), known="none A left spend before bought") == set()
    assert str(lk.describe(None, "guardrails"))
    assert lk.table(None, "guardrails") is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_crossed_factors_are_said_laid_out_and_drawn(monkeypatch, language):
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"subject": rng.choice(["plain", "short"], 8000), "offer": rng.choice(["none", "five"], 8000)})
    both = (table["subject"] == "short") & (table["offer"] == "five")
    table["bought"] = (rng.random(8000) < 0.1 + 0.06 * both).astype(int)
    table["spend"] = table["bought"] * rng.lognormal(2, 0.5, 8000)
    metrics = [lk.Rate("bought"), lk.Profit("spend", margin=0.4, cost=0.02)]
    effects = lk.Campaign(table, arm=["subject", "offer"], control=["plain", "none"]).evaluate(metrics)
    monkeypatch.setenv(SPOKEN, language)
    told = str(lk.describe(effects)).replace("\xa0", " ")
    html = lk.table(effects.factorial).as_raw_html()
    lk.plot(effects.factorial, metric="profit(spend)").figure.canvas.draw()
    assert not re.search(r"\bnan\b|\bNone\b", told + html)
    if language == "en":
        assert "bought: subject ‘short’ raises the share by" in told
        assert "on average over offer (95 % interval" in told
        assert "‘short × five’ together bring" in told
        assert "3 effects of each metric were looked at (max-t over main effects and interactions)." in told
        assert "subject × offer: short × five against plain × none" in html
    else:
        assert (
            english(told + seen(lk.table(effects.factorial)), known="subject offer plain short none five bought")
            == set()
        )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_effects_with_missing_outcomes_are_told_as_ranges(monkeypatch, language):
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"arm": rng.choice(["none", "A", "B"], 6000)})
    table["bought"] = (rng.random(6000) < np.where(table["arm"] == "A", 0.3, 0.1)).astype(float)
    table["spend"] = table["bought"] * 20
    table.loc[rng.choice(6000, 100, replace=False), ["bought", "spend"]] = np.nan
    campaign = lk.Campaign(table, arm="arm", control="none", missing="bounds", limits={"spend": (0, 100)})
    effects = campaign.evaluate([lk.Rate("bought"), lk.Profit("spend", margin=0.4, cost=0.02)])
    monkeypatch.setenv(SPOKEN, language)
    told = str(lk.describe(effects)).replace("\xa0", " ")
    decided = lk.decide(effects, metric="profit(spend)", members=1000)
    answer = str(lk.describe(decided, "answer")).replace("\xa0", " ")
    untold = {f"effect/profit(spend)/{arm}" for arm in decided.arms.query("advice in ['open', 'unknown']")["arm"]}
    assert untold
    assert not [tile for tile in lk.tiles(decided) if tile.name in untold and re.search("probab|概率", tile.detail)]
    html = lk.table(effects).as_raw_html()
    for view in ("effects", "gain"):
        lk.plot(effects, view).figure.canvas.draw()
    assert not re.search(r"\bnan\b|\bNone\b", told + html + answer)
    if language == "en":
        assert "bought: whatever the customers without an outcome did, A raises the share, by" in told
        assert "Decide nothing on B yet: what the customers without an outcome did" in answer
        decided = lk.decide(effects, metric="profit(spend)", members=1000)
        assert "Rolling out B to all" not in str(lk.describe(decided)) + whole(decided)
        assert "100 of 6000 customers lack an outcome; intervals of what they lack hold whatever it was." in told
    else:
        assert english(told + answer + seen(lk.table(effects)), known="none A B bought spend") == set()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_arms_and_metrics_go_by_their_labels_wherever_a_reader_sees_them(monkeypatch, language):
    labels = {"none": "Nothing", "A": "Coupon 5 €", "bought": "Buyers", "profit": "Gain"}
    table = customers(4000, arms=("none", "A"))
    campaign = lk.Campaign(table, arm="arm", control="none", customer="id", period="week", labels=labels)
    metrics = [lk.Rate("bought"), lk.Profit("spend", margin=0.4, cost=0.02)]
    guardrail = lk.Guardrail(lk.Rate("bought", better="lower"), margin=0.01)
    effects = campaign.evaluate(metrics, by="segment", guardrails=[guardrail])
    decision = lk.decide(effects, metric="profit(spend)", members=400_000, currency="€")
    views = [(campaign, None), (campaign.check(metrics), None), (effects, None), (effects, "segments")]
    views += [
        (effects.guardrails, None),
        (decision, "answer"),
        (decision, "reasons"),
        (decision, "decision"),
        (campaign.course(metrics), None),
    ]
    monkeypatch.setenv(SPOKEN, language)
    told = " ".join(str(lk.describe(result, view)) for result, view in views)
    laid = " ".join(lk.table(result).as_raw_html() for result in (effects, effects.guardrails, decision))
    for name in ("Nothing", "Coupon 5 €", "Buyers", "Gain"):
        assert name in told + laid
    assert not re.search(r"\b(none|bought)\b|\bA\b", told + re.sub("<style>.*?</style>|<[^>]+>", " ", laid, flags=re.S))
    assert effects.to_frame()["arm"].unique().tolist() == ["A"]
    assert effects.estimates()[0].name == "effect/bought/A"
    if language == "en":
        assert "Rolling out Coupon 5 € to all 400,000: €" in told


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_all_members_would_bring_is_told_in_its_currency(clear, monkeypatch, language):
    monkeypatch.setenv(SPOKEN, language)
    decision = lk.decide(clear[4], metric="profit(spend)", members=400_000, currency="€")
    told = str(lk.describe(decision)).replace("\xa0", " ")
    if language == "zh":
        assert english(told, known="none A B spend") == set()
        return
    assert re.search(r"Rolling out A to all 400,000: €[\d,]+ expected, 95 % interval €[\d,]+ to €[\d,]+", told)
    assert re.search(r"On each €1 spent on contacts, A earns [\d.]+ after paying for it \(95 % interval", told)
    assert "€" not in str(lk.describe(clear[5]))


def test_without_id_covariate_segments_and_period_the_report_stands(tmp_path):
    results = study(customers(500), tmp_path, customer="", outcomes=["bought", "spend"], by=[], period="")
    text = sentences(results)
    assert "Without a customer id, duplicates cannot be checked." in text
    assert "No segment was named" in text
    assert "No period was named" in text
    assert shown(results)


def test_no_customer_stands_in_any_sentence_or_table(clear):
    assert "secret" not in sentences(clear) + " ".join(shown(clear))


def test_simulated_data_are_said_to_be_before_all_else(clear):
    assert sentences(clear, simulated=True).startswith("Simulated data: no customer in this report is real")
    assert "imulated" not in sentences(clear)


def test_segments_are_read_only_where_the_interaction_is_there(tmp_path):
    table = customers(6000, arms=("none", "A"))
    web = (table["arm"] == "A") & (table["segment"] == "web")
    table.loc[web, "bought"] = 1
    assert re.search(
        r"bought: the effect of A differs between the levels of segment \(p < \.001\): segment web: [78]\d\.\d \(",
        sentences(study(table, tmp_path)),
    )


def test_no_segment_is_picked_where_effects_do_not_differ(clear):
    assert "bought: these data cannot tell the effects in the levels of segment apart" in sentences(clear)


def test_a_small_segment_and_the_one_that_gives_it_away_are_hidden(tmp_path):
    table = customers(900, arms=("none", "A"))
    table["segment"] = np.where(table.index < 20, "piccolo", np.where(table.index < 300, "medio", "grande"))
    results = study(table, tmp_path)
    cells = results[4].shown_cells
    assert set(cells["level"]) == {"grande"}
    told = sentences(results) + " ".join(shown(results))
    assert "Segments with fewer than 30 customers in an arm are not shown" in told
    assert "piccolo" not in told
    assert "medio" not in told


@pytest.mark.font
def test_chinese_names_and_markup_are_shown_as_text(tmp_path):
    table = customers(600, arms=("none", "<b>积分</b>"))
    results = study(table, tmp_path)
    assert "<b>积分" not in " ".join(shown(results))
    passage = lk.describe(results[4])
    assert "&lt;b&gt;积分" in passage._repr_html_()


def test_money_and_chances_are_never_written_as_more_than_they_are():
    assert [amount(value) for value in (0.0123, -2.5, 0.0, 0.00004)] == ["12", "−2,500", "0", "0"]
    assert [chance(p).replace("\xa0", " ") for p in (1.0, 0.5, 0.0)] == ["over 99 %", "50 %", "under 1 %"]


@pytest.fixture(scope="module")
def shipped():
    """Results of the notebook on the campaign that is shipped."""
    shares = ["holdout: 0.10", "points: 0.45", "coupon: 0.45"]
    outcomes, profit = ["bought", "spend", "pre_spend"], "0.4 * spend - 0.03 - coupon"
    columns = {"outcomes": outcomes, "profit": profit, "by": ["segment"], "period": "week"}
    campaign = lk.read_campaign(SPRING, customer="member", arm="arm", shares=shares, **columns)
    metrics = lk.campaign_metrics(outcomes, profit)
    trust = campaign.trust(metrics, by=["segment"], placebos=100, rng=1)
    effects = campaign.evaluate(metrics, by=["segment"], trust=trust)
    decision = lk.decide(effects, metric=metrics[2].name, assignment=campaign.check(metrics), rng=1)
    plan = lk.plan_next(effects, metric=metrics[2].name, planned=campaign.planned)
    return campaign, metrics, campaign.check(metrics), trust, effects, decision, campaign.course(metrics), plan


SPRING_NAMES = "holdout points coupon bought spend pre_spend profit segment gold new regular"
KNOWN = {
    "shipped": SPRING_NAMES,
    "clear": "none bought spend before profit segment web",
    "unsound": "none bought spend before profit segment web",
    "few_buyers": "none bought spend profit",
}


@pytest.mark.parametrize("case", [pytest.param("shipped", marks=pytest.mark.slow), *list(KNOWN)[1:]])
def test_a_chinese_report_of_a_campaign_holds_no_english_but_names_from_the_data(request, monkeypatch, case):
    results = request.getfixturevalue(case)
    monkeypatch.setenv(SPOKEN, "zh")
    told = "\n".join(map(seen, [*passages(results, simulated=True), *laid_out(results)]))
    assert english(told, known=KNOWN[case]) == set()


@pytest.mark.parametrize("case", KNOWN)
def test_a_sentence_about_a_campaign_gives_the_same_figures_in_both_languages(request, monkeypatch, case):
    results = request.getfixturevalue(case)
    said = {}
    for language in ("en", "zh"):
        monkeypatch.setenv(SPOKEN, language)
        said[language] = [figures(sentence) for passage in passages(results) for sentence in passage]
    assert said["en"] == said["zh"]


def test_figures_about_a_campaign_speak_chinese_where_a_font_has_it(shipped, monkeypatch):
    monkeypatch.setenv(SPOKEN, "zh")
    monkeypatch.setattr(canvas, "cjk_font", lambda: "DejaVu Sans")
    assert english("\n".join(map(seen, axes(shipped))), known=SPRING_NAMES) == set()


def test_figures_about_a_campaign_stay_english_where_no_font_has_chinese(shipped, monkeypatch):
    monkeypatch.setenv(SPOKEN, "zh")
    monkeypatch.setattr(canvas, "cjk_font", lambda: None)
    monkeypatch.setattr(canvas, "note_undrawn", lambda label: None)
    text = "\n".join(map(seen, axes(shipped)))
    assert not re.search("[\u4e00-\u9fff]", text)
    assert "profit by segment: difference from holdout" in text


@pytest.mark.skipif(not HILLSTROM.is_file(), reason="hillstrom.csv is not beside the repository")
def test_another_table_with_other_columns_is_read_by_parameters():
    """Known figures of the MineThatData e-mail challenge at 40 % margin and 0.02 a mail, max-t intervals."""
    outcomes, profit, by = ["visit", "spend"], "0.4 * spend - 0.02", ["womens", "channel"]
    shares = ["No E-Mail: 1", "Mens E-Mail: 1", "Womens E-Mail: 1"]
    campaign = lk.read_campaign(HILLSTROM, arm="segment", shares=shares, outcomes=outcomes, profit=profit, by=by)
    effects = campaign.evaluate(lk.campaign_metrics(outcomes, profit), by=by)
    text = str(lk.describe(effects)).replace("\xa0", " ")
    assert "spend: Womens E-Mail adds 424 per 1,000 customers (95 % interval 134 to 715, n = 42,693)." in text
    assert "profit: Mens E-Mail adds 288 per 1,000 customers (95 % interval 159 to 417, n = 42,613)." in text
    told = str(lk.describe(effects, "segments"))
    assert "(p < .001): womens 0: 1.1 (0.2 to 2.0) and womens 1: 7.3 (6.4 to 8.2)." in told
    assert "visit: these data cannot tell the effects in the levels of channel apart" in told
