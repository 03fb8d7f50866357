#!/usr/bin/env python3
"""PyTorch on a GPU, as a list for tools/gpu-check: plain forward passes, COAR's loop, and fits.

Rows are written as they come, so that a run cut off keeps them. Exit code 3 where PyTorch or its
device is missing.
"""

import argparse
import contextlib
import copy
import json
import math
import os
import statistics
import sys
import time

try:
    import torch
    from torch import nn
except ImportError as missing:
    print(f"no PyTorch: {missing}", file=sys.stderr)
    sys.exit(3)

from passes import NETWORKS, coar_pass

CLASSES = 1000


class Bottleneck(nn.Module):
    """As in ResNet-50, the stride in the 3 x 3 window."""

    def __init__(self, channels_in, width, stride):
        super().__init__()
        channels = 4 * width
        self.body = nn.Sequential(
            *(nn.Conv2d(channels_in, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)),
            *(nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)),
            *(nn.ReLU(True), nn.Conv2d(width, channels, 1, bias=False), nn.BatchNorm2d(channels)),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet50():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(True)]
    layers.append(nn.MaxPool2d(3, 2, 1))
    channels = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for block in range(blocks):
            layers.append(Bottleneck(channels, width, 2 if stage > 0 and block == 0 else 1))
            channels = 4 * width
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES)
    )


class Transformer(nn.Module):
    """ViT-B/16 at 224 x 224."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 768, 16, 16)
        self.first = nn.Parameter(torch.randn(1, 1, 768))
        self.places = nn.Parameter(torch.randn(1, 197, 768))
        layer = nn.TransformerEncoderLayer(
            768, 12, 3072, 0, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, 12, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(768)
        self.fc = nn.Linear(768, CLASSES)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.first.expand(len(x), -1, -1), x], 1) + self.places
        return self.fc(self.norm(self.layers(x))[:, 0])


SIZES = {
    "full": {
        "passes": [
            ("resnet8-cifar10", NETWORKS["resnet8-cifar10"], 32, (64, 256, 1024)),
            ("resnet18-cifar10", NETWORKS["resnet18-cifar10"], 32, (64, 256, 1024)),
            ("resnet50-random", resnet50, 224, (64, 256)),
            ("vit-b16-random", Transformer, 224, (64,)),
        ],
        "networks": (4800, 1000, 1000, 256),
        "regression": (2304, 50_000, 10_000),
    },
    "small": {
        "passes": [("resnet8-cifar10", NETWORKS["resnet8-cifar10"], 32, (16,))],
        "networks": (200, 300, 4, 32),
        "regression": (200, 2000, 100),
    },
}
ROUNDS = 3
BATCH = 32
STEPS = 5
EFFECT = 3.0


class Rows:
    """The list, and the device that its times are of."""

    def __init__(self, file, device):
        self.file = file
        self.device = device
        self.rows = []
        self.faults = 0

    def add(self, what, value, unit, note, **details):
        print(f"{what}: {value:,.4g} {unit}", flush=True)
        named = {name.replace("__", ", ").replace("_", " "): v for name, v in details.items()}
        row = {"what": what, "value": value, "unit": unit, "details": named}
        row["note"] = f"{note}; PyTorch {torch.__version__}"
        self.rows.append(row)
        with open(self.file + ".part", "w") as out:
            json.dump(self.rows, out, indent=1)
        os.replace(self.file + ".part", self.file)

    def attempt(self, what, work):
        """What fails is told and leaves no row; the rest goes on."""
        try:
            work()
        except RuntimeError as fault:
            self.faults += 1
            print(f"{what} failed: {fault}", flush=True)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def peak(self):
        """Bytes allocated at most since the last call, in GB."""
        if self.device.type != "cuda":
            return 0.0
        most = torch.cuda.max_memory_allocated(self.device) / 1e9
        torch.cuda.reset_peak_memory_stats(self.device)
        return most

    def rate(self, task, per_run, seconds):
        """Median of a few rounds, in runs' work per second."""
        for _ in range(3):
            task()
        self.wait()
        rates = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            runs = 0
            while True:
                task()
                self.wait()
                runs += 1
                elapsed = time.perf_counter() - start
                if elapsed >= seconds:
                    break
            rates.append(runs * per_run / elapsed)
        return statistics.median(rates)


def passes(rows, cases, seconds):
    half_there = rows.device.type == "cuda"
    for name, make, side, batches in cases:
        with rows.device if rows.device.type == "cuda" else contextlib.nullcontext():
            plain = make().eval()  # drawn where it stays
        half = copy.deepcopy(plain).half().to(memory_format=torch.channels_last)
        for batch in batches:
            x = torch.randn(batch, 3, side, side, device=rows.device)
            h = x.half().to(memory_format=torch.channels_last)
            what = f"PyTorch, {name}, batch {batch}"

            def measure(precision, task, note):
                value = rows.rate(task, batch, seconds)
                rows.add(f"{what}, {precision}, plain", value, "passes/s", note)

            rows.attempt(what, lambda: measure("fp32", lambda: plain(x), "eager, TF32 off"))
            if half_there:
                rows.attempt(
                    what, lambda: measure("fp16", lambda: half(h), "eager, channels last")
                )
        if name in NETWORKS:
            layers = [n for n, m in plain.named_modules() if isinstance(m, nn.Conv2d)]
            one = torch.randn(1, 3, side, side, device=rows.device)
            value = rows.rate(lambda: coar_pass(plain, layers, one), 1, seconds)
            note = "fp32, copies the model for every mask"
            rows.add(f"PyTorch, {name}, COAR's loop", value, "passes/s", note)


