package io.ablate.cuda;

import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A device whose memory is this process's, so that what computes on the processor can be bound to
 * it; it counts copies. The kernels that it knows are written again in Java.
 */
public final class HostDevice implements DeviceDriver {
  private final Map<Long, MemorySegment> memory = new HashMap<>();
  private final List<Runnable> underWay = new ArrayList<>();
  private final Set<Long> pinned = new HashSet<>();
  private final Set<ElementType> expanded = EnumSet.noneOf(ElementType.class);
  private long written;
  private long read;
  private int masked;
  private int drawn;
  private int gradients;
  private int open;
  private boolean idle;
  private @Nullable String failure;

  /** A device on this driver; all of them have its memory. */
  public Device device() {
    open++;
    return new Device(this);
  }

  /** A device whose launches fail. */
  public static Device failing(String why) {
    HostDevice driver = new HostDevice();
    driver.failure = why;
    return driver.device();
  }

  /** A device whose launches do nothing. */
  static Device idle() {
    HostDevice driver = new HostDevice();
    driver.idle = true;
    return driver.device();
  }

  /** Bytes copied to the device so far. */
  public long written() {
    return written;
  }

  /** Bytes copied from the device so far. */
  public long read() {
    return read;
  }

  /** How often what follows a layer was launched. */
  public int masked() {
    return masked;
  }

  /** How often a kernel of the way back was launched. */
  public int gradients() {
    return gradients;
  }

  /** In which types masks became numbers. */
  public Set<ElementType> expanded() {
    return Set.copyOf(expanded);
  }

  /** How often masks were drawn. */
  public int drawn() {
    return drawn;
  }

  @Override
  public String describe() {
    return "host";
  }

  @Override
  public int granularity() {
    return 64;
  }

  @Override
  public long freeBytes() {
    return Long.MAX_VALUE;
  }

  @Override
  public long totalBytes() {
    return Long.MAX_VALUE;
  }

  @Override
  public long allocate(long bytes) {
    MemorySegment segment = Arena.ofAuto().allocate(bytes, 64).fill((byte) 0xa5);
    memory.put(segment.address(), segment);
    return segment.address();
  }

  @Override
  public void free(long address) {
    if (memory.remove(address) == null) {
      throw new AssertionError("not memory of this device");
    }
  }

  @Override
  public void clear(long address, long bytes) {
    at(address, bytes).fill((byte) 0);
  }

  @Override
  public void write(long address, long offset, ByteBuffer source) {
    written += source.remaining();
    at(address + offset, source.remaining()).copyFrom(MemorySegment.ofBuffer(source));
  }

  /** As late as may be: what was not left as it was, is seen. */
  @Override
  public void send(long address, long offset, ByteBuffer source) {
    underWay.add(() -> write(address, offset, source));
  }

  @Override
  public void read(long address, long offset, ByteBuffer target) {
    synchronize();
    read += target.remaining();
    MemorySegment.ofBuffer(target).copyFrom(at(address + offset, target.remaining()));
  }

  @Override
  public void pin(ByteBuffer host) {
    pinned.add(MemorySegment.ofBuffer(host).address());
  }

  @Override
  public void unpin(ByteBuffer host) {
    if (!pinned.remove(MemorySegment.ofBuffer(host).address())) {
      throw new AssertionError("not pinned");
    }
  }

  /** Pieces of host memory that are pinned. */
  public int pinned() {
    return pinned.size();
  }

  @Override
  public void copy(long target, long source, long bytes) {
    synchronize();
    at(target, bytes).copyFrom(at(source, bytes));
  }

