"""A. Levin, D. Lischinski, Y. Weiss, "A closed-form solution to natural image matting", PAMI 30, 2008.

U is as nearly as possible an affine function of the photograph I in each 3 x 3 window w:

min_U  sum_w min_{a,b} [ sum_{i in w} (U_i - a I_i - b)^2 + eps |a|^2 ]  +  lambda sum_hints (U - hint)^2
"""

import numpy as np
import scipy.sparse as sp
from numpy.lib.stride_tricks import sliding_window_view

from pyvarcolor import Hints
from pyvarcolor.color import Array
from rivals.direct import solve

LAMBDA = 100
CHANNELS = 3
"""of I, all of them lightness, for the code behind the stored scores takes gray for a colour; so a has three entries"""


def closed_form(lightness: Array, hints: Hints, eps: float) -> Array:
    """Solve (L + lambda D) U = lambda D hint exactly, D = 1 at the hints."""
    data = sp.diags_array(LAMBDA * hints.mask.ravel().astype(float))
    system = matting_laplacian(lightness, eps) + data
    return solve(system, data @ hints.chroma.reshape(-1, 2)).reshape(hints.chroma.shape)


def matting_laplacian(lightness: Array, eps: float) -> sp.csr_array:
    """L_ij = sum over windows with i and j of  [i = j] - 1/9 (1 + (I_i - mean) (I_j - mean) / (variance + eps/27))."""
    i = lightness.astype(float) / 100
    window = sliding_window_view(i, (3, 3)).reshape(-1, 9)
    pixel = sliding_window_view(np.arange(i.size).reshape(i.shape), (3, 3)).reshape(-1, 9)
    centred = window - window.mean(axis=1, keepdims=True)
    slope = centred / np.sqrt(window.var(axis=1, keepdims=True) + eps / 9 / CHANNELS)

    def of_windows(values: Array) -> sp.csr_array:
        """The matrix (windows, pixels) that holds nine values of each window."""
        return sp.csr_array((values.ravel(), pixel.ravel(), 9 * np.arange(len(pixel) + 1)), (len(pixel), i.size))

    one, slope = of_windows(np.ones_like(window)), of_windows(slope)
    return sp.diags_array(one.sum(axis=0)) - (one.T @ one + slope.T @ slope) / 9
