"""Train the network on a pack of photographs; started again, it goes on where it was.

    python training/train.py PACK.npz OUT --steps 20000
    python training/train.py PACK.npz OUT --steps 20000 --begin-with network.npz

OUT gets checkpoint.pt, log.csv and curve.png; the same command on the same kind of machine gives the same network.
The second begins with an exported network instead of nothing, and leaves out the first stage.
"""

import argparse
import csv
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from export import unfold
from net import Net
from samples import Batches, Pack, View
from torch import Tensor
from torch.nn.functional import avg_pool2d
from torch.utils.data import DataLoader

from pyvarcolor.learned.inputs import PER_DELTA, PER_UNIT, SCALE

Stage = tuple[tuple[View, ...], int, float]

STAGES: tuple[Stage, ...] = (
    ((View(64, 0.45),), 3, 2e-3),
    (tuple(View(side, side / 144, late=True) for side in (64, 80, 96)), 2, 1e-3),
)
"""What is seen in turn, the share of steps, the learning rate: windows of many sizes to the end, or photographs are
learnt by heart."""
VALIDATION = View(96, 0.85)
WARM_UP, LAST_RATE = 0.03, 0.02
DECAY, BETAS, CLIP, AVERAGE = 0.1, (0.9, 0.99), 2.0, 0.998
FLOOR = 5.0  # squared error of a*, b* below which less is worth little
LIKELIHOOD = 0.25
SEED = 860_531_417


