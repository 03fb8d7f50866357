package io.ablate.ort;

import io.ablate.forward.Precision;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How ONNX Runtime's CUDA provider computes. Immutable.
 *
 * @param device index of the device, as the driver counts
 * @param convolutions where cuDNN's plan for a convolution comes from
 * @param layout of images
 * @param half whether everything up to the logits is in float16
 * @param tf32 whether products of float32 may round their factors to TF32, 10 bits of mantissa: off
 *     by default, for outputs shall be those of the processor. Without it ONNX Runtime keeps
 *     convolutions in float16 off the tensor cores too
 * @param graphs whether the launches of a run are recorded once per batch and replayed ({@code
 *     enable_cuda_graph}), where every node of the graph runs on the device. A recording is kept
 *     until its session closes
 * @param arena how the provider's memory pool grows
 * @param memoryLimit bytes that the pool may hold; 0 for no limit. Tensors that are bound are not
 *     in it
 * @param fusedMasks whether what follows a masked layer is one kernel of ours, called by ONNX
 *     Runtime as a custom operator, in place of up to four of its own; in float32 the values are
 *     the same
 */
public record CudaOptions(
    int device,
    ConvolutionSearch convolutions,
    Layout layout,
    boolean half,
    boolean tf32,
    boolean graphs,
    ArenaGrowth arena,
    long memoryLimit,
    boolean fusedMasks) {

  /** Where cuDNN's plan for a convolution comes from; none of them is timed. */
  public enum ConvolutionSearch {
    /** The more thorough of cuDNN's two estimates. */
    EXHAUSTIVE,
    /** The quicker one. */
    HEURISTIC,
    /** What always works. */
    DEFAULT
  }

  /** Where the channels of images are. */
  public enum Layout {
    /** Where the model has them. */
    MODEL,
    /** Innermost, from the first convolution on. */
    CHANNELS_LAST,
    /** Innermost around each operator that the provider has such a kernel for: prefer_nhwc. */
    PROVIDER
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
   * What a precision is computed with where nothing else is asked for: what was fastest on an H200
   * of what was tried there, in float32 but for 2 % (docs/gpu.md).
   *
   * @throws IllegalArgumentException for bfloat16, which this backend has not
   */
  public static CudaOptions of(int device, Precision precision) {
    CudaOptions exact =
        new CudaOptions(
            device,
            ConvolutionSearch.HEURISTIC,
            Layout.MODEL,
            false,
            false,
            false,
            ArenaGrowth.NEXT_POWER_OF_TWO,
            0,
            false);
    return switch (precision) {
      case FP32 -> exact;
      case TF32 ->
          exact
              .with("tf32", "true")
              .with("convolutions", "exhaustive")
              .with("layout", "channels_last")
              .with("graphs", "true")
              .with("fusedmasks", "true");
      case FP16 -> of(device, Precision.TF32).with("half", "true");
      case BF16 -> throw new IllegalArgumentException("no passes in bf16");
    };
  }

  /**
   * The same but for one value.
   *
   * @param name a component of this record, in small letters
   * @param value as it is written: true, false, a number, or a constant's name in any letters
   * @throws IllegalArgumentException if there is no such component or value
   */
  public CudaOptions with(String name, String value) {
    boolean known =
        Arrays.stream(CudaOptions.class.getRecordComponents())
            .anyMatch(one -> one.getName().toLowerCase(Locale.ROOT).equals(name));
    if (!known) {
      throw new IllegalArgumentException("no option of CUDA's provider: " + name);
    }
    String word = value.toUpperCase(Locale.ROOT);
    return new CudaOptions(
        name.equals("device") ? Integer.parseInt(value) : device,
        name.equals("convolutions") ? ConvolutionSearch.valueOf(word) : convolutions,
        name.equals("layout") ? Layout.valueOf(word) : layout,
        name.equals("half") ? Boolean.parseBoolean(value) : half,
        name.equals("tf32") ? Boolean.parseBoolean(value) : tf32,
        name.equals("graphs") ? Boolean.parseBoolean(value) : graphs,
        name.equals("arena") ? ArenaGrowth.valueOf(word) : arena,
        name.equals("memorylimit") ? Long.parseLong(value) : memoryLimit,
        name.equals("fusedmasks") ? Boolean.parseBoolean(value) : fusedMasks);
  }

  /** Keys and values as ONNX Runtime's C interface takes them, but for the stream. */
  Map<String, String> entries() {
    Map<String, String> entries = new LinkedHashMap<>();
    entries.put("device_id", Integer.toString(device));
    entries.put("cudnn_conv_algo_search", convolutions.name().toUpperCase(Locale.ROOT));
    entries.put("prefer_nhwc", flag(layout == Layout.PROVIDER));
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
