"""Path models by partial least squares: equal to R's seminr, with intervals, effects, quality, and plain refusals."""

import numpy as np
import pandas as pd
import pytest
from path_studies import ECSI, SEMINR, reputation, study

import loyalty_kit as lk
from loyalty_kit.core.language import translate

SHORT = {"competence": "COMP", "likeability": "LIKE", "satisfaction": "CUSA", "loyalty": "CUSL", "quality": "QUAL"}
SHORT |= {"performance": "PERF", "responsibility": "CSOR", "attractiveness": "ATTR"}
SIMPLE = {"satisfaction": ["competence", "likeability"], "loyalty": ["competence", "likeability", "satisfaction"]}
MADE = ["quality", "performance", "responsibility", "attractiveness"]
EXTENDED = {**SIMPLE, "competence": MADE, "likeability": MADE}


@pytest.fixture(scope="module")
def ecsi_study() -> tuple[pd.DataFrame, lk.Codebook]:
    responses, book = study("ecsi_mobile")
    return responses, book.edit(paths=ECSI)


def compare(result: lk.results.PathResult, reference: dict, name: dict[str, str]) -> None:
    table, quality = result.to_frame(), result.quality()
    for row in table.itertuples():
        source, target = name[row.source], name[row.target]
        assert row.estimate == pytest.approx(reference["paths"][f"{source}>{target}"], abs=1e-8)
        assert row.f2 == pytest.approx(reference["f2"][source][target], abs=1e-7)
        assert row.r2 == pytest.approx(reference["r2"][target], abs=1e-8)
        assert row.r2_adjusted == pytest.approx(reference["r2_adjusted"][target], abs=1e-8)
    for row in quality.items.itertuples():
        assert row.loading == pytest.approx(reference["loadings"][row.item], abs=1e-8)
        assert row.weight == pytest.approx(reference["weights"][row.item], abs=1e-8)
    names = {"cronbach_alpha": "alpha", "rho_a": "rhoA", "rho_c": "rhoC", "ave": "AVE"}
    for row in quality.constructs.dropna().to_dict("records"):
        for ours, theirs in names.items():
            assert row[ours] == pytest.approx(reference["reliability"][name[row["construct"]]][theirs], abs=1e-8)
    for row in quality.distinct.itertuples():
        first, second = name[row.first], name[row.second]
        ratio = reference["htmt"][second][first] or reference["htmt"][first][second]
        assert row.htmt == pytest.approx(ratio, abs=1e-8)
    effects = result.effects()
    for row in effects[effects["kind"] == "total"].itertuples():
        assert row.estimate == pytest.approx(reference["total_effects"][name[row.source]][name[row.target]], abs=1e-8)
    for (source, target), rows in effects[effects["kind"] == "indirect"].groupby(["source", "target"]):
        theirs = reference["total_indirect_effects"][name[source]][name[target]]
        assert rows["estimate"].sum() == pytest.approx(theirs, abs=1e-8)


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("mobi", {}),
        ("mobi_factorial", {"scheme": "factorial"}),
        ("mobi_plsc", {"estimator": "plsc"}),
    ],
)
def test_ecsi_equals_seminr(ecsi_study, case, options):
    """R> summary(estimate_pls(mobi, …))   # seminr 2.3.1"""
    result = lk.path_model(*ecsi_study, bootstrap=200, **options)
    compare(result, SEMINR[case], {name: name.title() for name in result.model.constructs})


@pytest.mark.parametrize(("case", "paths"), [("corp_rep", SIMPLE), ("corp_rep_extended", EXTENDED)])
def test_reputation_with_formative_constructs_equals_seminr(case, paths):
    """R> summary(estimate_pls(corp_rep_data, …, missing = mean_replacement))   # seminr 2.3.1"""
    compare(lk.path_model(*reputation(), paths=paths, bootstrap=200), SEMINR[case], SHORT)


def test_bootstrap_errors_equal_seminr(ecsi_study):
    """2,000 samples there and here: a ratio of two errors has itself an error of 2.2 %."""
    result = lk.path_model(*ecsi_study, bootstrap=2000)
    table = result.to_frame()
    reference = SEMINR["mobi"]["bootstrap"]["se"]
    theirs = [reference[f"{row.source.title()}>{row.target.title()}"] for row in table.itertuples()]
    ratio = result.samples[:, : len(table)].std(axis=0, ddof=1) / theirs
    assert ratio == pytest.approx(np.ones(len(table)), abs=0.07)
    assert ratio.mean() == pytest.approx(1, abs=0.03)


def test_kinds_of_mediation_follow_from_the_intervals(ecsi_study):
    effects = lk.path_model(*ecsi_study, bootstrap=500).effects().set_index(["source", "target"])
    kinds = effects["mediation"].groupby(level=[0, 1]).first()
    assert kinds["quality", "loyalty"] == "indirect_only"
    assert kinds["image", "loyalty"] == "complementary"
    assert kinds["complaints", "loyalty"] == ""
    shares = effects[effects["kind"].isin(["direct", "indirect"])]["share_of_total"]
    assert shares.groupby(level=[0, 1]).sum().to_numpy() == pytest.approx(1)


