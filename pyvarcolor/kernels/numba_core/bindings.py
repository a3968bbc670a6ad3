"""Python's way into the kernels; no arithmetic. The C++ twins are `csrc/bindings/bind_*.cpp`."""

from operator import index

from . import color, geodesic, heat, kriging, levin, matting, multigrid, state, tgv, tv
from . import edge_weight as weights
from .checks import Expected, expected_by, write_progress
from .hierarchy import Layout, size_of
from .image import Image, Picture
from .multigrid import Numbers
from .parallel import launch, scratch_of_threads


def edge_weight(lightness: Image, scale: float, power: float, floor: float, g: Image) -> None:
    """Scalar edge weight."""
    like = expected_by(lightness, "lightness")
    t = like.dtype
    source, out = like.read(lightness, "lightness"), like.write(g, "g", 1)
    launch(weights.edge_weight, source, t(scale), t(power), t(floor), out)


def edge_tensor(lightness: Image, scale: float, power: float, floor: float, g: Image) -> None:
    """Tensor edge weight."""
    like = expected_by(lightness, "lightness")
    t = like.dtype
    source, out = like.read(lightness, "lightness"), like.write(g, "g", 3)
    launch(weights.edge_tensor, source, t(scale), t(power), t(floor), out)


def graph_edges(lightness: Image, scale: float, power: float, floor: float, edges: Image) -> None:
    """Weights of the edges between neighbours."""
    like = expected_by(lightness, "lightness")
    t = like.dtype
    source, out = like.read(lightness, "lightness"), like.write_edges(edges)
    launch(weights.graph_edges, source, t(scale), t(power), t(floor), out)


def levin_weights(gray: Image, w: Image) -> None:
    """Weights of Levin, Lischinski and Weiss 2004."""
    like = expected_by(gray, "gray")
    launch(levin.levin_weights, like.read(gray, "gray"), like.write(w, "w", 8))


def levin_apply(u: Image, w: Image, out: Image) -> None:
    """out = sum_j w_ij (u_i - u_j)."""
    like = expected_by(u, "u")
    launch(levin.levin_apply, like.read(u, "u", 2), like.read(w, "w", 8), like.write(out, "out", 2))


def matting_windows(lightness: Image, epsilon: float, windows: Image) -> None:
    """Mean and inverse scatter of lightness in each window."""
    like = expected_by(lightness, "lightness")
    light, out = like.read(lightness, "lightness"), like.write(windows, "windows", 2)
    launch(matting.matting_windows, light, like.dtype(epsilon), out)


def matting_diagonal(lightness: Image, windows: Image, hint_weight: Image, inverse: Image) -> None:
    """The diagonal, inverted."""
    like = expected_by(lightness, "lightness")
    launch(
        matting.matting_diagonal,
        like.read(lightness, "lightness"),
        like.read(windows, "windows", 2),
        like.read(hint_weight, "hint_weight"),
        like.write(inverse, "inverse"),
    )


def matting_residual(
    u: Image, b: Image, lightness: Image, windows: Image, hint_weight: Image, fits: Image, r: Image
) -> None:
    """r = b - A u."""
    like = expected_by(u, "u")
    launch(
        matting.matting_residual,
        like.read(u, "u", 2),
        like.read(b, "b", 2),
        like.read(lightness, "lightness"),
        like.read(windows, "windows", 2),
        like.read(hint_weight, "hint_weight"),
        like.write(fits, "fits", 4),
        like.write(r, "r", 2),
    )


def matting_restrict(r: Image, lightness: Image, coarse: Image) -> None:
    """coarse = P* r."""
    like = expected_by(r, "r")
    source, light = like.read(r, "r", 2), like.read(lightness, "lightness")
    launch(matting.matting_restrict, source, light, nodes_below(like).write(coarse, "coarse", 4))


def matting_prolong(u: Image, lightness: Image, hint_weight: Image, coarse: Image) -> None:
    """u += P coarse."""
    like = expected_by(u, "u")
    launch(
        matting.matting_prolong,
        like.write(u, "u", 2),
        like.read(lightness, "lightness"),
        like.read(hint_weight, "hint_weight"),
        nodes_below(like).read(coarse, "coarse", 4),
    )


def nodes_below(like: Expected) -> Expected:
    """What an image asks of its coarse grid."""
    return Expected(like.dtype, int(matting.nodes_along(like.rows)), int(matting.nodes_along(like.cols)))


def mean_change(u: Image, previous: Image) -> float:
    """Mean distance between two states; `previous` then becomes `u`."""
    like = expected_by(u, "u")
    return float(launch(state.mean_change, like.read(u, "u", 2), like.write(previous, "previous", 2)))


