package io.ablate.forward;

import ai.onnxruntime.OrtException;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.OnnxModel;

/** ONNX Runtime's errors in the project's wording. */
final class OrtFaults {
  private OrtFaults() {}

  static BadInputException fault(String what, OnnxModel model, OrtException e) {
    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
    Problem problem =
        Problem.of(what).at(model.source() == null ? "model in memory" : model.source());
    if (reason.contains("Failed to allocate memory") || reason.contains("bad_alloc")) {
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
