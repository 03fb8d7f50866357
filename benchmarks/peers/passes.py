#!/usr/bin/env python3
"""Ablated passes per second: PyTorch as COAR's repository uses it, and Ablate, in turns."""

import argparse
import copy
import json
import os
import statistics
import subprocess
import time

import torch
from torch import nn

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run")


class Block(nn.Module):
    """Two convolutions with batch norm, and a shortcut."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = None
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class ResNet(nn.Module):
    """For images of 32 x 32: widths and blocks per stage as in the bundled networks."""

    def __init__(self, widths, blocks):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
        )
        stages = []
        before = widths[0]
        for stage, width in enumerate(widths):
            for block in range(blocks):
                stages.append(Block(before, width, 2 if stage > 0 and block == 0 else 1))
                before = width
        self.stages = nn.Sequential(*stages)
        self.fc = nn.Linear(before, 10)

    def forward(self, x):
        return self.fc(self.stages(self.stem(x)).mean((2, 3)))


NETWORKS = {
    "resnet8-cifar10": lambda: ResNet([32, 64, 128], 1),
    "resnet18-cifar10": lambda: ResNet([64, 128, 256, 512], 2),
}


def coar_pass(model, layers, example, keep=0.9):
    """One mask as COAR's repository evaluates it."""
    ablated = copy.deepcopy(model)
    modules = dict(ablated.named_modules())
    for name in layers:
        weight = modules[name].weight
        weight.data[torch.rand(weight.shape[0]) >= keep] = 0
    return ablated(example)


def rate(task, per_run, seconds):
    task()
    start = time.perf_counter()
    runs = 0
    while True:
        task()
        runs += 1
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return runs * per_run / elapsed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="resnet18-cifar10", choices=sorted(NETWORKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = NETWORKS[arguments.model]().eval()
    layers = [n for n, m in model.named_modules() if isinstance(m, nn.Conv2d)]
    one = torch.randn(1, 3, 32, 32)
    batch = torch.randn(64, 3, 32, 32)
    figures = {}
    with torch.inference_mode():
        for _ in range(arguments.rounds):
            row = {
                "PyTorch, COAR's loop": rate(
                    lambda: coar_pass(model, layers, one), 1, arguments.seconds
                ),
                "PyTorch, plain, batch 64": rate(lambda: model(batch), 64, arguments.seconds),
            }
            command = [RUN, "passes", "--model", arguments.model]
            command += ["--threads", str(arguments.threads), "--seconds", str(arguments.seconds)]
            for backend in ("auto", "onnxruntime-cpu"):
                out = subprocess.run(
                    command + ["--backend", backend], check=True, capture_output=True, text=True
                )
                ours = json.loads(out.stdout.strip().splitlines()[-1])
                row[f"Ablate, {ours['backend']}, masked"] = ours["masked"]
                row[f"Ablate, {ours['backend']}, gradient"] = ours["gradient"]
                row["ONNX Runtime, plain, batch 64"] = ours["plain_onnxruntime"]
            row["reference"] = max(v for k, v in row.items() if k.endswith("masked"))
            for name, value in row.items():
                figures.setdefault(name, []).append(value)
    reference = figures.pop("reference")
    print(f"{arguments.model}, PyTorch {torch.__version__}, {arguments.threads} threads")
    for name, values in figures.items():
        ratio = statistics.median(r / v for r, v in zip(reference, values))
        print(f"{name:40s} {statistics.median(values):9.1f} passes/s   masked / this {ratio:7.2f}")


if __name__ == "__main__":
    main()
