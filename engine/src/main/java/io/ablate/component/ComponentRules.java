package io.ablate.component;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which of a model's layers have their components attributed. Immutable.
 *
 * <p>Grammar: terms separated by commas, blanks around them ignored.
 *
 * <pre>
 * rules   = term { "," term }
 * term    = "no-shortcuts" | "include-output" | [ "!" | "-" ] pattern
 * pattern = KIND | "kind:" KIND | "tensor:" GLOB | "node:" GLOB | [ "layer:" ] GLOB
 * KIND    = "conv-filter" | "neuron" | "attention-head"
 * GLOB    = characters, where * stands for any text (dots and slashes too) and ? for one character
 * </pre>
 *
 * <p>A layer is selected if it is of one of the kinds named (any kind, where none is), matches one
 * of the globs (any layer, where there is none), and no term with {@code !} or {@code -} fits it.
 * The output layer is left out without {@code include-output}; 1×1 shortcut convolutions are left
 * out with {@code no-shortcuts}. Every pattern must fit some layer.
 *
 * @param terms the patterns in the order given
 * @param shortcuts whether 1×1 shortcut convolutions are kept
 * @param output whether the output layer is kept
 */
public record ComponentRules(List<Term> terms, boolean shortcuts, boolean output) {
  private static final String NO_SHORTCUTS = "no-shortcuts";
  private static final String INCLUDE_OUTPUT = "include-output";

  /** What a pattern looks at. */
  private enum Field {
    KIND,
    LAYER,
    TENSOR,
    NODE
  }

  /**
   * One pattern.
   *
   * @param text as the user wrote it
   */
  public record Term(String text) {
    private boolean excludes() {
      return text.startsWith("!") || text.startsWith("-");
    }

    private String pattern() {
      return excludes() ? text.substring(1).strip() : text;
    }

    private Field field() {
      for (Field field : Field.values()) {
        if (pattern().startsWith(prefix(field))) {
          return field;
        }
      }
      return kind(pattern()).isPresent() ? Field.KIND : Field.LAYER;
    }

    private String glob() {
      String prefix = prefix(field());
      return pattern().startsWith(prefix) ? pattern().substring(prefix.length()) : pattern();
    }

    private boolean fits(Layer layer) {
      return switch (field()) {
        case KIND -> layer.kind().label().equals(glob());
        case LAYER -> fits(layer.name());
        case TENSOR -> layer.sites().stream().anyMatch(site -> fits(site.tensor()));
        case NODE -> layer.sites().stream().anyMatch(site -> fits(site.node()));
      };
    }

    private boolean fits(String name) {
      StringBuilder regex = new StringBuilder();
      for (char c : glob().toCharArray()) {
        regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
      }
      return Pattern.compile(regex.toString(), Pattern.DOTALL).matcher(name).matches();
    }

    private static String prefix(Field field) {
      return field.name().toLowerCase(Locale.ROOT) + ":";
    }
  }

  public ComponentRules {
    terms = List.copyOf(terms);
  }

  /** Every layer but the output layer. */
  public static ComponentRules defaults() {
    return new ComponentRules(List.of(), true, false);
  }

