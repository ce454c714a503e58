"""Driver models: R's figures, weights, controls, clusters, levels, and what is said beside the figures."""

import contextlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.discrete.discrete_model import Logit
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.regression.linear_model import WLS

import loyalty_kit as lk
from loyalty_kit.drivers.fits.fits import fit
from loyalty_kit.drivers.regression import drivers

NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]


def coefficients(result) -> pd.DataFrame:
    return result.coefficients.set_index("term").rename(index={"intercept": "(Intercept)"})


def assert_figures(column: pd.Series, figures: dict[str, float], *, atol: float = 1e-6):
    assert_allclose(column.loc[list(figures)], list(figures.values()), atol=atol, rtol=0)


def test_the_table_keeps_its_columns_and_the_order_of_the_drivers(result):
    frame = result.to_frame()
    columns = ["driver", "estimate", "std_error", "ci_low", "ci_high", "p_value", "standardized", "vif"]
    assert list(frame.columns) == columns
    assert frame["driver"].tolist() == NAMES


def test_errors_are_hc3_unless_asked_otherwise(result):
    assert result.errors == "hc3"


def test_linear_model_equals_r(result, reference):
    """R> f <- lm(loyalty ~ ., S); coeftest(f, vcov = vcovHC(f, "HC3")); vif(f)   # sandwich 3.0-2, car 3.1-1"""
    found = coefficients(result)
    assert_figures(found["estimate"], reference["coef"])
    assert_figures(found["std_error"], reference["se_hc3"])
    assert_figures(found["p_value"], reference["p_hc3"])
    assert_figures(found["standardized"], reference["beta_std"])
    assert_figures(found["vif"], reference["vif"])


def test_classical_errors_equal_r(scores, reference):
    """R> summary(lm(loyalty ~ ., S))$coefficients; summary(f)$fstatistic"""
    found = drivers(scores, errors="classical")
    assert_figures(coefficients(found)["std_error"], reference["se"])
    assert_figures(coefficients(found)["statistic"], reference["t"])
    assert_figures(coefficients(found)["p_value"], reference["p"])
    assert found.f_statistic == pytest.approx(reference["f"], abs=1e-6)


def test_fit_measures_equal_r(result, reference):
    """R> summary(f)$r.squared; summary(f)$adj.r.squared; AIC(f); BIC(f); PRESS by hatvalues(f)"""
    assert result.r_squared == pytest.approx(reference["r2"], abs=1e-6)
    assert result.r_squared_adjusted == pytest.approx(reference["r2_adj"], abs=1e-6)
    assert result.aic == pytest.approx(reference["aic"], abs=1e-6)
    assert result.bic == pytest.approx(reference["bic"], abs=1e-6)
    assert result.press_r_squared == pytest.approx(reference["press_r2"], abs=1e-6)


def test_intervals_are_by_t(result):
    row = result.to_frame().iloc[0]
    half = stats.t.ppf(0.975, 243) * row["std_error"]
    assert_allclose([row["ci_low"], row["ci_high"]], [row["estimate"] - half, row["estimate"] + half])


def test_weighted_model_equals_r(table, more):
    """R> wf <- lm(loyalty ~ ., S, weights = w); vcovHC(wf, "HC3"); AIC(wf); BIC(wf); vif(wf)"""
    figures = more["weighted"]
    found = drivers(table, drivers=NAMES, weight="w")
    assert_figures(coefficients(found)["estimate"], figures["coef"])
    assert_figures(coefficients(found)["std_error"], figures["se_hc3"])
    assert_figures(coefficients(found)["vif"], figures["vif"])
    assert found.r_squared == pytest.approx(figures["r2"], abs=1e-6)
    assert found.aic == pytest.approx(figures["aic"], abs=1e-6)
    assert found.bic == pytest.approx(figures["bic"], abs=1e-6)
    assert found.press_r_squared == pytest.approx(figures["press_r2"], abs=1e-6)


def test_weights_may_be_a_column_or_stand_beside(table):
    by_name = drivers(table, drivers=NAMES, weight="w").to_frame()
    beside = drivers(table.drop(columns="w"), drivers=NAMES, weight=table["w"]).to_frame()
    pd.testing.assert_frame_equal(by_name, beside)


