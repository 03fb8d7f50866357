package io.ablate.onednn;

import static io.ablate.nativelib.LibraryFile.bundled;
import static io.ablate.nativelib.LibraryFile.systemFirst;

import io.ablate.nativelib.BundledLibrary;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files of org.bytedeco:dnnl that are loaded, with their digests. Of that artifact only the
 * library is used, not its Java classes.
 */
final class OneDnnFiles {
  static final String VERSION = "3.13-1.5.14";

  private static final String PLATFORM = "linux-x86_64";

  private OneDnnFiles() {}

  /** The library for a platform, or null where there is none. */
  static @Nullable BundledLibrary of(String platform) {
    return platform.equals(PLATFORM)
        ? new BundledLibrary(
            "onednn",
            "org/bytedeco/dnnl/" + platform,
            "org.bytedeco:dnnl:" + VERSION + ":" + platform,
            List.of(
                systemFirst(
                    "libgomp.so.1",
                    "d46f9225c1883039e8a6853e6d96ca1af11d034ce186a090952e4a7c8a7c2fdc"),
                bundled(
                    "libdnnl.so.3",
                    "3610657c35381b06694034b677cf73f28086495aba51ecf0cfb5b6511652a443")))
        : null;
  }
}
