"""Recording: what a notebook stands for is kept with its outputs, shown nowhere, and read back."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.results import Result
from loyalty_kit.measurement.reliability.reliability import ReliabilityResult
from loyalty_kit.publishing.history import recording
from loyalty_kit.publishing.history.recording import MIME, record, recorded
from loyalty_kit.publishing.pages.outputs import output_html

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"


@pytest.fixture
def published(monkeypatch) -> list[dict]:
    """What a kernel's display publisher is given."""
    shown: list[dict] = []

    class Publisher:
        def publish(self, data, metadata):
            shown.append(data)

    class Shell:
        display_pub = Publisher()

    class Module:
        get_ipython = staticmethod(Shell)

    monkeypatch.setitem(recording.sys.modules, "IPython", Module)
    return shown


def notebook(*shown: object):
    outputs = [new_output("display_data", {MIME: payload}) for payload in shown]
    return new_notebook(cells=[new_markdown_cell("# A"), new_code_cell("", outputs=outputs)])


def test_a_figure_comes_back_as_it_was_recorded(published):
    lk.record("loyalty_index", np.float64(61.4), 59.2, 63.6, np.int64(412), label="忠诚度指数")
    payloads = [json.loads(json.dumps(data[MIME])) for data in published]
    assert recorded(notebook(*payloads)) == (Estimate("loyalty_index", 61.4, 59.2, 63.6, 412, "忠诚度指数"),)


def test_a_figure_may_stand_without_interval_and_n(published):
    record("nps", 23, math.nan, math.nan)
    assert recorded(notebook(published[0][MIME])) == (Estimate("nps", 23.0),)


def test_of_two_figures_of_one_name_the_last_is_kept_in_the_first_place(published):
    for name, value in (("a", 1), ("b", 2), ("a", 3)):
        record(name, value)
    found = recorded(notebook(*(data[MIME] for data in published)))
    assert [(figure.name, figure.estimate) for figure in found] == [("a", 3), ("b", 2)]


def test_nothing_is_shown(published):
    record("a", 1)
    assert list(published[0]) == [MIME]
    assert output_html(new_output("display_data", published[0]), "") == ""


