package io.ablate.tools.command;

import io.ablate.backend.Devices;
import io.ablate.base.DeviceProvider;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.base.UserCache;
import io.ablate.cuda.CudaLibraries;
import io.ablate.example.Cifar10Download;
import io.ablate.forward.ForwardBackendProvider;
import io.ablate.forward.ForwardBackends;
import io.ablate.forward.Precision;
import io.ablate.linalg.LinearAlgebraProvider;
import io.ablate.linalg.LinearAlgebras;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.report.TextTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Backends, versions, devices, what is missing and how to get it. Fails only where it is to mend.
 */
@Command(
    name = "doctor",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = "Show backends, versions and devices, what is missing and how to get it.",
    footer = {"", "Example:  ablate doctor --json", "          ablate doctor --fix cuda"})
final class DoctorCommand extends Subcommand {
  /**
   * One thing that was looked for.
   *
   * @param use what it would serve
   * @param name its name
   * @param usable whether it can be used here
   * @param detail version or place; where unusable, why and how to mend it
   */
  record Finding(String use, String name, boolean usable, String detail) {}

  /** What {@code --json} prints. */
  record Report(Map<String, String> system, List<Finding> findings) {}

  @Option(
      names = "--fix",
      paramLabel = "NAME",
      description =
          "Fetch what is missing: cuda, the libraries of CUDA 12 and cuDNN 9 (NVIDIA's, under its terms;"
              + " 2.4 GB by Maven, 1.7 GB of it kept in the cache). An interrupted download goes on.")
  private @Nullable String fix;

  @Override
  void run(ConsoleProgress progress) {
    if (fix != null) {
      fix(fix, progress);
    }
    Report report = new Report(system(), findings());
    print(report, () -> text(report));
  }

  private void fix(String name, ConsoleProgress progress) {
    if (!name.equals("cuda")) {
      throw new UsageException(
          Problem.of("unknown thing to fix").at("--fix").expected("cuda").found(name));
    }
    CudaLibraries libraries = CudaLibraries.here();
    if (!libraries.isFetched()) {
      err().println(CudaLibraries.TERMS);
      err().flush();
      libraries.fetch(progress);
    }
  }

  private static String text(Report report) {
    List<List<String>> about = new ArrayList<>();
    report.system().forEach((name, value) -> about.add(List.of(name, value)));
    List<List<String>> found = new ArrayList<>();
    found.add(List.of("for", "name", "usable", ""));
    for (Finding finding : report.findings()) {
      found.add(
          List.of(
              finding.use(), finding.name(), finding.usable() ? "yes" : "no", finding.detail()));
    }
    return TextTable.left(about) + "\n" + TextTable.left(found);
  }

  private static Map<String, String> system() {
    Map<String, String> system = new LinkedHashMap<>();
    Runtime runtime = Runtime.getRuntime();
    system.put("ablate", Versions.ablate());
    system.put(
        "java",
        System.getProperty("java.vendor")
            + " "
            + Runtime.version()
            + ", "
            + System.getProperty("java.home"));
    system.put(
        "system",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"));
    system.put("processors", Integer.toString(runtime.availableProcessors()));
    system.put("heap", "up to " + Sizes.bytes(runtime.maxMemory()));
    system.put("cache", UserCache.folder().toString());
    return system;
  }

  private static List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    boolean chosen = false;
    for (ForwardBackendProvider provider : ForwardBackends.providers()) {
      Finding finding =
          finding(
              "forward passes",
              provider.name(),
              provider.whyUnusable(),
              provider::version,
              chosen ? "" : ", chosen by auto for the models that it knows");
      chosen |= finding.usable();
      findings.add(finding);
    }
    Precision.REDUCED.forEach(one -> findings.add(precision(one)));
    chosen = false;
    for (LinearAlgebraProvider provider : LinearAlgebras.providers()) {
      Finding finding =
          finding(
              "linear algebra",
              provider.name(),
              provider.whyUnusable(),
              provider::version,
              chosen ? "" : ", chosen by auto");
      chosen |= finding.usable();
      findings.add(finding);
    }
    findings.addAll(devices());
    CudaLibraries libraries = CudaLibraries.here();
    findings.add(
        finding("libraries", "cuda 12, cudnn 9", libraries.whyUnusable(), libraries::source, ""));
    findings.add(cifar10());
    return findings;
  }

  /** A precision that passes may be faster in. */
  private static Finding precision(Precision precision) {
    Optional<String> fast =
        ForwardBackends.providers().stream()
            .filter(provider -> provider.whyUnusable().isEmpty())
            .filter(provider -> provider.create().accelerates(precision))
            .map(ForwardBackendProvider::name)
            .findFirst();
    String needed =
        precision == Precision.BF16
            ? "no instructions for it, AMX or AVX512-BF16"
            : "no GPU that passes can run on";
    return new Finding(
        "precision",
        precision.label(),
        fast.isPresent(),
        fast.map(name -> "fast with " + name + ", for the models that bear it: --precision auto")
            .orElse(needed + ": --precision auto does without"));
  }

  private static Finding cifar10() {
    Path folder = Cifar10Download.folder(UserCache.folder());
    boolean there = Files.isDirectory(folder.resolve("cifar-10-batches-bin"));
    return new Finding(
        "data",
        "cifar10",
        there,
        there ? folder.toString() : "not downloaded; get it with: ablate fetch cifar10");
  }

  private static Finding finding(
      String use, String name, Optional<Problem> problem, Supplier<String> version, String note) {
    if (problem.isPresent()) {
      return new Finding(use, name, false, problem.get().message());
    }
    try {
      return new Finding(use, name, true, version.get() + note);
    } catch (RuntimeException | LinkageError e) {
      return new Finding(
          use,
          name,
          false,
          "does not load: " + e + "; it needs a 64-bit system with glibc and libstdc++");
    }
  }

  private static List<Finding> devices() {
    List<DeviceProvider> providers = Devices.providers();
    if (providers.isEmpty()) {
      return List.of(new Finding("devices", "cuda", false, "no backend for it in this build"));
    }
    return providers.stream()
        .map(
            provider ->
                finding(
                    "devices",
                    provider.name(),
                    provider.whyUnusable(),
                    provider::version,
                    ": " + String.join("; ", provider.devices()) + "; fits can run there"))
        .toList();
  }
}
