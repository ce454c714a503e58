"""Invariance over groups: lavaan's ladder, the items responsible, and latent means only where they may be compared."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from surveys import simulate

import loyalty_kit as lk
from loyalty_kit.core.errors import ANONYMOUS, InputError
from loyalty_kit.measurement.chance.limits import Limit
from loyalty_kit.measurement.invariance.invariance import invariance
from loyalty_kit.measurement.invariance.ladder import Rule
from loyalty_kit.measurement.invariance.verdict import Decision
from loyalty_kit.survey.codebook import Codebook

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "tests/reference"
SETS = {"bfi": "bfi", "holzinger": "holzinger1939"}
LEVELS = ["configural", "metric", "scalar", "strict"]
HOLZINGER = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
NAMES = {"chi2": "chisq", "df": "df", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea", "srmr": "srmr", "bic": "bic"}
WIDE = {"cfi_fall": 0.9, "rmsea_rise": 0.9}


@pytest.fixture(scope="module")
def more() -> dict:
    """Figures of confirmatory.R."""
    return json.loads((REFERENCE / "confirmatory.json").read_text())


@pytest.fixture(scope="module", params=SETS)
def ladder(request, _frames):
    """Result under a rule so wide that every level holds in full, and lavaan's figures."""
    figures = json.loads((REFERENCE / f"{SETS[request.param]}.json").read_text())
    lines = (line.split(" =~ ") for line in figures["model"].split("\n"))
    scales = {scale: items.split(" + ") for scale, items in lines}
    return invariance(_frames[request.param], scales, group="group", **WIDE), figures["invariance"]


@pytest.fixture(scope="module")
def schools(_frames):
    """Holzinger's schools under the usual rule."""
    return invariance(_frames["holzinger"], HOLZINGER, group="group")


def two_channels(n: int = 400, *, shift: dict[str, float] | None = None, stretch: dict[str, float] | None = None):
    """Answers of one survey split into store and web; of the latter's, some shifted and some stretched."""
    responses, codebook = simulate(2 * n, scales={"trust": 4, "value": 4}, points=100, rng=11)
    web = np.arange(2 * n) >= n
    for item, by in (shift or {}).items():
        responses[item] = responses[item] + by * web
    for item, by in (stretch or {}).items():
        responses[item] = np.where(web, (responses[item] - 50) * by + 50, responses[item])
    return responses.assign(channel=np.where(web, "web", "store")), codebook


def assert_levels(table: pd.DataFrame, expected: dict, names: list[str], atol: float) -> None:
    table = table.set_index("level")
    for level in LEVELS:
        for name in names:
            assert_allclose(table.loc[level, name], expected[level][NAMES[name]], atol=atol, err_msg=f"{level} {name}")


def test_chi_square_of_every_level_equals_lavaan(ladder):
    """R> cfa(model, data, group = "group", std.lv = TRUE, group.equal = c("loadings", …))   # lavaan 0.6-14"""
    result, expected = ladder
    assert_levels(result.to_frame(), expected, ["chi2", "df", "bic"], 1e-2)


def test_fit_indices_of_every_level_equal_lavaan(ladder):
    """R> fitMeasures(fit, c("cfi", "tli", "rmsea", "srmr"))   # lavaan 0.6-14"""
    result, expected = ladder
    assert_levels(result.to_frame(), expected, ["cfi", "tli", "rmsea", "srmr"], 1e-4)


def test_latent_means_equal_lavaan(ladder):
    """R> lavInspect(fit_scalar, "est")[[2]]$alpha   # lavaan 0.6-14; the first group in the file is the reference"""
    result, expected = ladder
    for group, means in expected["scalar"]["latent_means"].items():
        ours = result.latent_means[result.latent_means["group"] == group].set_index("scale")["estimate"]
        assert_allclose(ours, pd.Series(means)[ours.index], atol=1e-3)