  @SuppressWarnings("restricted") // addresses are this driver's own
  private static MemorySegment at(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  @Override
  public void launch(KernelCall call) {
    synchronize();
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
    if (idle) {
      return;
    }
    switch (call.kernel()) {
      case "bernoulli_masks" -> draw(call.arguments());
      case "expand_masks_f32", "expand_masks_f16" -> expand(call.arguments());
      case "masked_f32", "masked_f32_x4", "masked_f16", "masked_f16_x8" -> masked(call.arguments());
      case "mean_f32", "mean_f32_x4", "mean_f16", "mean_f16_x8" -> mean(call.arguments());
      case "largest_f32", "largest_f32_x4", "largest_f16", "largest_f16_x8" ->
          largest(call.arguments());
      case "sum_slices_f32" -> sumSlices(call.arguments());
      default -> gradient(call);
    }
  }

  private void draw(List<KernelCall.Argument> arguments) {
    drawn++;
    DeviceArray words = ((KernelCall.Argument.ArrayValue) arguments.get(0)).array();
    long first = ((KernelCall.Argument.LongValue) arguments.get(1)).value();
    long seed = ((KernelCall.Argument.LongValue) arguments.get(2)).value();
    long threshold = ((KernelCall.Argument.LongValue) arguments.get(3)).value();
    int columns = ((KernelCall.Argument.IntValue) arguments.get(5)).value();
    MaskMatrix masks =
        MaskMatrix.of(
            new BernoulliMasks(seed, threshold * 0x1p-32, columns), first, words.extent(0));
    at(words.address(), words.bytes()).copyFrom(MemorySegment.ofArray(masks.words()));
  }

  private static void mean(List<KernelCall.Argument> arguments) {
    DeviceArray x = ((KernelCall.Argument.ArrayValue) arguments.get(0)).array();
    DeviceArray out = ((KernelCall.Argument.ArrayValue) arguments.get(1)).array();
    ImageOracle.mean(image(x), source(x), target(out));
  }

  private static void largest(List<KernelCall.Argument> arguments) {
    DeviceArray x = ((KernelCall.Argument.ArrayValue) arguments.get(0)).array();
    DeviceArray out = ((KernelCall.Argument.ArrayValue) arguments.get(1)).array();
    int[] n = new int[6];
    for (int i = 0; i < n.length; i++) {
      n[i] = ((KernelCall.Argument.IntValue) arguments.get(8 + i)).value();
    }
    ImageOracle.largest(
        image(x),
        new ImageKernels.Windows(n[0], n[1], n[2], n[3], n[4], n[5]),
        source(x),
        image(out),
        target(out));
  }

  private static void sumSlices(List<KernelCall.Argument> arguments) {
    DeviceArray sums = ((KernelCall.Argument.ArrayValue) arguments.get(0)).array();
    DeviceArray to = ((KernelCall.Argument.ArrayValue) arguments.get(1)).array();
    ImageOracle.Source from = source(sums);
    ImageOracle.Target target = target(to);
    int channels = to.extent(1);
    for (long at = 0; at < to.elements(); at++) {
      float sum = 0;
      for (int slice = 0; slice < sums.extent(1); slice++) {
        sum += from.get((at / channels * sums.extent(1) + slice) * channels + at % channels);
      }
      target.set(at, sum);
    }
  }

  private void gradient(KernelCall call) {
    String kernel = call.kernel().replaceFirst("_f(32|16)(_x[48])?$", "");
    DeviceArray[] arrays =
        call.arguments().stream()
            .filter(KernelCall.Argument.ArrayValue.class::isInstance)
            .map(argument -> ((KernelCall.Argument.ArrayValue) argument).array())
            .toArray(DeviceArray[]::new);
    int[] n =
        call.arguments().stream()
            .filter(KernelCall.Argument.IntValue.class::isInstance)
            .mapToInt(argument -> ((KernelCall.Argument.IntValue) argument).value())
            .toArray();
    gradients++;
    switch (kernel) {
      case "masked_gradient" -> {
        // All in the first slice.
        DeviceArray sums = arrays[7];
        at(sums.address(), sums.bytes()).fill((byte) 0);
        ImageOracle.Target all = target(sums);
        int channels = sums.extent(2);
        ImageOracle.Target byMask =
            (at, value) ->
                all.set(at / channels * sums.extent(1) * channels + at % channels, value);
        GradientOracle.masked(
            n[0],
            n[1],
            n[2],
            n[3],
            n[4],
            new GradientOracle.Masked(
                source(arrays[0]),
                n[5] == 0 ? null : source(arrays[1]),
                source(arrays[2]),
                n[6] == 0 ? null : source(arrays[3]),
                source(arrays[4]),
                target(arrays[5]),
                n[7] == 0 ? null : target(arrays[6]),
                byMask));
      }
      case "relu_gradient" ->
          GradientOracle.relu(
              arrays[3].elements(),
              source(arrays[0]),
              n[0] == 0 ? null : source(arrays[1]),
              source(arrays[2]),
              target(arrays[3]));
      case "largest_gradient" ->
          GradientOracle.largest(
              image(arrays[0]),
              new ImageKernels.Windows(n[6], n[7], n[8], n[9], n[10], n[11]),
              source(arrays[0]),
              image(arrays[1]),
              source(arrays[2]),
              target(arrays[3]));
      case "spread" ->
          GradientOracle.spread(
              image(arrays[0]), n[6], n[7], source(arrays[0]), image(arrays[1]), target(arrays[1]));
      default -> throw new AssertionError("unknown kernel " + call.kernel());
    }
  }

  private static ImageKernels.Image image(DeviceArray of) {
    return new ImageKernels.Image(of.extent(0), of.extent(1), of.extent(2), of.extent(3));
  }

  private static ImageOracle.Source source(DeviceArray array) {
    MemorySegment memory = at(array.address(), array.bytes());
    return array.type() == ElementType.F16
        ? index -> Float.float16ToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, index))
        : index -> memory.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  private static ImageOracle.Target target(DeviceArray array) {
    MemorySegment memory = at(array.address(), array.bytes());
    return array.type() == ElementType.F16
        ? (index, value) ->
            memory.setAtIndex(ValueLayout.JAVA_SHORT, index, Float.floatToFloat16(value))
        : (index, value) -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
  }

