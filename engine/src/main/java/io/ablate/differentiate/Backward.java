package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.ShapeInference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The backward sweep over one graph: what rules read and where they put gradients. A gradient has
 * the shape and type of its tensor. Not thread-safe.
 */
public final class Backward {
  private final GraphWriter writer;
  private final ShapeInference shapes;
  private final ElementTypes types;
  private final Set<String> reached;
  private final boolean fixed;
  private final Map<String, List<String>> gradients = new HashMap<>();
  private final Map<String, ColumnGradients> columns = new HashMap<>();

  /**
   * @param shapes of the graph before the sweep
   * @param reached the tensors that the mask reaches
   * @param fixed whether the graph is for one batch: then shapes that are known need no operators
   */
  Backward(GraphWriter writer, ShapeInference shapes, Set<String> reached, boolean fixed) {
    this.fixed = fixed;
    this.writer = writer;
    this.shapes = shapes;
    this.types = new ElementTypes(writer.graph());
    this.reached = reached;
  }

  /** Adds operators to the graph. */
  public GraphWriter writer() {
    return writer;
  }

  /** Whether the gradient by a tensor is needed: whether the mask reaches it. */
  public boolean needs(String tensor) {
    return reached.contains(tensor);
  }

  /** Whether anything was added to the gradient by a tensor. */
  boolean has(String tensor) {
    return gradients.containsKey(tensor) || columns.containsKey(tensor);
  }

  /** The contributions to the gradient by a tensor, not added; empty if there is none. */
  public List<String> contributions(String tensor) {
    joinColumns(tensor);
    return List.copyOf(gradients.getOrDefault(tensor, List.of()));
  }

  private void joinColumns(String tensor) {
    ColumnGradients parts = columns.remove(tensor);
    if (parts != null) {
      parts.join(writer).forEach(joined -> add(tensor, joined));
    }
  }

  /** The gradient by a tensor, all contributions added; null if there is none. */
  public @Nullable String gradientOf(String tensor) {
    joinColumns(tensor);
    List<String> parts = gradients.get(tensor);
    if (parts == null) {
      return null;
    }
    if (parts.size() > 1) {
      String sum = parts.getFirst();
      for (String part : parts.subList(1, parts.size())) {
        sum = writer.add("Add", tensor + "_gradient", List.of(sum, part));
      }
      gradients.put(tensor, new ArrayList<>(List.of(sum)));
      return sum;
    }
    return parts.getFirst();
  }

  /** The gradient by a node's first output. */
  public String gradient(NodeProto node) {
    String gradient = gradientOf(node.getOutput(0));
    if (gradient == null) {
      throw unsupported(node, "a gradient by its first output", "none");
    }
    return gradient;
  }

  /** Adds to the gradient by a tensor; without effect where none is needed. */
  public void add(String tensor, String gradient) {
    if (needs(tensor)) {
      gradients.computeIfAbsent(tensor, name -> new ArrayList<>()).add(gradient);
    }
  }

  /**
   * Adds the gradient by some columns of a tensor [rows, columns] of known extents; without effect
   * where none is needed.
   *
   * @param first the first of the columns
   * @param gradient [rows, count]
   */
  public void addColumns(NodeProto node, String tensor, long first, long count, String gradient) {
    if (needs(tensor)) {
      long[] shape = shape(node, tensor);
      if (shape.length != 2 || shape[0] < 0 || shape[1] < 0) {
        throw unsupported(node, "known extents of tensor " + tensor, Arrays.toString(shape));
      }
      columns
          .computeIfAbsent(tensor, name -> new ColumnGradients(shape[0], shape[1], type(tensor)))
          .add(first, count, gradient);
    }
  }

  /**
   * Adds a gradient that has the shape to which an element-wise operator broadcast the tensor: it
   * is summed over the axes along which the tensor was repeated.
   *
   * @param from the tensor of that shape
   */
  public void addSummed(NodeProto node, String tensor, String gradient, String from) {
    if (!needs(tensor)) {
      return;
    }
    long[] wide = shape(node, from);
    long[] narrow = shape(node, tensor);
    int extra = wide.length - narrow.length;
    List<Long> repeated = new ArrayList<>();
    for (int axis = 0; axis < narrow.length; axis++) {
      if (narrow[axis] == 1 && wide[axis + extra] != 1) {
        repeated.add((long) axis + extra);
      }
    }
    String sum = gradient;
    if (!repeated.isEmpty()) {
      long[] axes = repeated.stream().mapToLong(Long::longValue).toArray();
      sum = writer.reduce("ReduceSum", tensor + "_gradient", sum, true, axes);
    }
    if (extra > 0) {
      long[] leading = new long[extra];
      Arrays.setAll(leading, i -> i);
      sum = writer.reduce("ReduceSum", tensor + "_gradient", sum, false, leading);
    }
    add(tensor, sum);
  }

  /**
   * Shape of a tensor of the forward graph; −1 for extents that are not known.
   *
   * @throws BadInputException if not even the rank is known
   */
  public long[] shape(NodeProto node, String tensor) {
    long[] shape = shapes.shape(tensor);
    if (shape == null) {
      throw unsupported(node, "a known rank of tensor " + tensor, "no stated shape");
    }
    return shape;
  }

  /** Shape as {@link #shape}; null if the rank is not known. */
  public long @Nullable [] shapeOrNull(String tensor) {
    return shapes.shape(tensor);
  }

  /** A constant of the graph; null if the tensor is computed from the inputs. */
  public @Nullable Constant constant(String tensor) {
    return Constants.resolve(writer.graph(), tensor);
  }

  /** A number of the type of a tensor, to broadcast against it. */
  public String number(float value, String like) {
    return writer.constant("number", types.of(like), new float[] {value});
  }

  /** Element type of a floating-point tensor. */
  public DataType type(String tensor) {
    return types.of(tensor);
  }

  /** The runtime shape of a tensor, int64 [rank]; a constant where it is known. */
  public String runtimeShape(String tensor) {
    long[] known = known(tensor);
    if (known != null) {
      return writer.integers(tensor + "_extents", known);
    }
    return writer.add("Shape", tensor + "_extents", List.of(tensor));
  }

  /** Zeros of the shape and type of a tensor. */
  String zeros(String like) {
    return writer.add("Expand", like + "_zeros", List.of(number(0, like), runtimeShape(like)));
  }

  /** How many elements of one tensor there are for each of another, in the type of the first. */
  String elementsPer(String all, String kept) {
    long[] wide = known(all);
    long[] narrow = known(kept);
    if (wide != null && narrow != null) {
      return number((float) elements(wide) / elements(narrow), all);
    }
    String ratio =
        writer.add(
            "Div",
            "element_count",
            List.of(
                writer.add("Size", "all", List.of(all)),
                writer.add("Size", "kept", List.of(kept))));
    return writer.cast(ratio, type(all));
  }

  /** The shape of a tensor all of whose extents are known for certain; else null. */
  private long @Nullable [] known(String tensor) {
    long[] shape = fixed ? shapes.shape(tensor) : null;
    return shape != null && Arrays.stream(shape).allMatch(extent -> extent > 0) ? shape : null;
  }

  private static long elements(long[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** The error for a node whose form a rule does not know. */
  public BadInputException unsupported(NodeProto node, String expected, Object found) {
    return new BadInputException(
        Problem.of("cannot differentiate " + node.getOpType())
            .at("node " + writer.graph().nameOf(node))
            .expected(expected)
            .found(found)
            .remedy(
                "use methods that need forward passes only (hierarchical, ridge), leave out the"
                    + " components before this node, or register a GradientRule"));
  }
}
