package io.ablate.example;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyType;
import io.ablate.base.Problem;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Arrays: numbers N × the model's own input shape, fed as they are, or uint8 N × height × width ×
 * channels, which go through the preprocessing; and N integer labels. Inputs are read one at a
 * time.
 */
final class NpySource implements ExampleSource {
  private final NpyFile inputs;
  private final int[] labels;
  private final ModelInput model;
  private final String description;

  NpySource(Path inputFile, Path labelFile, ModelInput model) {
    this.model = model;
    this.description = "npy:" + inputFile + "," + labelFile;
    this.inputs = NpyFile.open(inputFile);
    try {
      requireInputs();
      this.labels = labels(labelFile);
    } catch (RuntimeException e) {
      inputs.close();
      throw e;
    }
  }

  private boolean isPixels() {
    return inputs.header().type() == NpyType.UINT8;
  }

  private void requireInputs() {
    long[] found = inputs.shape();
    long[] one = found.length == 0 ? found : Arrays.copyOfRange(found, 1, found.length);
    boolean fed =
        switch (inputs.header().type()) {
          case FLOAT16, FLOAT32, FLOAT64, INT8, INT16, INT32, INT64 -> true;
          default -> false;
        };
    boolean good =
        found.length > 0
            && (isPixels() ? found.length == 4 : fed && InputShape.fits(one, model.shape()));
    if (!good) {
      throw new BadInputException(
          Problem.of("wrong array of inputs")
              .at(inputs.file())
              .expected(
                  "floating-point numbers or signed integers N × "
                      + InputShape.text(model.shape())
                      + ", or uint8 N × height × width × channels")
              .found(inputs.header().type().descriptor() + " " + Arrays.toString(found)));
    }
    if (found[0] > Integer.MAX_VALUE) {
      throw new BadInputException(
          Problem.of("too many inputs")
              .at(inputs.file())
              .expected("at most " + Integer.MAX_VALUE)
              .found(found[0]));
    }
  }

  private int[] labels(Path file) {
    try (NpyFile npy = NpyFile.open(file)) {
      NpyType type = npy.header().type();
      boolean integer =
          switch (type) {
            case INT8, UINT8, INT16, INT32, INT64 -> true;
            default -> false;
          };
      if (!integer || npy.shape().length != 1) {
        throw new BadInputException(
            Problem.of("wrong array of labels")
                .at(file)
                .expected("integers [N]")
                .found(type.descriptor() + " " + Arrays.toString(npy.shape())));
      }
      if (npy.rows() != inputs.rows()) {
        throw new BadInputException(
            Problem.of("as many labels as inputs are needed")
                .at(file)
                .expected(inputs.rows() + " labels, the inputs in " + inputs.file())
                .found(npy.rows()));
      }
      double[] values = npy.rows(0, npy.rows());
      int[] labels = new int[values.length];
      for (int i = 0; i < labels.length; i++) {
        labels[i] = model.requireLabel((long) values[i], file + ", element " + i);
      }
      return labels;
    }
  }

  @Override
  public int size() {
    return labels.length;
  }

  @Override
  public Example load(int index) {
    ExampleSelection.requireWithin(index, size(), description);
    double[] values = inputs.rows(index, 1);
    String name = inputs.file().getFileName() + "[" + index + "]";
    long[] shape = inputs.shape();
    if (isPixels()) {
      byte[] pixels = new byte[values.length];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (byte) (int) values[i];
      }
      PixelImage picture = new PixelImage((int) shape[2], (int) shape[1], (int) shape[3], pixels);
      return model.example(index, name, labels[index], picture, false);
    }
    float[] input = new float[values.length];
    for (int i = 0; i < input.length; i++) {
      input[i] = (float) values[i];
      if (!Float.isFinite(input[i])) {
        throw new BadInputException(
            Problem.of("input is not finite")
                .at(inputs.file() + ", example " + index + ", element " + i)
                .expected("finite values")
                .found(values[i]));
      }
    }
    long[] one = Arrays.copyOfRange(shape, 1, shape.length);
    return new Example(index, name, labels[index], input, one, null);
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public void close() {
    inputs.close();
  }
}
