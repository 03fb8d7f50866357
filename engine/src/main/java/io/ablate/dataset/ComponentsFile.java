package io.ablate.dataset;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import io.ablate.component.Component;
import io.ablate.component.ComponentKind;
import io.ablate.component.ComponentSet;
import io.ablate.component.Slice;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads and writes {@code components.json}. */
public final class ComponentsFile {
  private ComponentsFile() {}

  private record Columns(List<Column> columns) {}

  /** Slices stand only where layer, tensor and index do not say them already. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Column(
      String layer, String tensor, int index, ComponentKind kind, @Nullable List<Slice> slices) {

    static Column of(Component component) {
      List<Slice> plain =
          List.of(new Slice(component.layer(), component.tensor(), component.index()));
      return new Column(
          component.layer(),
          component.tensor(),
          component.index(),
          component.kind(),
          component.slices().equals(plain) ? null : component.slices());
    }

    Component component() {
      return new Component(
          layer,
          tensor,
          index,
          kind,
          slices == null ? List.of(new Slice(layer, tensor, index)) : slices);
    }
  }

  public static void write(Path file, ComponentSet components) {
    Json.write(file, new Columns(components.columns().stream().map(Column::of).toList()));
  }

  /**
   * Reads the columns; where a file names no slices, a component's node is taken to be its layer.
   *
   * @throws BadInputException if the file is not of this form
   */
  @SuppressWarnings("NullAway") // Jackson leaves absent fields null; that is what is checked here.
  public static ComponentSet read(Path file) {
    List<Column> columns = Json.read(file, Columns.class).columns();
    if (columns == null) {
      throw malformed(file, "no \"columns\"");
    }
    for (int i = 0; i < columns.size(); i++) {
      Column column = columns.get(i);
      if (column == null
          || column.layer() == null
          || column.tensor() == null
          || column.kind() == null) {
        throw malformed(file, "column " + i + " without layer, tensor or kind");
      }
      if (column.index() < 0 || column.slices() != null && !complete(column.slices())) {
        throw malformed(file, "column " + i + " with an impossible index or slices");
      }
    }
    return new ComponentSet(columns.stream().map(Column::component).toList());
  }

  @SuppressWarnings("NullAway") // as in read
  private static boolean complete(List<Slice> slices) {
    return !slices.isEmpty()
        && slices.stream()
            .allMatch(s -> s != null && s.node() != null && s.tensor() != null && s.index() >= 0);
  }

  private static BadInputException malformed(Path file, String found) {
    return new BadInputException(
        Problem.of("not a components file")
            .at(file)
            .expected("{\"columns\": [{\"layer\", \"tensor\", \"index\", \"kind\"}]}")
            .found(found));
  }
}
