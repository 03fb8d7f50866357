import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import java.nio.file.Path;
import java.util.List;

/**
 * Stores a model's weights in half the space: {@code IN.onnx OUT.onnx}. Every float32 initialiser
 * of two or more axes becomes float16 under its own name, with a Cast to float32 before its uses;
 * what is computed stays float32. Vectors (biases, BatchNorm) stay as they are: they weigh nothing,
 * and their range may exceed that of float16.
 */
public final class HalfPrecisionWeights {
  private HalfPrecisionWeights() {}

  public static void main(String[] args) {
    OnnxGraph graph = OnnxModel.read(Path.of(args[0])).graph();
    for (TensorProto tensor : List.copyOf(graph.initializers().values())) {
      if (tensor.getDataType() == DataType.FLOAT.getNumber() && tensor.getDimsCount() > 1) {
        halve(graph, tensor);
      }
    }
    graph.toModel().write(Path.of(args[1]));
  }

  private static void halve(OnnxGraph graph, TensorProto tensor) {
    String name = tensor.getName();
    float[] values = Tensors.floats(tensor, graph.source().externalFolder());
    for (float value : values) {
      if (!Float.isFinite(Float.float16ToFloat(Float.floatToFloat16(value)))) {
        throw new IllegalArgumentException(name + " holds " + value + ", beyond float16");
      }
    }
    String widened = graph.uniqueName(name + "_float32");
    graph.replaceUses(name, widened);
    graph.putInitializer(Tensors.ofFloat16(name, values, Tensors.dims(tensor)));
    NodeProto cast =
        Nodes.node(
            "Cast", widened, List.of(name), Nodes.attribute("to", DataType.FLOAT.getNumber()));
    // At the first use: the order of the layers, hence of the components, stays.
    graph.insertBefore(graph.consumers(widened).getFirst(), cast);
  }
}
