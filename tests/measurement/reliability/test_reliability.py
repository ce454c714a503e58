"""Reliability of a survey's scales: R's figures, honest rows, nothing turned silently."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose
from surveys import simulate, surveys

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.reliability.reliability import reliability
from loyalty_kit.survey.codebook import Codebook

REFERENCE = Path(__file__).parents[2] / "reference"
SETS = {"bfi": ("bfi", 1, 6), "holzinger": ("holzinger1939", -100, 100), "ecsi": ("ecsi_mobile", 1, 10)}
COLUMNS = [
    "scale", "items", "n_used", "cronbach_alpha", "ci_low", "ci_high", "standardized_alpha", "omega_total",
    "omega_ci_low", "omega_ci_high", "omega_hierarchical", "ordinal_omega", "ordinal_alpha",
    "mean_inter_item_r", "lambda4", "sem",
]  # fmt: skip
COEFFICIENTS = COLUMNS[3:]


def book(scales: dict[str, dict], *, low: float = 1, high: float = 5, **more: object) -> Codebook:
    return Codebook.model_validate({"response": {"min": float(low), "max": float(high)}, "scales": scales, **more})


@pytest.fixture(scope="module", params=SETS)
def checked(request, _frames):
    """Report on the complete respondents of a data set, and psych's figures by scale."""
    name, low, high = SETS[request.param]
    figures = json.loads((REFERENCE / f"{name}.json").read_text())["reliability"]
    keys = {scale: entry["items"] for scale, entry in figures.items()}
    scales = {
        scale: {"items": [key.lstrip("-") for key in own], "reverse": [key[1:] for key in own if key[0] == "-"]}
        for scale, own in keys.items()
    }
    items = [item for scale in scales.values() for item in scale["items"]]
    return reliability(_frames[request.param][items].dropna(), book(scales, low=low, high=high)), figures


@pytest.fixture(scope="module")
def three() -> tuple[pd.DataFrame, Codebook]:
    """120 respondents, scales of 4, 3 and 2 items, some reverse-keyed, some answers missing."""
    return simulate(
        120, scales={"trust": 4, "value": 3, "忠诚": 2}, reverse=["trust_2", "value_1"], missing_share=0.03, rng=7
    )


@pytest.mark.parametrize(
    ("column", "figure"),
    [("cronbach_alpha", "alpha"), ("standardized_alpha", "alpha_std"), ("mean_inter_item_r", "mean_r")],
)
def test_coefficients_equal_psych(checked, column, figure):
    """R> a <- psych::alpha(x); a$total$raw_alpha; a$total$std.alpha; a$total$average_r   # psych 2.2.9"""
    result, figures = checked
    expected = {scale: entry[figure] for scale, entry in figures.items()}
    assert_allclose(result.scales.set_index("scale")[column], pd.Series(expected), atol=1e-9)


def test_feldts_interval_equals_psych(checked):
    """R> psych::alpha.ci(a$total$raw_alpha, n.obs = nrow(x), n.var = ncol(x))   # psych 2.2.9"""
    result, figures = checked
    expected = [entry["alpha_feldt"] for entry in figures.values()]
    assert_allclose(result.scales[["ci_low", "ci_high"]], expected, atol=1e-9)


@pytest.mark.parametrize(
    ("column", "figure"),
    [
        ("item_rest_r", "item_rest_r"),
        ("mean", "item_mean"),
        ("sd", "item_sd"),
        ("cronbach_alpha_if_dropped", "alpha_if_deleted"),
    ],
)
def test_item_statistics_equal_psych(checked, column, figure):
    """R> psych::alpha(x)$item.stats[, c("r.drop", "mean", "sd")]; psych::alpha(x)$alpha.drop$raw_alpha

    Where one of two items is dropped, psych 2.2.9 gives the remaining item's share of the covariance;
    here there is nothing left to have a coefficient.
    """
    result, figures = checked
    for scale, entry in figures.items():
        ours = result.items[result.items["scale"] == scale].set_index("item")[column]
        if column == "cronbach_alpha_if_dropped" and len(ours) == 2:
            assert ours.isna().all()
        else:
            assert_allclose(ours, pd.Series(entry[figure])[ours.index].astype(float), atol=1e-9)


