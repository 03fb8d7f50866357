package io.ablate.ort;

import io.ablate.cuda.Device;
import java.lang.foreign.Arena;

/** An operator of ours that {@link DeviceOperators} gives to ONNX Runtime. */
interface DeviceOperator {
  /** Of all of them. */
  String DOMAIN = "io.ablate";

  /** The node's type. */
  String label();

  /** Whether tensors are float16, else they are float32. */
  boolean half();

  int inputs();

  default int outputs() {
    return 1;
  }

  /** Whether an output is float32 even so. */
  default boolean isSingle(int output) {
    return !half();
  }

  /**
   * A node of it in a session.
   *
   * @param info its {@code OrtKernelInfo}, for attributes
   */
  Kernel kernel(Surroundings in, long info);

  /**
   * What nodes are computed with.
   *
   * @param arena lives as long as the sessions
   */
  record Surroundings(OrtTable table, Arena arena, Device device) {}

  /**
   * Computes one node. Extents are those of the first run: graphs of devices have them fixed. Not
   * thread-safe.
   */
  interface Kernel {
    /**
     * @param context the {@code OrtKernelContext} of a run
     */
    void compute(long context);
  }
}