def test_outside_a_notebook_nothing_happens(capsys, monkeypatch):
    monkeypatch.delitem(recording.sys.modules, "IPython", raising=False)
    record("a", 1)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_nothing():
    code = "import loyalty_kit as lk; lk.record('a', 1)"
    run = subprocess.run([sys.executable, "-m", "IPython", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == ""


def test_a_result_records_its_own_figures(published):
    scales = pd.DataFrame(
        {
            "scale": ["trust", "loyalty"],
            "cronbach_alpha": [0.8, math.nan],
            "ci_low": [0.7, math.nan],
            "ci_high": [0.9, math.nan],
            "n_used": [40, 0],
        }
    )
    record(ReliabilityResult(scales, pd.DataFrame(), 40, 0, 0, 0.95, "Feldt"))
    figures = recorded(notebook(published[0][MIME]))
    assert figures == (Estimate("cronbach_alpha/trust", 0.8, 0.7, 0.9, 40, "Cronbach's alpha: trust"),)


def test_a_result_without_figures_records_none(published):
    class Empty(Result):
        def to_frame(self) -> pd.DataFrame:
            return pd.DataFrame()

    record(Empty())
    assert published == []


def test_the_score_and_the_share_record_themselves(published):
    answers = pd.Series([10, 9, 8, 3])
    record(lk.net_promoter(answers))
    record(lk.top_box(answers, top=10))
    names = [figure.name for figure in recorded(notebook(*(data[MIME] for data in published)))]
    assert names == ["net_promoter", "top_box"]


def names_of(result: Result) -> list[str]:
    """Names of a result's figures, each of which must have a label and an interval that holds it, if any."""
    for figure in result.estimates():
        assert figure.label
        assert figure.interval is None or figure.ci_low <= figure.estimate <= figure.ci_high
    return [figure.name for figure in result.estimates()]


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(300, 2)).repeat(3, axis=1) + rng.normal(size=(300, 6))
    return pd.DataFrame((columns * 2 + 10).round().clip(1, 20), columns=list("abcdef"))


def test_scores_record_the_mean_of_each_scale(answers):
    codebook = lk.Codebook.parse("""
        response = { min = 1, max = 20 }
        scales.trust = { label = "Vertrauen", items = ["a", "b", "c"] }
        scales.value = { items = ["d", "e", "f"] }""")
    scores = lk.score(answers, codebook)
    assert names_of(scores) == ["score/trust", "score/value"]
    assert scores.estimates()[0].label == "Vertrauen"
    assert names_of(lk.reliability(answers, codebook)) == ["cronbach_alpha/trust", "cronbach_alpha/value"]
    assert names_of(lk.cronbach_alpha(answers[["a", "b"]])) == ["cronbach_alpha"]


def test_shares_of_two_items_are_kept_apart():
    codebook = lk.Codebook.parse("""
        response = { min = 0, max = 10 }
        items.q1 = { role = "recommend" }
        items.q2 = { role = "satisfaction" }
        items.q3 = { role = "satisfaction" }""")
    shares = lk.marked_shares(pd.DataFrame({name: range(11) for name in ("q1", "q2", "q3")}), codebook)
    assert names_of(shares) == [
        "net_promoter/q1",
        "top_box/q2",
        "top_box/q3",
    ]
    assert names_of(lk.net_promoter(pd.Series(range(11)))) == ["net_promoter"]


@pytest.mark.parametrize("notebook", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_shipped_notebook_records_no_result_twice(notebook):
    lines = "\n".join(cell.source for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code")
    kept = re.findall(r"lk\.record\((\w+)", lines)
    assert kept
    assert len(set(kept)) == len(kept)


def test_a_factor_model_records_its_fit(answers):
    result = lk.cfa(answers, {"trust": list("abc"), "value": list("def")})
    assert names_of(result) == ["cfa/cfi", "cfa/rmsea"]
    assert [figure.interval is None for figure in result.estimates()] == [True, False]


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        ({}, ""),
        ({"estimator": "mlr"}, "_robust"),
        ({"estimator": "mlr", "missing": "fiml"}, "_robust"),
        ({"estimator": "wlsmv"}, "_robust"),
    ],
)
def test_a_factor_model_records_the_fit_that_its_report_leads_with(answers, plan, kind):
    result = lk.cfa((answers / 4).round(), {"trust": list("abc"), "value": list("def")}, **plan)
    cfi, rmsea = result.estimates()
    assert (cfi.estimate, rmsea.estimate) == (result.fit[f"cfi{kind}"], result.fit[f"rmsea{kind}"])
    assert rmsea.interval == (result.fit[f"rmsea{kind}_low"], result.fit[f"rmsea{kind}_high"])
    assert rmsea.ci_low <= rmsea.estimate <= rmsea.ci_high


def test_drivers_record_what_they_explain_and_how_much_each_does(answers):
    result = lk.drivers(answers.rename(columns={"f": "loyalty"}), drivers=["a", "d"])
    assert names_of(result) == ["drivers/loyalty/r_squared", "drivers/loyalty/a", "drivers/loyalty/d"]
    explained, *shares = result.importance(bootstrap=50).estimates()
    assert sorted(figure.name for figure in shares) == ["importance/loyalty/lmg/a", "importance/loyalty/lmg/d"]
    assert (explained.name, explained.estimate) == ("drivers/loyalty/r_squared", pytest.approx(result.r_squared))
    assert explained.ci_low < explained.estimate < explained.ci_high


def test_a_campaign_records_its_effects_without_segments():
    frame = pd.DataFrame(
        {"arm": ["A"] * 50 + ["none"] * 50, "bought": [1, 0] * 25 + [1, 0, 0, 0, 0] * 10, "shop": [1, 2, 3, 4, 5] * 20}
    )
    effects = lk.Campaign(frame, arm="arm", control="none").evaluate([lk.Rate("bought")], by="shop")
    assert len(effects.to_frame()) > 1
    assert names_of(effects) == ["effect/bought/A"]


def test_labels_are_told_in_the_language_of_the_report(published, monkeypatch):
    monkeypatch.setattr(recording, "translate", lambda label: f"<{label}>")
    record(lk.net_promoter(pd.Series([10, 9, 8, 3])))
    assert published[0][MIME][0]["label"] == "<Net promoter score>"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (("", 1.0), "'name' must be text"),
        ((" ", 1.0), "'name' must be text"),
        (("a\nb", 1.0), "control character"),
        (("a" * 201, 1.0), "1 to 200 characters"),
        ((3, 1.0), "'name' must be text"),
        (("a",), "'estimate' must be a finite number; got None"),
        (("a", math.nan), "must be a finite number; got nan"),
        (("a", math.inf), "must be a finite number; got inf"),
        (("a", "61"), "must be a finite number; got '61'"),
        (("a", True), "must be a finite number; got True"),
        (("a", 1.0, 0.5), "one end of an interval only"),
        (("a", 1.0, 0.5, math.nan), "one end of an interval only"),
        (("a", 1.0, 2.0, 0.5), "ends before it begins: 2 to 0.5"),
        (("a", 1.0, -math.inf, 2.0), "'ci_low' must be a finite number"),
        (("a", 1.0, 0.5, 2.0, 3.5), "'n' must be a whole number"),
        (("a", 1.0, 0.5, 2.0, -1), "'n' must be a whole number"),
        (("a", 1.0, 0.5, 2.0, True), "'n' must be a whole number"),
    ],
)
def test_what_is_no_figure_is_refused_in_one_sentence(given, complaint):
    with pytest.raises(InputError, match=complaint):
        record(*given)


def test_a_result_and_a_figure_together_are_refused():
    with pytest.raises(InputError, match="give it alone"):
        record(lk.net_promoter(pd.Series([10, 9])), label="NPS")


@pytest.mark.parametrize(
    "payload",
    [None, 3, "text", {"name": "a"}, [3], [{"name": "a"}], [{"name": "a", "estimate": "1"}], [{"name": "a", "x": 1}]],
)
def test_what_does_not_come_from_record_is_passed_over(payload):
    assert recorded(notebook(payload)) == ()
