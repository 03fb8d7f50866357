package io.ablate.onednn;

import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Networks of which a node moves numbers about as programs cannot, by that node. */
final class RefusedNetworks {
  private RefusedNetworks() {}

  static Map<String, InstrumentedModel> all() {
    Map<String, InstrumentedModel> refused = new LinkedHashMap<>();
    refused.put("/grid", reshaped(0, 8, 3, 2));
    refused.put("/rows", rowsJoined());
    refused.put("/sum", differentOrders());
    refused.put("Conv", notFinite());
    return refused;
  }

  /** Neurons become an image of several positions. */
  private static InstrumentedModel reshaped(long... target) {
    GraphBuilder b = new GraphBuilder(12);
    String a = b.relu(Networks.scaled(b, "a", Networks.input(b), 3, 16, 1));
    String hidden = b.linear("hidden", b.meanOverPositions(a), 16, 48);
    String grid = b.node("Reshape", "grid", List.of(hidden, b.integers("target", target)));
    return Networks.classified(b, b.meanOverPositions(b.relu(grid)), 8, "");
  }

  /** Two halves of a row become two rows. */
  private static InstrumentedModel rowsJoined() {
    GraphBuilder b = new GraphBuilder(13);
    String a = b.relu(Networks.scaled(b, "a", Networks.input(b), 3, 16, 1));
    String halves =
        b.node("Reshape", "rows", List.of(b.meanOverPositions(a), b.integers("target", -1, 8)));
    String back = b.node("Reshape", "back", List.of(halves, b.integers("target2", -1, 16)));
    return Networks.classified(b, back, 16, "");
  }

  /** Flattened positions, which lie in another order in memory, and neurons. */
  private static InstrumentedModel differentOrders() {
    GraphBuilder b = new GraphBuilder(14);
    String a = b.relu(Networks.scaled(b, "a", Networks.input(b), 3, 8, 2));
    String flat = b.node("Flatten", "flat", List.of(a));
    return Networks.classified(b, b.add("sum", flat, b.linear("l", flat, 200, 200)), 200, "");
  }

  private static InstrumentedModel notFinite() {
    GraphBuilder b = new GraphBuilder(15);
    float[] bias = b.values(.5, 8);
    bias[3] = Float.NaN;
    String x = Networks.input(b);
    String w = b.weight("a.weight", .3, 8, 3, 3, 3);
    String before = b.convOf("a", List.of(x, w, b.initializer(Tensors.of("b", bias, 8))), 3, 1, 1);
    String c = Networks.scaled(b, "c", b.relu(before), 8, 8, 1);
    return Networks.classified(b, b.meanOverPositions(c), 8, "c*");
  }
}
