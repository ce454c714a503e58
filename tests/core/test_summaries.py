"""A bare object at the end of a cell publishes nobody: no id, no row and no label that hardly anybody shares.

Every class of `lk`, and every class that holds rows behind it, is found, not listed; `people` builds one of each.
"""

import ast
import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from surveys import simulate

import loyalty_kit as lk
from loyalty_kit.campaigns.design.rows import Rows
from loyalty_kit.core.errors import ANONYMOUS
from loyalty_kit.core.summaries import Summarized, column_list, labels_and_counts
from loyalty_kit.customers.segments.fits import fit
from loyalty_kit.customers.staying.sbg import project
from loyalty_kit.programme.panel import PanelColumns, read_panel

PACKAGE = Path(lk.__file__).parent
RARE = "mallory@example.org"
SCRIPT = "<script>alert(1)</script>"


def public() -> set[type]:
    """Classes that `lk` names."""
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text("utf-8"))
    named = [name.asname or name.name for node in stub.body if isinstance(node, ast.ImportFrom) for name in node.names]
    return {found for name in named if inspect.isclass(found := getattr(lk, name))}


def last(base: type) -> Iterator[type]:
    """Classes that derive from one and from which none derives."""
    below = base.__subclasses__()
    yield from [base] if not below else [found for one in below for found in last(one)]