def test_errors_of_latent_means_equal_lavaan(_frames, more):
    """R> parameterEstimates(fit_scalar)   # lavaan 0.6-14, rows of factors' intercepts"""
    result = invariance(_frames["holzinger"], HOLZINGER, group="group", **WIDE)
    later = result.latent_means[result.latent_means["group"] == "Grant-White"]
    assert_allclose(later["std_error"], more["holzinger"]["scalar_means"]["std_error"], atol=1e-3)
    assert_allclose(later["ci_high"] - later["ci_low"], 2 * 1.959964 * later["std_error"], rtol=1e-6)


def test_score_tests_of_intercepts_equal_lavaan(schools, more):
    """R> lavTestScore(fit_scalar)$uni   # lavaan 0.6-14"""
    expected = pd.Series(more["holzinger"]["scalar_scores"]["score"], more["holzinger"]["scalar_scores"]["item"])
    ours = schools.items.set_index("item")["score"]
    assert_allclose(ours, expected[ours.index], rtol=1e-3)


def test_the_partial_model_equals_lavaan(schools, more):
    """R> cfa(…, group.equal = c("loadings", "intercepts"), group.partial = c("x3 ~ 1", "x7 ~ 1"))   # lavaan 0.6-14"""
    expected = more["holzinger"]["partial"]
    row = schools.partial.set_index("level").loc["partial scalar"]
    assert row["freed"] == "x3, x7" and row["holds"]
    assert_allclose(row["chi2"], expected["fit"]["chisq"], atol=1e-2)
    later = schools.latent_means[schools.latent_means["group"] == "Grant-White"]
    assert_allclose(later["estimate"], expected["means"]["estimate"], atol=1e-3)
    assert_allclose(later["std_error"], expected["means"]["std_error"], atol=1e-3)


def test_three_groups_equal_lavaan(bfi, more):
    """R> cfa(two_model, three, std.lv = TRUE, group = "band", group.equal = …)   # lavaan 0.6-14"""
    scales = {"agree": [f"A{n}" for n in range(1, 6)], "neuroticism": [f"N{n}" for n in range(1, 6)]}
    aged = bfi.dropna(subset=[*scales["agree"], *scales["neuroticism"], "age"])
    band = np.where(aged["age"] < 21, "young", np.where(aged["age"] < 35, "middle", "old"))
    result = invariance(aged.assign(band=band), scales, group="band", **WIDE)
    expected = more["bfi"]["three_groups"]
    assert_levels(result.levels, expected["ladder"], ["chi2", "df"], 1e-2)
    assert_levels(result.levels, expected["ladder"], ["cfi", "rmsea", "srmr"], 1e-4)
    later = result.latent_means[result.latent_means["group"] != result.latent_means["group"].iloc[0]]
    assert_allclose(later["estimate"], expected["means"]["estimate"], atol=1e-3)
    assert_allclose(later["std_error"], expected["means"]["std_error"], atol=1e-3)


@pytest.mark.skipif(not (ROOT / "data/corporate_reputation").exists(), reason="the data set is not here")
def test_corporate_reputation_equals_lavaan(more):
    """R> cfa(cr_model, cr, group = "servicetype", std.lv = TRUE, group.equal = …)   # lavaan 0.6-14"""
    path = next((ROOT / "data/corporate_reputation").glob("*.csv"))
    scales = {name: [f"{name.lower()}_{n}" for n in (1, 2, 3)] for name in ("COMP", "LIKE", "CUSL")}
    customary = {"cfi_fall": 0.01, "rmsea_rise": 0.015}
    result = invariance(pd.read_csv(path).replace(-99, np.nan), scales, group="servicetype", **customary)
    assert result.n_used == more["corporate"]["n"] == 336
    assert_levels(result.levels, more["corporate"]["ladder"], ["chi2", "df"], 1e-2)
    assert result.decision.level == "scalar" and result.decision.narrow
    assert "CFI changes by −0.0094" in result.verdict
    assert "; the decision is narrow; the structure itself fits these groups poorly (CFI 0.947" in result.verdict


