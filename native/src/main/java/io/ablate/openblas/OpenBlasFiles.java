package io.ablate.openblas;

import static io.ablate.nativelib.LibraryFile.bundled;
import static io.ablate.nativelib.LibraryFile.systemFirst;

import io.ablate.nativelib.BundledLibrary;
import io.ablate.nativelib.LibraryFile;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files of org.bytedeco:openblas that are loaded, by platform, with their digests. Of that
 * artifact only the libraries are used, not its Java classes.
 */
final class OpenBlasFiles {
  static final String VERSION = "0.3.31-1.5.13";

  private static final Map<String, List<LibraryFile>> FILES =
      Map.of(
          "linux-x86_64",
          List.of(
              systemFirst(
                  "libgcc_s.so.1",
                  "a93ec41b336a895a7f0d7b789d66f6fc816de1a5ad0da37e8cfc428d7e9f8dd4"),
              bundled(
                  "libquadmath.so.0",
                  "67d3147512460e56dc805582ed5d32b66a7a199247ba5a27b7cb3054d2b2fef2"),
              bundled(
                  "libgfortran.so.5",
                  "3ec471016fbfea6ccda4736fbbf2d0098e6386d2c34fb7ae9b15d91fa1b38874"),
              bundled(
                  "libopenblas.so.0",
                  "e3a80f7696735e6bcd374fbe6c91e42f83dc8bfb09c5b92a5f73d67c76b55ec1")),
          "linux-arm64",
          List.of(
              systemFirst(
                  "libgcc_s.so.1",
                  "92a2404506e149005a3da5e2e848e4ca291d84c06eb957bc5f1cea4d25f4f365"),
              bundled(
                  "libgfortran.so.5",
                  "b44afbaa08d3f793697561ff51f6b8848e9b7e812feefc126199d15a192f050d"),
              bundled(
                  "libopenblas.so.0",
                  "d71a5eb85ac08c38505c66c0e4d478079270b63bf0be95a401843cb48351816e")),
          "macosx-arm64",
          List.of(
              bundled(
                  "libopenblas.0.dylib",
                  "fa5bfb083d42c7ef5796e2dbfec56307fb28defdac752f5c2d95918ab6fe3b7b")),
          "windows-x86_64",
          List.of(
              bundled(
                  "libopenblas.dll",
                  "0076c324ee006de7b51b7d9f95611b5574dd9369fa07c789c4fedae0810a2142")));

  private OpenBlasFiles() {}

  /** The library for a platform, or null where there is none. */
  static @Nullable BundledLibrary of(String platform) {
    List<LibraryFile> files = FILES.get(platform);
    return files == null
        ? null
        : new BundledLibrary(
            "openblas",
            "org/bytedeco/openblas/" + platform,
            "org.bytedeco:openblas:" + VERSION + ":" + platform,
            files);
  }
}
