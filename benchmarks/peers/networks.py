#!/usr/bin/env python3
"""Training of the networks of ReLU extraction: PyTorch and Ablate, in turns.

Both train a network 4,800 - 64 - 1 per example by Adam on batches of 16 masks. What is compared is rows trained per
second: how many epochs a fit takes, ours decides on rows left out.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

import torch

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run")
UNITS = 64
BATCH = 16
RATE = 1e-3


def one_by_one(masks, outputs, steps):
    """Rows per second where every example has its own network, one trained after the other."""
    examples = min(2, len(outputs))
    start = time.perf_counter()
    for example in range(examples):
        network = torch.nn.Sequential(
            torch.nn.Linear(masks.shape[1], UNITS), torch.nn.ReLU(), torch.nn.Linear(UNITS, 1)
        )
        optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
        order = torch.randperm(len(masks))
        for step in range(steps):
            batch = order[step * BATCH : (step + 1) * BATCH]
            loss = ((network(masks[batch])[:, 0] - outputs[example, batch]) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return examples * steps * BATCH / (time.perf_counter() - start)


def side_by_side(masks, outputs, steps, foreach):
    """Rows per second where the networks of all examples are one batched product."""
    examples = len(outputs)
    inner = torch.nn.Parameter(0.01 * torch.randn(examples, masks.shape[1], UNITS))
    bias = torch.nn.Parameter(torch.zeros(examples, 1, UNITS))
    outer = torch.nn.Parameter(0.1 * torch.randn(examples, UNITS, 1))
    offset = torch.nn.Parameter(torch.zeros(examples, 1, 1))
    optimiser = torch.optim.Adam([inner, bias, outer, offset], lr=RATE, foreach=foreach)
    order = torch.randperm(len(masks))
    start = time.perf_counter()
    for step in range(steps):
        batch = order[step * BATCH : (step + 1) * BATCH]
        hidden = torch.relu(torch.baddbmm(bias, masks[batch].expand(examples, -1, -1), inner))
        predicted = torch.baddbmm(offset, hidden, outer)[:, :, 0]
        loss = ((predicted - outputs[:, batch]) ** 2).mean(1).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return examples * steps * BATCH / (time.perf_counter() - start)


def ours(arguments):
    command = [RUN, "fit", "--method", "relu", "--threads", str(arguments.threads)]
    for name in ("columns", "rows", "examples"):
        command += ["--" + name, str(getattr(arguments, name))]
    result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return result["diagnostics"]["trained_rows"] / result["seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, default=4800)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--examples", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60, help="steps that PyTorch is timed for")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    masks = (torch.rand(arguments.rows, arguments.columns) < 0.9).float()
    outputs = torch.randn(arguments.examples, arguments.rows)
    steps = min(arguments.steps, arguments.rows // BATCH)
    peers = {
        "PyTorch, one by one": lambda: one_by_one(masks, outputs, steps),
        "PyTorch, side by side": lambda: side_by_side(masks, outputs, steps, False),
        "PyTorch, side by side, foreach": lambda: side_by_side(masks, outputs, steps, True),
    }
    rates = {name: [] for name in peers}
    own = []
    for _ in range(arguments.rounds):
        for name, run in peers.items():
            rates[name].append(run())
        own.append(ours(arguments))
    print(
        f"n = {arguments.columns}, m = {arguments.rows}, {arguments.examples} examples,"
        f" {arguments.threads} threads, PyTorch {torch.__version__}; rows trained per second"
    )
    for name, values in rates.items():
        ratio = statistics.median(o / v for o, v in zip(own, values))
        print(f"{name}: {statistics.median(values):,.0f}, ours over it {ratio:.1f}")
    print(f"Ablate, relu: {statistics.median(own):,.0f}")


if __name__ == "__main__":
    main()
