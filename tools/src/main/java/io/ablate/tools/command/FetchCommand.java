package io.ablate.tools.command;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.base.UserCache;
import io.ablate.example.Cifar10Download;
import io.ablate.tools.ConsoleProgress;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Downloads data into the cache. */
@Command(
    name = "fetch",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = "Download data into the cache folder; an interrupted download goes on.",
    footer = {
      "",
      "Example:  ablate fetch cifar10",
      "Then:     ablate compare MODEL --data cifar10"
    })
final class FetchCommand extends Subcommand {
  @Parameters(paramLabel = "DATA", description = "cifar10 (170 MB).")
  private String data = "";

  @Option(
      names = "--from",
      paramLabel = "URL",
      description = "Folder of a mirror (default: where its authors publish it).")
  private @Nullable String from;

  /** What {@code --json} prints. */
  record Fetched(String data, String folder) {}

  @Override
  void run(ConsoleProgress progress) {
    if (!data.equals("cifar10")) {
      throw new UsageException(Problem.of("unknown data to fetch").expected("cifar10").found(data));
    }
    Path folder = new Cifar10Download(base()).fetch(UserCache.folder(), progress);
    print(new Fetched(data, folder.toString()), () -> folder + System.lineSeparator());
  }

  private URI base() {
    if (from == null) {
      return Cifar10Download.OFFICIAL;
    }
    try {
      URI uri = URI.create(from.endsWith("/") ? from : from + "/");
      if (uri.getScheme() != null && uri.getScheme().startsWith("http")) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(wrong(from), e);
    }
    throw new UsageException(wrong(from));
  }

  private static Problem wrong(String address) {
    return Problem.of("not an address")
        .at("--from")
        .expected("http://… or https://…")
        .found(address);
  }
}
