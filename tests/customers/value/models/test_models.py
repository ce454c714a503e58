"""Models of purchases and spend against BTYD, BTYDplus and CLVTools on CDNOW, and against themselves."""

import numpy as np
import pandas as pd
import pytest
from cdnow import CUT, day, known, log, rows
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

import loyalty_kit as lk
from loyalty_kit.customers.value.models import gamma_gamma
from loyalty_kit.customers.value.models.fitting import fit
from loyalty_kit.customers.value.models.gamma_gamma import spending_of
from loyalty_kit.customers.value.models.histories import histories_of, median_gap
from loyalty_kit.customers.value.models.known import DROPOUT, MODELS, dropout_p, fit_models

BTYD, PLUS, ERRORS = known("btyd"), known("btydplus"), known("clvtools")
FIGURES = {
    "nbd": PLUS["nbd"],
    "bg_nbd": BTYD["bg_nbd"],
    "mbg_nbd": PLUS["mbg_nbd"],
    "pareto_nbd": BTYD["pareto_nbd"],
}
PARAMETERS = {name: (0.5, 6.0, 0.8, 2.0)[: len(model.parameters)] for name, model in MODELS.items()}


def r_parameters(name: str) -> list[float]:
    given_ = FIGURES[name]["params"]
    return given_ if name == "nbd" else [value for key, value in given_.items() if key != "k"]


@pytest.fixture(scope="module")
def store():
    ledger = log().ledger()
    histories = histories_of(ledger, day(CUT))
    cells = histories.cells()
    return ledger, histories, cells, fit_models(cells)


def test_histories_are_those_of_r(store):
    """2,357 customers with 2,457 repeats up to 30 September 1997, inclusive: 1,016 different histories."""
    ledger, histories, cells, _ = store
    assert (len(histories.x), histories.x.sum(), len(cells.x)) == (BTYD["n"], 2457, 1016)
    assert [cells.customers @ cells.x, cells.customers @ cells.t_x, cells.customers @ cells.T] == pytest.approx(
        [ERRORS["cbs_sums"][name] for name in ("x", "t.x", "T")], abs=1e-6
    )
    place = rows(ledger, histories.who, BTYD["customers"])
    for at, customer in zip(place, BTYD["customers"], strict=True):
        found = histories.x[at], histories.t_x[at] / 7, histories.T[at] / 7
        assert found == pytest.approx((customer["x"], customer["t.x"], customer["T.cal"]), abs=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_fits_equal_btyd(store, name):
    """BTYD 2.4.3 (Pareto/NBD, BG/NBD) and BTYDplus 1.2.0 (NBD, MBG/NBD)."""
    fitted = store[3][name]
    assert fitted.ll == pytest.approx(FIGURES[name]["ll"], abs=1e-6)
    assert fitted.parameters == pytest.approx(r_parameters(name), rel=1e-4)
    assert fitted.edge == ""


@pytest.mark.parametrize("name", ["bg_nbd", "pareto_nbd"])
def test_standard_errors_equal_clvtools(store, name):
    assert store[3][name].std_errors == pytest.approx(ERRORS[name]["se"], rel=1e-2)


@pytest.mark.parametrize("name", DROPOUT)
def test_what_is_expected_and_who_is_alive_equal_btyd(store, name):
    ledger, histories, cells, fits = store
    place, figures, model = rows(ledger, histories.who, BTYD["customers"]), FIGURES[name], MODELS[name]
    wanted = figures.get("cet_39", figures.get("cet"))
    total = figures.get("sum_cet_39", figures.get("sum_cet"))
    there, bought = (
        at_r[cells.back][place]
        for at_r in (
            model.alive(np.array(r_parameters(name)), *cells.history),
            model.expected(np.array(r_parameters(name)), 39.0, *cells.history),
        )
    )
    assert there == pytest.approx(figures["palive"], abs=1e-8)
    assert bought == pytest.approx(wanted, rel=1e-8)
    own = model.expected(fits[name].parameters, 39.0, *cells.history)
    # BTYDplus stops a little before its maximum.
    within = 1e-3 if name == "mbg_nbd" else 1e-5
    assert own[cells.back][place] == pytest.approx(wanted, rel=within)
    assert cells.customers @ own == pytest.approx(total, rel=within)
    assert cells.customers @ model.alive(fits[name].parameters, *cells.history) == pytest.approx(
        figures["sum_palive"], rel=1e-4
    )


def test_gamma_gamma_equals_btyd_and_clvtools():
    """Fader & Hardie (2013): 6.25, 3.74, 15.44 on 946 customers."""
    ledger = log("sales").ledger()
    histories = histories_of(ledger, day(CUT))
    spending = spending_of(histories)
    figures = BTYD["gamma_gamma"]
    assert (histories.x > 0).sum() == figures["n_repeat"]
    assert spending.fitted.parameters == pytest.approx(list(figures["params"].values()), rel=1e-4)
    assert spending.fitted.ll == pytest.approx(figures["ll"], abs=1e-6)
    assert spending.fitted.std_errors == pytest.approx(ERRORS["gamma_gamma"]["se"], rel=1e-2)
    found = spending.expected(np.array(figures["x"], dtype=float), np.array(figures["mean_spend"]))
    assert found == pytest.approx(figures["expected_value"], rel=1e-5)
    assert spending.expected(np.zeros(1), np.zeros(1))[0] == pytest.approx(figures["population_mean"], rel=1e-5)
    assert spending.correlation == pytest.approx(0.21, abs=0.005)


@pytest.mark.parametrize("name", MODELS)
@given(x=st.integers(0, 300), last=st.floats(0, 1), T=st.floats(0.2, 200), shift=st.tuples(*[st.floats(-2, 2)] * 4))
def test_gradients_are_exact(name, x, last, T, shift):
    """Against central differences."""
    model = MODELS[name]
    theta = np.log(PARAMETERS[name]) + np.array(shift)[: len(model.parameters)]
    history = tuple(np.array([value]) for value in (float(x), T * last if x else 0.0, T))
    _, gradient = model.likelihood(theta, *history)
    for place, slope in enumerate(gradient[:, 0]):
        step = 1e-5 * np.eye(len(theta))[place]
        up, down = (model.likelihood(theta + move, *history)[0][0] for move in (step, -step))
        assert slope == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=2e-5)


