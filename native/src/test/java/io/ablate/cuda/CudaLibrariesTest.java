package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.base.Problem;
import io.ablate.cuda.CudaLibraries.SystemLibrary;
import io.ablate.nativelib.FetchedLibraries;
import io.ablate.nativelib.LibraryFile;
import io.ablate.nativelib.Platform;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CudaLibrariesTest {
  private static final String LINUX = "linux-x86_64";

  /** Never fetched. */
  private static final FetchedLibraries NONE =
      new FetchedLibraries(
          "absent",
          1,
          List.of(
              new FetchedLibraries.Artifact(
                  "a:b:1", "c", List.of(LibraryFile.bundled("libnotthere.so", "0")))));

  @BeforeEach
  void requireLinux() {
    assumeTrue(Platform.current().startsWith("linux"), "libraries are named as on Linux");
  }

  private static Optional<Problem> why(SystemLibrary... system) {
    CudaLibraries libraries = new CudaLibraries(LINUX, List.of(system), NONE);
    Optional<Problem> problem = libraries.whyUnusable();
    assertThat(libraries.load()).isEqualTo(problem);
    return problem;
  }

  @Test
  void shouldTakeTheSystemsWhereItHasThemAll() {
    CudaLibraries libraries =
        new CudaLibraries(LINUX, List.of(new SystemLibrary("libm.so.6", "cos")), NONE);
    assertThat(libraries.whyUnusable()).isEmpty();
    assertThat(libraries.source()).isEqualTo("the system's");
    assertThat(libraries.load()).isEmpty();
    assertThat(libraries.isFetched()).isFalse();
  }

  @Test
  void shouldNameTheFirstThatIsMissingOrTooOld() {
    SystemLibrary there = new SystemLibrary("libm.so.6", "cos");
    assertThat(why(there, new SystemLibrary("libnotthere.so.12", null)).map(Problem::message))
        .hasValue(
            "a library that ONNX Runtime's CUDA provider needs cannot be loaded: libnotthere.so.12;"
                + " fetch them with: ablate doctor --fix cuda (2.4 GB by Maven); or install CUDA"
                + " 12.9 or a later 12 and cuDNN 9, or name their folders in LD_LIBRARY_PATH");
    assertThat(why(there, new SystemLibrary("libm.so.6", "nosuchfunction")).map(Problem::message))
        .hasValueSatisfying(
            message ->
                assertThat(message)
                    .startsWith(
                        "a library that ONNX Runtime's CUDA provider needs is too old: libm.so.6;"
                            + " expected one with the function nosuchfunction; fetch them"));
  }

  /** Whatever else the provider lacks. */
  @Test
  void shouldLookForCublasAlone() {
    SystemLibrary lacking = new SystemLibrary("libnotthere.so.12", null);
    SystemLibrary cublas = new SystemLibrary("libcublas-not-there.so.12", null);
    assertThat(new CudaLibraries(LINUX, List.of(lacking, cublas), NONE).loadCublas())
        .map(problem -> problem.what() + ": " + problem.where())
        .hasValue("cuBLAS cannot be loaded: libcublas-not-there.so.12");
    assertThat(new CudaLibraries(LINUX, List.of(lacking), NONE).loadCublas()).isEmpty();
  }

  @Test
  void shouldSayThatThePlatformHasNone() {
    assertThat(new CudaLibraries("macosx-arm64", List.of(), NONE).whyUnusable())
        .map(Problem::message)
        .hasValue("no CUDA for this platform: macosx-arm64");
  }
}
