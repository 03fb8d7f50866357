package io.ablate.forward;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.ablate.onnx.OnnxModel;
import java.nio.file.Path;

/** Sessions of ONNX Runtime on the CPU, all with the same settings. */
final class OrtSessions {
  private OrtSessions() {}

  /** Made once: asking again with a log level is itself logged. */
  private static final class Environment {
    static final OrtEnvironment ONLY;

    static {
      ONLY =
          OrtNatives.load(
              () -> OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL));
      try {
        // Official builds report to their maker unless told not to. What they say while they start
        // only the variable ORT_DISABLE_TELEMETRY, which the launcher sets, keeps back.
        ONLY.setTelemetry(false);
      } catch (OrtException e) {
        throw new IllegalStateException("ONNX Runtime cannot turn its telemetry off", e);
      }
    }
  }

  static OrtEnvironment environment() {
    OrtNatives.requireLoadable();
    return Environment.ONLY;
  }

  /** Loads a graph; external data is looked for in the folder that the model came from. */
  static OrtSession create(OrtEnvironment environment, OnnxModel graph, int threads) {
    try (OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
      settings.setIntraOpNumThreads(threads);
      settings.setInterOpNumThreads(1);
      // What fails is thrown; the log would say it twice.
      settings.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      settings.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
      settings.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      Path external = graph.externalFolder();
      if (external != null) {
        settings.addConfigEntry(
            "session.model_external_initializers_file_folder_path", external.toString());
      }
      return environment.createSession(graph.toBytes(), settings);
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot load the model", graph, e);
    }
  }
}
