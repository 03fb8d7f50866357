#!/usr/bin/env python3
"""Least squares by centred Gram matrix and Cholesky factor: NumPy and SciPy, and Ablate, in turns."""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy
import scipy.linalg

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run")


def numpy_fit(masks, outputs):
    """Attributions [n, examples] from masks [m, n] and outputs [m, examples]."""
    centred = masks - masks.mean(0)
    gram = centred.T @ centred
    moments = centred.T @ (outputs - outputs.mean(0))
    return scipy.linalg.cho_solve(scipy.linalg.cho_factor(gram, overwrite_a=True), moments)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, default=4800)
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="set OPENBLAS_NUM_THREADS as well")
    arguments = parser.parse_args()
    random = numpy.random.default_rng(1)
    masks = (random.random((arguments.rows, arguments.columns)) < 0.9).astype(numpy.float64)
    effects = random.standard_normal((arguments.columns, arguments.examples))
    outputs = masks @ effects + random.standard_normal((arguments.rows, arguments.examples))
    theirs = []
    ours = []
    for _ in range(arguments.rounds):
        start = time.perf_counter()
        found = numpy_fit(masks, outputs)
        theirs.append(time.perf_counter() - start)
        correlation = numpy.corrcoef(found[:, 0], effects[:, 0])[0, 1]
        assert correlation > 0.9, f"attributions correlate with the true ones by {correlation}"
        with tempfile.NamedTemporaryFile(suffix=".json") as result:
            subprocess.run(
                [RUN, "FitBenchmark", "-p", "method=least-squares", "-p", "algebra=openblas"]
                + ["-p", f"columns={arguments.columns}", "-p", f"rows={arguments.rows}"]
                + ["-p", f"examples={arguments.examples}", "-f", "1", "-wi", "1", "-i", "1"]
                + ["-rf", "json", "-rff", result.name],
                check=True,
                capture_output=True,
            )
            ours.append(json.load(open(result.name))[0]["primaryMetric"]["score"] / 1000)
    ratio = statistics.median(t / o for t, o in zip(theirs, ours))
    print(
        f"least squares, n = {arguments.columns}, m = {arguments.rows}, {arguments.examples}"
        f" examples: NumPy {numpy.__version__} {statistics.median(theirs):.2f} s,"
        f" Ablate {statistics.median(ours):.2f} s, ratio {ratio:.2f}"
    )


if __name__ == "__main__":
    main()