@pytest.mark.parametrize(
    ("cfi", "rmsea", "narrow"),
    [(-0.0094, 0.002, True), (-0.0106, 0.002, True), (-0.005, 0.002, False), (-0.05, 0.016, False), (0.0, 0.014, True)],
)
def test_a_decision_is_narrow_where_the_change_that_decides_is_close_to_its_limit(cfi, rmsea, narrow):
    assert Decision("scalar", cfi, rmsea, 0.003, Rule({}), Limit(0.01, 0.015)).narrow == narrow


@pytest.mark.parametrize(("cfi", "narrow"), [(-0.0035, True), (-0.0045, True), (-0.002, False), (-0.007, False)])
def test_a_simulated_limit_is_narrow_where_half_or_twice_the_error_decides_otherwise(cfi, narrow):
    around = (Limit(0.005, 0.006), Limit(0.003, 0.004))
    assert Decision("scalar", cfi, 0.002, 0.003, Rule({}), Limit(0.004, 0.005), around).narrow == narrow


def parted(draws: int, *, shift: float) -> list[set[str]]:
    """Items set free at loadings or intercepts: three groups of 200 whose first item alone is higher in two."""
    rng, found = np.random.default_rng(5), []
    group = np.resize(list("abc"), 600)
    for _ in range(draws):
        latent = 0.5 * rng.standard_normal((600, 1)) + np.sqrt(0.75) * rng.standard_normal((600, 7))
        latent[:, 0] += shift * (group != "a")
        answers = pd.DataFrame(np.clip(np.rint(latent + 3), 1, 5), columns=list("ABCDEFG")).assign(group=group)
        table = invariance(answers, {"s": list("ABCDEFG")}, group="group").items
        apart = table[table["freed"].astype(bool) & table["level"].isin(["metric", "scalar"])]
        found.append(set(apart["item"]))
    return found


def test_the_item_that_is_higher_in_some_groups_is_set_free():
    assert all("A" in items for items in parted(3, shift=0.6))


@pytest.mark.slow
def test_equal_groups_are_seldom_told_apart():
    """Two tests at 5 %; by the indices alone, without chi², items were freed in one draw of five."""
    share = np.mean([bool(items) for items in parted(200, shift=0.0)])
    assert share <= 0.10 + 2 * np.sqrt(0.1 * 0.9 / 200)


def test_groups_whose_model_did_not_converge_were_not_examined():
    noise = np.random.default_rng(1).integers(1, 8, (30, 12)).astype(float)
    names = [f"{scale}_{n}" for scale in "abc" for n in range(1, 5)]
    responses = pd.DataFrame(noise, columns=names).assign(g=["x"] * 16 + ["y"] * 14)
    result = invariance(responses, {scale: [f"{scale}_{n}" for n in range(1, 5)] for scale in "abc"}, group="g")
    assert not result.comparable and result.decision is None and result.latent_means.empty
    assert result.levels["holds"].isna().all()
    assert result.verdict == (
        "Whether the groups of 'g' may be compared could not be examined: "
        "the model did not converge at the level 'configural'."
    )


def test_groups_whose_model_has_no_proper_solution_were_not_examined(ecsi):
    book = Codebook.read(ROOT / "data/ecsi_mobile/codebook.toml")
    result = invariance(ecsi.assign(half=np.resize(["a", "b"], len(ecsi))), book, group="half")
    assert not result.comparable and "could not be examined" in result.verdict


def test_columns_of_the_ladder_are_a_contract(schools):
    table = schools.to_frame()
    assert table["level"].tolist() == LEVELS
    assert {"chi2", "df", "cfi", "rmsea", "srmr", "cfi_change", "rmsea_change", "srmr_change", "p_change"} <= set(table)
    assert_allclose(table["cfi_change"].iloc[1:], np.diff(table["cfi"]))


