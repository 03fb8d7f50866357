package io.ablate.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.base.Sha256;
import io.ablate.nativelib.Platform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Compiles kernels and emulation into {@code target/}, once: the folder is named by a hash of what
 * it was made of.
 */
final class EmulationBuild {
  /** In the name of a skipped test; CI refuses it. */
  private static final String NO_COMPILER = "no g++ to compile the emulation of CUDA";

  private static final Path KERNELS = Path.of("src/main/cuda");
  private static final Path CUBLAS = Path.of("src/test/cuda/cublas/cublas.cc");
  private static final Path EMULATION = Path.of("src/test/cuda/emulation");
  private static final Pattern KERNEL =
      Pattern.compile("^KERNEL (?:__launch_bounds__\\([^)]*\\)\\s+)?(\\w+)\\(", Pattern.MULTILINE);

  private static final List<String> OPTIONS =
      List.of(
          "-std=c++17",
          "-O1",
          "-g1",
          "-fsanitize=address,undefined",
          "-fno-sanitize-recover=all",
          "-Wall",
          "-Wextra",
          "-Werror",
          "-Wno-unknown-pragmas", // #pragma unroll
          "-DABLATE_EMULATION");

  private EmulationBuild() {}

  /** The program; skips the test where it cannot be made. */
  static Path program() {
    requireCompiler();
    return Holder.PROGRAM;
  }

  /** What stands in for {@code libcublas.so.12}; skips the test where it cannot be made. */
  static Path cublas() {
    requireCompiler();
    try {
      Path folder = Files.createTempDirectory(Path.of("target"), "cublas").toAbsolutePath();
      Path versions = folder.resolve("versions");
      Files.writeString(versions, "libcublas.so.12 { global: cublas*; local: *; };\n");
      Path library = folder.resolve("libcublas.so.12");
      String named = "-Wl,-soname,libcublas.so.12,--version-script," + versions;
      run(
          List.of("g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"),
          CUBLAS,
          named,
          "-o",
          library);
      return library;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static void requireCompiler() {
    assumeTrue(Platform.current().startsWith("linux"), "the emulation is for Linux");
    assumeTrue(Files.isDirectory(KERNELS), "a bundle has tests, but no kernels' sources");
    assumeTrue(hasCompiler(), NO_COMPILER);
  }

  private static final class Holder {
    static final Path PROGRAM = build();
  }

  private static boolean hasCompiler() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "g++")));
  }

  /** All kernels' sources, in order. */
  static List<Path> sources() {
    return files(KERNELS, ".cu");
  }

  /** The names of a source's kernels. */
  static List<String> kernels(Path source) {
    List<String> names = new ArrayList<>();
    Matcher matcher = KERNEL.matcher(read(source));
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    return names;
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Path> files(Path folder, String ending) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path build() {
    StringBuilder all = new StringBuilder(OPTIONS.toString());
    Stream.of(files(KERNELS, ""), files(EMULATION, ""))
        .flatMap(List::stream)
        .forEach(file -> all.append(read(file)));
    String digest = Sha256.of(all.toString().getBytes(StandardCharsets.UTF_8));
    Path folder = Path.of("target", "cuda-emulation-" + digest.substring(0, 16));
    Path program = folder.resolve("device").toAbsolutePath();
    if (!Files.exists(program)) {
      compile(folder, program);
    }
    return program;
  }

  private static void compile(Path folder, Path program) {
    try {
      Files.createDirectories(folder);
      StringBuilder header = new StringBuilder();
      StringBuilder list = new StringBuilder("#define ALL_KERNELS(ENTER)");
      for (Path source : sources()) {
        header.append("#include \"").append(source.getFileName()).append("\"\n");
        kernels(source).forEach(name -> list.append(" ENTER(").append(name).append(')'));
      }
      Files.writeString(folder.resolve("kernels.h"), header.append(list).append('\n'));
      Path scheduler = folder.resolve("scheduler.o");
      Path unfinished = folder.resolve("unfinished");
      gxx(
          folder,
          "-fno-sanitize=address",
          "-c",
          EMULATION.resolve("scheduler.cc"),
          "-o",
          scheduler);
      gxx(folder, EMULATION.resolve("device.cc"), scheduler, "-o", unfinished);
      Files.move(unfinished, program, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static void gxx(Path folder, Object... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("g++"));
    command.addAll(OPTIONS);
    command.addAll(List.of("-I" + folder, "-I" + EMULATION, "-I" + KERNELS));
    run(command, arguments);
  }

  private static void run(List<String> first, Object... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(first);
    Stream.of(arguments).forEach(argument -> command.add(argument.toString()));
    Process compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (compiler.waitFor() != 0) {
      throw new AssertionError("does not compile as C++:\n" + said);
    }
  }
}
