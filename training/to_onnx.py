"""Write the network that comes with the package as ONNX, as method "onnx" takes it: lightness in, a* and b* out.

    python training/to_onnx.py NETWORK.onnx --size 112 176

It sees no hints there. NETWORK.toml beside it says what goes in and out.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pyvarcolor.learned.inputs import INPUTS, PER_DELTA, PER_UNIT
from pyvarcolor.learned.network import WEIGHTS
from pyvarcolor.shading import phi

CARD = """\
[input]
size = [{height}, {width}]
channels = 1
of = "lightness"
range = [0.0, 1.0]

[output]
space = "ab"
scale = {scale:.1f}
"""


class Graph:
    """Nodes and constants of an ONNX graph; each node's name is that of what it puts out."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, kind: str, name: str, *inputs: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def number(self, kind: str, name: str, x: str, value: float) -> str:
        return self.add(kind, name, x, self.constant(f"{name}.number", np.float32(value)))


def build(height: int, width: int) -> onnx.ModelProto:
    """The network without hints: L*/100 (1, 1, height, width) to a* and b* (1, 2, height/2, width/2)."""
    # Long, for it is the network from its first layer to its last, in the order of the paper's figure.
    graph = Graph()
    with WEIGHTS.open("rb") as file, np.load(file) as arrays:
        layers = [key.removesuffix(".weight") for key in arrays.files if key.endswith(".weight")]
        values = {
            name: (arrays[f"{name}.weight"] * arrays[f"{name}.step"][:, None], arrays[f"{name}.bias"])
            for name in layers
        }

    def conv(name: str, x: str, stride: int = 1) -> str:
        weight, bias = values[name]
        side = 1 if name.startswith("up") else 3
        shaped = weight.reshape(len(weight), -1, side, side).astype(np.float32)
        inputs = graph.constant(f"{name}.weight", shaped), graph.constant(f"{name}.bias", bias)
        return graph.add(
            "Conv", name, x, *inputs, kernel_shape=[side, side], strides=[stride] * 2, pads=[side // 2] * 4
        )

    def block(name: str, x: str) -> str:
        inner = graph.add("Relu", f"{name}.inner", conv(f"{name}.conv1", x))
        return graph.add("Relu", f"{name}.out", graph.add("Add", f"{name}.sum", x, conv(f"{name}.conv2", inner)))

    light = graph.number("Sub", "light", graph.number("Mul", "percent", "lightness", 100 / PER_UNIT), 1)
    black, white = phi(np.array([0.0, 100.0]))  # phi is a power: ((L + 2) / 52)^0.3
    exponent = np.log(white / black) / np.log(102 / 2)
    shade = graph.number(
        "Pow",
        "shade",
        graph.number(
            "Div", "ratio", graph.number("Add", "lifted", graph.number("Mul", "lstar", "lightness", 100), 2), 52
        ),
        exponent,
    )
    nothing = graph.constant("nothing", np.zeros((1, INPUTS - 2, height, width), np.float32))
    x = graph.add("Concat", "inputs", light, nothing, shade, axis=1)
    scales = sum(name.startswith("down") for name in layers)
    skipped = []
    for scale in range(scales):
        x = graph.add("Relu", f"down.{scale}.out", conv(f"down.{scale}", x, 2))
        count = sum(name.startswith(f"encode.{scale}.") and name.endswith("conv1") for name in layers)
        for k in range(count):
            x = block(f"encode.{scale}.{k}", x)
        skipped.append(x)
    double = graph.constant("double", np.float32([1, 1, 2, 2]))
    for scale in reversed(range(scales - 1)):
        raised = graph.add(
            "Resize",
            f"raised.{scale}",
            conv(f"up.{scale}", x),
            "",
            double,
            mode="nearest",
            nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )
        x = block(f"decode.{scale}", graph.add("Add", f"skip.{scale}", skipped[scale], raised))
    first, last, axis = (graph.constant(name, np.int64([k])) for name, k in (("first", 1), ("last", 3), ("axis", 1)))
    graph.add("Slice", "chroma", conv("head", x), first, last, axis)
    shape_in, shape_out = (1, 1, height, width), (1, 2, height // 2, width // 2)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "pyvarcolor",
            [helper.make_tensor_value_info("lightness", TensorProto.FLOAT, shape_in)],
            [helper.make_tensor_value_info("chroma", TensorProto.FLOAT, shape_out)],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Write the model and its card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, metavar="NETWORK.onnx")
    parser.add_argument("--size", type=int, nargs=2, default=(112, 176), metavar=("H", "W"), help="multiples of 16")
    arguments = parser.parse_args()
    height, width = arguments.size
    onnx.save(build(height, width), arguments.path)
    card = CARD.format(height=height, width=width, scale=PER_DELTA)
    arguments.path.with_suffix(".toml").write_text(card, "utf-8")


if __name__ == "__main__":
    main()
