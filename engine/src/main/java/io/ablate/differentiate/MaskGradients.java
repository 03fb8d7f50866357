package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.ShapeInference;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reverse-mode differentiation of an instrumented model by its mask: the result computes the
 * outputs and, in the same run, all their derivatives. It is a graph of standard operators, of
 * dynamic batch; only paths that a mask reaches are differentiated, and no weight is.
 */
public final class MaskGradients {
  private MaskGradients() {}

  /**
   * Differentiates with the standard rules.
   *
   * @throws BadInputException naming the first operator without a rule on a path from a mask to the
   *     output
   */
  public static DifferentiatedModel of(InstrumentedModel model) {
    return of(model, GradientRules.standard());
  }

  /** Differentiates with the given rules. */
  public static DifferentiatedModel of(InstrumentedModel model, GradientRules rules) {
    return of(model, rules, 1);
  }

  /**
   * Differentiates with the given rules.
   *
   * @param scale by which derivatives are multiplied on the way, and divided in the end: so that
   *     they stay within float16 where tensors are
   */
  public static DifferentiatedModel of(InstrumentedModel model, GradientRules rules, float scale) {
    OnnxGraph graph = model.model().graph();
    GraphWriter writer = new GraphWriter(graph);
    String mask = maskOfEveryRow(model, writer);
    graph.sort();
    Set<String> reached = reached(graph, mask);
    Backward backward =
        new Backward(writer, ShapeInference.of(graph), reached, mask.equals(model.mask()));
    List<NodeProto> nodes = graph.nodes();
    seed(model.output(), scale, backward);
    for (int i = nodes.size() - 1; i >= 0; i--) {
      NodeProto node = nodes.get(i);
      boolean needed = node.getInputList().stream().anyMatch(reached::contains);
      if (needed && node.getOutputList().stream().anyMatch(backward::has)) {
        rule(node, rules, graph).apply(node, backward);
      }
    }
    String gradient = finish(model, mask, scale, backward);
    graph.putOutput(GraphWriter.value(gradient, DataType.FLOAT, "", -1, model.components().size()));
    graph.outputs().stream()
        .map(output -> output.getName())
        .filter(name -> !name.equals(gradient) && !name.equals(model.output()))
        .forEach(graph::removeOutput);
    graph.removeDead();
    return new DifferentiatedModel(model, graph.toModel(), gradient);
  }

  /**
   * One mask for many examples has a derivative for each: it is repeated before it is used. Where
   * extents say that each row has its own, it is there.
   */
  private static String maskOfEveryRow(InstrumentedModel model, GraphWriter writer) {
    OnnxGraph graph = writer.graph();
    long[] masks = ShapeInference.declared(graph.valueInfo(model.mask()));
    long[] examples = ShapeInference.declared(graph.valueInfo(model.example().name()));
    if (masks != null && examples != null && masks[0] > 0 && masks[0] == examples[0]) {
      return model.mask();
    }
    String rows = graph.uniqueName(model.mask() + "_of_rows");
    graph.replaceUses(model.mask(), rows);
    writer.addAs(
        "Expand", rows, List.of(model.mask(), writer.batchShape(model.example().name(), 2)));
    return rows;
  }

  private static Set<String> reached(OnnxGraph graph, String mask) {
    Set<String> reached = new HashSet<>(Set.of(mask));
    for (NodeProto node : graph.nodes()) {
      boolean carries = !INTEGER_VALUED.contains(node.getOpType());
      if (carries && node.getInputList().stream().anyMatch(reached::contains)) {
        node.getOutputList().stream().filter(name -> !name.isEmpty()).forEach(reached::add);
      }
    }
    return reached;
  }

  /** Operators whose outputs do not change with small changes of their inputs. */
  private static final Set<String> INTEGER_VALUED =
      Set.of(
          "Shape",
          "Size",
          "Equal",
          "Greater",
          "GreaterOrEqual",
          "Less",
          "LessOrEqual",
          "ArgMax",
          "ArgMin",
          "Not",
          "And",
          "Or",
          "Xor",
          "NonZero",
          "Floor",
          "Ceil",
          "Round",
          "Sign",
          "ConstantOfShape",
          "IsNaN",
          "IsInf");

  private static void seed(String output, float scale, Backward backward) {
    String one = backward.writer().constant("one", DataType.FLOAT, new float[] {scale}, 1);
    backward.add(
        output,
        backward
            .writer()
            .add("Expand", "output_gradient", List.of(one, backward.runtimeShape(output))));
  }

  private static GradientRule rule(NodeProto node, GradientRules rules, OnnxGraph graph) {
    GradientRule rule = rules.of(node);
    if (rule == null) {
      throw new BadInputException(
          Problem.of("no gradient rule for operator " + node.getOpType())
              .at("node " + graph.nameOf(node))
              .expected("one of " + String.join(", ", rules.operators()))
              .found(
                  node.getOpType()
                      + (node.getDomain().isEmpty() ? "" : " of domain " + node.getDomain()))
              .remedy(
                  "use methods that need forward passes only (hierarchical, ridge), or register a"
                      + " GradientRule"));
    }
    return rule;
  }

  private static String finish(
      InstrumentedModel model, String mask, float scale, Backward backward) {
    String gradient = backward.writer().graph().uniqueName("mask_gradient");
    String found = backward.gradientOf(mask);
    if (found == null) {
      String zero = backward.writer().constant("zero", DataType.FLOAT, new float[] {0}, 1, 1);
      backward
          .writer()
          .addAs("Expand", gradient, List.of(zero, backward.runtimeShape(model.mask())));
    } else if (scale == 1) {
      backward.writer().addAs("Identity", gradient, List.of(found));
    } else {
      String share = backward.writer().constant("unscale", DataType.FLOAT, new float[] {1 / scale});
      backward.writer().addAs("Mul", gradient, List.of(found, share));
    }
    return gradient;
  }
}