def test_a_failing_level_names_the_items_responsible(schools):
    assert not schools.levels.set_index("level").loc["scalar", "holds"]
    assert schools.items["item"].head(2).tolist() == ["x3", "x7"]
    assert schools.items.loc[schools.items["freed"], "item"].tolist() == ["x3", "x7"]
    assert schools.comparable and "intercepts of x3, x7" in schools.verdict


def test_equal_channels_may_be_compared_with_nothing_freed():
    result = invariance(*two_channels(), group="channel")
    assert result.comparable and result.partial.empty and result.items.empty
    limits = result.levels.set_index("level")[["cfi_limit", "rmsea_limit"]]
    said = result.verdict
    assert said.startswith(
        "Loadings and intercepts are equal enough over the groups of 'channel' for their scores to be compared: "
        "with equal intercepts CFI changes by +0.0000 and RMSEA by +0.0000, chi² difference p = 0.128 (a level holds "
    )
    cfi, rmsea = (f"{value:+.4f}".replace("-", "−") for value in limits.loc["scalar"])
    assert f"CFI changes by {cfi} or more and RMSEA by {rmsea} or less, as in 95 % of simulated surveys" in said
    assert not result.decision.narrow and result.reserve == ""
    assert result.latent_means["group"].tolist() == ["store"] * 2 + ["web"] * 2


def test_a_shifted_item_is_found_and_freed_and_leaves_latent_means_where_they_were():
    result = invariance(*two_channels(shift={"trust_2": 25}), group="channel")
    assert result.partial.set_index("level").loc["partial scalar", "freed"] == "trust_2"
    means = result.latent_means.set_index(["group", "scale"])
    assert means.loc[("web", "trust"), "ci_low"] < 0 < means.loc[("web", "trust"), "ci_high"]


def test_where_half_of_the_items_shift_comparing_is_not_justified_and_there_are_no_means():
    shift = {"trust_1": 25, "trust_2": -25, "trust_3": 40, "value_1": 30, "value_2": -30, "value_3": 45}
    result = invariance(*two_channels(shift=shift), group="channel")
    assert not result.comparable and result.latent_means.empty
    assert result.verdict.startswith("Comparing the scores of these groups of 'channel' is not justified: with equal")
    assert "intercepts" in result.verdict


def test_where_loadings_differ_throughout_the_way_up_ends_at_the_metric_level():
    stretch = {f"{scale}_{n}": by for scale in ("trust", "value") for n, by in zip((1, 2, 3), (3, 0.3, 2), strict=True)}
    result = invariance(*two_channels(stretch=stretch), group="channel")
    assert not result.comparable and "with equal loadings" in result.verdict
    assert set(result.items["level"]) == {"metric"}


def test_the_rule_is_stated_and_adjustable(_frames):
    result = invariance(_frames["holzinger"], HOLZINGER, group="group", cfi_fall=0.05, rmsea_rise=0.02)
    rule = "A level holds where CFI falls by at most 0.050 and RMSEA rises by at most 0.020."
    assert rule in result.method
    assert result.levels["holds"].iloc[1:].all() and result.partial.empty


def test_small_groups_are_warned_of():
    responses, codebook = two_channels(400)
    few = pd.concat([responses.head(400), responses.tail(60)])
    result = invariance(few, codebook, group="channel")
    assert result.warnings[0].startswith("Groups of fewer than 100 respondents: 'web'")
    assert result.groups.to_dict() == {"store": 400, "web": 60}


def test_a_structure_that_fits_no_group_is_warned_of(ladder):
    result, _ = ladder
    poor = result.levels["cfi"].iloc[0] < 0.9
    assert poor == any("itself fits these groups poorly" in text for text in result.warnings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d, web: d.assign(trust_1=d["trust_1"].mask(web)),
            "In group 'web' of 'channel': Item 'trust_1' holds no",
        ),
        (
            lambda d, web: d.assign(trust_1=d["trust_1"].mask(web, 3.0)),
            "In group 'web' of 'channel': Item 'trust_1' hold",
        ),
        (
            lambda d, web: pd.concat([d[~web], d[web].tail(3)]),
            "needs two groups with more respondents than the 8 items; too few are in 'web'",
        ),
        (lambda d, web: d.assign(channel="web"), "'channel' holds 'web'; comparing needs two groups or more"),
        (lambda d, web: d.assign(channel=np.nan), "'channel' holds no group"),
        (lambda d, web: d.drop(columns="channel"), "lacks the column 'channel'"),
    ],
)
def test_groups_that_carry_no_model_are_refused_by_name(change, message):
    responses, codebook = two_channels()
    with pytest.raises(InputError, match=message):
        invariance(change(responses, responses["channel"] == "web"), codebook, group="channel")


