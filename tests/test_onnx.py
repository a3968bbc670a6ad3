"""Networks that users bring: our own, exported, is the same; small ones made by hand say what is done with them."""

import sys

import numpy as np
import onnx
import pytest
import to_onnx
from onnx import TensorProto, helper, numpy_helper
from skimage import data
from skimage.transform import resize
from typer.testing import CliRunner

from pyvarcolor import Hints, colorize, methods
from pyvarcolor.cli.app import make_app
from pyvarcolor.color import lab_to_rgb, rgb_to_lab
from pyvarcolor.io import write_photo
from pyvarcolor.learned import answer
from pyvarcolor.learned.answer import working_size

CARD = '[input]\nsize = [16, 24]\nchannels = 1\nof = "lightness"\nrange = [0.0, 1.0]\n'
AB = CARD + '[output]\nspace = "ab"\nscale = 100.0\n'
RGB = CARD + '[output]\nspace = "rgb"\nrange = [0.0, 255.0]\n'


def photograph(shape=(60, 90)):
    return resize(data.coffee().mean(axis=2) / 255, shape, anti_aliasing=True).astype(np.float32)


def constant_model(path, value, card=AB, channels=1):
    """A network that adds nothing times its input to a constant (1, c, h, w)."""
    value = np.float32(value)
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["zero", "value"], ["y"]),
    ]
    constants = [numpy_helper.from_array(np.float32(0), "nothing"), numpy_helper.from_array(value, "value")]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, channels, 16, 24))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, value.shape)],
        constants,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    path.with_suffix(".toml").write_text(card, "utf-8")
    return path


def test_our_own_network_exported_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(answer, "VIEWS", answer.VIEWS[:1])
    gray = photograph((214, 320))  # as large as the copy that our own network is shown
    height, width = working_size(gray.shape)
    path = tmp_path / "ours.onnx"
    monkeypatch.setattr(sys, "argv", ["to_onnx.py", str(path), "--size", str(height), str(width)])
    to_onnx.main()
    ours, exported = (
        colorize(gray, **how).chroma for how in ({"method": "network"}, {"method": "onnx", "model": path})
    )
    assert np.abs(ours).max() > 3
    np.testing.assert_allclose(exported, ours, atol=0.01)


def test_constant_chroma_is_what_the_card_says(tmp_path):
    path = constant_model(tmp_path / "ab.onnx", np.reshape([0.2, -0.1], (1, 2, 1, 1)) * np.ones((1, 1, 8, 12)))
    gray = np.full((30, 50), 0.5, np.float32)
    result = colorize(gray, method="onnx", model=path)
    np.testing.assert_allclose(result.chroma, np.broadcast_to([20, -10], (30, 50, 2)), atol=1e-3)
    boosted = colorize(gray, method="onnx", model=str(path), boost=1.5)
    np.testing.assert_allclose(boosted.chroma, 1.5 * result.chroma, atol=1e-3)


def test_rgb_becomes_chroma_of_the_photographs_own_lightness(tmp_path):
    red = np.float32([200, 60, 60])
    path = constant_model(tmp_path / "rgb.onnx", red[None, :, None, None] * np.ones((1, 1, 4, 6)), RGB)
    gray = lab_to_rgb(np.full((30, 50), 40.0), np.zeros((30, 50, 2)), np.float32)[..., 0]
    chroma = colorize(gray, method="onnx", model=path).chroma
    expected = rgb_to_lab(red.astype(np.uint8)[None, None])[0, 0, 1:]
    np.testing.assert_allclose(chroma, np.broadcast_to(expected, chroma.shape), atol=0.1)


@pytest.mark.parametrize(("of", "channels"), [("lightness", 1), ("gray", 3)])
def test_the_network_gets_what_the_card_says(tmp_path, of, channels):
    """It puts out its own input, as a* and b*: light 0.2 is -1 + 2 * 0.2."""
    card = AB.replace("[0.0, 1.0]", "[-1.0, 1.0]").replace('"lightness"', f'"{of}"')
    card = card.replace("channels = 1", f"channels = {channels}")
    path = tmp_path / "same.onnx"
    weight = numpy_helper.from_array(np.full((2, channels, 1, 1), 1 / channels, np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "same",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, channels, 16, 24))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 2, 16, 24))],
        [weight],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    path.with_suffix(".toml").write_text(card, "utf-8")
    gray = np.full((30, 50), 0.2, np.float32)
    light = rgb_to_lab(np.full((1, 1, 3), 0.2, np.float32))[0, 0, 0] / 100 if of == "lightness" else 0.2
    np.testing.assert_allclose(colorize(gray, method="onnx", model=path).chroma, 100 * (2 * light - 1), atol=0.05)