def test_the_same_seed_gives_the_same_intervals(ecsi_study):
    first, second = (lk.path_model(*ecsi_study, bootstrap=200, rng=3).to_frame() for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_the_codebook_keeps_its_paths_in_its_text():
    _, book = study("ecsi_mobile")
    told = book.edit(paths=ECSI).to_toml()
    assert lk.Codebook.parse(told).paths == {target: tuple(sources) for target, sources in ECSI.items()}


SMALL = """response = { min = 1, max = 7 }
scales.trust.items = ["t1", "t2"]
scales.love.items = ["a1", "a2"]
scales.loyalty.items = ["l1", "l2"]
"""


def answers(n: int, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    one = rng.normal(size=n)
    names = ["t1", "t2", "a1", "a2", "l1", "l2"]
    table = pd.DataFrame({name: (4 + one + rng.normal(size=n)).round().clip(1, 7) for name in names})
    return table.assign(**columns)


@pytest.mark.parametrize(
    ("paths", "told", "chinese"),
    [
        ({"loyalty": ["trust"], "trust": ["loyalty"]}, "run in a circle", "循环"),
        ({"loyalty": ["loyalty"]}, "run in a circle", "循环"),
        ({"loyalty": ["trusty"]}, "needs 'trusty', which is no scale; did you mean 'trust'", "没有这个量表"),
        ({"loyalty": ["trust", "trust"]}, "names 'trust' twice", "两次"),
        ({"loyalty": []}, "names no scale that acts on it", "没有列出"),
        ({}, "There are no paths", "没有路径"),
        ({"loyalty": "trust"}, "must be a mapping", "必须是"),
    ],
)
def test_paths_that_are_no_model_are_refused(paths, told, chinese):
    with pytest.raises(lk.InputError, match=told) as caught:
        lk.path_model(answers(100), lk.Codebook.parse(SMALL), paths=paths)
    assert chinese in said(caught.value)


def said(error: lk.InputError) -> str:
    return translate(error.message, language="zh")


def test_a_codebook_with_a_circle_is_not_read():
    with pytest.raises(lk.InputError, match="circle"):
        lk.Codebook.parse(SMALL + 'paths = { loyalty = ["trust"], trust = ["loyalty"] }')


def twins() -> pd.DataFrame:
    table = answers(100)
    return table.assign(a1=table["t1"], a2=table["t2"])


def swollen() -> pd.DataFrame:
    """Items that go with those of another construct more than with one another."""
    table = answers(100)
    return table.assign(a1=table["t1"], a2=table["t2"].sample(frac=1, random_state=1).to_numpy(), l1=table["t2"])


@pytest.mark.parametrize(
    ("table", "options", "told", "chinese"),
    [
        (answers(100, t2=3), {}, "Item 't2' of construct 'trust' holds one answer only, 3", "只有一种回答"),
        (answers(19), {}, "19 respondents answered all items; the model needs 20", "模型需要 20 名"),
        (twins(), {}, "Constructs 'trust' and 'love' correlate to 1.00", "测量同一事物"),
        (
            swollen(),
            {"estimator": "plsc"},
            r"Constructs 'trust' and 'loyalty' correlate to 1\.\d\d, 1 or more",
            "测量同一事物",
        ),
    ],
)
def test_answers_that_carry_no_model_are_refused(table, options, told, chinese):
    book = lk.Codebook.parse(SMALL).edit(paths={"loyalty": ["trust", "love"]})
    with pytest.raises(lk.InputError, match=told) as caught:
        lk.path_model(table, book, bootstrap=200, **options)
    assert chinese in said(caught.value)


def test_a_formative_item_that_follows_from_others_is_refused():
    book = lk.Codebook.parse(SMALL + 'scales.trust.kind = "formative"\npaths.loyalty = ["trust"]')
    table = answers(100)
    with pytest.raises(lk.InputError, match="Item 't2' of the formative construct 'trust' follows") as caught:
        lk.path_model(table.assign(t2=table["t1"]), book, bootstrap=200)
    assert "形成性构念" in said(caught.value)


def test_samples_that_do_not_settle_are_counted_and_refused_over_five_in_a_hundred():
    """An item that a single respondent answers otherwise is constant in (1 − 1/n)ⁿ, 37 %, of the samples."""
    book = lk.Codebook.parse(SMALL).edit(paths={"loyalty": ["trust"]})
    table = answers(60, t2=[5, *[3] * 59])
    with pytest.raises(lk.InputError, match="of 200 bootstrap samples do not settle") as caught:
        lk.path_model(table, book, bootstrap=200)
    assert "不收敛" in said(caught.value)


def test_incomplete_respondents_are_left_out_and_counted():
    table = answers(100)
    table.loc[:4, "t1"] = np.nan
    result = lk.path_model(table, lk.Codebook.parse(SMALL), paths={"loyalty": ["trust"]}, bootstrap=200)
    assert (result.n_used, result.n_dropped) == (95, 5)


def test_weights_count_as_repeated_respondents():
    table, times = answers(100), np.tile([1, 2], 50)
    book = lk.Codebook.parse(SMALL).edit(paths={"loyalty": ["trust"]})
    weighted = lk.path_model(table.assign(w=times), book.edit(weight="w"), bootstrap=200)
    repeated = lk.path_model(table.loc[table.index.repeat(times)].reset_index(drop=True), book, bootstrap=200)
    assert weighted.to_frame()["estimate"].to_numpy() == pytest.approx(repeated.to_frame()["estimate"].to_numpy())