def test_omega_equals_semtools(checked):
    """R> semTools::reliability(lavaan::cfa(model, data = x, std.lv = TRUE))["omega", ]   # semTools 0.5-6

    Two items have no unique solution, and ECSI's loyalty is a Heywood case: both are warned of instead.
    """
    result, figures = checked
    ours = result.scales.set_index("scale")
    comparable = ours.index[(ours["items"] > 2) & ~(ours.index == "loyalty")]
    expected = [figures[scale]["omega_ml_cfa"] for scale in comparable]
    assert_allclose(ours.loc[comparable, "omega_total"], expected, atol=1e-5)
    assert ours.loc[ours["items"] == 2, "omega_total"].isna().all()


def test_ecsi_tells_the_heywood_case_the_weak_item_and_the_two_item_scale(_frames):
    folder = Path(__file__).parents[3] / "data" / "ecsi_mobile"
    result = reliability(_frames["ecsi"], Codebook.read(folder / "codebook.toml"))
    told = "\n".join(result.warnings)
    assert "Scale 'loyalty': a Heywood case: the one-factor model leaves 'CUSL3' no variance" in told
    assert "Scale 'value': two items have no unique one-factor solution" in told
    assert "Scale 'complaints' is left out: it has one item" in told
    loyalty = result.scales.set_index("scale").loc["loyalty"]
    weak = result.items.set_index("item").loc["CUSL2"]
    assert weak["item_rest_r"] < 0.1
    assert weak["cronbach_alpha_if_dropped"] > loyalty["cronbach_alpha"] + 0.2
    assert 0 < loyalty["omega_total"] < 1


def test_the_columns_are_the_contract(three):
    assert reliability(*three).to_frame().columns.tolist() == COLUMNS
    asked = reliability(*three, bootstrap=20).to_frame().columns.tolist()
    assert asked == [*COLUMNS, "bootstrap_ci_low", "bootstrap_ci_high"]


def test_sem_is_of_the_mean_of_the_items(three):
    answers, codebook = three
    value = answers[["value_1", "value_2", "value_3"]].dropna()
    spread = value.assign(value_1=11 - value["value_1"]).mean(axis=1).std()
    row = reliability(answers, codebook).scales.set_index("scale").loc["value"]
    assert row["sem"] == pytest.approx(spread * np.sqrt(1 - row["cronbach_alpha"]))


def test_each_scale_uses_its_own_complete_respondents(three):
    answers, codebook = three
    result = reliability(answers, codebook)
    own = [len(answers[list(scale.items)].dropna()) for scale in codebook.scales.values()]
    assert result.scales["n_used"].tolist() == own
    some = answers.T.groupby(answers.columns.str.split("_").str[0]).count().T
    full = pd.Series({name: len(scale.items) for name, scale in codebook.scales.items()})
    assert result.n_used == (some == full).any(axis=1).sum()
    assert result.n_used + result.n_dropped == len(answers)


@settings(max_examples=30)
@given(surveys(missing_share=0.05))
def test_turning_every_item_and_the_keys_changes_only_the_side_of_the_mean(survey):
    answers, codebook = survey
    response = codebook.response
    scales = {
        name: {"items": scale.items, "reverse": [item for item in scale.items if item not in scale.reverse]}
        for name, scale in codebook.scales.items()
    }
    turned = reliability(response.min + response.max - answers, book(scales, low=response.min, high=response.max))
    pd.testing.assert_frame_equal(turned.scales, reliability(answers, codebook).scales)