def test_weights_that_scores_carry_are_used(table):
    frame = table[[*NAMES, "loyalty", "w"]]
    roles = dict.fromkeys(NAMES, "driver") | {"loyalty": "outcome"}
    carried = lk.results.ScaleScores(frame, roles, pd.DataFrame(), {name: name for name in roles}, weight="w")
    assert drivers(carried).weight == "w"
    pd.testing.assert_frame_equal(drivers(carried).to_frame(), drivers(frame, drivers=NAMES, weight="w").to_frame())


def test_a_weight_of_zero_leaves_the_respondent_out(table):
    weight = np.where(np.arange(len(table)) < 50, 0.0, 1.0)
    found = drivers(table, drivers=NAMES, weight=weight)
    assert (found.n_used, found.n_dropped) == (200, 50)
    expected = drivers(table.iloc[50:], drivers=NAMES)
    assert_allclose(found.to_frame().drop(columns="driver"), expected.to_frame().drop(columns="driver"), rtol=1e-9)


@settings(max_examples=20)
@given(st.floats(0.01, 1000))
def test_the_scale_of_the_weights_does_not_matter(factor: float):
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.standard_normal((40, 3)), columns=["a", "b", "y"]).assign(w=rng.uniform(0.5, 2, 40))
    one, other = (
        drivers(data.assign(w=data["w"] * f), outcome="y", drivers=["a", "b"], weight="w") for f in (1, factor)
    )
    assert_allclose(one.to_frame().iloc[:, 1:].astype(float), other.to_frame().iloc[:, 1:].astype(float), rtol=1e-8)
    assert one.aic == pytest.approx(other.aic, abs=1e-8)


def test_categorical_controls_equal_r(table, more):
    """R> cf <- lm(loyalty ~ . + region, S); vcovHC(cf, "HC3")"""
    found = coefficients(drivers(table, drivers=NAMES, controls=["region"]))
    found.index = found.index.str.replace("region = ", "region")
    assert_figures(found["estimate"], more["controls"]["coef"])
    assert_figures(found["std_error"], more["controls"]["se_hc3"])
    assert found.loc["regionnorth", "kind"] == "control"


def test_a_categorys_own_order_sets_the_level_compared_with(table):
    ordered = pd.Categorical(table["region"], categories=["west", "south", "north", "east"])
    found = coefficients(drivers(table.assign(region=ordered), drivers=NAMES, controls=["region"]))
    assert [name for name in found.index if "region" in name] == ["region = north", "region = east"]


def test_a_missing_category_leaves_the_respondent_out(table):
    gaps = table.assign(region=table["region"].where(table.index > 9))
    assert drivers(gaps, drivers=NAMES, controls=["region"]).n_dropped == 10


def test_group_columns_of_scores_are_categories_whatever_their_type(table):
    frame = table[[*NAMES, "loyalty", "cluster"]]
    roles = dict.fromkeys(NAMES, "driver")
    carried = lk.results.ScaleScores(frame, roles, pd.DataFrame(), {}, groups=("cluster",))
    assert "cluster = 3" in coefficients(drivers(carried, controls=["cluster"])).index
    assert "cluster" in coefficients(drivers(frame, drivers=NAMES, controls=["cluster"])).index


def test_errors_for_clusters_equal_r(table, more):
    """R> vcovCL(f, S$cluster)   # sandwich 3.0-2, type HC1 with G / (G − 1)"""
    found = drivers(table, drivers=NAMES, errors="cluster", cluster="cluster")
    assert_figures(coefficients(found)["std_error"], more["cluster"]["se"])
    assert found.df_residual == 24
    weighted = drivers(table, drivers=NAMES, errors="cluster", cluster="cluster", weight="w")
    assert_figures(coefficients(weighted)["std_error"], more["cluster"]["se_weighted"])


