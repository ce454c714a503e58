"""Can I believe this? False alarms of each estimate in placebo campaigns on the campaign's own customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from loyalty_kit.campaigns.cube import Cube
from loyalty_kit.campaigns.effects import ALL, EffectsResult, Reading, kind_of, method_of, segment_families
from loyalty_kit.campaigns.estimates import Cell, Estimate
from loyalty_kit.campaigns.metrics import Profit
from loyalty_kit.campaigns.permutation import Permutation, permute
from loyalty_kit.campaigns.placebo import placebo_t
from loyalty_kit.campaigns.rows import Floats, Rows
from loyalty_kit.checks import check_columns
from loyalty_kit.errors import InputError
from loyalty_kit.results import Result

COLUMNS = [
    *["metric", "arm", "by", "level", "nonzero_control", "false_better", "false_worse", "coverage"],
    *["detectable", "believable", "method", "message"],
]
KEYS = ["metric", "arm", "by", "level", "kind"]
FEWEST = 5
DRAWS = 9_999
POWER = 0.8
REPLACED = "Placebo campaigns raised too many false alarms; the permutation result stands here."


@dataclass(frozen=True, eq=False)
class TrustResult(Result):
    """Whether each row of an evaluation can be believed.

    Attributes
    ----------
    table : DataFrame
        The columns of `to_frame`, then kind, p_value, ci_low and ci_high: the permutation result where
        the ordinary one cannot be believed, NaN elsewhere.
    placebos : int
        How many placebo campaigns.
    nominal : float
        False alarms to be expected on each side.
    n_used : int
        Customers whose arms were drawn anew.
    confidence : float
        Level that was put to the test.
    method : str
        What the placebo campaigns were run on.
    warnings : tuple of str
        Sentences on rows that cannot be believed by either method.
    """

    table: pd.DataFrame
    placebos: int
    nominal: float
    n_used: int
    confidence: float
    method: str
    warnings: tuple[str, ...] = ()
    permutations: Mapping[tuple[Any, ...], Permutation] = field(default_factory=dict, repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row an estimate and treatment.

        Columns: metric, arm, by, level, nonzero_control, false_better, false_worse, coverage, detectable
        (smallest effect found with power 0.8), believable ('yes', 'by permutation' or 'no'), method, message.
        """
        return self.table[COLUMNS].copy()


def run_placebos(
    rows: Rows,
    cube: Cube,
    found: Sequence[Estimate],
    before: Mapping[str, str],
    times: int,
    confidence: float,
    rng: np.random.Generator,
) -> TrustResult:
    """Placebo campaigns of every estimate, and its permutation test where they show false alarms.

    Notes
    -----
    An estimate is believed where neither side's false alarms exceed what is due by more than 1.645 standard
    errors of their own: replacing a sound interval costs little, believing an unsound one much.

    Arms are dealt anew over all customers, with the same sizes; segments keep their customers. In the
    placebo campaigns adjusted estimates take their errors from residual variances rather than HC2.
    """
    outcomes = {name for estimate in found for name in estimate.form.columns}
    check_columns(outcomes, before, "The list of metrics")
    arms = found[0].arms
    codes = _codes(rows, cube.arm, arms)
    cells = {estimate.cell: _inside(rows, estimate.cell) for estimate in found}
    inside = [cells[estimate.cell] for estimate in found]
    drawn = placebo_t(rows, codes, len(arms), found, inside, dict(before), times, rng)
    nominal = (1 - confidence) / 2
    limits = {name: limit for name, (_, limit) in cube.caps.items()}
    records: list[dict[str, Any]] = []
    tests: dict[tuple[Any, ...], Permutation] = {}
    for estimate, part, (t, df) in zip(found, inside, drawn, strict=True):
        limit = -special.stdtrit(df, nominal)
        rates = np.stack([(t > limit).mean(axis=0), (t < -limit).mean(axis=0)])
        for i, record in enumerate(_records(estimate, rates, nominal, limits)):
            key = tuple(record[name] for name in KEYS)
            error = record["detectable"]
            off = rates[:, i].max() > nominal + 1.645 * np.sqrt(nominal * (1 - nominal) / times)
            if off or not error > 0:
                enough = error > 0 and estimate.nonzero[0] + estimate.nonzero[i + 1] >= FEWEST
                record["believable"] = "by permutation" if enough else "no"
            if record["believable"] == "by permutation":
                tests[key] = _permutation(rows, codes, estimate, part, i + 1, times, rng)
                low, high = tests[key].interval(confidence)
                record |= {"p_value": tests[key].p_value, "ci_low": low, "ci_high": high}
            records.append(record | {"message": _message(record, nominal)})
    table = pd.DataFrame(records, columns=[*COLUMNS, "kind", "p_value", "ci_low", "ci_high"]).astype(
        {"arm": object, "level": object}
    )
    doubtful = table[table["believable"] == "no"]
    where = "the period before" if before else "outcomes pooled over arms"
    return TrustResult(
        table=table,
        placebos=times,
        nominal=nominal,
        n_used=len(rows),
        confidence=confidence,
        method=f"{times} placebo campaigns on {where}",
        warnings=tuple(f"{r.metric}, {r.arm}, {r.by} {r.level}: {r.message}" for r in doubtful.itertuples()),
        permutations=tests,
    )


