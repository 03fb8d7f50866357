package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.OnnxModel;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The rules by operator. Immutable and thread-safe. */
public final class GradientRules {
  private static final GradientRules STANDARD = new GradientRules(standardRules());

  private final Map<String, GradientRule> rules;

  private GradientRules(Map<String, GradientRule> rules) {
    this.rules = Map.copyOf(rules);
  }

  /** The rules for ONNX's own operators. */
  public static GradientRules standard() {
    return STANDARD;
  }

  /**
   * These rules and one more, which takes precedence.
   *
   * @param domain of the operator; empty for ONNX's own
   */
  public GradientRules with(String domain, String operator, GradientRule rule) {
    Map<String, GradientRule> more = new HashMap<>(rules);
    more.put(key(domain, operator), rule);
    return new GradientRules(more);
  }

  /** The rule for a node; null if there is none. */
  @Nullable GradientRule of(NodeProto node) {
    return rules.get(key(node.getDomain(), node.getOpType()));
  }

  /** The operators that have a rule, in alphabetical order. */
  public Iterable<String> operators() {
    return new TreeSet<>(rules.keySet());
  }

  private static String key(String domain, String operator) {
    return OnnxModel.isDefaultDomain(domain) ? operator : domain + ":" + operator;
  }

  private static Map<String, GradientRule> standardRules() {
    Map<String, GradientRule> rules = new HashMap<>();
    ArithmeticGradients.register(rules);
    ActivationGradients.register(rules);
    SmoothGradients.register(rules);
    ShapeGradients.register(rules);
    SelectionGradients.register(rules);
    ReductionGradients.register(rules);
    PoolGradients.register(rules);
    MatrixGradients.register(rules);
    rules.put("Resize", new ResizeGradient());
    rules.put("Conv", new ConvGradient());
    rules.put("BatchNormalization", new BatchNormGradient());
    rules.put("LayerNormalization", new LayerNormGradient());
    return rules;
  }
}
