package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A device's library is used only if it is there and computes what the processor does. */
class CheckedLibraryTest {
  private int opened;
  private int closed;

  /** One that leaves everything as it is, or fails. */
  private final class Idle implements DenseLibrary {
    private final boolean fails;

    Idle(boolean fails) {
      this.fails = fails;
      opened++;
    }

    @Override
    public String describe() {
      return "idle library";
    }

    @Override
    public void multiply(
        boolean transposeA,
        boolean transposeB,
        int m,
        int n,
        int k,
        double alpha,
        Part a,
        Part b,
        double beta,
        Part c) {
      if (fails) {
        throw new IllegalStateException("no memory");
      }
    }

    @Override
    public void solve(boolean transposed, int n, int sides, Part l, Part b) {}

    @Override
    public void close() {
      closed++;
    }
  }

  private interface Opens {
    DenseLibrary open();
  }

  /** A device in this process's memory with such a library. */
  private static Device device(Opens library) {
    HostDevice memory = new HostDevice();
    memory.device(); // the proxy closes it
    return new Device(
        (DeviceDriver)
            Proxy.newProxyInstance(
                DeviceDriver.class.getClassLoader(),
                new Class<?>[] {DeviceDriver.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("openLibrary")) {
                    return library.open();
                  }
                  try {
                    return method.invoke(memory, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                }));
  }

  private static String why(Device device) {
    assertThat(device.library()).isNull();
    assertThat(device.library()).isNull();
    return Objects.requireNonNull(device.whyNoLibrary()).message();
  }

  @Test
  void shouldSayThatThereIsNone() {
    try (Device device = new HostDevice().device()) {
      assertThat(why(device)).isEqualTo("none for this device: host");
    }
  }

  @Test
  void shouldNotUseOneThatComputesWrongly() {
    try (Device device = device(() -> new Idle(false))) {
      assertThat(why(device))
          .isEqualTo("it computes wrongly: idle library; expected a product as on the processor");
    }
    assertThat(opened).isEqualTo(1);
    assertThat(closed).isEqualTo(1);
  }

  @Test
  void shouldNotUseOneThatFails() {
    try (Device device = device(() -> new Idle(true))) {
      assertThat(why(device)).isEqualTo("it fails; found no memory");
    }
    assertThat(closed).isEqualTo(1);
  }

  @Test
  void shouldBeSwitchedOff() {
    System.setProperty(CheckedLibrary.SWITCH, "off");
    try (Device device = device(() -> new Idle(false))) {
      assertThat(why(device)).isEqualTo("switched off: -Dablate.cublas=off");
    } finally {
      System.clearProperty(CheckedLibrary.SWITCH);
    }
    assertThat(opened).isZero();
  }
}
