package io.ablate.tools;

import io.ablate.tools.command.AblateCommand;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;

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
      code = run(args, System.out, System.err);
    } catch (OutOfMemoryError e) {
      System.err.println(
          "ablate: out of memory: "
              + e.getMessage()
              + "; give it more with ABLATE_JAVA_OPTS=-Xmx…, or fewer samples and examples");
    } finally {
      // Also where an error flies past: the interruption must not wait for a result.
      interruption.finished(code);
    }
    System.exit(code);
  }

  /** Runs one command line in this process and returns its exit code. */
  public static int run(String[] args, OutputStream out, OutputStream err) {
    try (PrintWriter outWriter = writer(out);
        PrintWriter errWriter = writer(err)) {
      return AblateCommand.commandLine(outWriter, errWriter).execute(args);
    }
  }

  private static PrintWriter writer(OutputStream stream) {
    return new PrintWriter(
        new OutputStreamWriter(new Unclosed(stream), StandardCharsets.UTF_8), true);
  }

  /** Flushes instead of closing: the process's streams outlive a command. */
  private static final class Unclosed extends java.io.FilterOutputStream {
    Unclosed(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws java.io.IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void close() throws java.io.IOException {
      flush();
    }
  }
}
