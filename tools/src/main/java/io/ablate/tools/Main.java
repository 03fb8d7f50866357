package io.ablate.tools;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.tools.command.AblateCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Entry point of the command line. Data go to stdout, progress and messages to stderr.
 *
 * <p>Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 bad input or missing backend, 4
 * interrupted but resumable, 5 a gate failed.
 */
public final class Main {
  private static final int INTERNAL_ERROR = 1;

  private Main() {}

  public static void main(String[] args) {
    // Before the first logger exists: slf4j-simple reads its level once.
    if (List.of(args).contains("--verbose")) {
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "info");
    }
    Interruption interruption = Interruption.install(Thread.currentThread());
    int code = INTERNAL_ERROR;
    try {
      // Not System.out, which says nothing of what it could not write.
      code = run(args, new FileOutputStream(FileDescriptor.out), System.err);
    } catch (OutOfMemoryError e) {
      System.err.println(
          "ablate: out of memory: "
              + e.getMessage()
              + "; give it more with ABLATE_JAVA_OPTS=-Xmx…, or fewer samples and examples");
    } catch (Error e) {
      // What is being initialised when an interrupt comes fails with an error, not an exception.
      code =
          AblateCommand.unexpected(
              e, writer(new Unclosed(System.err)), List.of(args).contains("--verbose"));
    } finally {
      // Also where an error flies past: the interruption must not wait for a result.
      interruption.finished(code);
    }
    System.exit(code);
  }

  /** Runs one command line in this process and returns its exit code. */
  public static int run(String[] args, OutputStream out, OutputStream err) {
    Unclosed data = new Unclosed(out);
    try (PrintWriter outWriter = writer(data);
        PrintWriter errWriter = writer(new Unclosed(err))) {
      int code = AblateCommand.commandLine(outWriter, errWriter).execute(args);
      outWriter.flush();
      return code == 0 && data.lost() ? reportLoss(data, errWriter) : code;
    }
  }

  private static int reportLoss(Unclosed data, PrintWriter err) {
    BadInputException lost =
        new BadInputException(
            AtomicFile.cannotWrite(Path.of("standard output"), data.failure()), data.failure());
    err.println("ablate: " + lost.getMessage());
    return lost.exitCode();
  }

  private static PrintWriter writer(Unclosed stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  /**
   * Flushes instead of closing, for the process's streams outlive a command; and remembers the
   * first failure, which a {@link PrintWriter} keeps to itself.
   */
  private static final class Unclosed extends FilterOutputStream {
    private @Nullable IOException failure;

    Unclosed(OutputStream out) {
      super(out);
    }

    /** Whether something was lost that somebody wanted: who closes a pipe has read enough. */
    boolean lost() {
      return failure != null
          && !String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
    }

    IOException failure() {
      return Objects.requireNonNull(failure);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        }
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }
}