def test_logit_equals_r(table, more):
    """R> g <- glm(returns ~ ., binomial, S); vcov(g); vcovHC(g, "HC3"); logLik(g); AIC(g)"""
    figures = more["logit"]
    classical = drivers(table, outcome="returns", drivers=NAMES, model="logit", errors="classical")
    assert_figures(coefficients(classical)["estimate"], figures["coef"])
    assert_figures(coefficients(classical)["std_error"], figures["se"])
    assert classical.log_likelihood == pytest.approx(figures["loglik"], abs=1e-6)
    assert classical.aic == pytest.approx(figures["aic"], abs=1e-6)
    robust = drivers(table, outcome="returns", drivers=NAMES, model="logit")
    assert_figures(coefficients(robust)["std_error"], figures["se_hc3"])


def test_logit_equals_statsmodels(table):
    found = coefficients(drivers(table, outcome="returns", drivers=NAMES, model="logit", errors="classical"))
    exog = np.column_stack([np.ones(len(table)), table[NAMES]])
    peer = Logit(table["returns"].to_numpy(), exog).fit(disp=0, method="newton", maxiter=50)
    assert_allclose(found["estimate"], peer.params, atol=1e-8)
    assert_allclose(found["std_error"], peer.bse, atol=1e-8)


def test_ordered_logit_equals_polr(table, reference):
    """R> polr(ordered(CUSL3) ~ scale(X), Hess = TRUE)   # MASS; its BFGS stops 7e-6 short of the maximum"""
    figures = reference["ordered_logit"]
    found = drivers(table, outcome="CUSL3", drivers=NAMES, model="ordered", errors="classical")
    frame = found.to_frame().set_index("driver")
    assert_figures(frame["standardized"], figures["coef_std"], atol=1e-4)
    assert_figures(frame["std_error"] * table[NAMES].std(), figures["se"], atol=1e-4)
    assert found.log_likelihood == pytest.approx(figures["loglik"], abs=1e-4)
    assert np.isinf(found.df_residual)


def test_weighted_ordered_logit_equals_polr(table, more):
    """R> polr(factor(CUSL3) ~ ., Z, weights = w / mean(w), control = list(reltol = 1e-14))   # MASS"""
    z = table.assign(**{name: (table[name] - table[name].mean()) / table[name].std() for name in NAMES})
    found = drivers(z, outcome="CUSL3", drivers=NAMES, model="ordered", weight="w")
    assert_figures(found.to_frame().set_index("driver")["estimate"], more["ordered_weighted"]["coef_std"], atol=1e-4)
    assert found.log_likelihood == pytest.approx(more["ordered_weighted"]["loglik"], abs=1e-4)


def test_ordered_logit_equals_statsmodels(table):
    z = ((table[NAMES] - table[NAMES].mean()) / table[NAMES].std()).to_numpy()
    peer = OrderedModel(table["CUSL3"].to_numpy(), z, distr="logit").fit(method="bfgs", disp=0, gtol=1e-8)
    found = drivers(table.assign(**dict(zip(NAMES, z.T, strict=True))), outcome="CUSL3", drivers=NAMES, model="ordered")
    assert_allclose(found.to_frame()["estimate"], peer.params[:6], atol=1e-5)


def test_levels_of_an_ordered_model_are_its_thresholds(table):
    found = drivers(table, outcome="CUSL3", drivers=NAMES, model="ordered")
    thresholds = found.coefficients[found.coefficients["kind"] == "threshold"]
    assert len(thresholds) == table["CUSL3"].nunique() - 1
    assert thresholds["estimate"].is_monotonic_increasing
    assert thresholds["term"].iloc[0] == "up to 1"


@pytest.mark.parametrize(("model", "outcome"), [("ordered", "CUSL3"), ("logit", "returns")])
def test_robust_errors_of_levels_are_those_of_the_jackknife(table, model, outcome):
    """HC3 is the jackknife to first order: 250 fits, each without one respondent. Plain sandwich errors are 4 % off."""
    whole = drivers(table, drivers=["image", "value"], outcome=outcome, model=model)
    x, y, rows = whole.design.x, whole.design.y, np.arange(250)
    left_out = [fit(y[rows != i], x[rows != i], weights=np.ones(249), model=model).slopes for i in rows]
    exact = np.sqrt(((np.array(left_out) - whole.to_frame()["estimate"].to_numpy()) ** 2).sum(axis=0))
    assert_allclose(whole.to_frame()["std_error"], exact, rtol=0.02)


