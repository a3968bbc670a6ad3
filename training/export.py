"""Export a trained network for the package, and what each of its layers makes of one input, for the tests.

    python training/export.py RUN/checkpoint.pt pyvarcolor/learned/weights/network.npz tests/data/network_trace.npz

Batch norm goes into the convolutions, and weights become 8-bit numbers in steps of their own for each channel.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from net import Net
from torch import Tensor, nn

from pyvarcolor.learned.inputs import INPUTS

SEED = 335_192_008
SHAPE = 1, INPUTS, 32, 48
"""Of the input that is traced."""


def folded(net: Net) -> dict[str, tuple[Tensor, Tensor]]:
    """Weight (D, C k k) and bias (D,) of each convolution, the batch norm after it included."""
    modules = dict(net.named_modules())
    layers = {}
    for name, conv in modules.items():
        if not isinstance(conv, nn.Conv2d):
            continue
        weight, bias = conv.weight.flatten(1), torch.zeros(conv.out_channels) if conv.bias is None else conv.bias
        norm = modules.get(name.replace("conv", "norm"))
        if isinstance(norm, nn.BatchNorm2d):
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            weight, bias = gain[:, None] * weight, norm.bias + gain * (bias - norm.running_mean)
        layers[name] = weight, bias
    return layers


def to_8_bit(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers -127..127 and, for each channel, the step that they count."""
    step = weight.abs().amax(dim=1).clamp(min=1e-12) / 127
    return torch.round(weight / step[:, None]).to(torch.int8), step


class Folded(nn.Module):
    """The network as it is exported, run by PyTorch."""

    def __init__(self, net: Net, layers: dict[str, tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.net = net
        modules = dict(net.named_modules())
        for name, (weight, bias) in layers.items():
            conv = modules[name]
            conv.weight.data = weight.reshape(conv.weight.shape)
            conv.bias = nn.Parameter(bias)
            parent, _, last = name.rpartition(".")
            if last.startswith("conv"):
                setattr(modules[parent], last.replace("conv", "norm"), nn.Identity())


@torch.no_grad()
def unfold(weights: Path, net: Net, x: Tensor) -> None:
    """Give a network exported weights, the other way round from `folded`, so that it can be trained on.

    Each batch norm gets the mean and variance that it sees of x, and undoes them.
    """
    net.eval()
    modules = dict(net.named_modules())
    with np.load(weights) as arrays:
        layers = {name: torch.from_numpy(value) for name, value in arrays.items()}

    def undo(norm: nn.BatchNorm2d, seen: Tensor, bias: Tensor) -> None:
        norm.running_mean.copy_(seen.mean(dim=(0, 2, 3)))
        norm.running_var.copy_(seen.var(dim=(0, 2, 3)))
        norm.weight.copy_(torch.sqrt(norm.running_var + norm.eps))
        norm.bias.copy_(norm.running_mean + bias)

    hooks = []
    for name, conv in modules.items():
        if not isinstance(conv, nn.Conv2d):
            continue
        weight, bias = layers[f"{name}.weight"] * layers[f"{name}.step"][:, None], layers[f"{name}.bias"]
        if weight.shape != conv.weight.flatten(1).shape:
            raise ValueError(
                f"{weights} must be of a network of the same width, but its {name} has shape {tuple(weight.shape)} "
                f"instead of {tuple(conv.weight.flatten(1).shape)}"
            )
        conv.weight.copy_(weight.reshape(conv.weight.shape))
        if conv.bias is not None:
            conv.bias.copy_(bias)
            continue
        norm = modules[name.replace("conv", "norm")]
        hooks.append(norm.register_forward_pre_hook(lambda norm, seen, bias=bias: undo(norm, seen[0], bias)))
    net(x)
    for hook in hooks:
        hook.remove()


@torch.no_grad()
def trace_of(net: Net, x: Tensor) -> dict[str, Tensor]:
    """What each layer puts out, after its activation: the names are those of `Network.forward`."""
    trace: dict[str, Tensor] = {}
    blocks = [name.rpartition(".")[0] for name, _ in net.named_modules() if name.endswith("conv2")]
    for name, module in net.named_modules():
        if name in blocks:
            module.register_forward_hook(lambda _, __, out, name=name: trace.__setitem__(f"{name}.conv2", out))
        elif isinstance(module, nn.Conv2d) and not name.endswith("conv2"):
            activated = name.startswith("down") or name.endswith("conv1")
            keep = torch.relu if activated else torch.clone
            module.register_forward_hook(lambda _, __, out, name=name, keep=keep: trace.__setitem__(name, keep(out)))
    net(x)
    return {name: out[0] for name, out in trace.items()}


def load(checkpoint: Path) -> Net:
    """The averaged network of a checkpoint, ready to be used."""
    saved = torch.load(checkpoint)
    net = Net(saved["settings"]["width"])
    net.load_state_dict(saved["average"])
    return net.eval()


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT")
    parser.add_argument("weights", type=Path, metavar="WEIGHTS.npz")
    parser.add_argument("trace", type=Path, metavar="TRACE.npz")
    arguments = parser.parse_args()
    net = load(arguments.checkpoint)
    arrays, rounded = {}, {}
    with torch.no_grad():
        for name, (weight, bias) in folded(net).items():
            whole, step = to_8_bit(weight)
            arrays |= {f"{name}.weight": whole.numpy(), f"{name}.step": step.numpy(), f"{name}.bias": bias.numpy()}
            rounded[name] = whole * step[:, None], bias
    x = torch.randn(SHAPE, generator=torch.Generator().manual_seed(SEED))
    before = net(x).detach()
    trace = trace_of(Folded(net, rounded).net, x)
    for path in (arguments.weights, arguments.trace):
        path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.weights, **arrays)
    np.savez_compressed(arguments.trace, input=x[0].numpy(), **{name: out.numpy() for name, out in trace.items()})
    size = arguments.weights.stat().st_size / 1e6
    apart = (trace["head"] - before[0]).abs().mean(dim=(1, 2)).tolist()
    print(f"{arguments.weights}: {size:.2f} MB; 8 bits move outputs by {', '.join(f'{each:.4f}' for each in apart)}")


if __name__ == "__main__":
    main()