@given(x=st.integers(0, 60), last=st.floats(0, 1), T=st.floats(1, 150), shift=st.tuples(*[st.floats(-2, 2)] * 4))
def test_pareto_nbd_needs_no_more_than_its_nodes(x, last, T, shift):
    """Against adaptive integration over the time of leaving."""
    r, alpha, s, beta = parameters = np.array([0.5, 10.0, 0.6, 12.0]) * np.exp(shift)
    t_x = T * last if x else 0.0
    top = -(r + x) * np.log(alpha + t_x)

    def density(u: float) -> float:
        time = np.exp(u)
        return s * np.exp(-(r + x) * np.log(alpha + time) - (s + 1) * np.log(beta + time) - top) * time

    low, high = np.log(max(t_x, 1e-12)), np.log(T)
    gone = quad(density, low, high, epsabs=0, epsrel=1e-10, limit=500)[0] if high > low else 0.0
    stayed = np.exp(-(r + x) * np.log(alpha + T) - s * np.log(beta + T) - top)
    there = MODELS["pareto_nbd"].alive(parameters, *(np.array([value]) for value in (float(x), t_x, T)))[0]
    assert there == pytest.approx(stayed / (stayed + gone), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_futures_come_to_what_is_expected(name):
    """Means of 40,000 futures of one history over 10 and 30 weeks, within four Monte Carlo errors."""
    model, parameters = MODELS[name], np.array(PARAMETERS[name])
    history = tuple(np.full(40_000, value) for value in (3.0, 20.0, 26.0))
    there = model.alive(parameters, *history)
    drawn = model.futures(parameters, [10.0, 30.0], there, *history, np.random.default_rng(1))
    for weeks, future in zip((10.0, 30.0), drawn, strict=True):
        error = future.std() / np.sqrt(len(future))
        assert abs(future.mean() - model.expected(parameters, weeks, *history)[0]) < 4 * error


@pytest.mark.parametrize("name", MODELS)
def test_expectations_hold_for_somebody_who_buys_every_day(name):
    """5,000 purchases, where the hypergeometric function as printed overflows."""
    found = MODELS[name].expected(np.array(PARAMETERS[name]), 13.0, *np.array([[5000.0], [714.0], [714.2]]))
    assert 0 < found[0] <= 13 * 5000.5 / 720.2


def test_a_gain_is_held_against_the_border_of_the_models():
    """Twice the gain is a half chi-square of one degree: 2.706 is 5 %."""
    assert dropout_p(2.7055 / 2) == pytest.approx(0.05, abs=1e-4)
    assert dropout_p(0.0) == dropout_p(-1.0) == 1.0


def test_a_fit_at_the_edge_names_a_parameter_that_ran_away():
    """Spend that hardly varies within customers: the shape of a day's spend runs away, and its scale with it."""
    rng = np.random.default_rng(1)
    level = rng.gamma(5, 4, 300)
    data = (np.full(300, 4.0), level)
    found = fit(gamma_gamma.likelihood, gamma_gamma.PARAMETERS, data, np.ones(300), (3.0, 4.0, 15.0))
    assert found.edge in ("p", "gamma")


def test_gaps_and_histories_of_a_few_days_by_hand():
    days = pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-08", "2026-01-22", "2026-01-05", "2026-02-01"])
    table = pd.DataFrame({"who": [1, 1, 1, 1, 2, 3], "when": days, "paid": [5.0, 6.0, 10.0, 20.0, 7.0, 8.0]})
    ledger = lk.read_transactions(table, customer="who", time="when", amount="paid").ledger()
    found = histories_of(ledger, day("2026-01-31"))
    assert found.x.tolist() == [2, 0]
    assert found.t_x.tolist() == [21, 0]
    assert found.T.tolist() == [30, 26]
    assert found.z.tolist() == [15.0, 0.0]
    assert median_gap(ledger) == 1.5
