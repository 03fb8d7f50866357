package io.ablate.ort;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.forward.OrtFaults;
import io.ablate.onnx.OnnxModel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/** A graph that ONNX Runtime loaded. Thread-safe. */
final class NativeSession implements AutoCloseable {
  /** {@code ORT_LOGGING_LEVEL_FATAL}: what fails is thrown; the log would say it twice. */
  private static final int LOG_FATAL = 4;

  /** {@code ORT_SEQUENTIAL}. */
  private static final int SEQUENTIAL = 0;

  /** {@code ORT_ENABLE_ALL}. */
  private static final int ALL_OPTIMIZATIONS = 99;

  private final OrtScope scope;
  private final long address;
  private final boolean recorded;
  private final Map<String, DataType> inputTypes;

  private NativeSession(
      OrtScope scope, long address, boolean recorded, Map<String, DataType> inputTypes) {
    this.scope = scope;
    this.address = address;
    this.recorded = recorded;
    this.inputTypes = inputTypes;
  }

  /**
   * Loads a graph with the settings of the engine's own sessions; external data is looked for in
   * the folder that the model came from. Runs are not recorded where the graph has nodes that
   * cannot be.
   *
   * @throws io.ablate.base.BadInputException if it cannot be loaded
   */
  static NativeSession open(ExecutionProvider provider, OnnxModel graph, int threads) {
    if (provider.records()) {
      try {
        return open(provider, graph, threads, true);
      } catch (OrtStatusException e) {
        // Whatever else may be wrong with it comes up again.
      }
    }
    try {
      return open(provider, graph, threads, false);
    } catch (OrtStatusException e) {
      throw OrtFaults.fault("ONNX Runtime cannot load the model", graph, e);
    }
  }

  private static NativeSession open(
      ExecutionProvider provider, OnnxModel graph, int threads, boolean record) {
    OrtTable table = OrtApi.table();
    OrtScope scope = new OrtScope(table);
    try (OrtScope settings = new OrtScope(table)) {
      // Of the environment there is one in a process; this adds to its count of users.
      long environment =
          scope.make(OrtFunction.RELEASE_ENV, OrtFunction.CREATE_ENV, LOG_FATAL, "ablate");
      long options = options(settings, provider, graph, threads, record);
      byte[] bytes = graph.toBytes();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment model = arena.allocateFrom(JAVA_BYTE, bytes);
        long session =
            scope.make(
                OrtFunction.RELEASE_SESSION,
                OrtFunction.CREATE_SESSION_FROM_ARRAY,
                environment,
                model,
                model.byteSize(),
                options);
        return new NativeSession(scope, session, record, inputTypes(graph));
      }
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  private static long options(
      OrtScope scope, ExecutionProvider provider, OnnxModel graph, int threads, boolean record) {
    OrtTable table = scope.table();
    long options =
        scope.make(OrtFunction.RELEASE_SESSION_OPTIONS, OrtFunction.CREATE_SESSION_OPTIONS);
    table.call(OrtFunction.SET_INTRA_OP_NUM_THREADS, options, threads);
    table.call(OrtFunction.SET_INTER_OP_NUM_THREADS, options, 1);
    table.call(OrtFunction.SET_SESSION_LOG_SEVERITY_LEVEL, options, LOG_FATAL);
    table.call(OrtFunction.SET_SESSION_EXECUTION_MODE, options, SEQUENTIAL);
    table.call(OrtFunction.SET_SESSION_GRAPH_OPTIMIZATION_LEVEL, options, ALL_OPTIMIZATIONS);
    Path external = graph.externalFolder();
    if (external != null) {
      table.call(
          OrtFunction.ADD_SESSION_CONFIG_ENTRY,
          options,
          "session.model_external_initializers_file_folder_path",
          external.toString());
    }
    provider.configure(scope, options, record);
    return options;
  }

  private static Map<String, DataType> inputTypes(OnnxModel graph) {
    return graph.proto().getGraph().getInputList().stream()
        .collect(
            Collectors.toUnmodifiableMap(
                ValueInfoProto::getName,
                input -> DataType.forNumber(input.getType().getTensorType().getElemType())));
  }

  /** What an input of the loaded graph holds, which may differ from the model's. */
  DataType inputType(String input) {
    DataType type = inputTypes.get(input);
    if (type == null) {
      throw new IllegalArgumentException("no input " + input);
    }
    return type;
  }

  long address() {
    return address;
  }

  /** Whether the launches of a run are recorded. */
  boolean isRecorded() {
    return recorded;
  }

  @Override
  public void close() {
    scope.close();
  }
}
