package io.ablate.onednn;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Weights in the orders that operations want them in, each packed once and shared by all batch
 * shapes.
 */
final class PackedWeights implements AutoCloseable {
  private final NativeScope scope = new NativeScope();
  private final boolean packs;
  private final Map<String, List<Packed>> packed = new HashMap<>();

  private record Packed(MemorySegment descriptor, MemorySegment address) {}

  private PackedWeights(boolean packs) {
    this.packs = packs;
  }

  static PackedWeights packing() {
    return new PackedWeights(true);
  }

  /** Of nothing, to compile a program that is not run. */
  static PackedWeights none() {
    return new PackedWeights(false);
  }

  /**
   * A weight in the wanted order.
   *
   * @param name of the weight
   * @param values in C order; asked for only where the weight is packed
   * @param dims their extents
   * @param wanted descriptor of the operation's choice
   */
  synchronized MemorySegment get(
      String name, Supplier<float[]> values, long[] dims, MemorySegment wanted) {
    if (!packs) {
      return MemorySegment.NULL;
    }
    List<Packed> known = packed.computeIfAbsent(name, key -> new ArrayList<>());
    for (Packed one : known) {
      if (Descriptors.equal(one.descriptor, wanted)) {
        return one.address;
      }
    }
    MemorySegment descriptor = scope.make("memory_desc", "dnnl_memory_desc_clone", wanted);
    MemorySegment address = scope.allocate(Descriptors.bytes(descriptor));
    reorder(values.get(), dims, descriptor, address);
    known.add(new Packed(descriptor, address));
    return address;
  }

  private static void reorder(
      float[] values, long[] dims, MemorySegment descriptor, MemorySegment address) {
    try (NativeScope once = new NativeScope()) {
      MemorySegment plain = new Descriptors(once).plain(dims);
      MemorySegment engine = OneDnn.engine();
      MemorySegment order =
          once.make(
              "primitive_desc",
              "dnnl_reorder_primitive_desc_create",
              plain,
              engine,
              descriptor,
              engine,
              MemorySegment.NULL);
      MemorySegment primitive = once.make("primitive", "dnnl_primitive_create", order);
      MemorySegment stream = once.make("stream", "dnnl_stream_create", engine, Const.IN_ORDER);
      Arguments arguments = new Arguments(once);
      arguments.add(Const.ARG_SRC, plain, once.floats(values));
      arguments.add(Const.ARG_DST, descriptor, address);
      OneDnn.execute(primitive, stream, arguments.segment(), arguments.count());
      OneDnn.call("dnnl_stream_wait", stream);
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
