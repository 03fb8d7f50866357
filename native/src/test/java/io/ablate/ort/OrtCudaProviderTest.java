package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.ablate.backend.Backends;
import io.ablate.backend.Devices;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.cuda.CudaDeviceProvider;
import io.ablate.differentiate.MaskGradients;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onednn.Networks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options of ONNX Runtime's CUDA provider, and how what is missing for it is said. */
@LeavesNoObjects
class OrtCudaProviderTest {
  private static final long[] SHAPE = Networks.exampleShape();

  private static InstrumentedModel network(String name) {
    return Objects.requireNonNull(Networks.all().get(name));
  }

  @Test
  void shouldWordOptionsAsOnnxRuntimeDoes() {
    assertThat(CudaOptions.of(2, Precision.FP32).entries())
        .containsExactly(
            java.util.Map.entry("device_id", "2"),
            java.util.Map.entry("cudnn_conv_algo_search", "HEURISTIC"),
            java.util.Map.entry("prefer_nhwc", "0"),
            java.util.Map.entry("use_tf32", "0"),
            java.util.Map.entry("enable_cuda_graph", "0"),
            java.util.Map.entry("arena_extend_strategy", "kNextPowerOfTwo"));
    assertThat(
            CudaOptions.of(0, Precision.FP16)
                .with("arena", "same_as_requested")
                .with("memorylimit", "8589934592")
                .entries())
        .containsEntry("cudnn_conv_algo_search", "EXHAUSTIVE")
        .containsEntry("prefer_nhwc", "0")
        .containsEntry("use_tf32", "1")
        .containsEntry("enable_cuda_graph", "1")
        .containsEntry("arena_extend_strategy", "kSameAsRequested")
        .containsEntry("gpu_mem_limit", "8589934592");
    CudaOptions half = CudaOptions.of(0, Precision.FP16);
    assertThat(half.with("layout", "provider").entries()).containsEntry("prefer_nhwc", "1");
    assertThat(half.with("graphs", "false").entries()).containsEntry("enable_cuda_graph", "0");
    assertThatThrownBy(() -> half.with("speed", "true")).hasMessageContaining("speed");
    assertThatThrownBy(() -> CudaOptions.of(-1, Precision.FP32))
        .hasMessage("device -1, memory limit 0");
  }

  /** As far as the provider gets where ONNX Runtime was built without it: one clear message. */
  @Test
  void shouldSayWhatOnnxRuntimeSaysOfAProviderThatItLacks() {
    assumeFalse(CudaProviderLibrary.here().isPresent(), "ONNX Runtime has its CUDA provider");
    ExecutionProvider cuda = new CudaExecutionProvider(CudaOptions.of(0, Precision.FP32), 0);
    ForwardBackend unready = ReducedBackends.inFloat32(() -> new Execution(cuda, new HostMemory()));
    InstrumentedModel model = network("layers");
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    assertThatThrownBy(() -> unready.open(model, options))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("ONNX Runtime cannot load the model: model in memory; found ")
        .hasMessageContaining("CUDA");
    assertThatThrownBy(
            () -> unready.openGradients(MaskGradients.of(model), options).batch(1).close())
        .isInstanceOf(BadInputException.class);
  }

  @Test
  void shouldNameTheFirstThingThatIsMissing(@TempDir Path folder) throws IOException {
    String absent = "no/such/folder";
    assertThat(message(new CudaProviderLibrary(folder, absent, Optional::empty)))
        .isEqualTo(
            "ONNX Runtime's CUDA provider is not here: "
                + System.mapLibraryName("onnxruntime_providers_shared")
                + "; expected it on the class path, or in "
                + folder
                + "; build with the Maven profile cuda, which takes onnxruntime_gpu in place of"
                + " onnxruntime");
    Files.createFile(folder.resolve(System.mapLibraryName("onnxruntime_providers_shared")));
    assertThat(message(new CudaProviderLibrary(folder, absent, Optional::empty)))
        .contains(System.mapLibraryName("onnxruntime_providers_cuda"));
    Files.createFile(folder.resolve(System.mapLibraryName("onnxruntime_providers_cuda")));
    assertThat(new CudaProviderLibrary(folder, absent, Optional::empty).problem()).isEmpty();
    Problem lacking = Problem.of("libnotthere.so.12 cannot be loaded");
    assertThat(new CudaProviderLibrary(folder, absent, () -> Optional.of(lacking)).problem())
        .hasValue(lacking);
  }

  @Test
  void shouldExtractTheProviderBesideTheLibrary(@TempDir Path folder) throws IOException {
    // Any two files of these names on the class path will do.
    String resources = "io/ablate/ort/provider";
    CudaProviderLibrary library = new CudaProviderLibrary(folder, resources, Optional::empty);
    assumeFalse(library.problem().isPresent(), "named as on Linux");
    library.install();
    for (String part : List.of("shared", "cuda")) {
      Path file = folder.resolve(System.mapLibraryName("onnxruntime_providers_" + part));
      assertThat(file).hasContent("the " + part + " part\n");
      Files.writeString(file, "kept");
    }
    library.install();
    assertThat(folder.resolve(System.mapLibraryName("onnxruntime_providers_cuda")))
        .hasContent("kept");
  }

  private static String message(CudaProviderLibrary library) {
    return library.problem().map(Problem::message).orElse("");
  }

  @Test
  void shouldSayThatThereIsNoDevice() {
    var problem = new CudaDeviceProvider().whyUnusable(0);
    assumeFalse(problem.isEmpty(), "a device is here");
    String why = problem.orElseThrow().message();
    assertThat(new OrtCudaProvider().whyUnusable(0).map(Problem::message)).hasValue(why);
    assertThatThrownBy(() -> Devices.require("cuda"))
        .isInstanceOf(BadInputException.class)
        .hasMessage("device cuda cannot be used: " + why);
    assertThatThrownBy(() -> OrtCudaProvider.backend(0, options -> options))
        .isInstanceOf(BadInputException.class)
        .hasMessage(why);
    // Also where only the backend was named.
    assertThatThrownBy(
            () ->
                Backends.forward(
                    OrtCudaProvider.NAME, network("layers"), new ForwardOptions(1, SHAPE)))
        .hasMessage("backend onnxruntime-cuda cannot be used: " + why);
  }
}
