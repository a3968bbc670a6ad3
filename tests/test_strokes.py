"""Pictures of strokes: what is a hint, and that nothing else is."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage import data
from skimage.draw import line_aa

from pyvarcolor.color import rgb_to_lab
from pyvarcolor.strokes.parsing import hints_of, parse_strokes, read_strokes
from pyvarcolor.strokes.vector import VectorStroke, save_vector

RED, BLUE, GRAY, WHITE, GREEN = (200, 60, 60), (40, 90, 220), (128, 128, 128), (255, 255, 255), (30, 160, 40)
COLOURS = (RED, BLUE, GRAY, WHITE, GREEN)
SHAPE = (240, 300)
PHOTO = data.astronaut()[:240, :300]
PHOTO_GRAY = np.asarray(Image.fromarray(PHOTO).convert("L"))


def gray_rgb(gray):
    return np.repeat(gray[:, :, None], 3, axis=2)


def coverage(start, end, width, oversampling=8):
    """How much of each pixel a line covers, 0..1."""
    mask = Image.new("L", (SHAPE[1] * oversampling, SHAPE[0] * oversampling))
    line = [tuple(oversampling * value for value in point) for point in (start, end)]
    ImageDraw.Draw(mask).line(line, fill=255, width=round(width * oversampling))
    return np.asarray(mask.resize(SHAPE[::-1], Image.Resampling.BOX)) / 255


def parallel_lines(width, drop):
    return [coverage((15, 24.5 + 40 * k), (280, 24.5 + 40 * k + drop), width) for k in range(len(COLOURS))]


def paint(base, covers, colours=COLOURS, gamma=1.0):
    """Blend colours over `base`; gamma 2.2 blends in linear light."""
    result = np.asarray(base, float) / 255
    for cover, colour in zip(covers, colours, strict=False):
        share = cover[:, :, None]
        result = ((1 - share) * result**gamma + share * (np.array(colour) / 255) ** gamma) ** (1 / gamma)
    return np.rint(255 * result).astype(np.uint8)


def chroma_of(colours):
    return rgb_to_lab(np.array(colours, np.uint8))[:, 1:]


def errors(hints, colours=COLOURS):
    """Distance of each hint to the nearest of the chroma that was painted."""
    difference = hints.chroma[hints.mask][:, None] - chroma_of(colours)
    return np.sqrt((difference**2).sum(-1)).min(axis=1)


def to_jpeg(rgb, quality):
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


BASES = {
    "black": np.zeros((*SHAPE, 3), np.uint8),
    "copy": gray_rgb(PHOTO_GRAY),
    "flat copy": np.full((*SHAPE, 3), 170, np.uint8),
    "sepia copy": np.stack([PHOTO_GRAY, 0.9 * PHOTO_GRAY, 0.7 * PHOTO_GRAY], axis=2).astype(np.uint8),
}


@pytest.mark.parametrize("gamma", [1.0, 2.2])
@pytest.mark.parametrize("drop", [0, 1.3, 18], ids=["level", "nearly level", "slanted"])
@pytest.mark.parametrize("width", [1.5, 2, 3, 6])
@pytest.mark.parametrize("base", BASES)
def test_smooth_borders_are_no_hints(base, width, drop, gamma):
    covers = parallel_lines(width, drop)
    gray = BASES["flat copy"][:, :, 0] if base == "flat copy" else PHOTO_GRAY
    strokes = parse_strokes(paint(BASES[base], covers, gamma=gamma), gray)
    assert strokes.format == base.split()[-1]
    assert np.quantile(errors(strokes.hints), 0.995) < 5
    assert errors(strokes.hints).max() < 9
    for cover, chroma in zip(covers, chroma_of(COLOURS), strict=True):
        pure = cover > 0.99
        met = strokes.hints.mask[pure] & (np.abs(strokes.hints.chroma[pure] - chroma).max(axis=1) < 1)
        assert met.mean() > (0.98 if base == "black" else 0.6), "a gray stroke vanishes where the photo is as gray"


@pytest.mark.parametrize("base", ["black", "flat copy"])
def test_thinnest_lines_give_hints_of_nearly_their_colour(base):
    covers = []
    for row in (30, 90, 150):
        cover = np.zeros(SHAPE)
        rows, columns, value = line_aa(row, 20, row + 40, 270)
        cover[rows, columns] = value
        covers.append(cover)
    gray = BASES["flat copy"][:, :, 0]
    hints = parse_strokes(paint(BASES[base], covers, (RED, BLUE, GREEN)), gray).hints
    assert all(hints.mask[cover > 0.5].any() for cover in covers)
    assert errors(hints, (RED, BLUE, GREEN)).max() < 8


@pytest.mark.parametrize("gamma", [1.0, 2.2])
@pytest.mark.parametrize("base", ["black", "copy"])
def test_borders_between_strokes_are_no_hints(base, gamma):
    covers = [
        coverage((20, 30), (280, 200), 11),
        coverage((20, 200), (280, 40), 7),
        coverage((150, 10), (140, 230), 5),
    ]
    hints = parse_strokes(paint(BASES[base], covers, (RED, BLUE, WHITE), gamma), PHOTO_GRAY).hints
    assert errors(hints, (RED, BLUE, WHITE)).max() < 6
    assert hints.mask[(covers[2] > 0.99)].mean() > 0.9


@pytest.mark.parametrize("base", ["black", "copy"])
def test_feathered_strokes_give_their_middle(base):
    covers = [ndimage.gaussian_filter(cover, 4) for cover in parallel_lines(16, 9)]
    covers = [cover / cover.max() for cover in covers]
    hints = parse_strokes(paint(BASES[base], covers), PHOTO_GRAY).hints
    assert np.quantile(errors(hints), 0.99) < 6
    for cover in covers[:2]:
        assert hints.mask[cover > 0.999].mean() > 0.9


def test_layer_takes_alpha_as_confidence():
    image = np.zeros((*SHAPE, 4), np.uint8)
    image[20:30, 20:100] = *RED, 255
    image[60:70, 20:100] = *WHITE, 102
    strokes = parse_strokes(image, PHOTO_GRAY)
    assert str(strokes) == "painted on a transparent layer: 2 strokes, 2 colours, 2.2 % of pixels"
    assert strokes.hints.confidence is not None
    np.testing.assert_allclose(strokes.hints.confidence[65, 50], 0.4)
    np.testing.assert_allclose(strokes.hints.chroma[65, 50], 0, atol=0.01)
    np.testing.assert_allclose(strokes.hints.chroma[25, 50], chroma_of([RED])[0], rtol=1e-6)


def test_opaque_layer_has_no_confidence():
    image = np.zeros((*SHAPE, 4), np.uint8)
    image[20:30, 20:100] = *BLUE, 255
    assert parse_strokes(image, PHOTO_GRAY, format="layer").hints.confidence is None


def test_told_black_ignores_transparent_pixels():
    image = np.zeros((*SHAPE, 4), np.uint8)
    image[20:30, 20:100] = *BLUE, 255
    image[60:70, 20:100] = *RED, 0
    hints = parse_strokes(image, PHOTO_GRAY, format="black").hints
    assert hints.mask[25, 50]
    assert not hints.mask[65, 50]


@pytest.mark.parametrize("format", ["black", "layer", "copy"])
@pytest.mark.parametrize("colour", [GRAY, WHITE, (70, 70, 70)])
def test_neutral_strokes_are_hints_of_no_chroma(format, colour):
    gray = np.full(SHAPE, 180, np.uint8)
    image = np.zeros((*SHAPE, 3), np.uint8) if format == "black" else gray_rgb(gray)
    image[50:60, 40:200] = colour
    if format == "layer":
        alpha = np.zeros((*SHAPE, 1), np.uint8)
        alpha[50:60, 40:200] = 255
        image = np.dstack([image, alpha])
    strokes = parse_strokes(image, gray)
    assert (strokes.format, strokes.hints.count, strokes.count, strokes.colours) == (format, 1600, 1, 1)
    np.testing.assert_allclose(strokes.hints.chroma, 0, atol=0.01)


TONES = {
    "brighter": lambda gray: gray_rgb(np.rint(255 * (gray / 255) ** 0.7)),
    "darker": lambda gray: gray_rgb(np.rint(255 * (gray / 255) ** 1.5)),
    "sepia": lambda gray: np.stack([np.minimum(1.05 * gray + 10, 255), 0.9 * gray, 0.7 * gray], axis=2),
}


@pytest.mark.parametrize("tone", TONES)
def test_toned_copy_is_not_all_strokes(tone):
    image = TONES[tone](PHOTO_GRAY).astype(np.uint8)
    image[100:110, 30:260] = RED
    hints = parse_strokes(image, PHOTO_GRAY).hints
    assert hints.mask[100:110, 30:260].mean() > 0.97
    assert hints.count <= 2300


def test_tinted_photograph_is_compared_with_itself():
    tinted = BASES["sepia copy"]
    image = tinted.copy()
    image[100:110, 30:260] = GREEN
    assert parse_strokes(image, tinted).hints.count == 2300


@pytest.mark.parametrize("brightest", [0, 3, 12, 26])
@pytest.mark.parametrize("base", ["black", "copy"])
def test_dark_photograph_does_not_confuse(base, brightest):
    dark = (PHOTO_GRAY.astype(int) * brightest // 255).astype(np.uint8)
    image = gray_rgb(dark) if base == "copy" else BASES["black"].copy()
    image[100:110, 30:260] = RED
    strokes = parse_strokes(image, dark)
    assert strokes.hints.count == 2300
    assert strokes.format == (base if brightest else "black")


def test_black_frame_of_a_copy_is_unpainted():
    framed = PHOTO_GRAY.copy()
    framed[:20] = framed[-20:] = 0
    image = gray_rgb(framed)
    image[10:16, 30:260] = GREEN
    strokes = parse_strokes(image, framed)
    assert (strokes.format, strokes.hints.count) == ("copy", 6 * 230)


@pytest.mark.parametrize("base", ["black", "copy"])
def test_piece_of_a_colour_photograph_is_a_dense_hint(base):
    image = BASES[base].copy()
    image[60:160, 80:220] = PHOTO[60:160, 80:220]
    differs = np.abs(image.astype(int) - BASES[base]).max(axis=2) > 10
    hints = parse_strokes(image, PHOTO_GRAY).hints
    assert not hints.mask[~differs].any()
    assert hints.mask[differs].mean() > 0.4
    np.testing.assert_allclose(hints.chroma[hints.mask], rgb_to_lab(image[hints.mask])[:, 1:], atol=1e-4)


def test_single_pixels_are_hints():
    random = np.random.default_rng(70421)
    image = np.zeros((*SHAPE, 3), np.uint8)
    places = random.choice(SHAPE[0] // 4 * (SHAPE[1] // 4), 150, replace=False)
    rows, columns = np.divmod(places, SHAPE[1] // 4)
    image[4 * rows, 4 * columns] = random.integers(30, 256, (150, 3))
    strokes = parse_strokes(image, PHOTO_GRAY)
    assert strokes.count == 150
    np.testing.assert_array_equal(strokes.hints.mask, image.any(axis=2))


@pytest.mark.parametrize("quality", [75, 90])
@pytest.mark.parametrize("base", ["black", "copy"])
def test_jpeg_keeps_wide_strokes_and_no_ringing(base, quality):
    covers = parallel_lines(14, 9)
    hints = parse_strokes(to_jpeg(paint(BASES[base], covers), quality), PHOTO_GRAY).hints
    assert np.quantile(errors(hints), 0.9) < 15
    assert hints.mask[sum(covers) < 0.02].mean() < 0.002
    for cover in covers[:2]:
        assert hints.mask[cover > 0.99].mean() > 0.5


def test_jpeg_of_thin_strokes_is_refused_with_advice():
    image = to_jpeg(paint(BASES["copy"], parallel_lines(1.5, 9)), 75)
    with pytest.raises(ValueError, match="thin ones are lost in a JPEG file"):
        parse_strokes(image, PHOTO_GRAY)


def test_whole_frame_painted_is_allowed_when_told():
    image = np.empty((*SHAPE, 3), np.uint8)
    image[:, :150], image[:, 150:] = RED, BLUE
    strokes = parse_strokes(image, PHOTO_GRAY, format="black")
    assert str(strokes) == "painted on black: 2 strokes, 2 colours, 100.0 % of pixels"


@given(st.lists(st.tuples(*[st.integers(30, 255)] * 3), min_size=1, max_size=5), st.integers(1, 7))
@settings(max_examples=40, deadline=None)
def test_hard_strokes_are_met_exactly(colours, width):
    image = np.zeros((60, 50, 3), np.uint8)
    for index, colour in enumerate(colours):
        image[3 + 11 * index : 3 + 11 * index + width, 5:40] = colour
    strokes = parse_strokes(image, np.full((60, 50), 140, np.uint8))
    np.testing.assert_array_equal(strokes.hints.mask, image.any(axis=2))
    assert strokes.count == len(colours)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [0, 1, 3, 4])
def test_depths_and_channels_do_not_matter(dtype, channels):
    image = BASES["copy"].copy()
    image[100:110, 30:260] = RED
    gray = PHOTO_GRAY if channels == 0 else np.repeat(PHOTO_GRAY[:, :, None], channels, axis=2)
    scale = {np.uint8: 1, np.uint16: 257}.get(dtype, 1 / 255)
    hints = parse_strokes((image * dtype(scale)).astype(dtype), (gray * dtype(scale)).astype(dtype)).hints
    np.testing.assert_array_equal(hints.mask, parse_strokes(image, PHOTO_GRAY).hints.mask)


def test_inputs_are_not_modified():
    image, gray = paint(BASES["copy"], parallel_lines(3, 9)), PHOTO_GRAY.copy()
    before = image.copy()
    parse_strokes(image, gray)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(gray, PHOTO_GRAY)


UNPAINTED = BASES["black"]


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        (UNPAINTED[:-1], {}, r"size of the photograph \(240, 300\), but have \(239, 300\)"),
        (UNPAINTED[:, :, 0], {}, r"\(H, W, 3\) or \(H, W, 4\), but have shape \(240, 300\)"),
        (UNPAINTED, {}, r"at least one stroke, but none was found \(painted on black\)"),
        (BASES["copy"], {}, r"none was found \(painted over a copy"),
        (np.zeros((*SHAPE, 4), np.uint8), {}, r"none was found \(painted on a transparent layer\)"),
        (UNPAINTED, {"format": "layer"}, "must have transparent pixels"),
        (UNPAINTED, {"format": "scribble"}, 'format must be .* but is "scribble"'),
        (data.chelsea()[:240, :300], {"format": "copy"}, "must show the photograph in at least 25%"),
        (data.chelsea()[:240, :300], {}, "at least 25% of the pixels black or like the photograph"),
    ],
)
def test_bad_strokes_are_refused_in_words(image, options, message):
    with pytest.raises(ValueError, match=message):
        parse_strokes(image, PHOTO_GRAY, **options)


def test_read_strokes_from_an_image(tmp_path):
    image = BASES["copy"].copy()
    image[100:110, 30:260] = RED
    Image.fromarray(image).save(tmp_path / "strokes.png")
    strokes = read_strokes(tmp_path / "strokes.png", PHOTO_GRAY)
    assert str(strokes) == "painted over a copy of the photograph: 1 stroke, 1 colour, 3.2 % of pixels"


def test_read_strokes_resizes_only_when_asked(tmp_path):
    image = np.zeros((120, 150, 3), np.uint8)
    image[50:55, 15:130] = BLUE
    Image.fromarray(image).save(tmp_path / "small.png")
    with pytest.raises(ValueError, match=r"\(240, 300\), but have \(120, 150\)"):
        read_strokes(tmp_path / "small.png", PHOTO_GRAY)
    hints = read_strokes(tmp_path / "small.png", PHOTO_GRAY, resize=True).hints
    np.testing.assert_array_equal(hints.mask, np.kron(image.any(axis=2), np.ones((2, 2), bool)))


def test_read_strokes_from_vectors(tmp_path):
    save_vector(tmp_path / "strokes.json", [VectorStroke(((0.2, 0.5), (0.8, 0.5)), 0.02, "#C83C3C")])
    strokes = read_strokes(tmp_path / "strokes.json", PHOTO_GRAY)
    assert (strokes.format, strokes.count, strokes.colours) == ("vector", 1, 1)
    np.testing.assert_allclose(strokes.hints.chroma[120, 150], chroma_of([RED])[0], atol=1e-4)


def test_read_strokes_knows_jpeg_by_name(tmp_path):
    Image.fromarray(paint(BASES["black"], parallel_lines(14, 9))).save(tmp_path / "strokes.jpg", quality=98)
    hints = read_strokes(tmp_path / "strokes.jpg", PHOTO_GRAY).hints
    assert errors(hints).max() < 20


def test_hints_of_a_picture_are_those_of_its_strokes():
    image = paint(BASES["copy"], parallel_lines(3, 9))
    hints, expected = hints_of(image, PHOTO_GRAY), parse_strokes(image, PHOTO_GRAY).hints
    np.testing.assert_array_equal(hints.mask, expected.mask)
    np.testing.assert_array_equal(hints.chroma, expected.chroma)