def summarized() -> set[type]:
    """Classes of the kit that hold data and summarize it."""
    for module in pkgutil.walk_packages(lk.__path__, "loyalty_kit."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    return {found for found in last(Summarized) if found.__module__.startswith("loyalty_kit.")}


CLASSES = sorted(public() | summarized(), key=lambda found: (found.__name__, found.__module__))


class People:
    """A survey and a campaign in which every id, every weight and every amount is one person's own."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.ids = [f"alice-{number:04d}@example.org" for number in range(400)]
        answers, book = simulate(400, scales={"loyalty": 4, "image": 4, "price": 3}, points=5, rng=2)
        channel = np.array(["store", "web"] * 200, dtype=object)
        channel[:3] = RARE
        self.own = 1 + (np.arange(400) + 0.123) / 1000
        answers = answers.assign(recommend=rng.integers(0, 11, 400), channel=channel, weight=self.own, seconds=300.0)
        self.responses = answers.set_index(pd.Index(self.ids, name="id"))
        self.book = lk.Codebook.model_validate(
            book.model_dump(exclude_none=True)
            | {"title": SCRIPT, "groups": ("channel",), "weight": "weight", "index": {"all": {"scales": ("loyalty",)}}}
            | {"items": {"recommend": {"min": 0, "max": 10, "role": "recommend", "wording": SCRIPT}}}
        )
        self.customers = pd.DataFrame(
            {
                "member": self.ids,
                "arm": rng.permutation(["none"] * 200 + ["mail"] * 200),
                "city": channel,
                "week": np.repeat([1, 2, 3, 4], 100),
                "before": rng.normal(20, 5, 400),
                "spend": rng.normal(20, 5, 400) + 1000 * self.own,
                "bought": rng.integers(0, 2, 400),
            }
        )

    def secrets(self) -> list[str]:
        """What may stand nowhere: ids, the rare label, and numbers that single people have."""
        own = [f"{value:.{digits}f}" for value in (*self.own, *self.customers["spend"]) for digits in (4, 6)]
        return ["alice-", RARE, *own]

    def survey_objects(self) -> list[object]:
        book, responses = self.book, self.responses
        items, scores = responses[list(book.measures)], lk.score(responses, book)
        quality, ticked = lk.reliability(responses, book), (responses["channel"] == "store").astype(float)
        claimed = lk.cfa(responses, book)
        few = lk.net_promoter(responses["recommend"].head(3))
        return [
            *(book, scores, quality, claimed, claimed.answers, claimed.validity(rng=1), few),
            claimed.factor_scores(),
            lk.screen(responses, book, seconds="seconds"),
            lk.tick_shares(
                responses.assign(store=ticked), book.edit(items={"buys": {"kind": "ticks", "columns": ["store"]}})
            ),
            lk.Moments.of(responses, list(book.measures), weight="weight"),
            lk.Moments.by(responses, list(book.measures), by=["channel"], weight="weight"),
            lk.invariance(responses, book, group="channel"),
            lk.judge_structure(claimed, claimed.validity(rng=1)),
            lk.revise_scales(lk.judge_structure(claimed, claimed.validity(rng=1))),
            *(lk.scores_by_group(responses, book), lk.recommendation(responses, book)),
            *(lk.group_counts(responses, book), lk.marked_shares(responses, book), lk.Selection(["channel = web"])),
            *(lk.adequacy(items), lk.correlate(items), lk.efa(items, factors=3), lk.omega_total(items)),
            lk.retain(items, bootstrap=0, rng=1),
            lk.loading_stability(items, factors=3, bootstrap=20, rng=1),
            lk.common_method(responses, book),
            *(lk.net_promoter(responses["recommend"]), lk.top_box(responses["recommend"], top=10)),
        ]

    def price_objects(self) -> list[object]:
        rng = np.random.default_rng(1)
        prices = pd.DataFrame(np.sort(rng.integers(10, 60, (400, 4)).astype(float), axis=1), columns=list("abcd"))
        prices.iloc[:3] = [90.0, 20.0, 30.0, 40.0]
        table = prices.assign(e=(prices["b"] > 30) * 1.0, f=(prices["c"] > 30) * 1.0).set_axis(self.ids)
        four = {"too_cheap": "a", "cheap": "b", "expensive": "c", "too_expensive": "d"}
        book = lk.Codebook.model_validate(
            {"response": {"min": 0, "max": 1}, "price": {**four, "label": SCRIPT, "ladder": {"e": 20, "f": 30}}}
        )
        panel = pd.DataFrame({"expert": self.ids[:6], SCRIPT: [6, 5, 6, 5, 6, 5], "b": 3.0, "c": 1.0})
        rows = [[name, one, other, 2] for name in self.ids[:2] for one, other in (("a", "b"), ("a", "c"), ("b", "c"))]
        pairs = pd.DataFrame(rows, columns=["expert", "thing", "against", "times"])
        return [
            *(lk.price_sensitivity(table, book, rng=1), lk.gabor_granger(table, book, rng=1)),
            *(lk.expert_weights(panel, things=[SCRIPT, "b", "c"], essential=3), lk.ahp(pairs)),
            *(lk.kendall_w(panel[[SCRIPT, "b", "c"]]), lk.content_validity(panel[[SCRIPT, "b"]], essential=3)),
        ]

    def driver_objects(self) -> list[object]:
        scores = lk.score(self.responses, self.book)
        model = lk.drivers(scores, outcome="loyalty", drivers=["image", "price"], rng=1)
        groups = model.stability(by="channel", bootstrap=20, rng=1)
        importance, validation = model.importance(bootstrap=20, rng=1), model.validate(rng=1)
        priorities = lk.priorities(model, scores, bootstrap=20, rng=1)
        paths = lk.path_model(self.responses, self.book, paths={"loyalty": ["image", "price"]}, bootstrap=200, rng=1)
        foreseen, others = paths.predict(5), paths.rivals(5)
        where = paths.priorities("loyalty", bootstrap=200)
        return [
            *(paths, paths.quality(), foreseen, where, others, lk.judge_paths(paths, foreseen, where, others)),
            paths.by("channel", permutations=200, bootstrap=200, min_cell=20),
            *(model, model.design, model.fitted, groups, groups.moderation, model.robustness()),
            *(importance, validation, priorities, lk.judge_drivers(model, importance, validation, priorities)),
            *(lk.lift(model), lk.lift(model, by="channel")),
            lk.item_map(model, self.responses, self.book, priorities=priorities, bootstrap=20, rng=1),
        ]

    def campaign_objects(self) -> list[object]:
        metrics = [lk.Rate("bought"), lk.Mean("spend"), lk.Ratio("spend", "bought"), lk.Profit("spend", margin=0.4)]
        keys: dict[str, Any] = dict(arm="arm", control="none", customer="member", period="week")
        campaign = lk.Campaign(self.customers, covariates=["before"], planned={"none": 0.5, "mail": 0.5}, **keys)
        of_arms = lk.Campaign(self.customers, **{**keys, "arm": "city", "control": "web"})
        effects = campaign.evaluate(metrics, by="city")
        trust = campaign.trust(metrics, by="city", placebos=100, rng=1)
        cube, worth = campaign.cube(metrics, by="city"), metrics[3].name
        guardrail = lk.Guardrail(lk.Mean("spend", better="lower"), margin=0.1)
        return [
            *(campaign, of_arms, effects, trust, cube, cube.blocks[0], *metrics, lk.Quantile("spend", at=0.5)),
            lk.Campaign.from_cube(of_arms.cube(metrics[:1]), control="web"),
            *(campaign.check(metrics), campaign.course(metrics), campaign.complier("bought", metrics[1:2])),
            lk.decide(effects, metric=worth, rng=1),
            *(guardrail, campaign.evaluate(metrics[:1], guardrails=[guardrail]).guardrails),
            lk.against_margin(campaign.evaluate(metrics, by="city", trust=trust), metric="bought", margin=0.1),
            lk.Campaign(
                self.customers.assign(half=np.tile(["a", "b"], 200)), arm=["arm", "half"], control=["none", "a"]
            )
            .evaluate(metrics[:1])
            .factorial,
            lk.plan_next(effects, metric=worth, planned={"none": 0.5, "mail": 0.5}),
            lk.plan_campaign(0.1, mde=0.02),
            Rows(campaign.opened),
        ]

    def customer_objects(self) -> list[object]:
        rng = np.random.default_rng(1)
        when = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 200, 800), unit="D")
        orders = pd.DataFrame({"who": rng.choice(self.ids, 800), "when": when, "paid": 1000 * np.tile(self.own, 2)})
        log = lk.read_transactions(orders, customer="who", time="when", amount="paid", order=None)
        placed = lk.read_transactions(
            orders.assign(where="web"), customer="who", time="when", amount="paid", channel="where"
        )
        early, late = lk.rfm(log, at="2026-04-01"), lk.rfm(log)
        seen = lk.engagement(
            orders[orders["when"] < "2026-06-01"].assign(what="view"), customer="who", time="when", kind="what"
        )
        groups = lk.segments(late.frame, columns=["purchases", "amount"], k=2, samples=10)
        lines = orders.assign(order=np.repeat(range(400), 2), item=np.tile(["a", "b"], 400))
        often = [orders, *(orders.assign(when=when - pd.Timedelta(days=days)) for days in (100, 130, 160))]
        churned = lk.churn(
            lk.read_transactions(pd.concat(often), customer="who", time="when", amount="paid"),
            at="2026-05-01",
            horizon=60,
        )
        seen_often = pd.DataFrame(
            {"frequency": [0, 1, 1, 1, 2, 2, 3], "last": [0, 1, 2, 3, 2, 3, 3], "opportunities": 3}
        )
        seen_often["customers"] = [706, 258, 110, 84, 182, 211, 450]
        return [
            *(log, log.columns, log.ledger(), log.check(), early, early.moves(late, samples=20), lk.concentration(log)),
            lk.retention(log),
            (value := lk.customer_value(log, horizon=8)),
            *(value.concentration(), lk.allowable_cost(value, 0.5, cost=3.0), lk.next_purchase(log, weeks=8)),
            lk.occasions(seen_often, horizon=2),
            lk.acquisition(lk.customer_value(placed, horizon=8), {"web": 3.0}),
            lk.time_to_next(log),
            lk.lifecycle(log, costs=100.0),
            project(
                pd.DataFrame({"cohort": "a", "age": range(4), "active": [99, 60, 40, 30], "size": 99}), 2, 0.95, rng
            ),
            *(churned, churned.lapsed(), churned.contact(20.0, 1.0, 0.1), churned.keeping()),
            *(groups, groups.features, groups.fitted, groups.tree(), groups.structure(samples=19)),
            *(
                fit(groups.features.values(late.frame), 2, "gmm", rng)[0],
                fit(rng.integers(0, 2, (60, 3)), 2, "latent_class", rng)[0],
            ),
            lk.associations(lines, order="order", item="item"),
            *self.joined(orders, early, late),
            lk.loyalty_types(log, pd.Series(range(400), index=self.ids)),
            *(seen, seen.validity(log, horizon=1)),
        ]

    def joined(self, orders: pd.DataFrame, early: object, late: object) -> list[object]:
        names = {"customer": "who", "time": "when", "amount": "paid", "order": "order", "category": "item"}
        lines = orders.assign(order=np.repeat(range(400), 2), item=np.tile(["a", "b"], 400))
        lines = pd.concat([lines, lines.assign(order=np.arange(800) + 400, item="c")])
        log = lk.read_transactions(lines, **names)
        groups = lk.segments(late.frame, columns=list(late.frame), k=2, samples=10)
        own = lk.segments(late.frame.assign(who=late.ledger.ids.to_numpy()), columns=["purchases", "amount"], k=2)
        return [
            lk.next_best_offer(log, lk.associations(log), lk.rfm(log)),
            lk.drift(groups, early, late, samples=19),
            lk.behaviour(own, log, customer="who"),
        ]

    def programme_objects(self) -> list[object]:
        panel = pd.DataFrame(
            {
                "member": np.repeat(self.ids, 4),
                "month": np.tile([1, 2, 3, 4], 400),
                "joined": np.repeat(np.where(np.arange(400) % 2, 3.0, np.nan), 4),
                "spend": np.random.default_rng(2).normal(20, 5, 1600) + 1000 * np.repeat(self.own, 4),
            }
        )
        names = PanelColumns("member", "month", "spend", "joined")
        found = lk.enrolment_effect(panel, customer="member", period="month", outcome="spend", enrolled="joined")
        read = read_panel(panel, names)
        joined = self.customers.assign(joined=self.customers["bought"])
        member = lk.effect_on_members(joined, member="joined", outcome="spend", covariates=["before"])
        shares = lk.participation(joined, enrolled="joined", active="spend", by=["city"])
        points = pd.DataFrame({"points": 1000 * self.own + np.arange(400), "spend": self.customers["spend"]})
        tier = lk.tier_jump(points, score="points", threshold=1200, outcome="spend")
        return [found, found.placebo(dates=20), read, read.moments, member, shares, tier]

    def points_objects(self) -> list[object]:
        days = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(400) % 300, unit="D")
        earned = pd.DataFrame({"member": self.ids, "day": days, "kind": "earn", "points": 100 * self.own})
        burned = earned.assign(kind="burn", points=40 * self.own, day=days + pd.Timedelta(days=40))
        rows = pd.concat([earned, burned], ignore_index=True).assign(bill=[*self.ids, *[None] * 400])
        rows["shop"] = np.tile(self.customers["city"], 2)
        names = {"member": "member", "time": "day", "kind": "kind", "points": "points", "reference": "bill"}
        ledger = lk.PointsLedger(rows, **names, channel="shop", validity="6 months")
        bought = pd.DataFrame({"bill": self.ids, "shop": self.customers["city"], "paid": 100 * self.own})
        return [
            *(ledger, ledger.postings, ledger.check(), ledger.balances(), ledger.flow("channel"), ledger.expiring()),
            *(ledger.redemption(bootstrap=100), ledger.liability(point_value=0.01, bootstrap=100), ledger.triangle()),
            lk.check_earning(bought, ledger, channel="shop", amount="paid", reference="bill", rules=1.0),
            lk.allocate_revenue(100, points=100, redemption_rate=0.5, point_value=0.01),
        ]

    def other_objects(self) -> list[object]:
        from_rows = self.customers.assign(mailed=(self.customers["arm"] == "mail").astype(int))
        told: dict[str, Any] = dict(message=f"Wrong: {self.ids[0]}.", anonymous="Wrong: row 1.")
        errors = [
            error(told["message"], anonymous=told["anonymous"])
            for error in (lk.InputError, lk.GroupsError, lk.TooLittleError)
        ]
        failed = lk.results.RenderResult(
            "a",
            SCRIPT,
            "failed",
            None,
            1.0,
            0,
            error="Wrong: row 1.",
            traceback=self.ids[0],
            terminal_message=self.ids[0],
        )
        return [
            *(*errors, lk.UnreadableError(told["message"], anonymous=told["anonymous"]), failed),
            lk.weighted_effect(from_rows, treated="mailed", outcome="spend", covariates=["before"]),
            lk.provenance({"seed": 1}, {}),
        ]


@pytest.fixture(scope="module")
def people() -> People:
    return People()


@pytest.fixture(scope="module")
def objects(people) -> list[object]:
    """One object of every class, or several."""
    return [
        *people.survey_objects(),
        *people.price_objects(),
        *people.driver_objects(),
        *people.campaign_objects(),
        *people.customer_objects(),
        *people.programme_objects(),
        *people.points_objects(),
        *people.other_objects(),
    ]


def shown(thing: Any) -> dict[str, str]:
    """All that a notebook, a page or a log may take an object's text from."""
    html = getattr(thing, "_repr_html_", lambda: "")
    return {"repr": repr(thing), "str": str(thing), "html": html()}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_a_bare_object_shows_nobody(kind, objects, people, monkeypatch):
    monkeypatch.setenv(ANONYMOUS, "1")
    examples = [one for one in objects if type(one) is kind]
    assert examples, (
        f"No example of {kind.__name__}: let a method of People here build one of its people, "
        "and if the class holds rows, derive it from Summarized (a Result does)."
    )
    for one in examples:
        for where, text in shown(one).items():
            told = [secret for secret in people.secrets() if secret in text]
            assert not told, f"{where} of {kind.__name__} shows {told[:3]}"


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_text_of_the_data_is_no_markup(kind, objects):
    for one in objects:
        if type(one) is kind:
            assert SCRIPT not in shown(one)["html"]


def test_a_summary_is_short(objects):
    assert max(len(repr(one)) for one in objects if isinstance(one, Summarized)) < 600


def test_outside_a_report_results_name_no_rare_group_either(objects):
    told = " ".join(text for one in objects if isinstance(one, Summarized) for text in shown(one).values())
    assert RARE not in told
    assert "alice-" not in told


def test_a_campaign_tells_its_counts_columns_and_arms(people):
    campaign = lk.Campaign(people.customers, arm="arm", control="none", customer="member")
    assert re.fullmatch(
        r"Campaign\(rows=400, arms=\['(none|mail)': 200, '(none|mail)': 200\], arm='arm', customer='member', "
        r"covariates=\[\], columns=\['member', 'arm', 'city', 'week', 'before', 'spend', 'bought'\]\)",
        repr(campaign),
    )


def test_a_campaign_whose_rows_lie_elsewhere_is_summarized_without_a_pass():
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.sql("select * from (values ('none', 1), ('mail', 0)) as t(arm, bought)")
    told = repr(lk.Campaign(relation, arm="arm", control="none"))
    assert told == "Campaign(arm='arm', covariates=[], columns=['arm', 'bought'])"


def test_a_codebook_shows_its_scales_and_items(people):
    html = people.book._repr_html_()
    assert html.count("<tr>") == 1 + len(people.book.item_names)
    assert "<td>loyalty</td>" in html and "&lt;script&gt;" in html and "<td>0 to 10</td>" in html
    assert repr(people.book).endswith("scales=3, items=12, index=1, groups=['channel'])")


def test_a_result_about_a_few_shows_no_figure(people):
    few = lk.net_promoter(people.responses["recommend"].head(3))
    assert repr(few) == "NetPromoterResult(n_used=below 5)"
    assert few._repr_html_() == "<p>NetPromoterResult(n_used=below 5)</p>"


def test_rows_about_few_are_counted_where_they_are_left_out(objects):
    (effects,) = [one for one in objects if isinstance(one, lk.results.EffectsResult)]
    hidden = (effects.to_frame()["level"] == RARE).sum()
    assert 0 < hidden
    assert f"that are not shown: {hidden}.</p>" in effects._repr_html_()


def test_labels_and_names_are_the_first_few_of_many():
    assert labels_and_counts({f"a{i}": 9 for i in range(10)}).endswith("'a7': 9, 2 more]")
    assert labels_and_counts({"alice": 1}) == "[1 below 5]"
    assert column_list(f"c{i}" for i in range(10)).endswith("'c7', 2 more]")
