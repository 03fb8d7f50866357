package io.ablate.forward;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident memory of this process, native allocations included. */
public final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");

  private ProcessMemory() {}

  /** Bytes resident now; 0 where the system does not tell. */
  public static long resident() {
    return field("VmRSS:");
  }

  /** Most bytes ever resident; 0 where the system does not tell. */
  public static long peak() {
    return field("VmHWM:");
  }

  /** Bytes of memory of the machine, or of the container that this process runs in. */
  public static long available() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : 4L << 30;
  }

  private static long field(String name) {
    if (!Files.exists(STATUS)) {
      return 0;
    }
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith(name))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(STATUS, e), e);
    }
  }
}
