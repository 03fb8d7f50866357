package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.F64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Memory goes back to where it came from, and what does not fit is told by name and shape. */
class DeviceTest {
  /** A driver of 1,000 bytes without any. */
  private static final class Counting implements DeviceDriver {
    private final Set<Long> held = new HashSet<>();
    private final List<KernelCall> launches = new ArrayList<>();
    private long left = 1000;
    private long next = 4096;
    private boolean lost;

    @Override
    public String describe() {
      return "a small device";
    }

    @Override
    public int granularity() {
      return 100;
    }

    @Override
    public long freeBytes() {
      return left;
    }

    @Override
    public long totalBytes() {
      return 1000;
    }

    @Override
    public long allocate(long bytes) {
      if (bytes > left) {
        return 0;
      }
      left -= bytes;
      next += 4096 + bytes;
      held.add(next - bytes);
      return next - bytes;
    }

    @Override
    public void free(long address) {
      assertThat(held.remove(address)).isTrue();
      left = held.isEmpty() ? 1000 : left;
      if (lost) {
        throw new BadInputException(Problem.of("the device is lost").at("free"));
      }
    }

    @Override
    public void clear(long address, long bytes) {}

    @Override
    public void write(long address, long offset, ByteBuffer source) {}

    @Override
    public void read(long address, long offset, ByteBuffer target) {}

    @Override
    public void copy(long target, long source, long bytes) {}

    @Override
    public void launch(KernelCall call) {
      launches.add(call);
    }

    @Override
    public void synchronize() {}

    @Override
    public void close() {}
  }

  @Test
  void shouldKeepFreedMemoryForItsSizeAndGiveItBackWhenAsked() {
    Counting driver = new Counting();
    try (Device device = new Device(driver)) {
      long first;
      try (DeviceScope scope = device.scope()) {
        first = scope.array("a", F32, 60).address();
        assertThat(device.liveBytes()).isEqualTo(300);
      }
      assertThat(device.liveBytes()).isZero();
      assertThat(driver.held).hasSize(1);
      DeviceScope again = device.scope();
      assertThat(again.array("b", F64, 3, 10).address()).isEqualTo(first);
      again.close();
      again.close(); // twice is once
      assertThat(device.liveBytes()).isZero();
      device.trim();
      assertThat(driver.held).isEmpty();
    }
  }

  @Test
  void shouldGiveIdleMemoryBackBeforeItRunsOut() {
    Counting driver = new Counting();
    try (Device device = new Device(driver);
        DeviceScope outer = device.scope()) {
      outer.array("empty", F32, 0);
      try (DeviceScope scope = device.scope()) {
        scope.array("a", F32, 150);
      }
      assertThatThrownBy(() -> outer.array("weights", F32, 3, 80))
          .isInstanceOf(BadInputException.class)
          .hasMessage(
              "not enough device memory: weights F32 [3, 80] on a small device;"
                  + " expected 960 bytes more, found 100 bytes in use by this process's arrays;"
                  + " attribute fewer examples at a time, or use a device with more memory");
      assertThat(driver.held).as("idle memory went back").hasSize(1);
    }
  }

  @Test
  void shouldTellWhatFailedFirstWhereFreeingFailsToo() {
    Counting driver = new Counting();
    SharedDevice shared = new SharedDevice(new Device(driver));
    assertThatThrownBy(
            () ->
                shared.callAndTrim(
                    device -> {
                      try (DeviceScope scope = device.scope()) {
                        scope.array("a", F32, 60);
                        scope.array("b", F32, 60);
                        driver.lost = true;
                        throw new BadInputException(Problem.of("the device is lost").at("launch"));
                      }
                    }))
        .isInstanceOf(BadInputException.class)
        .hasMessage("the device is lost: launch");
    // What was freed in vain is not freed again.
    assertThatThrownBy(() -> shared.callAndTrim(device -> device))
        .isInstanceOf(BadInputException.class)
        .hasMessage("the device is lost: free");
    assertThat(shared.callAndTrim(Device::freeBytes)).isEqualTo(1000);
  }

