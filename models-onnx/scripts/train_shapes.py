#!/usr/bin/env python3
"""Trains the bundled network on the procedurally drawn shapes and writes it as ONNX, BatchNorm kept.

    train_shapes.py DATA OUT [--epochs N] [--threads N]

DATA is the folder that ShapesToNpy.java writes; OUT receives shapes-resnet.onnx and shapes-resnet.json.
Needs PyTorch 1.13 or newer (Debian: python3-torch), no GPU. The same seed and thread count give the same weights on the
same machine; another machine's arithmetic may round differently.
"""

import argparse
import json
import os
import pathlib
import platform
import time

# Threads that wait must sleep: spinning ones halve the speed where others use the machine too.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

CLASSES = ["circle", "square", "triangle", "star", "cross", "ring", "crescent", "heart", "arrow", "hexagon"]
MEAN = [127.5, 127.5, 127.5]
STD = [64.0, 64.0, 64.0]
WIDTHS = (32, 64, 96)


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut, which is 1x1 where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ShapesResNet(nn.Module):
    """A stride-2 stem and one block a stage, on maps of 16, 8 and 4 pixels."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.layer1 = Block(WIDTHS[0], WIDTHS[0], 1)
        self.layer2 = Block(WIDTHS[0], WIDTHS[1], 2)
        self.layer3 = Block(WIDTHS[1], WIDTHS[2], 2)
        self.fc = nn.Linear(WIDTHS[2], len(CLASSES))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def load(folder, split):
    """Standardised float images N x 3 x 32 x 32, and labels."""
    pixels = torch.from_numpy(np.load(folder / f"x_{split}.npy")).permute(0, 3, 1, 2).float()
    images = (pixels - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
    return images.contiguous(), torch.from_numpy(np.load(folder / f"y_{split}.npy")).long()


def turned(batch):
    """The batch in one of the eight positions of the square: no class depends on it."""
    if torch.rand(()) < 0.5:
        batch = batch.flip(3)
    return torch.rot90(batch, int(torch.randint(4, ())), (2, 3))


def evaluate(model, images, labels):
    """Accuracy, and the quartiles of the margin to the best wrong class."""
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(part) for part in images.split(500)])
    right = logits.gather(1, labels[:, None])[:, 0]
    wrong = logits.scatter(1, labels[:, None], -torch.inf).max(1).values
    quartiles = torch.quantile(right - wrong, torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95]))
    per_class = [(logits.argmax(1) == labels)[labels == c].float().mean().item() for c in range(len(CLASSES))]
    return (right > wrong).float().mean().item(), quartiles.tolist(), per_class


def train(model, images, labels, epochs, batch, rate):
    """SGD with Nesterov momentum; the rate rises for a fifth of the time, then falls to zero."""
    optimiser = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
    steps = epochs * (len(labels) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps, pct_start=0.2)
    started = time.monotonic()
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(labels))[: len(labels) // batch * batch]
        total = 0.0
        for rows in order.split(batch):
            loss = F.cross_entropy(model(turned(images[rows])), labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * batch
        print(f"epoch {epoch + 1:2d}  training loss {total / len(order):.4f}  {time.monotonic() - started:.0f} s", flush=True)


def export(model, file):
    """ONNX with BatchNorm as nodes of its own: components are found before it, and it must not be folded away."""
    model.eval()
    # Only the outermost flag, which no layer reads: it keeps the exporter from sharing tensors of equal value, as a block's
    # two last BatchNorm biases are, through Identity nodes.
    model.training = True
    torch.onnx.export(
        model,
        torch.zeros(1, 3, 32, 32),
        str(file),
        opset_version=13,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
    )


def sidecar(accuracy, count, epochs):
    return {
        "input": {"name": "image", "layout": "NCHW", "range": [0, 255], "mean": MEAN, "std": STD},
        "output": "logits",
        "classes": CLASSES,
        "source": f"residual network, stride-2 stem, widths {'/'.join(map(str, WIDTHS))}, one block a stage; trained from scratch on "
        f"{count:,} procedurally drawn shapes, {epochs} epochs; test accuracy {100 * accuracy:.1f} %",
        "licence": "Apache-2.0",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=20261122)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    images, labels = load(options.data, "train")
    test_images, test_labels = load(options.data, "test")
    model = ShapesResNet()
    filters = sum(m.out_channels for m in model.modules() if isinstance(m, nn.Conv2d))
    weights = sum(p.numel() for p in model.parameters())
    print(f"PyTorch {torch.__version__}, Python {platform.python_version()}, seed {options.seed}, threads {options.threads}")
    print(f"{len(labels)} training images, {len(test_labels)} test images, {filters} filters, {weights} parameters")
    print(f"epochs {options.epochs}, batch {options.batch}, rate {options.rate}")
    train(model, images, labels, options.epochs, options.batch, options.rate)

    accuracy, quartiles, per_class = evaluate(model, test_images, test_labels)
    print(f"test accuracy {100 * accuracy:.2f} %")
    print("margin at 5/25/50/75/95 %: " + " ".join(f"{q:.2f}" for q in quartiles))
    print("by class: " + ", ".join(f"{name} {100 * a:.1f} %" for name, a in zip(CLASSES, per_class)))
    options.out.mkdir(parents=True, exist_ok=True)
    export(model, options.out / "shapes-resnet.onnx")
    text = json.dumps(sidecar(accuracy, len(labels), options.epochs), indent=1, ensure_ascii=False)
    (options.out / "shapes-resnet.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
