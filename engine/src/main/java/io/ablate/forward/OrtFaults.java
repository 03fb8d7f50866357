package io.ablate.forward;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.OnnxModel;
import java.util.List;

/** ONNX Runtime's errors in the project's wording. */
public final class OrtFaults {
  /** What allocators of the processor and of devices say. */
  private static final List<String> NO_MEMORY =
      List.of("Failed to allocate memory", "bad_alloc", "out of memory", "ALLOC_FAILED");

  private OrtFaults() {}

  /**
   * The error to throw.
   *
   * @param what what could not be done
   * @param model the graph that it was to be done with
   * @param e what ONNX Runtime said, its code and source file included
   */
  public static BadInputException fault(String what, OnnxModel model, Exception e) {
    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
    Problem problem =
        Problem.of(what).at(model.source() == null ? "model in memory" : model.source());
    if (NO_MEMORY.stream().anyMatch(reason::contains)) {
      problem = problem.remedy("use a smaller batch or give the process more memory");
    }
    return new BadInputException(problem.found(brief(reason)), e);
  }

  /** Its first line, without the path of its source file. */
  private static String brief(String reason) {
    return reason
        .lines()
        .findFirst()
        .orElse(reason)
        .replaceFirst("^Error code - \\w+ - message: ", "")
        .replaceAll("/[\\w/.+-]+\\.(?:cc|h):\\d+ ?", "")
        .strip();
  }
}
