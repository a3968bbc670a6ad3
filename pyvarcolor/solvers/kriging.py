"""Kriging: the mean of a Gaussian process that is known, more or less surely, at some sites of an image.

Its covariance falls with the distance of features f, not with that of places alone:

    covariance(i, j) = sum_k share_k exp(-|scale_k * (f_i - f_j)|)

Each term is continuous but not smooth, so that the mean steps as readily as the features do, and does not overshoot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyvarcolor.kernels import Kernels

_LEAST = 1e-9  # variance of what is known as well as can be
_CANDIDATES = 10  # places for each that is chosen; of more, some speak for all

Array = NDArray[np.floating]
Places = tuple[NDArray[np.intp], NDArray[np.intp]]


class Kriging:
    """A Gaussian process on one image, of mean 0, for one set of sites after the other.

    Parameters
    ----------
    features : (H, C, W) ndarray of float32 or float64
        What the covariance compares.
    shares : (K,) array_like
        Variance of each term.
    scales : (K, C) array_like
        How much each feature counts in each term.
    kernels : Kernels
        The backend.

    References
    ----------
    .. [1] C. E. Rasmussen, C. K. I. Williams, "Gaussian processes for machine learning", 2006, eq. 2.23, 2.24, 4.18
       and 5.12.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor.kernels import load
    >>> place = np.arange(5.0)[None, None]
    >>> process = Kriging(place, [1.0], [[1.0]], load("auto"))
    >>> known = np.array([0, 0]), np.array([0, 4])
    >>> process.mean(known, np.array([[0.0, 3.0], [1.0, 3.0]]), np.zeros(2))[0].round(2).tolist()
    [[0.0, 0.04, 0.13, 0.37, 1.0], [3.0, 1.23, 0.8, 1.23, 3.0]]
    """

    def __init__(self, features: Array, shares: ArrayLike, scales: ArrayLike, kernels: Kernels) -> None:
        self._kernels = kernels
        self._shares = np.asarray(shares, features.dtype)
        self._terms = [features * scale[:, None] for scale in np.asarray(scales, features.dtype)]

    def mean(self, places: Places, values: Array, noise: Array) -> Array:
        """The mean of the process at every pixel.

        Parameters
        ----------
        places : pair of (N,) ndarrays
            Rows and columns of the sites.
        values : (N, 2) ndarray
            What is known there.
        noise : (N,) ndarray
            Variance of what is known, at least 0, above 0 where two sites have the same features.

        Returns
        -------
        (H, 2, W) ndarray
        """
        from scipy.linalg import cho_factor, cho_solve  # `solve` asks for the condition too, in ten times the time

        sites = self._features_at(places)
        covariance = self._covariance(sites, sites) + np.diag(noise)
        weights = cho_solve(cho_factor(covariance, overwrite_a=True), values)
        height, _, width = self._terms[0].shape
        mean = np.zeros((height, 2, width), self._shares.dtype)
        for share, term, site in zip(self._shares, self._terms, sites, strict=True):
            self._kernels.kriging_add(term, site, np.ascontiguousarray(share * weights, mean.dtype), mean)
        return mean

    def variance(self, places: Places, noise: Array, at: Places) -> Array:
        """The variance of the process.

        Parameters
        ----------
        places : pair of (N,) ndarrays
            Rows and columns of the sites.
        noise : (N,) ndarray
            Variance of what is known there, as in `mean`.
        at : pair of (M,) ndarrays
            Rows and columns of the pixels that are asked for.

        Returns
        -------
        (M,) ndarray
            From 0 to the sum of all shares.
        """
        from scipy.linalg import cholesky, solve_triangular

        sites = self._features_at(places)
        root = cholesky(self._covariance(sites, sites) + np.diag(noise), lower=True)
        explained = solve_triangular(root, self._covariance(sites, self._features_at(at)), lower=True)
        variance: Array = np.maximum(self._shares.sum() - np.square(explained).sum(axis=0), 0)
        return variance

    def left_out(self, places: Places, values: Array, noise: Array, group: NDArray[np.intp]) -> Array:
        """How far what is known of each group of sites is from what all the others say of it.

        Parameters
        ----------
        places, values, noise
            As in `mean`.
        group : (N,) ndarray
            Number of the group that each site is of, 0..G-1, each of them used.

        Returns
        -------
        (G, 2) ndarray
            Mean over the sites of the group of `values` less the mean of the process without that group: eq. 5.12 of
            [1]_, for blocks.
        """
        sites = self._features_at(places)
        precision = np.linalg.inv(self._covariance(sites, sites) + np.diag(noise))
        weights = precision @ values
        members = [np.flatnonzero(group == k) for k in range(group.max() + 1)]
        return np.stack([np.linalg.solve(precision[np.ix_(of, of)], weights[of]).mean(axis=0) for of in members])

    def spread_out(self, places: Places, count: int) -> NDArray[np.intp]:
        """Which `count` of the places are far from each other in all features: each is farthest from those before it.

        Parameters
        ----------
        places : pair of (N,) ndarrays
            Rows and columns.
        count : int
            How many, at least 1.

        Returns
        -------
        (M,) ndarray
            Indices of places, in the order in which they were chosen; all N if there are no more than `count`.
        """
        if len(places[0]) <= count:
            return np.arange(len(places[0]))
        every = max(len(places[0]) // (_CANDIDATES * count), 1)
        places = places[0][::every], places[1][::every]
        features = np.ascontiguousarray(np.concatenate(self._features_at(places), axis=1).T)
        chosen = np.zeros(count, np.intp)
        distance = np.full_like(features[0], np.inf)
        for k in range(1, count):
            np.minimum(distance, np.square(features - features[:, [chosen[k - 1]]]).sum(axis=0), out=distance)
            chosen[k] = distance.argmax()
        return every * chosen

    def most_telling(
        self, places: Places, noise: Array, candidates: Places, importance: Array, count: int
    ) -> NDArray[np.intp]:
        """Which candidates to learn next: each lowers the sum of all variances most, given those before it.

        Parameters
        ----------
        places : pair of (N,) ndarrays
            Rows and columns of the sites that are known; there may be none.
        noise : (N,) ndarray
            Variance of what is known there.
        candidates : pair of (M,) ndarrays
            Where something new may be learnt, and where variances are summed.
        importance : (M,) ndarray
            Weight of each candidate's variance in the sum.
        count : int
            How many to choose, at most M.

        Returns
        -------
        (count,) ndarray
            Indices of candidates, in the order of choice.

        References
        ----------
        .. [1] D. A. Cohn, "Neural network exploration using optimal experiment design", NIPS 1993 (A-optimality).
        """
        from scipy.linalg import cho_factor, cho_solve

        features = self._features_at(candidates)
        left = self._covariance(features, features)  # what is still unknown
        if len(places[0]) > 0:
            sites = self._features_at(places)
            factor = cho_factor(self._covariance(sites, sites) + np.diag(noise))
            across = self._covariance(sites, features)
            left -= across.T @ cho_solve(factor, across)
        chosen = np.zeros(count, np.intp)
        for k in range(count):
            variance = np.maximum(np.diag(left), _LEAST)
            gain = importance @ left**2 / variance
            gain[chosen[:k]] = -np.inf
            chosen[k] = gain.argmax()
            taken = left[chosen[k]].copy()
            left -= np.outer(taken, taken / variance[chosen[k]])
        return chosen

    def _features_at(self, places: Places) -> list[Array]:
        rows, cols = places
        return [term[rows, :, cols] for term in self._terms]

    def _covariance(self, one: list[Array], other: list[Array]) -> NDArray[np.float64]:
        """Between each of one and each of other places."""
        from scipy.spatial.distance import cdist

        terms = zip(self._shares, one, other, strict=True)
        total: NDArray[np.float64] = np.sum([share * np.exp(-cdist(at, beside)) for share, at, beside in terms], axis=0)
        return total
