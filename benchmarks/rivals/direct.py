"""A sparse system solved directly: exact, whatever it takes."""

import scipy.sparse as sp
from scipy.sparse.linalg import splu

from pyvarcolor.color import Array


def solve(system: sp.csr_array, b: Array) -> Array:
    """Solve for all columns of b; the system is like a Laplacian: symmetric in structure, and needs no pivots."""
    lu = splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0, options={"SymmetricMode": True})
    return lu.solve(b.astype(float))
