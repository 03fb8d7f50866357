package io.ablate.forward;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.instrument.ExampleInput;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.OnnxModel;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A session of ONNX Runtime. */
final class OrtSessionHandle implements ForwardSession {
  private final OrtEnvironment environment;
  private final InstrumentedModel model;
  private final ForwardOptions options;
  private final OrtSession session;
  private @Nullable OrtSession scaleSession;
  private boolean closed;

  OrtSessionHandle(OrtEnvironment environment, InstrumentedModel model, ForwardOptions options) {
    requireExamples(model, options.exampleShape());
    this.environment = environment;
    this.model = model;
    this.options = options;
    this.session = create(model.model());
  }

  private OrtSession create(OnnxModel graph) {
    try (OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
      settings.setIntraOpNumThreads(options.threads());
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

  @Override
  public InstrumentedModel model() {
    return model;
  }

  @Override
  public ForwardBatch batch(BatchShape shape) {
    requireOpen();
    return new OrtBatch(environment, session, model, options.exampleShape(), shape);
  }

  @Override
  public float[] activationScale(float[] example) {
    InstrumentedModel.ActivationScale scale = model.activationScale();
    if (scale == null) {
      throw new IllegalStateException("model was instrumented without its activation scale");
    }
    OrtSession scaling;
    synchronized (this) {
      requireOpen();
      if (scaleSession == null) {
        scaleSession = create(scale.model());
      }
      scaling = scaleSession;
    }
    float[] values = new float[model.components().size()];
    DirectTensor input =
        DirectTensor.create(
            environment, model.example().type(), OrtBatch.shape(1, options.exampleShape()));
    try (input;
        OrtSession.Result result = run(scaling, input, example)) {
      FloatBuffer found = ((OnnxTensor) result.get(0)).getFloatBuffer();
      found.get(values);
      return values;
    }
  }

  private OrtSession.Result run(OrtSession scaling, DirectTensor input, float[] example) {
    input.set(0, example);
    try {
      return scaling.run(Map.of(model.example().name(), input.tensor()));
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot run the model", model.model(), e);
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("session is closed");
    }
  }

  private static void requireExamples(InstrumentedModel model, long[] found) {
    ExampleInput input = model.example();
    DataType type = input.type();
    if (type != DataType.FLOAT && type != DataType.INT64 && type != DataType.INT32) {
      throw new BadInputException(
          Problem.of("unsupported type of the model's input")
              .at(input.name())
              .expected("a floating-point type, int64 or int32")
              .found(type));
    }
    long[] expected = Arrays.copyOfRange(input.shape(), 1, input.shape().length);
    boolean fits = expected.length == found.length;
    for (int i = 0; fits && i < found.length; i++) {
      fits = expected[i] < 0 || expected[i] == found[i];
    }
    if (!fits) {
      throw new BadInputException(
          Problem.of("examples do not fit the model's input")
              .at(input.name())
              .expected(Arrays.toString(expected).replace("-1", "any"))
              .found(Arrays.toString(found)));
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      session.close();
      if (scaleSession != null) {
        scaleSession.close();
      }
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot release the model", model.model(), e);
    }
  }
}