def encode_rgb(lightness: Image, chroma: Image, rgb: Picture) -> int:
    """L*, a*, b* to sRGB inside the gamut; how many pixels had to be fitted."""
    like = expected_by(lightness, "lightness")
    picture = like.write_picture(rgb, "rgb")
    light, ab = like.read(lightness, "lightness"), like.read(chroma, "chroma", 2)
    top, half = color.RANGES[rgb.dtype.name]
    return int(launch(color.encode_rgb, light, ab, like.dtype(top), like.dtype(half), picture))


def heat_iterate(u: Image, scratch: Image, hints: Image, hint_weight: Image, time_step: float, n: int) -> None:
    """n steps of heat flow."""
    like = expected_by(u, "u")
    launch(
        heat.heat_iterate,
        like.write(u, "u", 2),
        like.write(scratch, "scratch", 2),
        like.read(hints, "hints", 2),
        like.read(hint_weight, "hint_weight"),
        like.dtype(time_step),
        index(n),
    )


def kriging_add(features: Image, sites: Image, weights: Image, u: Image) -> None:
    """Mean of a Gaussian process known at sites."""
    like = expected_by(features, "features")
    features = like.read_channels(features, "features")
    launch(
        kriging.kriging_add,
        features,
        *like.read_sites(sites, weights, features.shape[1]),
        like.write(u, "u", 2),
    )


def geodesic_blend(
    lightness: Image,
    hints: Image,
    hint_weight: Image,
    strokes: Image,
    per_pixel: float,
    power: float,
    nearest: int,
    u: Image,
) -> None:
    """The nearest strokes blended by intrinsic distance."""
    like = expected_by(lightness, "lightness")
    launch(
        geodesic.geodesic_blend,
        like.read(lightness, "lightness"),
        like.read(hints, "hints", 2),
        like.read(hint_weight, "hint_weight"),
        like.read(strokes, "strokes"),
        like.dtype(per_pixel),
        like.dtype(power),
        index(nearest),
        like.write(u, "u", 2),
    )


def multigrid_size(rows: int, cols: int, neighbours: int, bilaplacian: bool) -> int:
    """Numbers that the levels take."""
    return size_of(Layout(index(rows), index(cols), index(neighbours) == 8, bool(bilaplacian)))


def multigrid_weights(edges: Image, workspace: Image) -> None:
    """The weights of the finest level."""
    like = expected_by(edges, "edges")
    edges = like.read_edges(edges)
    launch(multigrid.multigrid_weights, edges, like.hierarchy(workspace, (8,) if edges.shape[1] == 4 else (4,)))


def multigrid_setup(hint_weight: Image, workspace: Image) -> None:
    """All levels for these hints."""
    like = expected_by(hint_weight, "hint_weight")
    levels = like.hierarchy(workspace)
    launch(multigrid.multigrid_setup, like.read(hint_weight, "hint_weight"), levels)


def multigrid_start(
    u: Image,
    hints: Image,
    hint_weight: Image,
    first: float,
    beta: float,
    workspace: Image,
    progress: Numbers,
) -> None:
    """The hard hints, and a first step with a full multigrid."""
    like = expected_by(u, "u")
    launch(
        multigrid.multigrid_start,
        like.write(u, "u", 2),
        like.read(hints, "hints", 2),
        like.read(hint_weight, "hint_weight"),
        like.dtype(first),
        like.dtype(beta),
        like.hierarchy(workspace),
        write_progress(progress),
    )


def multigrid_cg(u: Image, first: float, beta: float, workspace: Image, progress: Numbers, n: int) -> None:
    """n iterations of conjugate gradients."""
    like = expected_by(u, "u")
    launch(
        multigrid.multigrid_cg,
        like.write(u, "u", 2),
        like.dtype(first),
        like.dtype(beta),
        like.hierarchy(workspace),
        write_progress(progress),
        index(n),
    )


def multigrid_cycle(r: Image, workspace: Image, z: Image) -> None:
    """One W-cycle."""
    like = expected_by(r, "r")
    source, levels = like.read(r, "r", 2), like.hierarchy(workspace)
    launch(multigrid.multigrid_cycle, source, levels, like.write(z, "z", 2))


