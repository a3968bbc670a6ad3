"""The bundled example."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio as psnr

from pyvarcolor import colorize
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.demo import load_demo
from pyvarcolor.strokes.raster import rasterize

FLOOR = 28.3  # dB; 29.4 were measured


@pytest.fixture(scope="module")
def demo():
    return load_demo()


@pytest.fixture(scope="module")
def hints(demo):
    return rasterize(demo.strokes, demo.gray.shape)


def test_gray_has_the_lightness_of_the_truth(demo):
    assert demo.gray.shape == demo.true_rgb.shape[:2]
    assert demo.gray.dtype == demo.true_rgb.dtype == np.uint8
    # half a level of 255 is at most 0.26 of L*
    assert np.abs(lightness_from_gray(demo.gray) - lightness_from_gray(demo.true_rgb)).max() < 0.27


def test_strokes_lie_inside(demo):
    points = np.array([point for stroke in demo.strokes for point in stroke.points])
    assert len(points) > len(demo.strokes) > 20
    assert points.min() >= 0
    assert points.max() <= 1


def test_every_stroke_is_seen(demo, hints):
    mean_share = hints.share / len(demo.strokes)
    assert 0.05 < hints.share < 0.27
    for stroke in demo.strokes:
        painted = rasterize([stroke], demo.gray.shape)
        assert 0 < painted.share < 20 * mean_share
        assert (hints.chroma[painted.mask] == stroke.chroma).all(axis=1).any()


def test_default_method_colours_it_well(demo, hints):
    quality = psnr(demo.true_rgb, colorize(demo.gray, hints, threads=1).rgb)
    uncoloured = psnr(demo.true_rgb, np.repeat(demo.gray[:, :, None], 3, axis=2))
    heat = psnr(demo.true_rgb, colorize(demo.gray, hints, method="heat", tol=0.2, threads=1).rgb)
    assert quality > FLOOR
    assert quality > heat > uncoloured
