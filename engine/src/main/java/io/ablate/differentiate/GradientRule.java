package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;

/**
 * How a gradient passes one operator backwards. Stateless and thread-safe.
 *
 * <p>With L the sum of all rows' outputs, a rule is asked for a node for whose outputs ∂L/∂output
 * is known ({@link Backward#gradient}); it adds operators that compute ∂L/∂input for each input
 * that a mask reaches ({@link Backward#needs}), and hands them over ({@link Backward#add}).
 */
@FunctionalInterface
public interface GradientRule {
  /**
   * Adds the operators of one node.
   *
   * @throws io.ablate.base.BadInputException if the node is of a form that the rule does not know
   */
  void apply(NodeProto node, Backward backward);
}