def tv_iterate(
    u: Image,
    p: Image,
    g: Image,
    hints: Image,
    hint_weight: Image,
    tau: Image,
    sigma: Image,
    alpha1: float,
    relaxation: float,
    n: int,
) -> None:
    """n iterations of total variation."""
    like = expected_by(u, "u")
    g, no_xy = like.weights(g)
    launch(
        tv.tv_iterate,
        like.write(u, "u", 2),
        like.write(p, "p", 4),
        g,
        no_xy,
        like.read(hints, "hints", 2),
        like.read(hint_weight, "hint_weight"),
        like.read(tau, "tau"),
        like.read(sigma, "sigma"),
        like.dtype(alpha1),
        like.dtype(relaxation),
        index(n),
        scratch_of_threads(5, u),
    )


def tv_energy(u: Image, g: Image, hints: Image, hint_weight: Image, alpha1: float) -> float:
    """Energy of total variation."""
    like = expected_by(u, "u")
    g, no_xy = like.weights(g)
    energy = launch(
        tv.tv_energy,
        like.read(u, "u", 2),
        g,
        no_xy,
        like.read(hints, "hints", 2),
        like.read(hint_weight, "hint_weight"),
        like.dtype(alpha1),
    )
    return float(energy)


def tv_edges(u: Image, g: Image, alpha1: float, epsilon: float, edges: Image) -> None:
    """Edges of the quadratic energy that touches total variation at u."""
    like = expected_by(u, "u")
    state, out = like.read(u, "u", 2), like.write(edges, "edges", 2)
    g, no_xy = like.weights(like.read(g, "g", 1))
    launch(tv.tv_edges, state, g, no_xy, like.dtype(alpha1), like.dtype(epsilon), out)


def tgv_iterate(
    u: Image,
    v: Image,
    p: Image,
    q: Image,
    r: Image,
    g: Image,
    s: Image,
    hints: Image,
    hint_weight: Image,
    tau: Image,
    sigma: Image,
    alpha0: float,
    alpha1: float,
    relaxation: float,
    n: int,
) -> None:
    """n iterations of bilaplacian + TGV^2."""
    like = expected_by(u, "u")
    g, no_xy = like.weights(g)
    s = like.read_or_empty(s, "s")
    launch(
        tgv.tgv_iterate,
        like.write(u, "u", 2),
        like.write(v, "v", 4),
        like.write(p, "p", 4),
        like.write(q, "q", 6),
        like.write(r, "r", 2, len(s)),
        g,
        no_xy,
        s,
        like.read(hints, "hints", 2),
        like.read(hint_weight, "hint_weight"),
        like.read(tau, "tau", 2),
        like.read(sigma, "sigma", 3),
        like.dtype(alpha0),
        like.dtype(alpha1),
        like.dtype(relaxation),
        index(n),
        scratch_of_threads(7, u),
    )


def tgv_forward(
    u: Image, v: Image, g: Image, s: Image, alpha0: float, alpha1: float, p: Image, q: Image, r: Image
) -> None:
    """p, q, r = K (u, v)."""
    like = expected_by(u, "u")
    g, no_xy = like.weights(g)
    s = like.read_or_empty(s, "s")
    launch(
        tgv.tgv_forward,
        like.read(u, "u", 2),
        like.read(v, "v", 4),
        g,
        no_xy,
        s,
        like.dtype(alpha0),
        like.dtype(alpha1),
        like.write(p, "p", 4),
        like.write(q, "q", 6),
        like.write(r, "r", 2, len(s)),
    )


def tgv_adjoint(
    p: Image, q: Image, r: Image, g: Image, s: Image, alpha0: float, alpha1: float, u: Image, v: Image
) -> None:
    """u, v = K* (p, q, r)."""
    like = expected_by(p, "p")
    g, no_xy = like.weights(g)
    s = like.read_or_empty(s, "s")
    launch(
        tgv.tgv_adjoint,
        like.read(p, "p", 4),
        like.read(q, "q", 6),
        like.read(r, "r", 2, len(s)),
        g,
        no_xy,
        s,
        like.dtype(alpha0),
        like.dtype(alpha1),
        like.write(u, "u", 2),
        like.write(v, "v", 4),
    )


def tgv_energy(
    u: Image,
    v: Image,
    g: Image,
    s: Image,
    hints: Image,
    hint_weight: Image,
    alpha0: float,
    alpha1: float,
) -> float:
    """Energy of bilaplacian + TGV^2."""
    like = expected_by(u, "u")
    g, no_xy = like.weights(g)
    s = like.read_or_empty(s, "s")
    energy = launch(
        tgv.tgv_energy,
        like.read(u, "u", 2),
        like.read(v, "v", 4),
        g,
        no_xy,
        s,
        like.read(hints, "hints", 2),
        like.read(hint_weight, "hint_weight"),
        like.dtype(alpha0),
        like.dtype(alpha1),
    )
    return float(energy)
