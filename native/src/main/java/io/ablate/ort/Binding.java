package io.ablate.ort;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.forward.OrtFaults;
import io.ablate.onnx.OnnxModel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The inputs and outputs of a session, bound to memory once and used in every run (ONNX Runtime's
 * {@code IoBinding}). Runs make no garbage but what a device's copies make. Not thread-safe.
 */
final class Binding implements AutoCloseable {
  private final Execution execution;
  private final NativeSession session;
  private final OnnxModel model;
  private final OrtScope scope;
  private final TensorMemory.Allocation memory;
  private final long memoryInfo;
  private final long binding;
  private final long runOptions;
  private final List<Input> inputs = new ArrayList<>();
  private final List<BoundTensor> outputs = new ArrayList<>();
  private final Runnable transfersAndRun = this::transferAndRun;
  private boolean closed;

  /**
   * @param name zero-terminated
   * @param value the {@code OrtValue}
   */
  private record Input(MemorySegment name, BoundTensor tensor, long value) {}

  /**
   * @param model what the session loaded, for messages
   */
  Binding(Execution execution, NativeSession session, OnnxModel model) {
    this.execution = execution;
    this.session = session;
    this.model = model;
    this.scope = new OrtScope(OrtApi.table());
    this.memory = execution.memory().allocation();
    try {
      this.memoryInfo = execution.provider().memoryInfo(scope);
      this.runOptions = scope.make(OrtFunction.RELEASE_RUN_OPTIONS, OrtFunction.CREATE_RUN_OPTIONS);
      if (session.isRecorded()) {
        execution.provider().configureRuns(scope.table(), runOptions);
      }
      this.binding =
          scope.make(
              OrtFunction.RELEASE_IO_BINDING, OrtFunction.CREATE_IO_BINDING, session.address());
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  /** The extents of so many rows. */
  static long[] shape(long first, long... rest) {
    long[] shape = new long[rest.length + 1];
    shape[0] = first;
    System.arraycopy(rest, 0, shape, 1, rest.length);
    return shape;
  }

  /** Binds an input of zeros. */
  BoundTensor input(String name, DataType type, long... shape) {
    try {
      return bindInput(memory.tensor(name, type, shape));
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  /** Binds an input of masks, in the type that the session's graph takes them in. */
  TensorMemory.PackedMasks masks(String name, int rows, int columns) {
    try {
      TensorMemory.PackedMasks masks = memory.masks(name, session.inputType(name), rows, columns);
      bindInput(masks.tensor());
      return masks;
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  private BoundTensor bindInput(BoundTensor tensor) {
    Input input = new Input(scope.text(tensor.name()), tensor, value(tensor));
    inputs.add(input);
    bind(input);
    return tensor;
  }

  private void bind(Input input) {
    scope.table().call(OrtFunction.BIND_INPUT, binding, input.name(), input.value());
  }

  /** Binds a float32 output. */
  BoundTensor output(String name, long... shape) {
    try {
      BoundTensor tensor = memory.tensor(name, DataType.FLOAT, shape);
      scope.table().call(OrtFunction.BIND_OUTPUT, binding, name, value(tensor));
      outputs.add(tensor);
      return tensor;
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  private long value(BoundTensor tensor) {
    long[] shape = tensor.shape();
    return scope.make(
        OrtFunction.RELEASE_VALUE,
        OrtFunction.CREATE_TENSOR_WITH_DATA,
        memoryInfo,
        tensor.address(),
        tensor.bytes(),
        longs(shape),
        (long) shape.length,
        tensor.type().getNumber());
  }

  private MemorySegment longs(long[] values) {
    MemorySegment segment = scope.allocate((long) values.length * Long.BYTES);
    segment.copyFrom(MemorySegment.ofArray(values));
    return segment;
  }

  /** Frees what was made before construction failed. */
  private RuntimeException failed(RuntimeException e) {
    close();
    return e instanceof OrtStatusException
        ? OrtFaults.fault("ONNX Runtime cannot bind the model's inputs and outputs", model, e)
        : e;
  }

  /**
   * Computes all outputs.
   *
   * @throws io.ablate.base.BadInputException if ONNX Runtime fails
   */
  void run() {
    if (closed) {
      throw new IllegalStateException("batch is closed");
    }
    try {
      execution.memory().exclusively(transfersAndRun);
    } catch (OrtStatusException e) {
      throw OrtFaults.fault("ONNX Runtime cannot run the model", model, e);
    }
  }

  private void transferAndRun() {
    boolean copied = execution.memory().mayBeCopied();
    for (int i = 0; i < inputs.size(); i++) {
      Input input = inputs.get(i);
      if (input.tensor().send() && copied) {
        bind(input);
      }
    }
    scope.table().run(session.address(), runOptions, binding);
    for (int i = 0; i < outputs.size(); i++) {
      outputs.get(i).fetch();
    }
  }

  /** Closing twice does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      scope.close();
      memory.close();
    }
  }
}
