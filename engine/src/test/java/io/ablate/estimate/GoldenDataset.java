package io.ablate.estimate;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.base.NpyFile;
import io.ablate.base.SharedFiles;
import io.ablate.mask.MaskMatrix;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The component dataset collected by an independent implementation: ResNet-8, 10 examples. */
public final class GoldenDataset {
  /** Rows from here to the end are held out, by the data set's own description. */
  public static final int HELD_OUT = 4500;

  private static @Nullable GoldenDataset read;

  public final MaskMatrix masks;
  public final double[][] outputs;
  public final int[] layerOfColumn;
  public final double[][] activationScale;

  private GoldenDataset(
      MaskMatrix masks, double[][] outputs, int[] layerOfColumn, double[][] activationScale) {
    this.masks = masks;
    this.outputs = outputs;
    this.layerOfColumn = layerOfColumn;
    this.activationScale = activationScale;
  }

  /** Reads it, once; skips the calling test where the shared folder is absent. */
  public static synchronized GoldenDataset require() {
    Path folder = SharedFiles.require("golden/resnet8-cifar10-dataset");
    GoldenDataset known = read;
    if (known == null) {
      known = read(folder);
      read = known;
    }
    return known;
  }

  private static GoldenDataset read(Path folder) {
    double[] bits = NpyFile.readDoubles(folder.resolve("masks.npy"));
    double[] flat = NpyFile.readDoubles(folder.resolve("outputs.npy"));
    int rows = 6000;
    int columns = bits.length / rows;
    MaskMatrix masks = new MaskMatrix(rows, columns);
    for (int i = 0; i < bits.length; i++) {
      masks.set(i / columns, i % columns, bits[i] == 1);
    }
    double[][] outputs = new double[flat.length / rows][rows];
    for (int i = 0; i < flat.length; i++) {
      outputs[i % outputs.length][i / outputs.length] = flat[i];
    }
    double[] flatScale = NpyFile.readDoubles(folder.resolve("activation_scale.npy"));
    double[][] scale = new double[outputs.length][];
    for (int e = 0; e < scale.length; e++) {
      scale[e] = java.util.Arrays.copyOfRange(flatScale, e * columns, (e + 1) * columns);
    }
    return new GoldenDataset(masks, outputs, layers(folder, columns), scale);
  }

  private static int[] layers(Path folder, int columns) {
    JsonNode listed = Json.read(folder.resolve("components.json")).path("columns");
    Map<String, Integer> known = new HashMap<>();
    int[] layers = new int[columns];
    for (int i = 0; i < columns; i++) {
      String name = listed.path(i).path("layer").asText();
      known.putIfAbsent(name, known.size());
      layers[i] = known.getOrDefault(name, -1);
    }
    return layers;
  }

  public TrainingData train(int rows) {
    return all().first(rows);
  }

  public TrainingData all() {
    return new TrainingData(masks, outputs, new int[masks.columns()]);
  }

  /** All rows with the layers and the activation scale. */
  public TrainingData withLayers() {
    return new TrainingData(masks, outputs, layerOfColumn, activationScale);
  }

  public MaskMatrix heldOutMasks() {
    return masks.rows(HELD_OUT, masks.rows());
  }

  public double[][] heldOutOutputs() {
    double[][] tail = new double[outputs.length][];
    for (int e = 0; e < tail.length; e++) {
      tail[e] = java.util.Arrays.copyOfRange(outputs[e], HELD_OUT, masks.rows());
    }
    return tail;
  }
}