  private void masked(List<KernelCall.Argument> arguments) {
    masked++;
    MemorySegment[] arrays = new MemorySegment[5];
    boolean half =
        ((KernelCall.Argument.ArrayValue) arguments.getFirst()).array().type() == ElementType.F16;
    for (int i = 0; i < 5; i++) {
      DeviceArray array = ((KernelCall.Argument.ArrayValue) arguments.get(i)).array();
      arrays[i] = at(array.address(), array.bytes());
    }
    int[] n = new int[11];
    for (int i = 0; i < n.length; i++) {
      n[i] = ((KernelCall.Argument.IntValue) arguments.get(5 + i)).value();
    }
    MaskedOracle.apply(
        new MaskedOracle(n[0], n[1], n[2], n[3] != 0, n[4], n[5], n[7], n[8], n[9], n[10] != 0),
        half ? halves(arrays) : singles(arrays));
  }

  private static MaskedOracle.Arrays singles(MemorySegment[] arrays) {
    return new MaskedOracle.Arrays(
        (array, index) -> arrays[array].getAtIndex(ValueLayout.JAVA_FLOAT, index),
        (index, value) -> arrays[4].setAtIndex(ValueLayout.JAVA_FLOAT, index, value));
  }

  private static MaskedOracle.Arrays halves(MemorySegment[] arrays) {
    return new MaskedOracle.Arrays(
        (array, index) ->
            Float.float16ToFloat(arrays[array].getAtIndex(ValueLayout.JAVA_SHORT, index)),
        (index, value) ->
            arrays[4].setAtIndex(ValueLayout.JAVA_SHORT, index, Float.floatToFloat16(value)));
  }

  private void expand(List<KernelCall.Argument> arguments) {
    DeviceArray words = ((KernelCall.Argument.ArrayValue) arguments.get(0)).array();
    DeviceArray out = ((KernelCall.Argument.ArrayValue) arguments.get(1)).array();
    expanded.add(out.type());
    MemorySegment bits = at(words.address(), words.bytes());
    MemorySegment values = at(out.address(), out.bytes());
    int columns = out.extent(1);
    int perRow = words.extent(1);
    for (int row = 0; row < out.extent(0); row++) {
      for (int column = 0; column < columns; column++) {
        long word = bits.getAtIndex(ValueLayout.JAVA_LONG, (long) row * perRow + (column >>> 6));
        float value = word >>> column & 1;
        long at = (long) row * columns + column;
        if (out.type() == ElementType.F16) {
          values.setAtIndex(ValueLayout.JAVA_SHORT, at, Float.floatToFloat16(value));
        } else {
          values.setAtIndex(ValueLayout.JAVA_FLOAT, at, value);
        }
      }
    }
  }

  @Override
  public void synchronize() {
    List<Runnable> now = List.copyOf(underWay);
    underWay.clear();
    now.forEach(Runnable::run);
  }

  @Override
  public void close() {
    if (--open == 0 && !memory.isEmpty()) {
      throw new AssertionError(memory.size() + " pieces of device memory were not freed");
    }
  }
}
