"""Factor solutions brought into one order and sign before they are compared."""

import numpy as np
from scipy.optimize import linear_sum_assignment


def matched(loadings, reference, factor_correlations=None):
    """Loadings, and Φ with them, with columns in the order and signs that agree best with the reference."""
    loadings, reference = np.asarray(loadings), np.asarray(reference)
    lengths = np.outer(np.linalg.norm(loadings, axis=0), np.linalg.norm(reference, axis=0))
    congruence = loadings.T @ reference / lengths
    column, place = linear_sum_assignment(-np.abs(congruence))
    order = column[np.argsort(place)]
    signs = np.sign(congruence[order, range(len(order))])
    turned = loadings[:, order] * signs
    if factor_correlations is None:
        return turned
    return turned, np.asarray(factor_correlations)[np.ix_(order, order)] * np.outer(signs, signs)
