package io.ablate.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Progress;
import io.ablate.example.Cifar10Download.Archive;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Against a server on the loopback address, with an archive of the official names whose files are
 * small.
 */
class Cifar10DownloadTest {
  private static final String NAME = "cifar-10-binary.tar.gz";

  @TempDir Path cache;

  private final List<String> ranges = Collections.synchronizedList(new ArrayList<>());
  private byte[] archive = new byte[0];
  private HttpServer server;

  /** How many bytes of each response's body are sent before the connection breaks. */
  private int breakAfter = Integer.MAX_VALUE;

  private boolean ignoreRange;
  private boolean stall;
  private int status = 200;

  Cifar10DownloadTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void start() throws IOException {
    archive = gzip(tar("cifar-10-batches-bin/test_batch.bin", '0', noise(100_000)));
    server.createContext("/data/" + NAME, this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    ranges.add(String.valueOf(range));
    int from = 0;
    int code = status;
    if (range != null && !ignoreRange && status == 200) {
      from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
      code = 206;
      exchange
          .getResponseHeaders()
          .add(
              "Content-Range", "bytes " + from + "-" + (archive.length - 1) + "/" + archive.length);
    }
    exchange.sendResponseHeaders(code, archive.length - from);
    OutputStream out = exchange.getResponseBody();
    out.write(archive, from, Math.min(breakAfter, archive.length - from));
    out.flush();
    if (stall) {
      return;
    }
    if (breakAfter < archive.length - from) {
      throw new IOException("the connection breaks here");
    }
    exchange.close();
  }

  @Test
  void shouldFetchVerifyAndUnpack() throws IOException {
    List<Long> seen = new ArrayList<>();
    Progress progress =
        (stage, done, total) -> {
          assertThat(stage).isEqualTo("download");
          assertThat(total).isEqualTo(archive.length);
          seen.add(done);
        };
    Path folder = download().fetch(cache, progress);
    assertThat(folder).isEqualTo(cache.resolve("cifar10"));
    assertThat(folder.resolve("cifar-10-batches-bin/test_batch.bin"))
        .hasBinaryContent(noise(100_000));
    assertThat(seen).isSorted().endsWith((long) archive.length);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(folder.resolve("cifar-10-batches-bin"));
    }
  }

  @Test
  void shouldTakeUpABrokenConnection() {
    breakAfter = archive.length / 3 + 1;
    Path folder = download().fetch(cache, Progress.NONE);
    assertThat(folder.resolve("cifar-10-batches-bin/test_batch.bin"))
        .hasBinaryContent(noise(100_000));
    assertThat(ranges).hasSizeGreaterThanOrEqualTo(3).startsWith("null");
    assertThat(ranges.getLast()).startsWith("bytes=");
  }

