package io.ablate.onednn;

import io.ablate.jit.MaskBackward;
import io.ablate.jit.WinogradTransforms;
import io.ablate.onednn.Kernel.Binding;
import io.ablate.onednn.Kernel.Place;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Some rows of a batch: the calls that compute them, bound to memory. */
final class MicroBatch {
  private final Program program;
  private final MemoryPlan plan;
  private final Work work;
  private final Rows rows;
  private final NativeScope scope;
  private final SharedPrefix prefix;
  private final List<Call> forward = new ArrayList<>();

  /** Of each call of {@link #forward} the step that begins with it, or −1. */
  private final List<Integer> begun = new ArrayList<>();

  private final List<Call> backward;

  /**
   * What a worker needs for itself; may serve several micro-batches that run one after another.
   *
   * @param values between the first and the last
   * @param scratch of operations
   * @param stream that operations are run in
   */
  record Work(MemorySegment values, MemorySegment scratch, MemorySegment stream) {}

  /**
   * What belongs to these rows.
   *
   * @param first of them in the batch
   * @param count of them
   * @param masks parts of the mask
   */
  record Rows(
      int first,
      int count,
      MemorySegment input,
      MemorySegment logits,
      MemorySegment logitGradients,
      List<MemorySegment> masks,
      List<MemorySegment> maskGradients) {}

  private interface Call {
    void run();
  }

  /**
   * Binds.
   *
   * @param prefix of micro-batches that run the same program with the same memory
   */
  MicroBatch(
      CompiledProgram compiled, Work work, Rows rows, SharedPrefix prefix, NativeScope scope) {
    this.program = compiled.program();
    this.plan = compiled.memory();
    this.work = work;
    this.rows = rows;
    this.scope = scope;
    this.prefix = prefix;
    for (int kernel = 0; kernel < compiled.forward().size(); kernel++) {
      List<Call> calls = calls(List.of(compiled.forward().get(kernel)));
      for (int call = 0; call < calls.size(); call++) {
        begun.add(call == 0 ? compiled.stepBegunBy(kernel) : -1);
      }
      forward.addAll(calls);
    }
    this.backward = calls(compiled.backward());
  }

  Rows rows() {
    return rows;
  }

  /** Computes the logits of the rows; by one thread at a time. */
  void forward() {
    run(forward);
  }

  /**
   * The same, less what passes over this example before have computed already.
   *
   * @param until the first step in which a row ablates a component
   * @param example a number that changes with the example
   */
  void forward(int until, long example) {
    int from = prefix.resume(until, example);
    for (int call = begun.indexOf(from); call < forward.size(); call++) {
      prefix.pass(begun.get(call), until);
      forward.get(call).run();
    }
    OneDnn.call("dnnl_stream_wait", work.stream);
  }

  /** Computes the derivatives by the masks, after those by the logits were set. */
  void backward() {
    run(backward);
  }

  private void run(List<Call> calls) {
    for (Call call : calls) {
      call.run();
    }
    OneDnn.call("dnnl_stream_wait", work.stream);
  }

  private List<Call> calls(List<Kernel> kernels) {
    List<Call> calls = new ArrayList<>();
    for (Kernel kernel : kernels) {
      switch (kernel) {
        case Kernel.Primitive primitive -> {
          for (int run = 0; run < primitive.runs(); run++) {
            calls.add(call(primitive, run));
          }
        }
        case Kernel.Winograd winograd -> calls.add(call(winograd));
        case Kernel.MaskBack back -> calls.add(call(back));
      }
    }
    return calls;
  }

  private Call call(Kernel.Primitive kernel, int run) {
    Arguments arguments = new Arguments(scope);
    for (Binding binding : kernel.bindings()) {
      arguments.add(binding.name(), binding.descriptor(), address(binding.place(), run));
    }
    MemorySegment array = arguments.segment();
    int count = arguments.count();
    return () -> OneDnn.execute(kernel.primitive(), work.stream, array, count);
  }

  private Call call(Kernel.Winograd kernel) {
    Call products = call(kernel.products(), 0);
    @Nullable Call rest = kernel.rest() == null ? null : call(kernel.rest(), 0);
    WinogradTransforms transforms = kernel.transforms();
    Walk input = new Walk(kernel.input());
    Walk output = new Walk(kernel.output());
    List<Walk> operands = kernel.operands().stream().map(Walk::new).toList();
    long planes = work.scratch.address();
    long results = planes + kernel.productBytes();
    long inImage = (long) transforms.shape().tiles() * transforms.shape().in() * Float.BYTES;
    long outImage = (long) transforms.shape().tiles() * transforms.shape().out() * Float.BYTES;
    long[] addresses = new long[WinogradTransforms.MAX_OPERANDS];
    return () -> {
      for (int first = 0; first < kernel.images(); first += kernel.chunk()) {
        int images = Math.min(kernel.chunk(), kernel.images() - first);
        for (int i = 0; i < images; i++) {
          transforms.input(input.at(first + i), planes + i * inImage);
        }
        (images == kernel.chunk() || rest == null ? products : rest).run();
        for (int i = 0; i < images; i++) {
          for (int o = 0; o < operands.size(); o++) {
            addresses[o] = operands.get(o).at(first + i);
          }
          transforms.output(
              results + i * outImage, output.at(first + i), addresses, kernel.tensors());
        }
      }
    };
  }

  private Call call(Kernel.MaskBack kernel) {
    Walk gradient = new Walk(kernel.gradient());
    Walk result = new Walk(kernel.result());
    Walk input = new Walk(kernel.input());
    Walk mask = new Walk(kernel.mask());
    Walk residual = new Walk(kernel.residual());
    Walk maskGradient = new Walk(kernel.maskGradient());
    return () -> {
      for (int i = 0; i < kernel.images(); i++) {
        kernel
            .code()
            .run(
                new MaskBackward.Image(
                    gradient.at(i),
                    result.at(i),
                    input.at(i),
                    mask.at(i),
                    residual.at(i),
                    maskGradient.at(i)));
      }
    };
  }

  /** Addresses of one thing, image by image; 0 for what is missing. */
  private final class Walk {
    private final long start;
    private final long step;

    Walk(@Nullable Place place) {
      this.start = place == null ? 0 : address(place, 0).address();
      this.step = place == null ? 0 : place.step();
    }

    long at(int image) {
      return start + image * step;
    }
  }

  private MemorySegment address(Place place, int run) {
    MemorySegment first =
        switch (place) {
          case Place.Fixed fixed -> fixed.address();
          case Place.OfValue value -> value(value.storage());
          case Place.OfMask mask -> rows.masks.get(mask.index());
          case Place.OfMaskGradient mask -> rows.maskGradients.get(mask.index());
          case Place.Scratch scratch -> work.scratch.asSlice(scratch.offset());
        };
    return run == 0 ? first : first.asSlice(run * place.step());
  }

  private MemorySegment value(int storage) {
    if (storage == program.input().storage()) {
      return rows.input;
    }
    if (storage == program.logits().storage()) {
      return rows.logits;
    }
    Program.Backward back = program.backward();
    if (back != null && storage == back.logits().storage()) {
      return rows.logitGradients;
    }
    return work.values.asSlice(plan.offset(storage));
  }
}