@pytest.mark.parametrize("unfielded", [False, True])
def test_a_group_of_three_and_a_wave_never_fielded_are_left_out_and_named(unfielded):
    responses, codebook = two_channels()
    third = responses.tail(400 if unfielded else 3).assign(channel="app")
    if unfielded:
        third[list(codebook.measures)] = np.nan
    result = invariance(pd.concat([responses, third]), codebook, group="channel")
    assert list(result.groups.index) == ["store", "web"]
    assert "Not compared, as too few answered: 'app' of 'channel'." in result.warnings


def test_no_level_holds_above_one_that_fails(schools):
    holds = schools.levels["holds"].iloc[1:].tolist()
    assert holds == [True, False, False]


@pytest.mark.parametrize("option", ["cfi_fall", "rmsea_rise", "confidence"])
def test_margins_outside_zero_to_one_are_refused(option):
    with pytest.raises(InputError, match=f"'{option}' must be a number between 0 and 1"):
        invariance(*two_channels(), group="channel", **{option: 0})


def test_respondents_without_a_group_are_dropped_and_counted():
    responses, codebook = two_channels()
    responses.loc[responses.index[:10], "channel"] = None
    result = invariance(responses, codebook, group="channel")
    assert result.n_dropped == 10 and result.n_used == 790


def test_numbered_groups_keep_their_numbers():
    responses, codebook = two_channels()
    numbered = responses.assign(channel=responses["channel"].map({"store": 2.0, "web": 1.0}))
    assert invariance(numbered, codebook, group="channel").groups.index.tolist() == ["2", "1"]


def test_a_group_of_a_few_is_not_named_in_a_report(monkeypatch):
    responses, codebook = simulate(300, rng=1)
    groups = np.array(["store", "web"] * 150, dtype=object)
    groups[:3] = "alice@example.org"
    responses = responses.assign(channel=groups)
    assert "alice@example.org" in " ".join(invariance(responses, codebook, group="channel").warnings)
    monkeypatch.setenv(ANONYMOUS, "1")
    told = " ".join(invariance(responses, codebook, group="channel").warnings)
    assert "Not compared, as too few answered: '(n < 5)' of 'channel'." in told
    assert "alice" not in told


def test_groups_stand_in_the_order_of_the_codebook_and_their_column_is_called_by_its_label():
    answers, book = simulate(300, scales={"trust": 3, "value": 3}, rng=1)
    tiers = np.resize(["Gold", "Basic", "Silver"], 300)
    tier = {"label": "Club tier", "levels": {"1": "Basic", "2": "Silver", "3": "Gold"}}
    labelled = lk.Codebook.model_validate(book.model_dump(exclude_none=True) | {"groups": {"tier": tier}})
    found = invariance(answers.assign(tier=tiers), labelled, group="tier")
    assert list(found.groups.index) == ["Basic", "Silver", "Gold"]
    assert set(found.latent_means["group"]) == {"Basic", "Silver", "Gold"}
    assert found.by == "Club tier" and "'Club tier'" in found.verdict
    said = str(lk.describe(lk.judge_structure(lk.cfa(answers, labelled), lk.cfa(answers, labelled).validity(), found)))
    assert "The groups of Club tier" in said
    with pytest.raises(lk.GroupsError, match="'Club tier'"):
        invariance(answers.assign(tier="Gold"), labelled, group="tier")
