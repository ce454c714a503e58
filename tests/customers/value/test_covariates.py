"""Covariates of value models: CLVTools' figures, what a fit recovers, and tables that are refused."""

import numpy as np
import pandas as pd
import pytest
from cdnow import CUT, FOLDER, day, known, log
from shops import visits

import loyalty_kit as lk
from loyalty_kit.customers.value.covariates import Covariates, effect_table, gain_table, read_covariates
from loyalty_kit.customers.value.holdout import fits_of
from loyalty_kit.customers.value.models.histories import Histories, histories_of
from loyalty_kit.customers.value.models.known import MODELS, fit_model, fit_with_covariates

R = known("clvtools")["pareto_nbd_covariates"]
ORDER = [0, 1, 2, 3, 6, 7, 4, 5]
"""Places of r, alpha, s, beta, effects on purchases and on leaving in R's order."""


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "cdnow_covariates.csv", index_col="cust")


@pytest.fixture(scope="module")
def store(table):
    ledger = log().ledger()
    covariates = read_covariates(table, ledger)
    histories = histories_of(ledger, day(CUT), covariates.values)
    return histories, covariates, *fits_of(histories, covariates)


def test_the_likelihood_is_that_of_clvtools(store):
    """R> pnbd(SetStaticCovariates(cd, …))   # CLVTools 0.12.1: ll −9570.4895 at its estimates."""
    cells = store[0].cells()
    theta = np.array(R["estimate"])[ORDER]
    theta[:4] = np.log(theta[:4])
    ll, _ = MODELS["pareto_nbd"].likelihood(theta, *cells.history)
    assert cells.customers @ ll == pytest.approx(R["ll"], abs=1e-6)


def test_a_fit_with_covariates_equals_clvtools(store):
    """CLVTools stops .0008 below the maximum: within a twentieth of its errors; errors within 2 %."""
    fitted = store[3]["pareto_nbd"]
    own, errors = fitted.theta.copy(), np.sqrt(np.diag(fitted.covariance))
    own[:4], errors[:4] = np.exp(own[:4]), errors[:4] * np.exp(own[:4])
    wanted, their_errors = np.array(R["estimate"])[ORDER], np.array(R["se"])[ORDER]
    assert R["ll"] < fitted.ll < R["ll"] + 1e-3
    assert np.abs(own - wanted).max() < 0.05 * np.abs(their_errors).max()
    assert (np.abs(own - wanted) < 0.05 * their_errors).all()
    assert errors == pytest.approx(their_errors, rel=0.02)


def test_the_gain_is_held_against_none(store):
    """CLVTools: ll −9594.976 without, −9570.489 with; twice that on four degrees."""
    gain = gain_table(store[3], store[2], store[1].names).set_index("model")
    assert gain.loc["pareto_nbd", "gain"] == pytest.approx(R["ll"] - known("clvtools")["pareto_nbd"]["ll"], abs=2e-3)
    assert gain["df"].tolist() == [2, 4, 4, 4]
    assert (gain["p_value"] < 1e-6).all()
    effects = effect_table(store[3], store[1].names, 0.95).set_index(["model", "part", "covariate"])
    row = effects.loc[("pareto_nbd", "purchases", "log_first_amount")]
    middle, half = R["estimate"][6], 1.96 * R["se"][6]
    assert np.log(row[["ci_low", "effect", "ci_high"]].to_numpy(dtype=float)) == pytest.approx(
        [middle - half, middle, middle + half], abs=0.005
    )


def test_a_forecast_by_covariates_holds_together(table):
    """Customers of several records buy as often: figures stay, and the page says that the column may as well go."""
    found = lk.customer_value(log(), horizon=26, model="bg_nbd", covariates=table[["several_cds"]])
    plain = lk.customer_value(log(), horizon=26, model="bg_nbd")
    assert list(found.effects()) == ["model", "part", "covariate", "effect", "ci_low", "ci_high", "p_value"]
    assert found.total()["purchases"].item() == pytest.approx(plain.total()["purchases"].item(), rel=0.05)
    assert lk.allowable_cost(found).allowable == pytest.approx(lk.allowable_cost(plain).allowable, rel=0.05)
    assert found.holdout()["predicted"].iloc[0] == pytest.approx(plain.holdout()["predicted"].iloc[0], rel=0.05)
    p_value = found.covariates().set_index("model").loc["bg_nbd", "p_value"]
    assert any("no more of the purchases than chance" in str(text) for text in found.warnings) == (p_value >= 0.05)
    assert plain.effects().empty and plain.covariates().empty


@pytest.mark.parametrize("name", MODELS)
def test_gradients_of_effects_are_exact(name):
    """Against central differences."""
    model, rng = MODELS[name], np.random.default_rng(1)
    theta = rng.normal(0.3, 0.3, len(model.names(("one", "two"))))
    history = (np.array([0.0, 3.0, 9.0]), np.array([0.0, 8.0, 30.0]), np.array([12.0, 20.0, 31.0]))
    covariates = tuple(rng.normal(size=(2, 3)))
    _, gradient = model.likelihood(theta, *history, *covariates)
    for place, slope in enumerate(gradient):
        step = 1e-5 * np.eye(len(theta))[place]
        up, down = (model.likelihood(theta + move, *history, *covariates)[0] for move in (step, -step))
        assert slope == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=1e-5)


