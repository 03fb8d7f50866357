package io.ablate.ort;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How ONNX Runtime's CUDA provider computes. Immutable. No value but the defaults' meaning was
 * tried: nothing here has run on a device yet.
 *
 * @param device index of the device, as the driver counts
 * @param convolutions how cuDNN's algorithm for a convolution is found
 * @param channelsLast whether convolutions run with channels innermost ({@code prefer_nhwc})
 * @param tf32 whether products of float32 may round their factors to TF32, 10 bits of mantissa: off
 *     by default, for outputs shall be those of the processor
 * @param graphs whether the launches of a run are recorded once per batch and replayed ({@code
 *     enable_cuda_graph}); every node of the model must then run on the device. A recording is kept
 *     until its session closes
 * @param arena how the provider's memory pool grows
 * @param memoryLimit bytes that the pool may hold; 0 for no limit. Tensors that are bound are not
 *     in it
 * @param fusedMasks whether what follows a masked convolution is one kernel of ours, called by ONNX
 *     Runtime as a custom operator, in place of up to four of its own; the values are the same
 */
public record CudaOptions(
    int device,
    ConvolutionSearch convolutions,
    boolean channelsLast,
    boolean tf32,
    boolean graphs,
    ArenaGrowth arena,
    long memoryLimit,
    boolean fusedMasks) {

  /** How cuDNN's algorithm for a convolution is found. */
  public enum ConvolutionSearch {
    /** By timing all of them at the first run. */
    EXHAUSTIVE,
    /** By cuDNN's own estimate. */
    HEURISTIC,
    /** Always the same one. */
    DEFAULT
  }

  /** How a memory pool grows. */
  public enum ArenaGrowth {
    NEXT_POWER_OF_TWO("kNextPowerOfTwo"),
    SAME_AS_REQUESTED("kSameAsRequested");

    private final String word;

    ArenaGrowth(String word) {
      this.word = word;
    }
  }

  public CudaOptions {
    if (device < 0 || memoryLimit < 0) {
      throw new IllegalArgumentException("device " + device + ", memory limit " + memoryLimit);
    }
  }

  /**
   * Full float32; algorithms by cuDNN's estimate, which needs no timing and so is the same in every
   * run; the model's own layout; nothing recorded.
   */
  public static CudaOptions defaults(int device) {
    return new CudaOptions(
        device,
        ConvolutionSearch.HEURISTIC,
        false,
        false,
        false,
        ArenaGrowth.NEXT_POWER_OF_TWO,
        0,
        false);
  }

  /** Keys and values as ONNX Runtime's C interface takes them, but for the stream. */
  Map<String, String> entries() {
    Map<String, String> entries = new LinkedHashMap<>();
    entries.put("device_id", Integer.toString(device));
    entries.put("cudnn_conv_algo_search", convolutions.name().toUpperCase(Locale.ROOT));
    entries.put("prefer_nhwc", flag(channelsLast));
    entries.put("use_tf32", flag(tf32));
    entries.put("enable_cuda_graph", flag(graphs));
    entries.put("arena_extend_strategy", arena.word);
    if (memoryLimit > 0) {
      entries.put("gpu_mem_limit", Long.toString(memoryLimit));
    }
    return entries;
  }

  private static String flag(boolean value) {
    return value ? "1" : "0";
  }
}
