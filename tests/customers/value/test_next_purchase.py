"""When customers buy next: quantiles against the models' own integrals, and how often they hold in a known shop."""

import numpy as np
import pandas as pd
import pytest
from cdnow import log
from scipy.integrate import quad
from shops import TRUTHS, orders

import loyalty_kit as lk
from loyalty_kit.customers.value.models.fitting import Fit
from loyalty_kit.customers.value.models.histories import Cells
from loyalty_kit.customers.value.models.known import MODELS
from loyalty_kit.customers.value.waiting import weeks_until

CELLS = Cells(
    np.array([0.0, 1, 4, 12]), np.array([0.0, 10, 30, 38]), np.array([35.0, 35, 39, 39]), np.ones(4), np.arange(4)
)


def until(name: str, chance: float) -> np.ndarray:
    fitted = Fit(np.log(TRUTHS[name]), np.eye(len(TRUTHS[name])), 0.0, "")
    return weeks_until(name, fitted, CELLS, chance)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("chance", [0.05, 0.1, 0.5])
def test_a_quantile_gives_its_chance_back(name, chance):
    """P(buys within t): the rate's mixture, and for Pareto/NBD the integral over u < t of both, by adaptive steps."""
    p = np.array(TRUTHS[name])
    alive = MODELS[name].alive(p, *CELLS.history)
    for place, (x, _, T) in enumerate(zip(*CELLS.history, strict=True)):
        weeks, shape, span = until(name, chance)[place], p[0] + x, p[1] + T
        s, beta = p[2:] if name == "pareto_nbd" else (0.0, 1.0)

        def density(u, shape=shape, span=span, s=s, beta=beta, T=T):
            return shape / span * (span / (span + u)) ** (shape + 1) * ((beta + T) / (beta + T + u)) ** s

        come = alive[place] * quad(density, 0, weeks, limit=200)[0]
        assert come == pytest.approx(chance, abs=1e-4) if np.isfinite(weeks) else come < chance


def test_who_has_probably_left_has_no_upper_end():
    assert np.isinf(until("pareto_nbd", 0.9)[2]) and np.isfinite(until("nbd", 0.9)).all()


@pytest.fixture(scope="module")
def steady():
    """Customers who buy at rates of their own and leave at times of their own, 78 weeks."""
    table, _ = orders("steady", 2_000, 78, 0, np.random.default_rng(8))
    read = lk.read_transactions(table, customer="who", time="when", amount="paid")
    return lk.next_purchase(read, weeks=26)


def test_intervals_hold_where_the_shop_is_as_the_model_has_it(steady):
    table = steady.to_frame().set_index("tried")
    assert table["due"].tolist() == pytest.approx([0.8, 0.9])
    assert table.loc["not_before", "verdict"] == "holds"
    error = np.sqrt(0.9 * 0.1 / table.loc["not_before", "customers"])
    assert table.loc["not_before", "held"] == pytest.approx(0.9, abs=4 * error)


def test_each_customer_gets_an_interval_in_a_file_that_is_not_overwritten(steady, tmp_path):
    assert steady.customers(tmp_path / "next.csv") == steady.n_used
    rows = pd.read_csv(tmp_path / "next.csv")
    assert list(rows) == ["customer", "days", "days_low", "days_high"]
    told = rows.dropna()
    assert (told["days_low"] <= told["days"]).all() and (told["days"] <= told["days_high"]).all()
    with pytest.raises(lk.InputError, match="is there already"):
        steady.customers(tmp_path / "next.csv")


def test_the_log_may_end_earlier():
    found = lk.next_purchase(log("cds"), at="1998-03-31", weeks=13)
    assert found.at.isoformat() == "1998-03-31" and found.used in MODELS


def test_a_table_in_place_of_a_log_is_refused():
    with pytest.raises(lk.InputError, match="'transactions' must be a log"):
        lk.next_purchase(pd.DataFrame())
