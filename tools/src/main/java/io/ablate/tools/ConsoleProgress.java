package io.ablate.tools;

import io.ablate.base.Progress;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * Progress on stderr: work done, rate, time left. One line that is rewritten on a terminal; a line
 * every so often elsewhere.
 */
public final class ConsoleProgress implements Progress, AutoCloseable {
  private static final long TERMINAL_NANOS = 200_000_000L;
  private static final long LOG_NANOS = 15_000_000_000L;

  private static final long LOG_SILENCE_NANOS = 3_000_000_000L;

  private final PrintWriter err;
  private final boolean terminal;
  private String stage = "";
  private long stageStart;
  private long startDone;
  private long lastShown;
  private boolean lineOpen;

  public ConsoleProgress(PrintWriter err, boolean terminal) {
    this.err = err;
    this.terminal = terminal;
  }

  /** Progress for the process's own stderr. */
  public static ConsoleProgress onStderr(PrintWriter err) {
    // The launcher knows whether stderr is a terminal; Java does not.
    return new ConsoleProgress(err, "terminal".equals(System.getProperty("ablate.stderr")));
  }

  @Override
  public synchronized void update(String stage, long done, long total) {
    long now = System.nanoTime();
    if (!stage.equals(this.stage)) {
      endLine();
      this.stage = stage;
      stageStart = now;
      startDone = done;
      // A terminal shows the work at once; a log once there is a rate to tell.
      lastShown = terminal ? now - TERMINAL_NANOS : now - LOG_NANOS + LOG_SILENCE_NANOS;
    }
    boolean finished = done >= total;
    boolean due = now - lastShown >= (terminal ? TERMINAL_NANOS : LOG_NANOS);
    boolean worthEnding = terminal || now - stageStart > LOG_SILENCE_NANOS;
    if (finished ? !worthEnding : !due) {
      return;
    }
    lastShown = now;
    String line = line(stage, done, total, done - startDone, (now - stageStart) / 1e9);
    if (terminal) {
      err.print("\r" + line + "\u001b[K");
      lineOpen = true;
      if (finished) {
        endLine();
        this.stage = "";
      }
      err.flush();
    } else {
      err.println(line);
      if (finished) {
        this.stage = "";
      }
    }
  }

  /** For example {@code passes 3,200 of 8,000 (40 %) · 1,450/s · 3 s left}. */
  static String line(String stage, long done, long total, long sinceStart, double seconds) {
    StringBuilder line =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%s %,d of %,d (%d %%)",
                stage,
                done,
                total,
                total == 0 ? 100 : Math.round(100.0 * done / total)));
    if (sinceStart > 0 && seconds > 0) {
      double rate = sinceStart / seconds;
      line.append(String.format(Locale.ROOT, rate < 10 ? " · %.1f/s" : " · %,.0f/s", rate));
      line.append(
          done >= total
              ? " · took " + duration(seconds)
              : " · " + duration((total - done) / rate) + " left");
    }
    return line.toString();
  }

  /** Seconds for people: {@code 45 s}, {@code 3 min 20 s}, {@code 2 h 5 min}. */
  public static String duration(double seconds) {
    long whole = Math.round(seconds);
    if (seconds < 9.95) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    if (whole < 60) {
      return whole + " s";
    }
    if (whole < 3600) {
      return whole / 60 + " min " + whole % 60 + " s";
    }
    return whole / 3600 + " h " + whole % 3600 / 60 + " min";
  }

  private void endLine() {
    if (lineOpen) {
      err.println();
      lineOpen = false;
    }
  }

  @Override
  public synchronized void close() {
    endLine();
    err.flush();
  }
}