  @Test
  void shouldResumeInASecondRun() throws IOException {
    Path part = Files.createDirectories(cache.resolve("cifar10")).resolve(NAME + ".part");
    Files.write(part, Arrays.copyOf(archive, 1234));
    breakAfter = 0;
    assertThatThrownBy(() -> download().fetch(cache, Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("download broke off: " + base() + NAME)
        .hasMessageContaining("expected " + archive.length + " bytes, found 1234 bytes")
        .hasMessageContaining("resumes where it stopped");
    breakAfter = Integer.MAX_VALUE;
    download().fetch(cache, Progress.NONE);
    assertThat(ranges).containsExactly("bytes=1234-", "bytes=1234-");
  }

  @Test
  void shouldGiveUpOnAServerThatSendsNoMore() {
    stall = true;
    breakAfter = 0;
    Archive wanted = new Archive(NAME, archive.length, md5(archive));
    assertThatThrownBy(() -> new Cifar10Download(base(), wanted, 100).fetch(cache, Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("found 0 bytes (java.net.SocketTimeoutException: Read timed out)");
  }

  @Test
  void shouldStartAnewWhereTheServerIgnoresRange() throws IOException {
    Path part = Files.createDirectories(cache.resolve("cifar10")).resolve(NAME + ".part");
    Files.write(part, new byte[] {1, 2, 3, 4, 5});
    ignoreRange = true;
    Path folder = download().fetch(cache, Progress.NONE);
    assertThat(folder.resolve("cifar-10-batches-bin/test_batch.bin"))
        .hasBinaryContent(noise(100_000));
  }

  @Test
  void shouldDeleteWhatHasAnotherChecksum() {
    Archive other = new Archive(NAME, archive.length, "0".repeat(32));
    assertThatThrownBy(() -> new Cifar10Download(base(), other, 5_000).fetch(cache, Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("wrong checksum")
        .hasMessageContaining("expected MD5 " + "0".repeat(32) + ", found " + md5(archive));
    assertThat(cache.resolve("cifar10")).isEmptyDirectory();
  }

  @Test
  void shouldRefuseALongerFile() {
    Archive shorter = new Archive(NAME, archive.length - 1, md5(archive));
    assertThatThrownBy(
            () -> new Cifar10Download(base(), shorter, 5_000).fetch(cache, Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("the server sends another file");
    assertThat(cache.resolve("cifar10")).isEmptyDirectory();
  }

  @Test
  void shouldNameTheStatusThatTheServerAnswers() {
    status = 404;
    assertThatThrownBy(() -> download().fetch(cache, Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("the server does not send the file: " + base() + NAME)
        .hasMessageContaining("found 404");
  }

  @Test
  void shouldSayThatTheServerCannotBeReached() {
    URI gone = base();
    server.stop(0);
    Archive wanted = new Archive(NAME, archive.length, md5(archive));
    assertThatThrownBy(() -> new Cifar10Download(gone, wanted, 5_000).fetch(cache, Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("found 0 bytes (java.net.ConnectException: Connection refused)")
        .hasMessageContaining("check the address, the network and the proxy");
  }

  @Test
  void shouldSayThatTheFolderCannotBeWritten() throws IOException {
    Path file = Files.writeString(cache.resolve("file"), "in the way");
    assertThatThrownBy(() -> download().fetch(file, Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("cannot write file: " + file);
    assertThat(ranges).isEmpty();
  }

  @Test
  void shouldKeepWhatItHasWhenInterrupted() {
    try {
      assertThatThrownBy(
              () -> download().fetch(cache, (s, d, t) -> Thread.currentThread().interrupt()))
          .isInstanceOf(InterruptedRunException.class)
          .hasMessageContaining("resumes where it stopped");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(cache.resolve("cifar10").resolve(NAME + ".part")).isNotEmptyFile();
  }

  @Test
  void shouldRefuseEntriesThatLeaveTheFolderOrAreLinks() throws IOException {
    archive = gzip(tar("../../evil.bin", '0', noise(10)));
    refused("expected entries within the folder, found ../../evil.bin");
    archive = gzip(tar("/tmp/evil.bin", '0', noise(10)));
    refused("expected entries within the folder, found /tmp/evil.bin");
    archive = gzip(tar("cifar-10-batches-bin", '2', new byte[0]));
    refused("expected regular files and folders, found '2' cifar-10-batches-bin");
    archive = gzip(tar("other/test_batch.bin", '0', noise(10)));
    refused("expected cifar-10-batches-bin, found no such folder in it");
    archive = gzip(Arrays.copyOf(tar("cifar-10-batches-bin/x", '0', noise(600)), 1000));
    refused("(truncated)");
    byte[] flipped = tar("cifar-10-batches-bin/x", '0', noise(600));
    flipped[3] ^= 1;
    archive = gzip(flipped);
    refused("expected a header with the right checksum");
    assertThat(cache.resolve("evil.bin")).doesNotExist();
  }

  private void refused(String message) {
    assertThatThrownBy(() -> download().fetch(cache, Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldNotFetchWhatIsThere() throws IOException {
    Path folder = Files.createDirectories(cache.resolve("cifar10/cifar-10-batches-bin"));
    for (String name : List.of("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4")) {
      sparse(folder.resolve(name + ".bin"));
    }
    sparse(folder.resolve("data_batch_5.bin"));
    sparse(folder.resolve("test_batch.bin"));
    download().fetch(cache, Progress.NONE);
    assertThat(ranges).isEmpty();
  }

  private static void sparse(Path file) throws IOException {
    try (var out = new java.io.RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(30_730_000);
    }
  }

  private Cifar10Download download() {
    return new Cifar10Download(base(), new Archive(NAME, archive.length, md5(archive)), 5_000);
  }

  private URI base() {
    return URI.create(
        "http://"
            + server.getAddress().getHostString()
            + ":"
            + server.getAddress().getPort()
            + "/data/");
  }

  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  private static byte[] tar(String name, char type, byte[] data) {
    byte[] header = new byte[512];
    put(header, 0, name);
    put(header, 100, "0000644\0");
    put(header, 124, String.format("%011o\0", data.length));
    put(header, 148, "        ");
    put(header, 156, String.valueOf(type));
    put(header, 257, "ustar\00000");
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    put(header, 148, String.format("%06o\0 ", sum));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(header);
    out.writeBytes(data);
    out.writeBytes(new byte[Math.floorMod(-data.length, 512) + 1024]);
    return out.toByteArray();
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  private static byte[] gzip(byte[] data) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(data);
    }
    return out.toByteArray();
  }

  private static String md5(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