  /**
   * Reads rules as the command line and manifests write them; the empty text is {@link #defaults}.
   *
   * @throws UsageException if a term is empty or names an unknown kind
   */
  public static ComponentRules parse(String text) {
    List<Term> terms = new ArrayList<>();
    boolean shortcuts = true;
    boolean output = false;
    for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
      Term term = new Term(part.strip());
      switch (term.text()) {
        case NO_SHORTCUTS -> shortcuts = false;
        case INCLUDE_OUTPUT -> output = true;
        default -> terms.add(checked(term, text));
      }
    }
    return new ComponentRules(terms, shortcuts, output);
  }

  /** The same rules with the output layer. */
  public ComponentRules withOutput() {
    return new ComponentRules(terms, shortcuts, true);
  }

  /** The same rules without 1×1 shortcut convolutions. */
  public ComponentRules withoutShortcuts() {
    return new ComponentRules(terms, false, output);
  }

  /** The text that {@link #parse} reads back. */
  @Override
  public String toString() {
    List<String> parts = new ArrayList<>(terms.stream().map(Term::text).toList());
    if (!shortcuts) {
      parts.add(NO_SHORTCUTS);
    }
    if (output) {
      parts.add(INCLUDE_OUTPUT);
    }
    return String.join(",", parts);
  }

  /**
   * The layers that these rules select, in their order.
   *
   * @throws UsageException if a pattern fits no layer, or no layer remains
   */
  List<Layer> select(List<Layer> all) {
    List<Layer> offered =
        all.stream()
            .filter(layer -> output || !layer.output())
            .filter(layer -> shortcuts || !layer.shortcut())
            .toList();
    for (Term term : terms) {
      if (offered.stream().noneMatch(term::fits)) {
        throw matchesNothing(term, all, offered);
      }
    }
    List<Term> kinds = terms(Field.KIND);
    List<Term> names = terms(Field.LAYER, Field.TENSOR, Field.NODE);
    List<Layer> selected =
        offered.stream()
            .filter(layer -> kinds.isEmpty() || kinds.stream().anyMatch(t -> t.fits(layer)))
            .filter(layer -> names.isEmpty() || names.stream().anyMatch(t -> t.fits(layer)))
            .filter(layer -> terms.stream().noneMatch(t -> t.excludes() && t.fits(layer)))
            .toList();
    if (selected.isEmpty()) {
      throw new UsageException(
          Problem.of("component rules leave no component")
              .at(terms.isEmpty() ? "the default rules" : toString())
              .expected("some of the layers " + describe(all))
              .remedy(remedy(all)));
    }
    return selected;
  }

  private String remedy(List<Layer> all) {
    if (terms.isEmpty() && all.stream().allMatch(Layer::output)) {
      return "only Conv, Gemm and MatMul nodes with a constant weight have components, and this model"
          + " has none before its output layer; add include-output (--include-output) to ablate that";
    }
    return "loosen the rules" + (output ? "" : ", or add include-output (--include-output)");
  }

  private List<Term> terms(Field... fields) {
    return terms.stream()
        .filter(term -> !term.excludes() && Arrays.asList(fields).contains(term.field()))
        .toList();
  }

  private static Optional<ComponentKind> kind(String label) {
    return Arrays.stream(ComponentKind.values())
        .filter(kind -> kind != ComponentKind.GROUP && kind.label().equals(label))
        .findFirst();
  }

  private static Term checked(Term term, String text) {
    if (term.glob().isEmpty()) {
      throw new UsageException(
          Problem.of("empty term in component rules").at("\"" + text + "\"").expected("a pattern"));
    }
    if (term.field() == Field.KIND && kind(term.glob()).isEmpty()) {
      throw new UsageException(
          Problem.of("unknown kind of component")
              .at(term.text())
              .expected("conv-filter, neuron or attention-head")
              .found(term.glob()));
    }
    return term;
  }

  private static UsageException matchesNothing(Term term, List<Layer> all, List<Layer> offered) {
    Problem problem =
        Problem.of("component rule matches nothing")
            .at(term.text())
            .expected("a kind (conv-filter, neuron) or one of the layers " + describe(offered));
    boolean hidden = all.stream().anyMatch(layer -> layer.output() && term.fits(layer));
    return new UsageException(
        hidden ? problem.remedy("add include-output to attribute the output layer") : problem);
  }

  private static String describe(List<Layer> layers) {
    int shown = Math.min(layers.size(), 40);
    String names = String.join(", ", layers.subList(0, shown).stream().map(Layer::name).toList());
    return shown < layers.size() ? names + ", … (" + layers.size() + " layers)" : names;
  }
}