def test_an_effect_of_none_is_the_model_without():
    """With covariates of 0 each history has the likelihood, the chance and the expectation that it had."""
    history = (np.array([0.0, 3.0]), np.array([0.0, 8.0]), np.array([12.0, 20.0]))
    for model in MODELS.values():
        p = np.exp(np.linspace(0.1, 0.6, len(model.names(("one",)))))
        plain = p[: len(model.parameters)]
        nothing = np.zeros(2)
        assert model.alive(p, *history, nothing) == pytest.approx(model.alive(plain, *history), rel=1e-12)
        assert model.expected(p, 9.0, *history, nothing) == pytest.approx(model.expected(plain, 9.0, *history))


def test_units_and_text_change_no_fit(store):
    """Amounts in cents, and yes and no for 1 and 0, give the same maximum and the same effect a unit."""
    histories, covariates, plain, fits = store
    values = histories.covariates * np.array([100.0, 1.0]) + np.array([50.0, 0.0])
    cells = histories._replace(covariates=values).cells()
    found = fit_with_covariates("mbg_nbd", cells, covariates.names, plain["mbg_nbd"])
    assert found.ll == pytest.approx(fits["mbg_nbd"].ll, abs=1e-6)
    assert found.theta[[5, 7]] == pytest.approx(fits["mbg_nbd"].theta[[5, 7]], abs=1e-4)
    assert 100 * found.theta[[4, 6]] == pytest.approx(fits["mbg_nbd"].theta[[4, 6]], abs=1e-4)


def test_a_known_effect_is_found():
    """Buyers of one channel buy twice as often: within three standard errors of log 2, leaving unchanged."""
    rng, n = np.random.default_rng(3), 8_000
    other = rng.random(n) < 0.5
    # Twice the rate is the same shop at half the time, with lives of half the length.
    x, last, span = np.zeros(n, dtype=int), np.zeros(n), np.where(other, 78.0, 39.0)
    for time in visits("nbd", n, span, rng):
        before = time <= span
        x, last = x + before, np.where(before, time, last)
    t_x = np.floor(7 * last / np.where(other, 2, 1)).astype(int)
    histories = Histories(np.arange(n), x, t_x, np.full(n, 273), np.zeros(n), 273, other[:, None].astype(float))
    plain = fit_model("nbd", histories._replace(covariates=None).cells())
    found = fit_with_covariates("nbd", histories.cells(), ("other",), plain)
    assert abs(found.theta[2] - np.log(2)) < 3 * np.sqrt(found.covariance[2, 2])
    assert found.ll > plain.ll + 100


def _ledger(n: int = 60):
    days = pd.to_datetime(["2026-01-05", "2026-02-01"])
    rows = pd.DataFrame({"who": np.r_[np.arange(n), np.arange(0, n, 2)], "when": days[0], "paid": 9.0})
    rows.loc[n:, "when"] = days[1]
    return lk.read_transactions(rows, customer="who", time="when", amount="paid").ledger()


def test_text_becomes_levels_beside_the_most_frequent_one():
    """Ids as floats and as text are one; the level that most have stands for the rest."""
    given = pd.DataFrame(
        {"channel": ["店"] * 30 + ["web"] * 20 + ["app"] * 10, "age": range(60)}, index=np.arange(60.0)
    )
    found = read_covariates(given, _ledger())
    assert found.names == ("channel = app", "channel = web", "age")
    assert found.values.sum(axis=0).tolist() == [10.0, 20.0, 1770.0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"age": [*range(59), None]}, "Column 'age' of 'covariates' says nothing of 1 of the 60 customers"),
        ({"age": [*range(59), np.inf]}, "says nothing of 1 of the 60 customers"),
        ({"channel": ["a"] * 59 + [""]}, "Column 'channel' of 'covariates' says nothing of 1 of the 60"),
        ({"channel": [str(n) for n in range(60)]}, "holds 60 different texts; put them together into at most 20"),
        ({"channel": ["a"] * 57 + ["b"] * 3}, "1 of the values in column 'channel' .* fewer than 5 customers"),
        ({"age": [4] * 60}, "All customers have one value of 'age'"),
        ({"channel": ["a"] * 60}, "All customers have one value of 'channel'"),
        ({"age": range(60), "years": range(60)}, "In 'covariates' 'years' follows from the columns before it"),
        ({"orders": [2 - n % 2 for n in range(60)]}, "Column 'orders' of 'covariates' tells who came again"),
        ({"born": pd.to_datetime(["2026-01-05"] * 60)}, "Column 'born' of 'covariates' must hold numbers or text"),
    ],
)
def test_columns_that_tell_nothing_or_too_much_are_refused(change, sentence):
    with pytest.raises(lk.InputError, match=sentence):
        read_covariates(pd.DataFrame(change, index=range(60)), _ledger())


def test_tables_that_are_none_are_refused():
    ages = pd.DataFrame({"age": range(60)})
    for given, sentence in (
        (["age"], "'covariates' must be a table with customers' ids"),
        (ages[[]], "'covariates' must be a table with customers' ids"),
        (pd.concat([ages, ages]), "'covariates' holds a customer twice"),
        (pd.concat([ages, ages], axis=1), "'covariates' holds a column twice"),
        (ages.iloc[:50], "says nothing of 10 of the 60 customers"),
    ):
        with pytest.raises(lk.InputError, match=sentence):
            read_covariates(given, _ledger())


def test_a_level_that_nobody_had_yet_at_an_earlier_cut_moves_nothing_there(store):
    histories, covariates, plain, _ = store
    values = np.column_stack([histories.covariates, np.zeros(len(histories.x))])
    named = Covariates((*covariates.names, "new"), values)
    cells = histories._replace(covariates=values).cells()
    found = fit_with_covariates("bg_nbd", cells, named.names, plain["bg_nbd"])
    assert found.theta[[6, 9]].tolist() == [0.0, 0.0]
    assert found.edge == ""