def losses(outputs: Tensor, inputs: Tensor, truth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What is measured (the mean of decibels), Laplace likelihood of the error (which does not move chroma), and the
    squared error of each crop."""
    outputs = outputs.float()
    guess, truth = avg_pool2d(inputs[:, 4:6], 2) * PER_UNIT, avg_pool2d(truth, 2)
    chroma = torch.sigmoid(outputs[:, :1]) * guess + outputs[:, 1:3] * PER_DELTA
    log_scale = outputs[:, 3:].clamp(-4, 3)
    error = (chroma - truth).abs()
    likelihood = (error.detach() / SCALE * torch.exp(-log_scale) + log_scale).mean()
    squared = error.square().sum(1).mean(dim=(1, 2))
    return torch.log(squared + FLOOR).mean(), likelihood, squared


def plan(steps: int, stages: tuple[Stage, ...]) -> list[tuple[View, float]]:
    """What is seen, and the learning rate, of each step: each stage warms up and falls like a cosine."""
    planned: list[tuple[View, float]] = []
    ends = np.cumsum([share for _, share, _ in stages])
    for (views, _, rate), end in zip(stages, ends, strict=True):
        count = round(steps * end / ends[-1]) - len(planned)
        for step in range(count):
            falling = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * step / count)) / 2
            planned.append((views[step % len(views)], rate * min(falling, (step + 1) / (WARM_UP * count + 1))))
    return planned


class Average:
    """The moving average of the network over the last steps: what is exported."""

    def __init__(self, net: Net) -> None:
        self.state = {name: value.detach().clone() for name, value in net.state_dict().items()}

    @torch.no_grad()
    def add(self, net: Net, step: int) -> None:
        keep = min(AVERAGE, (step + 1) / (step + 10))
        for name, value in net.state_dict().items():
            if value.dtype.is_floating_point:
                self.state[name].lerp_(value, 1 - keep)
            else:
                self.state[name].copy_(value)


def validate(state: dict[str, Tensor], width: int, pack: Pack) -> float:
    """Root mean squared error of chroma on photographs held out, mixed hints as in training."""
    net = Net(width)
    net.load_state_dict(state)
    net.eval()
    batches = Batches(pack.held_out, None, [VALIDATION] * 8, SEED + 1)
    with torch.inference_mode():
        errors = [losses(net(batches[k][0]), *batches[k])[2] for k in range(len(batches))]
    return float(torch.cat(errors).mean().sqrt())


def save(path: Path, content: object) -> None:
    """Never half a file."""
    partial = path.with_suffix(".partial")
    torch.save(content, partial)
    partial.replace(path)


def plot(log: Path, to: Path) -> None:
    """The curve of training and validation."""
    from matplotlib.figure import Figure

    with log.open(encoding="ascii") as lines:
        rows = [[float(cell) for cell in row] for row in list(csv.reader(lines))[1:]]
    step, _, trained, held_out = np.array(rows)[:, :4].T
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.plot(step, trained, label="photographs trained on")
    axes.plot(step, held_out, label="photographs held out, average of the network")
    axes.set(xlabel="step", ylabel="root mean squared error of a*, b*")
    axes.legend()
    figure.savefig(to, dpi=120)


def main() -> None:
    """Train; long, for it is one loop that is read from its options to its last checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path, metavar="PACK.npz")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--width", type=int, default=24, help="channels at half size; four times as many deeper down")
    parser.add_argument("--begin-with", type=Path, metavar="NETWORK.npz", help="exported weights of the same width")
    parser.add_argument("--look-every", type=int, default=500, metavar="N", help="steps between checkpoints")
    arguments = parser.parse_args()
    steps, out, begin_with = arguments.steps, arguments.out, arguments.begin_with
    planned = plan(steps, STAGES if begin_with is None else STAGES[1:])
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, log = out / "checkpoint.pt", out / "log.csv"

    pack = Pack(arguments.pack)
    samples = Batches(pack.trained_on, pack.shares, [view for view, _ in planned], SEED)

    torch.manual_seed(SEED)
    torch.set_num_threads(max((os.cpu_count() or 1) - 1, 1))  # one makes the batches
    net = Net(arguments.width).to(memory_format=torch.channels_last)
    if begin_with is not None:
        unfold(begin_with, net, samples[0][0])
    optimizer = torch.optim.AdamW(net.parameters(), betas=BETAS, weight_decay=DECAY)
    average, first, seconds = Average(net), 0, 0.0
    settings = {
        "photographs": pack.trained_on_names,
        "steps": steps,
        "width": arguments.width,
        "begin_with": begin_with and str(begin_with),
    }
    rows = [["step", "seconds", "trained_on", "held_out"]]
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        if differ := [name for name, value in settings.items() if saved["settings"].get(name) != value]:
            raise SystemExit(f"{checkpoint} was made with other {' and '.join(differ)}: name another OUT")
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        average.state, first, seconds, rows = saved["average"], saved["step"], saved["seconds"], saved["rows"]
        print(f"goes on at step {first}")

    batches = DataLoader(samples, None, sampler=range(first, steps), num_workers=1, prefetch_factor=8)
    began, recent = time.monotonic() - seconds, list[float]()
    net.train()
    for step, (inputs, truth) in zip(range(first, steps), batches, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = planned[step][1]
        torch.manual_seed(SEED + step)  # which channels are dropped depends on the step alone, too
        with torch.autocast("cpu", torch.bfloat16):
            outputs = net(inputs.contiguous(memory_format=torch.channels_last))
        decibels, likelihood, squared = losses(outputs, inputs, truth)
        optimizer.zero_grad()
        (decibels + LIKELIHOOD * likelihood).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        optimizer.step()
        average.add(net, step)
        recent.append(float(squared.detach().mean()))
        if (step + 1) % arguments.look_every == 0 or step + 1 == steps:
            held_out = validate(average.state, arguments.width, pack)
            row = [step + 1, time.monotonic() - began, np.mean(recent) ** 0.5, held_out]
            rows.append([f"{number:.6g}" for number in row])
            recent.clear()
            print(", ".join(f"{name} {value}" for name, value in zip(rows[0], rows[-1], strict=True)), flush=True)
            state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "average": average.state}
            save(checkpoint, {**state, "settings": settings, "step": step + 1, "seconds": row[1], "rows": rows})
            with log.open("w", encoding="ascii", newline="") as file:
                csv.writer(file).writerows(rows)
    plot(log, out / "curve.png")


if __name__ == "__main__":
    main()