def test_robust_errors_of_levels_hold_where_respondents_come_in_copies(table):
    """Each respondent twice: classical errors shrink by √2, errors for clusters of two do not."""
    twice = pd.concat([table, table], ignore_index=True).assign(person=np.tile(np.arange(len(table)), 2))
    ask = {"outcome": "CUSL3", "drivers": NAMES, "model": "ordered"}
    once = drivers(table.assign(person=np.arange(len(table))), **ask, errors="cluster", cluster="person").to_frame()
    copied = drivers(twice, **ask, errors="cluster", cluster="person").to_frame()
    assert_allclose(copied["std_error"], once["std_error"], rtol=1e-6)


def test_missing_answers_are_left_out_and_counted(table):
    gaps = table.copy()
    gaps.loc[3, "image"] = np.nan
    gaps.loc[5, "loyalty"] = np.nan
    found = drivers(gaps, drivers=NAMES)
    assert (found.n_used, found.n_dropped) == (248, 2)
    pd.testing.assert_frame_equal(found.to_frame(), drivers(table.drop(index=[3, 5]), drivers=NAMES).to_frame())


def test_nullable_and_true_false_columns_are_numbers(table):
    mixed = table.assign(image=table["image"].round().astype("Int64"), online=np.arange(len(table)) % 2 == 0)
    mixed.loc[0, "image"] = pd.NA
    found = drivers(mixed, drivers=["image", "online"])
    assert found.n_used == 249
    assert found.drivers == ("image", "online")


def test_what_the_caller_does_later_does_not_reach_the_result(table):
    own = table.copy()
    found = drivers(own, drivers=NAMES)
    own["image"] = 0.0
    found.design.part(np.arange(250) < 100)
    assert found.design.table["image"].equals(table["image"])


def test_inputs_are_left_alone(table):
    before = table.copy()
    drivers(table, drivers=NAMES, controls=["region"], weight=np.ones(len(table))).importance(bootstrap=5)
    pd.testing.assert_frame_equal(table, before)


def test_chinese_names_go_through(table):
    chinese = table.rename(columns={"image": "品牌形象", "quality": "质量", "loyalty": "忠诚度", "region": "地区"})
    chinese["地区"] = chinese["地区"].map({"north": "华北", "south": "华南", "east": "华东"})
    found = drivers(chinese, outcome="忠诚度", drivers=["品牌形象", "质量"], controls=["地区"])
    assert found.to_frame()["driver"].tolist() == ["品牌形象", "质量"]
    assert "地区 = 华南" in set(found.coefficients["term"])


def test_thirty_respondents_are_enough_and_warned_of(table):
    found = drivers(table.head(30), drivers=NAMES)
    assert np.isfinite(found.to_frame().drop(columns="driver").to_numpy(dtype=float)).all()
    assert any(text.startswith("30 respondents for 7 coefficients") for text in found.warnings)


def test_a_negative_suppressor_is_explained(result):
    """ECSI's quality: coefficient −0.29, correlation 0.44; under HC3 the coefficient is not clear of zero."""
    assert result.suppressed["driver"].tolist() == ["quality"]
    assert not result.suppressed["clear"].item()
    assert any("'quality' has a negative coefficient (−0.29" in text for text in result.warnings)


def test_without_suppression_nothing_is_said(table):
    found = drivers(table, drivers=["satisfaction", "value"])
    assert found.suppressed.empty
    assert not any("coefficient (" in text for text in found.warnings)


def test_one_respondent_alone_in_a_group_is_left_out_and_told(table):
    kiosk = table.assign(region=table["region"].where(table.index != 7, "kiosk"))
    found = drivers(kiosk, drivers=NAMES, controls=["region"])
    assert found.n_dropped == 1
    assert "One respondent was left out, the only one with 'kiosk' in 'region'." in found.warnings


def test_few_clusters_are_warned_of(table):
    found = drivers(table, drivers=NAMES, errors="cluster", cluster="cluster")
    assert any("25 clusters" in text for text in found.warnings)


