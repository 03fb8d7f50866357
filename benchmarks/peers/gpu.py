#!/usr/bin/env python3
"""PyTorch on a GPU: plain forward passes per second, and COAR's loop, as a list for tools/gpu-check."""

import argparse
import json
import sys
import time

import torch
from torch import nn

from passes import NETWORKS, coar_pass


def rate(task, per_run, seconds):
    """Runs per second; the device is waited for before the clock is read."""
    for _ in range(3):
        task()
    torch.cuda.synchronize()
    start = time.perf_counter()
    runs = 0
    while True:
        for _ in range(5):
            task()
        torch.cuda.synchronize()
        runs += 5
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return runs * per_run / elapsed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--seconds", type=float, default=2)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    torch.cuda.set_device(device)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    rows = []

    def measure(what, task, per_run, note):
        value = rate(task, per_run, arguments.seconds)
        print(f"{what}: {value:,.0f}", file=sys.stderr)
        rows.append({"what": what, "value": value, "unit": "passes/s", "note": note})

    with torch.inference_mode():
        for name in sorted(NETWORKS):
            plain = NETWORKS[name]().eval().to(device)
            half = NETWORKS[name]().eval().to(device).half().to(memory_format=torch.channels_last)
            for batch in (64, 256, 1024):
                x = torch.randn(batch, 3, 32, 32, device=device)
                h = x.half().to(memory_format=torch.channels_last)
                what = f"PyTorch, {name}, batch {batch}"
                measure(what + ", plain, float32", lambda: plain(x), batch, "TF32 off")
                measure(what + ", plain, float16", lambda: half(h), batch, "channels last")
            layers = [n for n, m in plain.named_modules() if isinstance(m, nn.Conv2d)]
            one = torch.randn(1, 3, 32, 32, device=device)
            measure(
                f"PyTorch, {name}, COAR's loop",
                lambda: coar_pass(plain, layers, one),
                1,
                "copies the model for every mask",
            )
    json.dump(rows, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
