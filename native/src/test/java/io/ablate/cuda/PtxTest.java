package io.ablate.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.base.Sha256;
import io.ablate.nativelib.Platform;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed PTX is that of the sources beside it, and a device's assembler takes it. */
class PtxTest {
  private static final Path SOURCES = Path.of("src/main/cuda");
  private static final Path RESOURCES = Path.of("src/main/resources/io/ablate/cuda");
  private static final Pattern ENTRY = Pattern.compile("\\.visible \\.entry (\\w+)\\(");

  static Stream<String> modules() {
    return EmulationBuild.sources().stream()
        .map(source -> source.getFileName().toString().replace(".cu", ""));
  }

  private static String text(String module) {
    return new String(Ptx.terminated(module), UTF_8);
  }

  @Test
  void shouldBeOfTheseSources() {
    StringBuilder all = new StringBuilder();
    Stream.of(EmulationBuild.files(SOURCES, ".cuh"), EmulationBuild.sources())
        .flatMap(List::stream)
        .forEach(source -> all.append(EmulationBuild.read(source)));
    assertThat(EmulationBuild.read(RESOURCES.resolve("sources.sha256")).strip())
        .as("run native/src/main/cuda/build-ptx and commit what it writes")
        .isEqualTo(Sha256.of(all.toString().getBytes(UTF_8)));
    assertThat(EmulationBuild.files(RESOURCES, ".ptx"))
        .extracting(file -> file.getFileName().toString().replace(".ptx", ""))
        .containsExactlyElementsOf(modules().toList());
  }

  @ParameterizedTest
  @MethodSource("modules")
  void shouldHoldTheKernelsInAnInstructionSetOfCuda12(String module) {
    List<String> entries =
        ENTRY.matcher(text(module)).results().map((MatchResult result) -> result.group(1)).toList();
    assertThat(entries)
        .containsExactlyInAnyOrderElementsOf(
            EmulationBuild.kernels(SOURCES.resolve(module + ".cu")));
    assertThat(text(module)).contains(".version 8.0\n").contains(".target sm_80\n");
  }

  /** Without a device or a driver: the assembler is part of JCuda's natives. */
  @ParameterizedTest
  @ValueSource(strings = {"sm_80", "sm_90"})
  void shouldAssemble(String architecture) {
    assumeTrue(Platform.current().equals("linux-x86_64"), "JCuda comes for linux-x86_64 only");
    for (String module : modules().toList()) {
      byte[] program = assemble(text(module), architecture);
      assertThat(program).as(module).startsWith(0x7F, 'E', 'L', 'F');
    }
  }

  private static byte[] assemble(String ptx, String architecture) {
    byte[] text = ptx.getBytes(UTF_8);
    nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
    assertThat(JNvPTXCompiler.nvPTXCompilerCreate(compiler, text.length, text))
        .isEqualTo(nvPTXCompileResult.NVPTXCOMPILE_SUCCESS);
    try {
      int result =
          JNvPTXCompiler.nvPTXCompilerCompile(
              compiler, 1, new String[] {"--gpu-name=" + architecture});
      assertThat(result).as(() -> log(compiler)).isEqualTo(nvPTXCompileResult.NVPTXCOMPILE_SUCCESS);
      long[] size = new long[1];
      JNvPTXCompiler.nvPTXCompilerGetCompiledProgramSize(compiler, size);
      byte[] program = new byte[Math.toIntExact(size[0])];
      JNvPTXCompiler.nvPTXCompilerGetCompiledProgram(compiler, program);
      return program;
    } finally {
      JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
    }
  }

  private static String log(nvPTXCompilerHandle compiler) {
    long[] size = new long[1];
    JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(compiler, size);
    byte[] log = new byte[Math.toIntExact(size[0]) + 1];
    JNvPTXCompiler.nvPTXCompilerGetErrorLog(compiler, log);
    return new String(Arrays.copyOf(log, log.length - 1), UTF_8);
  }
}