  @Test
  void shouldSkipEmptyGridsAndRefuseTooLargeOnes() {
    Counting driver = new Counting();
    try (Device device = new Device(driver);
        DeviceScope scope = device.scope()) {
      DeviceArray array = scope.array("sums", F32, 0);
      device.kernel("m", "k").grid(0, 1, 1).block(32, 1).with(array).launch();
      assertThat(driver.launches).isEmpty();
      Launch large = device.kernel("m", "k").grid(1, 70_000, 1).block(32, 1).with(array);
      assertThatThrownBy(large::launch)
          .hasMessage("too large a launch: k on 1 x 70000 x 1 blocks of 32 x 1 x 1, sums F32 [0]");
      device.kernel("m", "k").striding(1L << 40).with(array).with(1).with(1L).launch();
      assertThat(driver.launches.getFirst().arguments())
          .containsExactly(
              new KernelCall.Argument.ArrayValue(array),
              new KernelCall.Argument.IntValue(1),
              new KernelCall.Argument.LongValue(1));
    }
  }

  /** More than the host memory that copies go through, which is pinned while the device is open. */
  @Test
  void shouldCopyLargeArraysInPieces() {
    HostDevice driver = new HostDevice();
    double[] values = KernelContract.random((9 << 20) / Double.BYTES + 3, 5);
    try (Device host = driver.device();
        DeviceScope owner = host.scope()) {
      assertThat(host.readLongs(owner.copy("few", new long[] {3, 4}, 2))).containsExactly(3, 4);
      assertThat(driver.pinned()).isZero();
      DeviceArray array = owner.copy("many", values, values.length);
      assertThat(driver.pinned()).isEqualTo(2);
      assertThat(host.readDoubles(array)).isEqualTo(values);
      assertThat(driver.pinned()).isEqualTo(2);
    }
    assertThat(driver.pinned()).isZero();
  }

  /** Rows that end anywhere in a piece, three pieces of them. */
  @Test
  void shouldCopyRowsInPieces() {
    HostDevice driver = new HostDevice();
    double[][] rows = new double[7][];
    Arrays.setAll(rows, i -> KernelContract.random(400_001, i));
    try (Device host = driver.device();
        DeviceScope owner = host.scope()) {
      DeviceArray array = owner.array("rows", F64, 7, 400_001);
      CopiedBytes before = CopiedBytes.now();
      host.writeRows(array, rows);
      assertThat(CopiedBytes.now().since(before)).isEqualTo(new CopiedBytes(array.bytes(), 0));
      double[] flat = host.readDoubles(array);
      double[][] back = new double[7][400_001];
      host.readRows(array, back);
      for (int i = 0; i < 7; i++) {
        assertThat(Arrays.copyOfRange(flat, i * 400_001, (i + 1) * 400_001)).isEqualTo(rows[i]);
        assertThat(back[i]).isEqualTo(rows[i]);
      }
      float[][] singles = {{1, 2}, {3, 4}, {5, 6}};
      DeviceArray few = owner.array("few", F32, 3, 2);
      host.writeRows(few, singles);
      assertThat(host.readFloats(few)).containsExactly(1, 2, 3, 4, 5, 6);
      assertThatThrownBy(() -> host.writeRows(few, new float[3][3]))
          .hasMessage("array few: expected F32 [3, 3], found F32 [3, 2]");
      host.writeRows(owner.array("none", F64, 0, 0), new double[0][]);
    }
  }

  @Test
  void shouldRefuseCopiesOfAnotherSize() {
    try (Device device = new Device(new Counting());
        DeviceScope scope = device.scope()) {
      assertThatThrownBy(() -> scope.copy("y", new float[5], 2, 3))
          .hasMessage("array y F32 [2, 3] does not match 20 bytes of F32");
      assertThatThrownBy(() -> device.readDoubles(scope.array("z", F32, 2)))
          .hasMessage("array z F32 [2] does not match 16 bytes of F64");
    }
  }
}
