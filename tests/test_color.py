"""Colour science against scikit-image, and the laws of the pipeline's two ends."""

import numpy as np
import pytest
import skimage.color
from backends import load
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pyvarcolor.color import (
    LUMINANCE,
    decode_srgb,
    encode_srgb,
    lab_to_rgb,
    lightness_from_gray,
    project_to_gamut,
    rgb_to_lab,
)
from pyvarcolor.spaces import SPACES, space_called

RGB = np.random.default_rng(8127).random((40, 50, 3))


def neutral(lightness):
    return np.zeros((*lightness.shape, 2), lightness.dtype)


def test_lab_agrees_with_scikit_image():
    np.testing.assert_allclose(rgb_to_lab(RGB), skimage.color.rgb2lab(RGB), atol=0.01)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-12), (np.uint8, 0), (np.uint16, 1)]
)
def test_lab_round_trip(dtype, tolerance):
    rgb = RGB.astype(dtype) if np.dtype(dtype).kind == "f" else (RGB * np.iinfo(dtype).max).astype(dtype)
    lab = rgb_to_lab(rgb)
    back = lab_to_rgb(lab[..., 0], lab[..., 1:], dtype)
    assert np.abs(back.astype(float) - rgb.astype(float)).max() <= tolerance


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_gray_level_comes_back_as_itself(dtype):
    gray = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(16, -1)
    lightness = lightness_from_gray(gray)
    assert (lab_to_rgb(lightness, neutral(lightness), dtype) == gray[:, :, None]).all()


def test_lightness_of_a_colour_scan_is_that_of_its_luminance():
    np.testing.assert_allclose(lightness_from_gray(RGB), skimage.color.rgb2lab(RGB)[..., 0], atol=0.01)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_all_shapes_of_the_same_gray_agree(dtype):
    gray = RGB[..., 0]
    gray = gray.astype(dtype) if np.dtype(dtype).kind == "f" else (gray * np.iinfo(dtype).max).astype(dtype)
    alpha = np.zeros_like(gray)
    expected = lightness_from_gray(gray)
    assert expected.dtype == (np.float64 if dtype == np.float64 else np.float32)
    for shape in (gray[..., None], np.dstack([gray] * 3), np.dstack([gray] * 3 + [alpha])):
        np.testing.assert_allclose(lightness_from_gray(shape), expected, atol=2e-4)


@pytest.mark.parametrize(
    ("photo", "error", "sentence"),
    [
        (np.zeros((3, 4, 2)), ValueError, r"gray must have shape \(H, W\) or .* has shape \(3, 4, 2\)"),
        (np.zeros(5), ValueError, r"has shape \(5,\)"),
        (np.zeros((0, 7)), ValueError, r"at least one pixel, but has shape \(0, 7\)"),
        (np.zeros((2, 2), np.int32), TypeError, "uint8, uint16 or float in 0..1, but is int32"),
        (np.zeros((2, 2), bool), TypeError, "but is bool"),
        (np.array([[0.5, np.nan]]), ValueError, "finite, but holds 1 NaN"),
        (np.array([[0.5, np.inf]]), ValueError, "finite"),
        (np.array([[0.0, 255.0]]), ValueError, r"0\.\.1 when it is float, but spans 0\.\.255"),
    ],
)
def test_bad_photographs_are_named(photo, error, sentence):
    with pytest.raises(error, match=sentence):
        lightness_from_gray(photo)


@given(
    arrays(np.float64, (3, 4), elements=st.floats(0, 100)),
    arrays(np.float64, (3, 4, 2), elements=st.floats(-150, 150)),
)
def test_gamut_projection_keeps_hue_and_lightness_and_what_fits(lightness, chroma):
    projected, moved = project_to_gamut(lightness, chroma)
    radius, before = np.linalg.norm(projected, axis=2), np.linalg.norm(chroma, axis=2)
    assert (radius <= before + 1e-9).all()
    cross = projected[..., 0] * chroma[..., 1] - projected[..., 1] * chroma[..., 0]
    np.testing.assert_allclose(cross, 0, atol=1e-9 * (1 + before.max() ** 2))
    lab = rgb_to_lab(lab_to_rgb(lightness, projected, np.float64))
    np.testing.assert_allclose(lab[..., 0], lightness, atol=2e-3)
    again, moved_again = project_to_gamut(lightness, projected)
    assert moved_again == 0
    assert (again == projected).all()
    assert moved == pytest.approx((projected != chroma).any(axis=2).mean(), abs=1 / 12)


def test_gamut_projection_reaches_the_border():
    projected, moved = project_to_gamut(np.full((1, 360), 60.0), 300 * circle(360)[None])
    rgb = lab_to_rgb(np.full((1, 360), 60.0), projected, np.float64)
    assert moved == 1
    assert (np.minimum(rgb.min(axis=2), 1 - rgb.max(axis=2)) < 0.02).all()


