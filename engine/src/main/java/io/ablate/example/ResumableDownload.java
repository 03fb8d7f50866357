package io.ablate.example;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.example.Cifar10Download.Archive;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** One file over HTTP, continued by a Range request where an earlier attempt broke off. */
final class ResumableDownload {
  private static final String AGAIN = "run the same command again: it resumes where it stopped";

  private final URI address;
  private final Archive archive;
  private final Path file;
  private final Path partial;
  private final int timeoutMillis;
  private @Nullable IOException broken;

  ResumableDownload(URI address, Archive archive, Path file, int timeoutMillis) {
    this.address = address;
    this.archive = archive;
    this.file = file;
    this.partial = file.resolveSibling(file.getFileName() + ".part");
    this.timeoutMillis = timeoutMillis;
  }

  void run(Progress progress) {
    long before;
    do {
      before = have();
      if (before < archive.bytes()) {
        attempt(before, progress);
      }
      // A connection that broke is taken up again as long as each attempt brings something.
    } while (have() > before && have() < archive.bytes());
    requireComplete();
    verify();
  }

  private long have() {
    try {
      return Files.exists(partial) ? Files.size(partial) : 0;
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(partial, e), e);
    }
  }

  private void attempt(long have, Progress progress) {
    // HttpURLConnection and not HttpClient: the latter waits for a stalled body for ever.
    HttpURLConnection connection = null;
    try {
      connection = (HttpURLConnection) address.toURL().openConnection();
      connection.setConnectTimeout(timeoutMillis);
      connection.setReadTimeout(timeoutMillis);
      if (have > 0) {
        connection.setRequestProperty("Range", "bytes=" + have + "-");
      }
      long offset = offset(connection, have);
      try (InputStream body = connection.getInputStream()) {
        save(body, offset, progress);
      }
    } catch (IOException e) {
      broken = e;
    } finally {
      if (connection != null) {
        connection.disconnect();
      }
    }
  }

  /** Where the body belongs: at the end of what is there, or at 0 where the server sends all. */
  private long offset(HttpURLConnection connection, long have) throws IOException {
    int status = connection.getResponseCode();
    if (status == 200) {
      return 0;
    }
    String range = connection.getHeaderField("Content-Range");
    if (status == 206 && range != null && range.startsWith("bytes " + have + "-")) {
      return have;
    }
    throw new BadInputException(
        problem("the server does not send the file")
            .expected("HTTP status 200, or 206 from byte " + have)
            .found(status + (status == 206 ? ", Content-Range " + range : ""))
            .remedy("check the address; delete " + partial + " to start anew"));
  }

  private void save(InputStream body, long offset, Progress progress) throws IOException {
    long done = offset;
    byte[] buffer = new byte[1 << 16];
    try (OutputStream out = open(offset == 0)) {
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        done += n;
        if (done > archive.bytes()) {
          break;
        }
        write(out, buffer, n);
        progress.update("download", done, archive.bytes());
        if (Thread.currentThread().isInterrupted()) {
          throw new InterruptedRunException(problem("download interrupted").remedy(AGAIN));
        }
      }
    }
    if (done > archive.bytes()) {
      Files.delete(partial);
      throw new BadInputException(
          problem("the server sends another file")
              .expected(archive.bytes() + " bytes")
              .found("more"));
    }
  }

  /** Unlike a broken connection, a file that cannot be written is no reason to try again. */
  private OutputStream open(boolean anew) {
    try {
      return Files.newOutputStream(
          partial,
          StandardOpenOption.CREATE,
          StandardOpenOption.WRITE,
          anew ? StandardOpenOption.TRUNCATE_EXISTING : StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(partial, e), e);
    }
  }

  private void write(OutputStream out, byte[] bytes, int count) {
    try {
      out.write(bytes, 0, count);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(partial, e), e);
    }
  }

  private void requireComplete() {
    long have = have();
    if (have >= archive.bytes()) {
      return;
    }
    Problem problem = problem("download broke off").expected(archive.bytes() + " bytes");
    IOException cause = broken;
    if (cause == null) {
      throw new BadInputException(problem.found(have + " bytes").remedy(AGAIN));
    }
    throw new BadInputException(
        problem
            .found(have + " bytes (" + cause + ")")
            .remedy("check the address, the network and the proxy, then " + AGAIN),
        cause);
  }

  private void verify() {
    try {
      String found = md5(partial);
      if (!found.equals(archive.md5())) {
        Files.delete(partial);
        throw new BadInputException(
            problem("wrong checksum; the download was deleted")
                .expected("MD5 " + archive.md5())
                .found(found)
                .remedy("fetch it again, or from another address"));
      }
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(partial, e), e);
    }
  }

  private static String md5(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has MD5", e);
    }
  }

  private Problem problem(String what) {
    return Problem.of(what).at(address);
  }
}
