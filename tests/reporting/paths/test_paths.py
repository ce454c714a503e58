"""The report on paths says what works through what, stops where constructs are one, and draws what can be read."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from path_studies import drawn, single_items, study

import loyalty_kit as lk
from loyalty_kit.core.language import SPOKEN
from loyalty_kit.paths.path_verdict import PathVerdict
from loyalty_kit.reporting.canvas import drawn_narrowly

CHAIN = {"trust": ["image"], "loyalty": ["image", "trust"]}


def judged(table: pd.DataFrame, book: lk.Codebook, **options: object) -> PathVerdict:
    model = lk.path_model(table, book, bootstrap=400, **options)
    prediction = model.predict(10)
    first = model.priorities(model.outcome, prediction=prediction, bootstrap=200)
    return lk.judge_paths(model, prediction, first, model.rivals(10))


@pytest.fixture(scope="module")
def ecsi() -> PathVerdict:
    return judged(*study("ecsi_mobile"))


def two_as_one() -> tuple[pd.DataFrame, lk.Codebook]:
    """Trust and image by the same factor, and loyalty by another that goes with it."""
    rng = np.random.default_rng(5)
    one = rng.normal(size=500)
    other = 0.5 * one + rng.normal(size=500)
    names = [f"{scale}{number}" for scale in ("image", "trust", "loyalty") for number in range(4)]
    factor = [other if name.startswith("loyalty") else one for name in names]
    table = pd.DataFrame({name: f + 0.3 * rng.normal(size=500) for name, f in zip(names, factor, strict=True)})
    scales = [f"scales.{s}.items = {[f'{s}{number}' for number in range(4)]}" for s in ("image", "trust", "loyalty")]
    return table, lk.Codebook.parse("response = { min = -9, max = 9 }\n" + "\n".join(scales)).edit(paths=CHAIN)


def test_the_first_screen_says_what_leads_through_what_and_for_whom_it_holds(ecsi):
    told = lk.describe(ecsi)
    assert len(told) == 3
    assert told[0].startswith("Satisfaction goes with Customer loyalty most of all")
    assert "n = 250" in told[0]
    assert told[1].startswith("All that Perceived quality has to do with Customer loyalty works through others")
    assert told[2].startswith("It predicts the Customer loyalty of customers it has not seen better than their mean")
    assert len(lk.tiles(ecsi)) == 4


def test_shares_of_an_effect_are_those_of_the_effects(ecsi):
    effects = ecsi.effects.query("kind != 'indirect'").set_index(["source", "target", "kind"])["estimate"]
    through = ecsi.through("image")
    assert through["share"] == pytest.approx(
        effects["image", "loyalty", "total_indirect"] / effects["image", "loyalty", "total"]
    )
    assert through["way"] == "satisfaction"


def test_constructs_that_are_one_stop_the_report():
    verdict = judged(*two_as_one())
    assert verdict.reading == "not_distinct"
    assert "cannot be told apart" in lk.describe(verdict)[0]
    assert [tile.tone for tile in lk.tiles(verdict)] == ["bad"]
    assert lk.describe(verdict, "effects")[0].tone == "left_out"
    assert lk.table(verdict, "effects") is None
    assert lk.plot(verdict, "effects") is None
    assert lk.plot(verdict).get_legend() is None


def test_where_nothing_acts_nothing_is_named():
    verdict = judged(drawn(200, {"image": {}, "trust": {}, "loyalty": {}}), single_items(CHAIN))
    (told,) = lk.describe(verdict)
    assert told.startswith("What goes with loyalty cannot be told")
    assert "may be chance alone" in lk.describe(verdict, "effects")[0]
    assert "may be chance alone" in lk.describe(verdict.priorities)[0]
    assert [tile.tone for tile in lk.tiles(verdict)] == ["bad"]


def test_ways_that_run_against_one_another_have_no_share():
    truth = {"image": {}, "trust": {"image": 1.0}, "loyalty": {"image": 1.0, "trust": -0.5}}
    verdict = judged(drawn(400, truth), single_items(CHAIN))
    assert verdict.mediated is not None
    assert verdict.mediated["mediation"] == "competitive"
    assert "point in opposite directions" in str(lk.describe(verdict))
    assert "run against one another" in str(lk.describe(verdict, "effects"))


def test_a_better_rival_is_named_on_the_first_screen():
    paths = {"image": ["loyalty"], "trust": ["loyalty"]}
    truth = {"image": {}, "trust": {}, "loyalty": {"image": 0.7, "trust": 0.7}}
    verdict = judged(drawn(400, truth), single_items(paths))
    assert "a rival fits better: all paths turned round" in str(lk.describe(verdict))
    assert "Do not take the directions given for settled" in lk.describe(verdict.rivals)[0]


def test_what_answers_cannot_tell_apart_is_called_an_assumption():
    verdict = judged(drawn(200, {"image": {}, "trust": {"image": 0.6}}), single_items({"trust": ["image"]}))
    told = str(lk.describe(verdict.rivals))
    assert "image → trust" in told
    assert "The direction there is an assumption" in told
    assert "A single construct acts on trust" in lk.describe(verdict.priorities)[0]


def test_the_narrow_diagram_can_be_read(ecsi):
    figure = drawn_narrowly(lambda: lk.plot(ecsi))
    figure.canvas.draw()
    notes = [text for text in figure.findobj(Text) if "\n" in text.get_text() and text.get_bbox_patch()]
    assert len(notes) == len(ecsi.model.model.edges)
    assert min(text.get_fontsize() for text in notes) >= 9
    boxes = [text.get_window_extent() for text in notes]
    shared = [(a, b) for a, b in combinations(boxes, 2) if a.shrunk(0.9, 0.8).overlaps(b.shrunk(0.9, 0.8))]
    assert shared == []
    assert all(box.x1 <= figure.bbox.x1 + 1 for box in boxes)


def test_tables_hold_a_row_for_each_path_construct_and_rival(ecsi):
    tables = {
        "paths": (lk.table(ecsi.model), 12),
        "losses": (lk.table(ecsi.prediction), 7),
        "act": (lk.table(ecsi.priorities), 6),
        "rivals": (lk.table(ecsi.rivals), len(ecsi.rivals.table)),
        "distinct": (lk.table(ecsi.quality), 21),
        "constructs": (lk.table(ecsi.quality, "constructs"), 7),
    }
    assert {name: len(table.behind.rows) for name, (table, _) in tables.items()} == {
        name: rows for name, (_, rows) in tables.items()
    }


def test_the_report_speaks_chinese(ecsi, monkeypatch):
    monkeypatch.setenv(SPOKEN, "zh")
    told = str(lk.describe(ecsi)) + str(lk.describe(ecsi.rivals)) + str(lk.describe(ecsi, "effects"))
    assert "联系最强" in told
    assert "goes with" not in told