def circle(n):
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


SHAPES = [(1, 1), (1, 37), (41, 1), (7, 13), (30, 67)]
PICTURES = [np.uint8, np.uint16, np.float32, np.float64]


def encode(kernels, lightness, chroma, dtype):
    """RGB by a backend, and how many pixels it had to fit into the gamut."""
    rgb = np.empty((*lightness.shape, 3), dtype)
    moved = kernels.encode_rgb(lightness, np.ascontiguousarray(chroma.transpose(0, 2, 1)), rgb)
    return rgb, moved


def colours(shape, reach, seed=5483):
    """Lightness and chroma, (H, W) and (H, W, 2), up to `reach` in a* and b*; black and white among them."""
    random = np.random.default_rng(seed)
    lightness = np.clip(random.uniform(-5, 105, shape), 0, 100)
    return lightness, random.uniform(-reach, reach, (*shape, 2))


def colours_in_gamut(shape, seed=2718):
    lab = rgb_to_lab(np.random.default_rng(seed).random((*shape, 3)))
    return lab[..., 0].copy(), lab[..., 1:].copy()


def levels(dtype):
    return np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1


@pytest.mark.parametrize("dtype", PICTURES)
@pytest.mark.parametrize("shape", SHAPES)
def test_kernel_encodes_as_numpy_and_scikit_image_do(kernels, shape, dtype):
    lightness, chroma = colours_in_gamut(shape)
    rgb, moved = encode(kernels, lightness, chroma, dtype)
    assert moved == 0
    difference = np.abs(rgb - lab_to_rgb(lightness, chroma, dtype).astype(float))
    assert difference.max() <= {np.uint8: 0, np.uint16: 1, np.float32: 1e-7, np.float64: 1e-12}[dtype]
    lab = np.concatenate([lightness[..., None], chroma], axis=2)
    again = skimage.color.rgb2lab(rgb / levels(dtype))
    rounding = 1.5 if dtype == np.uint8 else 0.01  # half a level of 255 is up to 1.4 Lab in the dark
    assert np.abs(again - lab).max() < rounding


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.uint8, 1), (np.uint16, 1), (np.float32, 1e-5)])
def test_kernel_in_single_precision(kernels, dtype, tolerance):
    lightness, chroma = (array.astype(np.float32) for array in colours_in_gamut((90, 101)))
    rgb, moved = encode(kernels, lightness, chroma, dtype)
    difference = np.abs(rgb - lab_to_rgb(lightness, chroma, dtype).astype(float))
    assert moved == 0
    assert difference.max() <= tolerance
    assert difference.mean() < {np.uint8: 1e-4, np.uint16: 0.02, np.float32: 1e-7}[dtype], (
        "only where rounding is a tie"
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_kernel_keeps_every_gray_level(kernels, dtype):
    gray = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(16, -1)
    lightness = lightness_from_gray(gray)
    rgb, moved = encode(kernels, lightness, neutral(lightness), dtype)
    assert moved == 0
    np.testing.assert_array_equal(rgb, np.dstack([gray] * 3))


@pytest.mark.parametrize("reach", [1, 40, 200])
@pytest.mark.parametrize("shape", SHAPES)
def test_kernel_fits_into_the_gamut_as_numpy_does(kernels, shape, reach):
    lightness, chroma = colours(shape, reach)
    rgb, moved = encode(kernels, lightness, chroma, np.float64)
    fitted, share = project_to_gamut(lightness, chroma)
    assert moved == round(share * lightness.size)
    np.testing.assert_allclose(rgb, lab_to_rgb(lightness, fitted, np.float64), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernel_keeps_hue_and_lightness_and_reaches_the_border(kernels, dtype):
    lightness, chroma = colours((40, 51), 180)
    lightness = lightness.clip(2, 98)
    rgb, moved = encode(kernels, lightness.astype(dtype), chroma.astype(dtype), np.float64)
    assert rgb.min() >= 0
    assert rgb.max() <= 1
    lab = rgb_to_lab(rgb)
    np.testing.assert_allclose(lab[..., 0], lightness, atol=5e-3)
    radius, before = np.linalg.norm(lab[..., 1:], axis=2), np.linalg.norm(chroma, axis=2)
    np.testing.assert_allclose(lab[..., 1:] / radius[..., None], chroma / before[..., None], atol=2e-3)
    outside = radius < before - 0.01
    assert moved == pytest.approx(outside.sum(), abs=0.01 * outside.size)
    assert moved > outside.size / 2
    # the bisection stops 1/4096 short of the border at most
    for way, still_outside in ((+1.5 / 4096, outside.sum()), (-0.5 / 4096, 0)):
        ab = lab[..., 1:] + way * chroma
        _, moved = encode(kernels, lightness[outside][None], ab[outside][None], np.float64)
        assert moved == still_outside


def slope(encoded):
    """Of `decode_srgb`."""
    return np.where(encoded <= 0.04045, 1 / 12.92, 2.4 / 1.055 * ((encoded + 0.055) / 1.055) ** 1.4)


def dark_scan(channels):
    """16-bit gray or tinted RGB, most of it dark and all levels below 0.3 % of white in it, and its gray in 0..1."""
    level = np.concatenate([np.arange(200), 65535 * np.random.default_rng(1867).random(49800) ** 4]).reshape(250, 200)
    if channels is None:
        scan = np.rint(level).astype(np.uint16)
        return scan, scan / 65535
    scan = np.rint(level[..., None] * (1, 0.9, 0.8)).astype(np.uint16)
    return scan, encode_srgb(decode_srgb(scan / 65535) @ LUMINANCE)


@pytest.mark.parametrize("channels", [None, 3])
@pytest.mark.parametrize("reach", [0.3, 3, 30, 120])
def test_sixteen_bits_keep_their_lightness_near_black_too(kernels, reach, channels):
    scan, gray = dark_scan(channels)
    lightness = lightness_from_gray(scan)
    chroma = np.random.default_rng(30).uniform(-reach, reach, (*gray.shape, 2)).astype(np.float32)
    by_numpy = lab_to_rgb(lightness, project_to_gamut(lightness, chroma)[0], np.uint16)
    for rgb in (encode(kernels, lightness, chroma, np.uint16)[0], by_numpy):
        off = 65535 * np.abs(encode_srgb(decode_srgb(rgb / 65535) @ LUMINANCE) - gray)
        # Half a unit in each channel is half a unit of gray where sRGB is a line, and up to 0.66 where it begins to
        # bend and a vivid colour is beyond the bend that its gray is not.
        rounding = 0.5 * (slope(rgb / 65535) @ LUMINANCE) / slope(gray)
        assert (off <= rounding + 0.04).all()
        assert off[gray < 0.0029].max() < 0.5 + 0.02


@pytest.mark.parametrize("dtype", PICTURES)
def test_kernel_gives_the_same_bits_on_any_number_of_threads(backend, dtype):
    lightness, chroma = (array.astype(np.float32) for array in colours((333, 251), 120))
    one, five = (encode(load(backend, threads), lightness, chroma, dtype) for threads in (1, 5))
    np.testing.assert_array_equal(one[0], five[0])
    assert one[1] == five[1] > 0


def test_kernel_survives_what_is_not_a_number(kernels):
    lightness, chroma = colours_in_gamut((3, 9))
    expected, _ = encode(kernels, lightness, chroma, np.uint8)
    chroma[1, 4] = np.nan
    rgb, moved = encode(kernels, lightness, chroma, np.uint8)
    assert moved == 1
    expected[1, 4] = 0
    np.testing.assert_array_equal(rgb, expected)


def test_backends_agree_in_single_precision(both):
    lightness, chroma = (array.astype(np.float32) for array in colours((120, 97), 90))
    (rgb, moved), (other, other_moved) = (encode(kernels, lightness, chroma, np.float32) for kernels in both)
    assert abs(moved - other_moved) <= 0.001 * lightness.size
    assert np.abs(rgb - other).max() < 2e-3  # a step of 1/4096 towards gray
    assert np.abs(rgb - other).mean() < 1e-6


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-3), (np.float64, 1e-9)])
def test_spaces_are_invertible_at_given_lightness(name, dtype, tolerance):
    lab = rgb_to_lab(RGB.astype(dtype))
    space = space_called(name)
    chroma = space.from_lab(lab[..., 0], lab[..., 1:])
    assert chroma.dtype == dtype
    np.testing.assert_allclose(space.to_lab(lab[..., 0], chroma), lab[..., 1:], atol=tolerance)


@pytest.mark.parametrize("name", SPACES)
def test_gray_is_gray_in_every_space(name):
    lightness = np.linspace(0, 100, 21)[None]
    np.testing.assert_allclose(space_called(name).from_lab(lightness, neutral(lightness)), 0, atol=2e-4)
    np.testing.assert_allclose(space_called(name).to_lab(lightness, neutral(lightness)), 0, atol=1e-3)


def test_chroma_of_ycbcr_is_that_of_scikit_image():
    lab = rgb_to_lab(RGB)
    ours = space_called("ycbcr").from_lab(lab[..., 0], lab[..., 1:]) / 200
    theirs = (skimage.color.rgb2ycbcr(RGB)[..., 1:] - 128) / 224  # studio range
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_unknown_space_lists_the_known():
    with pytest.raises(ValueError, match="space must be one of lab, oklab, ycbcr, but is 'hsv'"):
        space_called("hsv")