def _records(estimate: Estimate, rates: Floats, nominal: float, limits: dict[str, float]) -> list[dict[str, Any]]:
    """Rows of one estimate, a treatment each, before any permutation."""
    cell = estimate.cell
    shared = {
        "metric": estimate.metric.name,
        "by": cell.by or ALL,
        "level": ALL if cell.by is None else cell.level,
        "kind": kind_of(estimate),
        "nonzero_control": int(estimate.nonzero[0]),
        "method": method_of(estimate, Reading(), limits),
        "believable": "yes",
    }
    scale = float(stats.norm.isf(nominal) + stats.norm.ppf(POWER))
    own = zip(estimate.arms[1:], *rates, scale * estimate.differences()[1], strict=True)
    return [
        shared
        | {"arm": arm, "false_better": float(better), "false_worse": float(worse)}
        | {"coverage": float(1 - better - worse), "detectable": float(detectable)}
        for arm, better, worse, detectable in own
    ]


def _codes(rows: Rows, column: str, arms: tuple[Any, ...]) -> np.ndarray:
    codes, levels = rows.codes(column)
    return np.array([arms.index(level) for level in levels])[codes]


def _inside(rows: Rows, cell: Cell) -> np.ndarray | None:
    return None if cell.by is None else np.flatnonzero(rows.where(cell.by, cell.level))


def _permutation(
    rows: Rows,
    codes: np.ndarray,
    estimate: Estimate,
    inside: np.ndarray | None,
    arm: int,
    times: int,
    rng: np.random.Generator,
) -> Permutation:
    """Permutation test of one treatment against control, over the customers of one cell."""
    mine = np.arange(len(rows)) if inside is None else inside
    mine = mine[(codes[mine] == 0) | (codes[mine] == arm)]
    treated = codes[mine] == arm
    if estimate.form.divisor is None and not estimate.covariates:
        weights = np.array([estimate.form.terms[name] for name in estimate.form.columns])
        values = rows.matrix(estimate.form.columns)[mine] @ weights
        known = ~np.isnan(values)
        test = permute(values[known & ~treated], values[known & treated], draws=DRAWS, rng=rng)
        shift = _contact(estimate, arm)
        return replace(test, difference=test.difference - shift)
    part = _subset(rows, mine, (*estimate.form.columns, *estimate.covariates))
    ((t, _),) = placebo_t(part, treated.astype(int), 2, [estimate], [None], {}, times, rng)
    draws: Floats = np.sort(np.nan_to_num(t[:, 0]))
    difference, error, _ = estimate.differences()
    return Permutation(float(difference[arm - 1]), float(error[arm - 1]), draws)


def _contact(estimate: Estimate, arm: int) -> float:
    if not isinstance(estimate.metric, Profit):
        return 0.0
    arms = estimate.arms
    return estimate.metric.contact(arms[arm], arms[0]) - estimate.metric.contact(arms[0], arms[0])


def _subset(rows: Rows, mine: np.ndarray, columns: tuple[str, ...]) -> Rows:
    """Take some rows of the columns of one estimate."""
    return Rows(None, {}, (), {name: rows.values(name)[mine] for name in columns})


def _message(record: Mapping[str, Any], nominal: float) -> str:
    rates = f"'better' in {record['false_better']:.1%} and 'worse' in {record['false_worse']:.1%} of placebo campaigns"
    if record["believable"] == "yes":
        return f"Yes: it was called {rates}, where {nominal:.1%} each is due."
    if record["believable"] == "by permutation":
        return f"By permutation only: the ordinary interval was called {rates}, where {nominal:.1%} each is due."
    return "No: too few customers have anything but 0 for any method."


def believable(effects: EffectsResult, trust: TrustResult, reading: Reading) -> EffectsResult:
    """Effects in which the permutation result stands wherever the ordinary one cannot be believed.

    Over all customers, intervals and adjusted p values of several arms then follow Bonferroni.
    """
    if trust.confidence != effects.confidence:
        raise InputError(
            f"'trust' was run at confidence {trust.confidence:g}, the evaluation at {effects.confidence:g}."
        )
    table = effects.table.copy()
    verdict = {tuple(row[key] for key in KEYS): row["believable"] for _, row in trust.table.iterrows()}
    arms = table["arm"].nunique() if reading.multiple == "max-t" else 1
    for i, row in table.iterrows():
        key = tuple(row[name] for name in KEYS)
        if verdict.get(key) == "no":
            table.loc[i, "warning"] = f"{row['warning']} Not to be believed by any method.".strip()
        if key not in trust.permutations:
            continue
        test = trust.permutations[key]
        family = arms if row["by"] == ALL else 1
        low, high = test.interval(1 - (1 - effects.confidence) / family)
        table.loc[i, ["ci_low", "ci_high", "p_value", "p_adjusted"]] = [
            low,
            high,
            test.p_value,
            min(test.p_value * family, 1.0),
        ]
        table.loc[i, ["lift_low", "lift_high"]] = np.nan
        base = str(row["method"]).removesuffix(", max-t")
        together = f", Bonferroni over {family} arms" if family > 1 else ""
        table.loc[i, "method"] = f"{base}; studentised permutation{together}"
        table.loc[i, "warning"] = REPLACED
    return replace(effects, table=segment_families(table, reading))
