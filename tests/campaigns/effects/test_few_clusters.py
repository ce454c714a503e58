"""Effects where stores or households were drawn by lot: CR2 errors and Satterthwaite's degrees of freedom."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as sps

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean


def stores(seed: int, sizes, *, effect: float = 0.0) -> pd.DataFrame:
    """Stores of these sizes, every second one in the campaign."""
    rng = np.random.default_rng(seed)
    store = np.repeat(np.arange(len(sizes)), sizes)
    mood = rng.normal(0, 3, len(sizes))[store]
    treated = store % 2
    spend = 20 + mood + effect * treated + rng.normal(0, 5, len(store))
    arms = np.where(treated, "mail", "none")
    return pd.DataFrame({"store": store, "arm": arms, "spend": spend, "before": mood + rng.normal(0, 4, len(store))})


def bell_mccaffrey(data: pd.DataFrame) -> tuple[float, float]:
    """CR2 error and df of the difference by the matrices of the paper: every customer a row, whole hat matrix.

    Bell & McCaffrey (2002), equations 5 to 8, with an identity working covariance; what clubSandwich's
    vcovCR(type = "CR2") and coef_test(test = "Satterthwaite") compute.
    """
    x = np.column_stack([np.ones(len(data)), data["arm"].eq("mail")])
    bread = np.linalg.inv(x.T @ x)
    residual_maker = np.eye(len(data)) - x @ bread @ x.T
    errors = residual_maker @ data["spend"].to_numpy()
    contrast = np.array([0.0, 1.0])
    variance, columns = 0.0, []
    for store in data["store"].unique():
        mine = np.flatnonzero(data["store"] == store)
        values, vectors = np.linalg.eigh(residual_maker[np.ix_(mine, mine)])
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        weights = root @ x[mine] @ bread @ contrast
        variance += float(weights @ errors[mine]) ** 2
        columns.append(residual_maker[:, mine] @ weights)
    inner = np.array(columns) @ np.array(columns).T
    return float(np.sqrt(variance)), float(np.trace(inner) ** 2 / (inner**2).sum())


@pytest.mark.parametrize("sizes", [[7] * 12, [3, 4, 9, 30, 5, 12, 8, 21, 40, 6, 3, 17]], ids=["equal", "unequal"])
def test_error_and_df_are_those_of_bell_and_mccaffrey(sizes):
    data = stores(1, sizes)
    found = Campaign(data, arm="arm", control="none", cluster="store").evaluate([Mean("spend")]).table.iloc[0]
    error, df = bell_mccaffrey(data)
    assert found["standard_error"] == pytest.approx(error, rel=1e-9)
    assert found["df"] == pytest.approx(df, rel=1e-9)


def test_equal_stores_have_the_df_of_a_t_test_on_their_means():
    data = stores(2, [7] * 44)
    means = data.groupby(["arm", "store"])["spend"].mean()
    found = Campaign(data, arm="arm", control="none", cluster="store").evaluate([Mean("spend")]).table.iloc[0]
    parts = [means[arm].var(ddof=1) / len(means[arm]) for arm in ("mail", "none")]
    assert found["df"] == pytest.approx(42)
    assert found["standard_error"] == pytest.approx(np.sqrt(sum(parts)), rel=1e-9)


def test_a_thousand_households_get_their_df_from_their_sizes():
    sizes = np.random.default_rng(3).integers(1, 6, 2_200)
    found = Campaign(stores(3, sizes), arm="arm", control="none", cluster="store").evaluate([Mean("spend")])
    share = [sizes[i::2] / sizes[i::2].sum() for i in (0, 1)]
    assert found.table["df"][0] == pytest.approx(sum(1 / (q**2).sum() - 1 for q in share), rel=0.01)


def test_with_fewer_than_twenty_stores_an_arm_the_lot_is_drawn_anew():
    """scipy: permutation_test of the studentised difference over all 924 lots of 6 and 6 stores of one size."""
    data = stores(4, [7] * 12, effect=4.0)
    means = data.groupby("store")["spend"].mean().to_numpy()
    mine = means[1::2], means[::2]

    def t(x, y, axis):
        error = np.sqrt(x.var(axis=axis, ddof=1) / x.shape[axis] + y.var(axis=axis, ddof=1) / y.shape[axis])
        return (x.mean(axis=axis) - y.mean(axis=axis)) / error

    expected = sps.permutation_test(mine, t, vectorized=True, n_resamples=np.inf).pvalue
    effects = Campaign(data, arm="arm", control="none", cluster="store").evaluate([Mean("spend")])
    row = effects.table.iloc[0]
    assert row["procedure"] == "permutation of units"
    assert row["p_value"] == pytest.approx(expected, abs=0.01)
    assert (row["ci_low"] > 0) == (row["p_value"] <= 0.05)
    assert "studentised permutation of stores" in row["method"]
    assert "Fewer than 20 stores in an arm" in row["warning"]
    assert effects.n_units == 12
    assert effects.n_used == len(data)


def test_so_few_stores_that_no_lot_is_rare_give_no_method():
    """2 and 2 stores can be dealt in 6 ways: the smallest two-sided p is a third."""
    row = Campaign(stores(5, [9] * 4), arm="arm", control="none", cluster="store").evaluate([Mean("spend")]).table
    assert row["procedure"][0] == "no method"


def test_with_many_stores_the_t_interval_stands():
    row = Campaign(stores(6, [9] * 44), arm="arm", control="none", cluster="store").evaluate([Mean("spend")]).table
    assert row["procedure"][0] == "ordinary"
    assert row["method"][0] == "by stores (CR2, Satterthwaite df)"


def test_a_store_counts_once_whenever_its_customers_came():
    data = stores(7, [9] * 44)
    weekly = data.assign(week=np.arange(len(data)) % 3)
    plain = Campaign(data, arm="arm", control="none", cluster="store").evaluate([Mean("spend")])
    entered = Campaign(weekly, arm="arm", control="none", cluster="store", period="week").evaluate([Mean("spend")])
    pd.testing.assert_frame_equal(plain.table, entered.table)


def test_customers_without_an_outcome_are_counted_where_stores_were_drawn():
    data = stores(8, [9] * 44)
    data.loc[:4, "spend"] = np.nan
    effects = Campaign(data, arm="arm", control="none", cluster="store").evaluate([Mean("spend")])
    assert (effects.n_used, effects.n_dropped) == (len(data) - 5, 5)
