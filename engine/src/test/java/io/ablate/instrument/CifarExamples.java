package io.ablate.instrument;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ablate.base.SharedFiles;
import io.ablate.instrument.OrtRunner.Floats;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * CIFAR-10 test images that a golden set names, preprocessed as the models' sidecars say.
 *
 * @param images [examples, 3, 32, 32]
 * @param labels their classes
 */
record CifarExamples(Floats images, long[] labels) {
  private static final double[] MEAN = {125.3, 123.0, 113.9};
  private static final double[] STD = {63.0, 62.1, 66.7};

  static JsonNode json(String shared) throws IOException {
    return new ObjectMapper().readTree(SharedFiles.require(shared).toFile());
  }

  /** The images at {@code examples_in_test_batch}, which must have the {@code labels} stated. */
  static CifarExamples of(JsonNode golden) throws IOException {
    int count = golden.get("labels").size();
    float[] pixels = new float[count * 3072];
    long[] labels = new long[count];
    Path batch = SharedFiles.require("data/cifar-10-batches-bin/test_batch.bin");
    try (RandomAccessFile file = new RandomAccessFile(batch.toFile(), "r")) {
      byte[] bytes = new byte[3073];
      for (int i = 0; i < count; i++) {
        file.seek(golden.get("examples_in_test_batch").get(i).asLong() * bytes.length);
        file.readFully(bytes);
        labels[i] = bytes[0];
        if (labels[i] != golden.get("labels").get(i).asLong()) {
          throw new AssertionError("label of example " + i + " is " + labels[i]);
        }
        for (int p = 0; p < 3072; p++) {
          int plane = p / 1024;
          pixels[i * 3072 + p] = (float) (((bytes[p + 1] & 0xff) - MEAN[plane]) / STD[plane]);
        }
      }
    }
    return new CifarExamples(new Floats(pixels, count, 3, 32, 32), labels);
  }
}