@settings(max_examples=30)
@given(surveys(missing_share=0.1))
def test_listwise_equals_dropping_rows_beforehand(survey):
    answers, codebook = survey
    whole = reliability(answers, codebook)
    for name, scale in codebook.scales.items():
        before = reliability(answers.dropna(subset=list(scale.items)), codebook)
        pd.testing.assert_frame_equal(
            whole.scales[whole.scales["scale"] == name], before.scales[before.scales["scale"] == name]
        )


@settings(max_examples=30)
@given(surveys())
def test_codebook_weights_reach_every_coefficient(survey):
    """Whole weights equal repeated rows in whatever does not count respondents."""
    answers, codebook = survey
    weight = 1 + np.arange(len(answers)) % 3
    weighted = reliability(answers.assign(w=weight), codebook.model_copy(update={"weight": "w"}))
    repeated = reliability(answers.loc[answers.index.repeat(weight)], codebook)
    free = ["cronbach_alpha", "standardized_alpha", "omega_total", "mean_inter_item_r", "lambda4"]
    assert_allclose(weighted.scales[free], repeated.scales[free], atol=1e-6)
    assert (weighted.scales["ci_low"] < repeated.scales["ci_low"]).all()
    assert_allclose(weighted.items["floor"], repeated.items["floor"], atol=1e-9)


def test_floor_and_ceiling_are_the_codebooks(three):
    answers, codebook = three
    items = reliability(answers, codebook).items.set_index("item")
    assert items.loc["value_2", "ceiling"] == pytest.approx((answers["value_2"].dropna() == 10).mean())
    assert items.loc["value_1", "ceiling"] == pytest.approx((answers["value_1"].dropna() == 1).mean())


def test_each_item_is_described_by_all_who_answer_it(three):
    answers, codebook = three
    items = reliability(answers, codebook).items.set_index("item")
    turned = answers.assign(trust_2=11 - answers["trust_2"], value_1=11 - answers["value_1"])
    assert_allclose(items["mean"], turned[items.index].mean())
    assert_allclose(items["sd"], turned[items.index].std())


def test_an_item_that_the_codebook_forgot_to_reverse_is_named_and_not_turned(three):
    answers, codebook = three
    forgetful = book({"trust": {"items": codebook.scales["trust"].items}}, high=10)
    result = reliability(answers, forgetful)
    (sentence,) = result.warnings
    assert sentence.startswith("Scale 'trust': item 'trust_2' runs against the others (item-rest correlation −0.")
    suspects = result.items[result.items["suspected_keying"]]
    assert suspects["item"].tolist() == ["trust_2"]
    right = reliability(answers, codebook).scales["cronbach_alpha"][0]
    assert suspects["cronbach_alpha_if_turned"].iloc[0] == pytest.approx(right)
    assert result.scales["cronbach_alpha"][0] < right - 0.2


def test_a_well_keyed_survey_raises_no_suspicion(three):
    result = reliability(*three)
    assert not result.items["suspected_keying"].any()
    assert result.warnings == (
        "Scale '忠诚': two items have no unique one-factor solution, so omega_total and loadings are not given.",
    )


def test_formative_and_one_item_scales_are_left_out_and_named(three):
    answers, _ = three
    result = reliability(
        answers,
        book(
            {
                "trust": {"items": ["trust_1", "trust_3"]},
                "mix": {"items": ["value_1", "value_2"], "kind": "formative"},
                "one": {"items": ["value_3"]},
            },
            high=10,
        ),
    )
    assert result.scales["scale"].tolist() == ["trust"]
    assert "'mix'" in result.warnings[0] and "formative" in result.warnings[0]
    assert "'one'" in result.warnings[1] and "one item" in result.warnings[1]