def networks(rows, columns, samples, examples, units):
    """Training of the networks of ReLU extraction, those of all examples as batched products."""
    device = rows.device
    if device.type == "cuda":
        # Weights, gradients, two moments; masks of a batch and room for the rest.
        each = 4 * (4 * columns * units + 3 * BATCH * columns)
        free = torch.cuda.mem_get_info(device)[0]
        examples = min(examples, int(0.8 * free / each))
    rows.peak()
    masks = (torch.rand(samples, columns, device=device) < 0.1).float()
    outputs = torch.randn(examples, samples, device=device)
    w1 = torch.empty(examples, columns, units, device=device).uniform_(-1, 1)
    inner = nn.Parameter(w1.mul_(0.3 / math.sqrt(columns)))
    bias = nn.Parameter(torch.empty(examples, 1, units, device=device).uniform_(-0.5, 0.5))
    bound = 1 / math.sqrt(units)
    outer = nn.Parameter(torch.empty(examples, units, 1, device=device).uniform_(-bound, bound))
    offset = nn.Parameter(torch.zeros(examples, 1, 1, device=device))
    fused = {"fused": True} if device.type == "cuda" else {"foreach": True}
    optimiser = torch.optim.Adam([inner, bias, outer, offset], lr=1e-3, **fused)

    def step():
        batch = torch.randint(samples, (examples, BATCH), device=device)
        hidden = torch.relu(torch.baddbmm(bias, masks[batch], inner))
        predicted = torch.baddbmm(offset, hidden, outer)[:, :, 0]
        loss = ((predicted - outputs.gather(1, batch)) ** 2).mean(1).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    for _ in range(2):
        step()
    rows.wait()
    start = time.perf_counter()
    for _ in range(STEPS):
        step()
    rows.wait()
    epoch = math.ceil(samples / BATCH) * (time.perf_counter() - start) / STEPS
    rows.add(
        f"PyTorch, training of ReLU networks, n = {columns}, m = {samples}, {examples} examples,"
        f" d = {units}",
        examples / epoch,
        "examples·epochs/s",
        f"float32, TF32 off, B = {BATCH}, baddbmm over examples, eager, Adam {list(fused)[0]};"
        f" {STEPS} steps timed, an epoch reckoned from them",
        seconds_per_epoch_of_all=epoch,
        memory__GB=rows.peak(),
    )


def least_squares(masks, outputs, device):
    """Attributions [n, examples] on the host from masks and outputs there."""
    x = masks.to(device).double()
    y = outputs.to(device).double()
    x -= x.mean(0)
    y -= y.mean(0)
    factor = torch.linalg.cholesky(x.T @ x)
    return torch.cholesky_solve(x.T @ y, factor).float().cpu()


def regression(rows, columns, samples, examples):
    """Least squares of all examples by a Cholesky factor in float64, copies included."""
    device = rows.device
    masks = (torch.rand(samples, columns, device=device) < 0.9).cpu()
    planted = torch.arange(examples) % columns
    on_device = masks.to(device)[:, planted.to(device)].float().mul_(EFFECT)
    outputs = on_device.cpu()
    del on_device
    rows.peak()

    start = time.perf_counter()
    theta = least_squares(masks, outputs, device)
    seconds = time.perf_counter() - start
    for e in range(min(examples, 5)):
        assert abs(theta[planted[e], e] - EFFECT) < 0.01, "wrong result, not timed"
    rows.add(
        f"PyTorch, regression, n = {columns}, m = {samples}, {examples} examples",
        seconds,
        "s",
        "torch.linalg.cholesky of the centred Gram matrix, float64; masks of 1 byte and outputs in"
        " float32 in the host's memory before, copies included",
        memory__GB=rows.peak(),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda:0", help="cpu to try the script")
    parser.add_argument("--size", default="full", choices=sorted(SIZES))
    parser.add_argument("--networks", default="all", help="names with commas between")
    parser.add_argument("--seconds", type=float, default=0.1, help="of each of three rounds")
    parser.add_argument("--out", default="peers.json")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if device.type == "cuda":
        if not torch.cuda.is_available():
            print("PyTorch has no CUDA device here", file=sys.stderr)
            sys.exit(3)
        torch.cuda.set_device(device)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    rows = Rows(arguments.out, device)
    sizes = SIZES[arguments.size]
    wanted = arguments.networks.split(",")
    some = [case for case in sizes["passes"] if wanted == ["all"] or case[0] in wanted]
    with torch.inference_mode():
        passes(rows, some, arguments.seconds)
    rows.attempt("networks", lambda: networks(rows, *sizes["networks"]))
    with torch.inference_mode():
        least_squares(torch.eye(3, 2) == 1, torch.ones(3, 1), device)  # loads the libraries
        rows.attempt("regression", lambda: regression(rows, *sizes["regression"]))
    sys.exit(1 if rows.faults else 0)


if __name__ == "__main__":
    main()
