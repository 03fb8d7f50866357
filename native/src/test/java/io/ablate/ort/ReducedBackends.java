package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.cuda.Device;
import io.ablate.cuda.HostDevice;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.OrtGraphs;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Backends whose graphs are a device's, on the processor, where ONNX Runtime converts what it has
 * no code for; the device's memory is the process's.
 */
final class ReducedBackends {
  static final String CPU = "CPUExecutionProvider";
  private static final Set<Precision> PRECISIONS = Set.of(Precision.FP32, Precision.FP16);

  private ReducedBackends() {}

  /**
   * The processor with graphs as a device has them; convolutions over channels that are last, of
   * which it has none, between transpositions.
   */
  private record Emulating(RewritingProvider rewriting) implements ExecutionProvider {
    @Override
    public void configure(OrtScope scope, long sessionOptions, boolean record) {
      rewriting.configure(scope, sessionOptions, record);
    }

    @Override
    public long memoryInfo(OrtScope scope) {
      return rewriting.memoryInfo(scope);
    }

    @Override
    public OnnxModel graph(
        InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
      return withoutNhwcConv(rewriting.graph(model, made, shape, exampleShape));
    }

    @Override
    public OnnxModel gradients(DifferentiatedModel model, BatchShape shape, long[] exampleShape) {
      return withoutNhwcConv(rewriting.gradients(model, shape, exampleShape));
    }

    @Override
    public void close() {
      rewriting.close();
    }
  }

  /** The processor with graphs as a device has them. */
  private record Fixed() implements ExecutionProvider {
    @Override
    public void configure(OrtScope scope, long sessionOptions, boolean record) {}

    @Override
    public long memoryInfo(OrtScope scope) {
      return ExecutionProvider.CPU.memoryInfo(scope);
    }

    @Override
    public OnnxModel graph(
        InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
      return OrtGraphs.fixed(model, made, shape, exampleShape);
    }
  }

  private static OnnxModel withoutNhwcConv(OnnxModel model) {
    OnnxGraph graph = model.graph();
    for (NodeProto node : graph.nodes()) {
      if (node.getOpType().equals("NhwcConv")) {
        assertThat(node.getDomain()).isEqualTo("com.microsoft");
        String x = transposed(graph, node.getInput(0), ChannelsLast.BACK);
        String w = transposed(graph, node.getInput(1), ChannelsLast.BACK);
        String y = graph.uniqueName("y");
        NodeProto.Builder conv = node.toBuilder().setOpType("Conv").setDomain("");
        conv.setInput(0, x).setInput(1, w).setOutput(0, y);
        graph.replace(
            node,
            conv.build(),
            Nodes.node(
                "Transpose",
                node.getOutput(0),
                List.of(y),
                Nodes.attribute("perm", ChannelsLast.THERE)));
      }
    }
    return graph.toModel();
  }

  private static String transposed(OnnxGraph graph, String tensor, long[] perm) {
    String name = graph.uniqueName(tensor + "_t");
    graph.append(Nodes.node("Transpose", name, List.of(tensor), Nodes.attribute("perm", perm)));
    return name;
  }

  /** With rewritten graphs, those in float16 where that is asked for. */
  static ForwardBackend reduced(HostDevice driver, boolean fused, boolean channelsLast) {
    return new BoundBackend(
        "reduced",
        "1",
        PRECISIONS,
        precision -> {
          Device device = driver.device();
          return new Execution(
              new Emulating(
                  new RewritingProvider(
                      new Fixed(),
                      fused ? new DeviceOperators(device, CPU) : null,
                      precision == Precision.FP16,
                      channelsLast)),
              new DeviceMemory(device));
        });
  }

  /** In float32 as the model is. */
  static ForwardBackend plain() {
    return inFloat32(() -> new Execution(fixed(), new HostMemory()));
  }

  /** The processor with graphs as a device has them, not rewritten. */
  static ExecutionProvider fixed() {
    return new Fixed();
  }

  /** With what a test wants to be run by. */
  static ForwardBackend inFloat32(Supplier<Execution> execution) {
    return new BoundBackend("of a test", "1", Set.of(Precision.FP32), precision -> execution.get());
  }
}