def test_a_codebook_without_such_scales_gives_an_empty_report(three):
    answers, _ = three
    result = reliability(answers, book({"one": {"items": ["value_3"]}}, high=10), bootstrap=10)
    assert result.to_frame().columns.tolist()[: len(COLUMNS)] == COLUMNS
    assert len(result.scales) == len(result.items) == result.n_used == 0
    assert "nothing to report" in result.warnings[-1]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda d: d.assign(value_2=4.0), "Scale 'value' has no coefficients. Item 'value_2' holds the same answer"),
        (lambda d: d.assign(value_2=np.nan), "Scale 'value' has no coefficients. Item 'value_2' holds no answer"),
        (lambda d: d.assign(value_2=None), "Scale 'value' has no coefficients. Item 'value_2' holds no answer"),
        (
            lambda d: d.assign(value_2=d["value_2"].where(np.arange(len(d)) < 2)),
            "Scale 'value' has no coefficients. 2 of 120 respondents answer every one of the items",
        ),
    ],
)
def test_a_scale_that_allows_no_coefficient_keeps_a_row_of_nan_and_a_reason(spoil, sentence):
    answers, codebook = simulate(120, scales={"trust": 4, "value": 3}, rng=7)
    result = reliability(spoil(answers), codebook, bootstrap=20)
    trust, value = (result.scales.iloc[i].drop("scale").astype(float) for i in (0, 1))
    assert trust.drop("omega_hierarchical").notna().all()  # four items are too few for it
    assert value[[*COEFFICIENTS, "bootstrap_ci_low", "bootstrap_ci_high"]].isna().all()
    assert result.warnings[0].startswith(sentence)
    assert len(result.items) == 7


def test_no_respondents_make_rows_of_nan(three):
    answers, codebook = three
    result = reliability(answers[:0], codebook, bootstrap=10)
    assert result.scales[COEFFICIENTS].isna().all(axis=None)
    assert len(result.warnings) == 3


def test_many_items_warn_that_not_every_split_was_tried():
    result = reliability(*simulate(100, scales={"long": 22}, rng=1))
    assert result.warnings == (
        "Scale 'long': with 22 items not every split was tried; a better one than that behind lambda4 may exist.",
    )


def test_the_same_seed_gives_the_same_bootstrap(three):
    first, second = (reliability(*three, bootstrap=50, rng=3).scales for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    other = reliability(*three, bootstrap=50, rng=np.random.default_rng(4)).scales
    assert (first["bootstrap_ci_low"] != other["bootstrap_ci_low"]).all()


def test_the_bootstrap_interval_holds_the_estimate(three):
    scales = reliability(*three, bootstrap=500).scales
    assert (scales["bootstrap_ci_low"] < scales["cronbach_alpha"]).all()
    assert (scales["cronbach_alpha"] < scales["bootstrap_ci_high"]).all()


def test_the_answers_are_not_changed(three):
    answers, codebook = three
    before = answers.copy()
    reliability(answers, codebook, bootstrap=5)
    pd.testing.assert_frame_equal(answers, before)


def test_nullable_integers_give_what_floats_give(three):
    answers, codebook = three
    pd.testing.assert_frame_equal(
        reliability(answers.astype("Int64"), codebook).scales, reliability(answers, codebook).scales
    )


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        (lambda d: d.drop(columns="value_2"), {}, "lacks the column 'value_2'"),
        (lambda d: d.assign(value_2="x"), {}, "must hold numbers in 'value_2'"),
        (lambda d: d, {"confidence": 95}, "'confidence' must be a number between 0 and 1"),
        (lambda d: d, {"bootstrap": -1}, "'bootstrap' must be a whole number of at least 0"),
        (lambda d: d, {"rng": "seed"}, "'rng' must be a whole number"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(three, change, options, sentence):
    answers, codebook = three
    with pytest.raises(InputError, match=sentence):
        reliability(change(answers), codebook, **options)


def test_bad_weights_are_refused(three):
    answers, codebook = three
    with pytest.raises(InputError, match="'w' is negative in 120 rows"):
        reliability(answers.assign(w=-1.0), codebook.model_copy(update={"weight": "w"}))
