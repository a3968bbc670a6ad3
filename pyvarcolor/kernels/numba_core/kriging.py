"""Kriging: the mean of a Gaussian process that is known at some sites, at each pixel; the C++ twin is `kriging.hpp`."""

import numpy as np
from numba import prange

from .image import Image, Index, Row, Scalar
from .parallel import inline, kernel


@inline
def decay(features: Row, j: Index, site: Row) -> Scalar:
    """e^-|features - site| at column j."""
    square = features.dtype.type(0)
    for k in range(len(site)):
        square += (features[k, j] - site[k]) ** 2
    result: Scalar = np.exp(-np.sqrt(square))
    return result


@kernel
def kriging_add(features: Image, sites: Image, weights: Image, u: Image) -> None:
    """u += sum over sites of weight e^-|features - site|."""
    for row in prange(len(u)):
        i = np.intp(row)
        for n in range(len(sites)):
            for j in range(u.shape[2]):
                e = decay(features[i], j, sites[n])
                u[i, 0, j] += weights[n, 0] * e
                u[i, 1, j] += weights[n, 1] * e