def test_it_is_a_prior_of_strokes(tmp_path):
    path = constant_model(tmp_path / "ab.onnx", np.reshape([0.2, -0.1], (1, 2, 1, 1)) * np.ones((1, 1, 8, 12)))
    gray = np.full((30, 60), 0.3, np.float32)
    gray[:, 30:] = 0.7
    hints = Hints.from_points([(15, 10, (-20, 30))], gray.shape)
    result = colorize(gray, hints, method="graph", prior=f"onnx:model={path}")
    np.testing.assert_allclose(result.chroma[15, 10], [-20, 30], atol=1)
    automatic = colorize(gray, prior=methods.make("onnx", model=path))
    np.testing.assert_allclose(automatic.chroma[15, 50], [20, -10], atol=4)
    with pytest.raises(ValueError, match="needs the network, but this result was made without"):
        automatic.interval()


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        ("[input", "ab.toml must be TOML, but is not"),
        ("", r"ab.toml must have size under \[input\] \(two positive numbers\), but has none"),
        (
            AB.replace("[16, 24]", "[16, 0]"),
            r"size under \[input\] in .* must be two positive numbers, but is \[16, 0\]",
        ),
        (AB.replace("[16, 24]", "16"), "must be two positive numbers, but is 16"),
        (AB.replace("channels = 1", "channels = 2"), "must be 1 or 3, but is 2"),
        (AB.replace('"lightness"', '"red"'), """must be "lightness" or "gray", but is 'red'"""),
        (AB.replace("[0.0, 1.0]", "[1.0, 1.0]"), r"must be two different numbers, but is \[1.0, 1.0\]"),
        (AB.replace('"ab"', '"lab"'), """must be "ab" or "rgb", but is 'lab'"""),
        (AB.replace("scale = 100.0", "scale = 0"), "must be a number, not 0, but is 0"),
        (RGB.replace("range = [0.0, 255.0]", ""), r"must have range under \[output\]"),
        (AB.replace("[16, 24]", "[16, 32]"), r"cannot be run on \(1, 1, 16, 32\)"),
        (RGB, r"must put out \(1, 3, h, w\), but puts out \(1, 2, 8, 12\)"),
    ],
)
def test_a_wrong_card_is_refused(tmp_path, card, sentence):
    path = constant_model(tmp_path / "ab.onnx", np.ones((1, 2, 8, 12)), card)
    with pytest.raises(ValueError, match=sentence):
        colorize(photograph(), method="onnx", model=path)


def test_what_is_no_model_is_refused(tmp_path):
    path = constant_model(tmp_path / "ab.onnx", np.full((1, 2, 8, 12), np.nan))
    with pytest.raises(ValueError, match="must put out finite numbers"):
        colorize(photograph(), method="onnx", model=path)
    path = constant_model(tmp_path / "ab.onnx", np.full((1, 2, 8, 12), 11.0))
    with pytest.raises(ValueError, match=r"ab\.onnx times its scale must be a\* and b\* in -1000\.\.1000, but is 1100"):
        colorize(photograph(), method="onnx", model=path)
    path = constant_model(tmp_path / "ab.onnx", np.zeros((1, 2, 0, 12)))
    nothing = "an array of numbers, but puts out NoneType"  # as onnxruntime 1.20 hands out what is empty
    with pytest.raises(ValueError, match=rf"must put out (\(1, 2, h, w\), but puts out \(1, 2, 0, 12\)|{nothing})"):
        colorize(photograph(), method="onnx", model=path)
    with pytest.raises(TypeError, match="model must be the path of an ONNX file, but is 3"):
        colorize(photograph(), method="onnx", model=3)
    with pytest.raises(FileNotFoundError, match=r"cannot read \.: there is no such file"):
        colorize(photograph(), method="onnx", model="")
    path.write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"ab\.onnx must be an ONNX model, but onnxruntime says"):
        colorize(photograph(), method="onnx", model=path)
    path.with_suffix(".toml").unlink()
    with pytest.raises(FileNotFoundError, match=r"ab\.toml must lie beside ab\.onnx and describe it"):
        colorize(photograph(), method="onnx", model=path)
    with pytest.raises(FileNotFoundError, match=r"cannot read .*none\.onnx: there is no such file"):
        colorize(photograph(), method="onnx", model=tmp_path / "none.onnx")
    with pytest.raises(TypeError, match="method 'onnx' needs the option 'model'"):
        colorize(photograph(), method="onnx")


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "ab.onnx"
    seen = []
    for value in (0.1, 0.3):
        constant_model(path, np.full((1, 2, 8, 12), value))
        seen.append(colorize(photograph(), method="onnx", model=path).chroma.mean())
    assert seen[1] > 2 * seen[0]


def test_a_changed_card_is_read_again(tmp_path):
    path = constant_model(tmp_path / "ab.onnx", np.full((1, 2, 8, 12), 0.1))
    before = colorize(photograph(), method="onnx", model=path).chroma
    path.with_suffix(".toml").write_text(AB.replace("scale = 100.0", "scale = 200.0"), "utf-8")
    np.testing.assert_allclose(colorize(photograph(), method="onnx", model=path).chroma, 2 * before, atol=1e-3)


def test_weights_may_lie_in_a_file_beside_the_model(tmp_path):
    path = constant_model(tmp_path / "ab.onnx", np.full((1, 2, 8, 12), 0.1))
    before = colorize(photograph(), method="onnx", model=path).chroma
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert (tmp_path / "weights.bin").stat().st_size > 0
    np.testing.assert_array_equal(colorize(photograph(), method="onnx", model=path).chroma, before)


def test_without_onnxruntime_the_error_says_what_to_install(tmp_path, monkeypatch):
    path = constant_model(tmp_path / "other.onnx", np.ones((1, 2, 8, 12)))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"method 'onnx' needs onnxruntime: pip install 'pyvarcolor\[onnx\]'"):
        colorize(photograph(), method="onnx", model=path)


def test_from_the_command_line(tmp_path):
    path = constant_model(tmp_path / "ab.onnx", np.reshape([0.2, 0.1], (1, 2, 1, 1)) * np.ones((1, 1, 8, 12)))
    write_photo(tmp_path / "gray.png", np.dstack([np.rint(255 * photograph()).astype(np.uint8)] * 3))
    for words in (["--method", "onnx", "--model", str(path)], ["--prior", f"onnx:model={path}"]):
        out = tmp_path / f"{len(words)}.png"
        done = CliRunner().invoke(make_app(), ["colorize", str(tmp_path / "gray.png"), "-o", str(out), *words])
        assert done.exit_code == 0, done.output
        assert out.exists()