def test_a_plain_result_holds_what_a_report_shows(result):
    assert result.method == "linear regression, errors robust to unequal spread (HC3)"
    assert (result.n_used, result.n_dropped, result.confidence) == (250, 0, 0.95)
    assert result.labels["quality"] == "Perceived quality"
    assert "satisfaction" in result._repr_html_()


def surely_none(table, **others):
    return drivers(table, **{"drivers": NAMES, **others})


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda t: surely_none(t, drivers=[*NAMES, "loyalty"]), "'loyalty' is the outcome and also a driver"),
        (lambda t: surely_none(t, drivers=[*NAMES, "image"]), "'image' plays two parts"),
        (lambda t: surely_none(t, controls=["image"]), "'image' plays two parts"),
        (lambda t: surely_none(t, drivers=[]), "'drivers' must name at least one column"),
        (lambda t: surely_none(t, drivers="image"), "'drivers' must be a list of columns; got the single name 'image'"),
        (lambda t: surely_none(t, drivers=None), "A plain table carries no roles"),
        (lambda t: surely_none(t, drivers=["imaeg"]), "lacks the column 'imaeg'; did you mean 'image'\\?"),
        (lambda t: surely_none(t, outcome="loyal"), "lacks the column 'loyal'; did you mean 'loyalty'\\?"),
        (
            lambda t: surely_none(t.assign(copy=t["image"] + 2 * t["value"]), drivers=[*NAMES, "copy"]),
            "'image', 'value', 'copy' are perfectly collinear; leave one of them out",
        ),
        (
            lambda t: surely_none(t.assign(image2=t["image"] * 3), drivers=[*NAMES, "image2"]),
            "'image', 'image2' are perfectly collinear",
        ),
        (lambda t: surely_none(t.head(7)), "7 coefficients need at least 8 complete rows; got 7"),
        (
            lambda t: surely_none(t.assign(loyalty=t["image"] + t["value"])),
            "give 'loyalty' exactly, as if it were made",
        ),
        (lambda t: surely_none(t.assign(image=50.0)), "'image' is constant in the 250 complete rows"),
        (lambda t: surely_none(t.assign(loyalty=50.0)), "'loyalty' is constant in the 250 complete rows"),
        (lambda t: surely_none(t.assign(loyalty=np.nan)), "'loyalty' is missing in every row"),
        (lambda t: surely_none(t.assign(image=np.nan)), "'image' is missing in every row"),
        (
            lambda t: surely_none(
                t.assign(
                    image=np.where(t.index % 2, t["image"], np.nan), value=np.where(t.index % 2, np.nan, t["value"])
                )
            ),
            "No row of the table",
        ),
        (lambda t: surely_none(t.assign(w=-1.0), weight="w"), "'w' is negative in 250 rows"),
        (lambda t: surely_none(t, weight=[1.0, 2.0]), r"'weight' must hold one number a row \(250\)"),
        (lambda t: surely_none(t, weight=t["w"].iloc[::-1]), "'weight' must have the index of the table"),
        (lambda t: surely_none(t, drivers=["image", "region"]), "must hold numbers in 'region'"),
        (lambda t: surely_none(t, model="probit"), "'model' must be one of 'ols', 'ordered', 'logit'; got 'probit'"),
        (lambda t: surely_none(t, errors="hc9"), "'errors' must be one of"),
        (lambda t: surely_none(t, errors="cluster"), "belong together"),
        (lambda t: surely_none(t, cluster="cluster"), "belong together"),
        (lambda t: surely_none(t.assign(one=1), errors="cluster", cluster="one"), "at least two clusters; got one"),
        (lambda t: surely_none(t, confidence=95), "'confidence' must be a number between 0 and 1; got 95"),
        (lambda t: surely_none(t, model="logit"), "needs an outcome with two values; got 26"),
        (
            lambda t: surely_none(t.assign(loyalty=t.index * 1.0), model="ordered"),
            "up to 100 different values; got 250",
        ),
        (
            lambda t: surely_none(t.assign(win=(t["image"] > 70) * 1), outcome="win", model="logit"),
            "no finite estimate",
        ),
        (lambda t: surely_none(t.assign(image=(t.index == 3) * 1.0)), "'image' varies by one respondent alone"),
        (lambda t: drivers(t.to_dict()), "Scores must be ScaleScores or a pandas DataFrame; got dict"),
        (lambda t: surely_none(t, rng=-1), "'rng' must be"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(table, call, sentence):
    with pytest.raises(lk.InputError, match=sentence) as refusal:
        call(table)
    assert str(refusal.value).endswith((".", "?"))


def test_the_codebooks_outcome_is_named_where_another_is_asked_for(scores):
    with pytest.raises(lk.InputError, match=r"outcome in the codebook: 'loyalty'\) lacks the column 'recommendation'"):
        drivers(scores, outcome="recommendation")


def test_scores_without_drivers_ask_for_them(table):
    carried = lk.results.ScaleScores(table, {"loyalty": "outcome"}, pd.DataFrame(), {})
    with pytest.raises(lk.InputError, match="No scale has the role 'driver'"):
        drivers(carried)


@pytest.mark.parametrize("model", ["ols", "ordered"])
def test_units_and_offsets_cost_no_digits(table, model):
    """A driver in nanoseconds since 1970."""
    whole = table.assign(loyalty=table["loyalty"].round(-1))
    moved = whole.assign(image=1.7e18 + whole["image"] * 2**30)
    one, other = (drivers(data, drivers=NAMES, model=model).to_frame() for data in (whole, moved))
    assert_allclose(other["standardized"], one["standardized"], rtol=1e-6)
    assert_allclose(other["p_value"], one["p_value"], rtol=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.booleans())
def test_coefficients_equal_statsmodels_for_any_table(seed: int, p: int, weighted: bool):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.standard_normal((30, p + 1)), columns=[*"abcde"[:p], "y"])
    weights = rng.uniform(0.1, 3, 30) if weighted else np.ones(30)
    found = drivers(data, outcome="y", drivers=list("abcde"[:p]), weight=weights)
    exog = np.column_stack([np.ones(30), data[list("abcde"[:p])]])
    peer = WLS(data["y"].to_numpy(), exog, weights=weights).fit(cov_type="HC3", use_t=True)
    assert_allclose(found.coefficients["estimate"], peer.params, atol=1e-9)
    assert_allclose(found.coefficients["std_error"], peer.bse, atol=1e-9)
    assert_allclose(found.coefficients["p_value"], peer.pvalues, atol=1e-9)


