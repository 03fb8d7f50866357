package io.ablate.differentiate;

import static io.ablate.onnx.Nodes.attribute;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnxruntime.OrtException;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Tensors;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules in the company of others: random graphs of smooth operators, with branches that meet. */
class RandomGraphGradientsTest {
  private static final int GRAPHS = 32;

  /** Up to eight operators bend what central differences take for a line. */
  private static final double RELATIVE = .01;

  static IntStream seeds() {
    return IntStream.range(0, GRAPHS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void shouldEqualCentralDifferences(int seed) throws OrtException {
    Form form = new Form("a graph", "seed " + seed, (b, x) -> new Chain(b, seed).of(x));
    CentralDifferences.compare(MaskGradients.of(CentralDifferences.instrumented(form)), RELATIVE);
  }

  /** Grows a graph step by step, and keeps the extents of its last tensor, [N, c, h, w]. */
  private static final class Chain {
    private final GraphBuilder b;
    private final SplittableRandom random;
    private int channels = 4;
    private int height = 6;
    private int width = 5;
    private int nodes;

    Chain(GraphBuilder b, int seed) {
      this.b = b;
      this.random = new SplittableRandom(1000 + seed);
    }

    String of(String x) {
      String last = x;
      int steps = random.nextInt(3, 9);
      for (int i = 0; i < steps; i++) {
        last = step(last);
      }
      return last;
    }

    private String step(String x) {
      return switch (random.nextInt(16)) {
        case 0 -> convolution(x);
        case 1 -> bend(x);
        case 2 -> node("Mul", List.of(x, node("Sigmoid", List.of(x))));
        case 3 -> node("Add", List.of(x, convolution3(x)));
        case 4 -> node("Sub", List.of(x, mean(x)));
        case 5 -> node("Div", List.of(bend(x), atLeastHalf(x)));
        case 6 -> averagePool(x);
        case 7 -> resize(x);
        case 8 -> concat(x);
        case 9 -> split(x);
        case 10 -> gather(x);
        case 11 -> transpose(x);
        case 12 -> matMul(x);
        case 13 -> pad(x);
        case 14 -> normalise(x);
        default -> attend(x);
      };
    }

    private String node(String operator, List<String> inputs, AttributeProto... attributes) {
      return b.node(operator, "step" + nodes++, inputs, attributes);
    }

    private String weight(double scale, long... dims) {
      return b.weight("weight" + nodes++, scale, dims);
    }

    private String integers(long... values) {
      return b.integers("integers" + nodes++, values);
    }

    private String bend(String x) {
      List<String> smooth = List.of("Tanh", "Sigmoid", "Softplus", "Erf");
      return node(smooth.get(random.nextInt(smooth.size())), List.of(x));
    }

    private String convolution(String x) {
      int out = random.nextInt(2, 6);
      boolean strided = random.nextBoolean() && height > 2 && width > 2;
      long stride = strided ? 2 : 1;
      String w = weight(1.5 / Math.sqrt(9 * channels), out, channels, 3, 3);
      channels = out;
      height = strided ? (height + 1) / 2 : height;
      width = strided ? (width + 1) / 2 : width;
      return node(
          "Conv",
          List.of(x, w),
          attribute("pads", new long[] {1, 1, 1, 1}),
          attribute("strides", new long[] {stride, stride}));
    }

    /** Keeps the extents. */
    private String convolution3(String x) {
      String w = weight(1.5 / Math.sqrt(9 * channels), channels, channels, 3, 3);
      return node("Conv", List.of(bend(x), w), attribute("pads", new long[] {1, 1, 1, 1}));
    }

    private String mean(String x) {
      return random.nextBoolean()
          ? node("GlobalAveragePool", List.of(x))
          : node("ReduceMean", List.of(x), attribute("axes", new long[] {1}));
    }

    private String atLeastHalf(String x) {
      String half = b.initializer(Tensors.of("half" + nodes++, new float[] {.5f}));
      return node("Add", List.of(node("Sigmoid", List.of(mean(x))), half));
    }

    private String averagePool(String x) {
      height = (height + 1) / 2;
      return node(
          "AveragePool",
          List.of(x),
          attribute("kernel_shape", new long[] {3, 3}),
          attribute("strides", new long[] {2, 1}),
          attribute("pads", new long[] {1, 1, 1, 1}),
          attribute("count_include_pad", random.nextInt(2)));
    }

    private String resize(String x) {
      height = 2 * height;
      width = (int) (width * 1.5f);
      String scales = b.initializer(Tensors.of("scales" + nodes++, new float[] {1, 1, 2, 1.5f}, 4));
      String mode = random.nextBoolean() ? "linear" : "nearest";
      return node("Resize", List.of(x, "", scales), attribute("mode", mode));
    }

    private String concat(String x) {
      int axis = random.nextInt(1, 4);
      channels *= axis == 1 ? 2 : 1;
      height *= axis == 2 ? 2 : 1;
      width *= axis == 3 ? 2 : 1;
      return node("Concat", List.of(x, bend(x)), attribute("axis", axis));
    }

    /** The front and the back overlap in the middle. */
    private String split(String x) {
      if (channels < 2) {
        return bend(x);
      }
      String front = node("Slice", List.of(x, integers(0), integers(channels - 1), integers(1)));
      String back = node("Slice", List.of(x, integers(1), integers(channels), integers(1)));
      channels--;
      return node("Mul", List.of(front, bend(back)));
    }

    private String gather(String x) {
      long[] at = new long[random.nextInt(2, 6)];
      for (int i = 0; i < at.length; i++) {
        at[i] = random.nextInt(-channels, channels);
      }
      channels = at.length;
      return node("Gather", List.of(x, integers(at)), attribute("axis", 1));
    }

    private String transpose(String x) {
      int was = height;
      height = width;
      width = was;
      return node("Transpose", List.of(x), attribute("perm", new long[] {0, 1, 3, 2}));
    }

    private String matMul(String x) {
      int out = random.nextInt(2, 7);
      String w = weight(1.5 / Math.sqrt(width), width, out);
      width = out;
      return node("MatMul", List.of(x, w));
    }

    /** Bent, for ONNX Runtime would fuse pads to more than a pooling kernel, and refuse that. */
    private String pad(String x) {
      height += 1;
      width += 2;
      return bend(node("Pad", List.of(x, integers(0, 0, 1, 0, 0, 0, 0, 2))));
    }

    private String normalise(String x) {
      return node(
          "LayerNormalization",
          List.of(x, weight(1, width), weight(.5, width)),
          attribute("epsilon", .5f));
    }

    /** Weights of positions by their likeness, applied to the positions. */
    private String attend(String x) {
      String turned = node("Transpose", List.of(x), attribute("perm", new long[] {0, 1, 3, 2}));
      String likeness = node("MatMul", List.of(x, turned));
      String calm = node("Tanh", List.of(likeness));
      return node("MatMul", List.of(node("Softmax", List.of(calm)), x));
    }
  }
}
