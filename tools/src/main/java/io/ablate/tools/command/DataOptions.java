package io.ablate.tools.command;

import io.ablate.example.ExampleSelection;
import picocli.CommandLine.Option;

/** Which examples. */
final class DataOptions {
  @Option(
      names = "--data",
      order = 20,
      paramLabel = "DATA",
      description = "bundled, cifar10:DIR, imagefolder:DIR or npy:X.npy,Y.npy (default: bundled).")
  String data = "bundled";

  @Option(
      names = "--examples",
      order = 21,
      paramLabel = "LIST",
      description = "Positions in the data, for example 0-9,42 (default: 0-7).")
  String examples = "0-7";

  int[] selection() {
    return ExampleSelection.parse(examples);
  }
}