@st.composite
def small_tables(draw: st.DrawFn) -> tuple[pd.DataFrame, dict]:
    """Few rows, few different answers, gaps, weights of zero; and one of the ways to ask."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, p = draw(st.integers(1, 25)), draw(st.integers(1, 4))
    answers = rng.integers(0, draw(st.sampled_from([2, 3, 6, 100])), (n, p + 1)).astype(float)
    answers[rng.random(answers.shape) < 0.05] = np.nan
    names = list("abcd"[:p])
    table = pd.DataFrame(answers, columns=[*names, "loyalty"])
    table = table.assign(g=rng.choice(["x", "y", None], n), w=rng.choice([0, 0.5, 2], n), c=rng.integers(0, 4, n))
    options = {"drivers": names, "model": draw(st.sampled_from(["ols", "ols", "ordered", "logit"]))}
    options |= draw(st.sampled_from([{}, {"errors": "classical"}, {"errors": "cluster", "cluster": "c"}]))
    options |= draw(st.sampled_from([{}, {"controls": ["g"]}, {"moderator": "g"}, {"weight": "w"}]))
    return table, options


@settings(max_examples=60)
@given(small_tables())
def test_any_table_gives_a_result_or_one_sentence(drawn):
    """Warnings are errors in this suite, so neither a division by zero nor a singular matrix passes."""
    table, options = drawn
    with contextlib.suppress(lk.InputError):
        found = drivers(table, **options)
        found.importance(bootstrap=10)
        lk.priorities(found, table, bootstrap=5)
        found.robustness()
        found.validate(folds=2, repeats=1)
        found.predict(table)
