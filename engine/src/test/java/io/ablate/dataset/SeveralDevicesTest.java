package io.ablate.dataset;

import static io.ablate.dataset.StoreTesting.assertSameBytes;
import static io.ablate.dataset.StoreTesting.design;
import static io.ablate.dataset.StoreTesting.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.Progress;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.DealtBackend;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.TinyModel;
import io.ablate.instrument.InstrumentedModel;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Passes that are dealt to several devices leave the store that one device leaves. */
class SeveralDevicesTest {
  private static final int DEVICES = 3;

  @TempDir Path folder;

  /** A device that counts the runs of its batches. */
  private record Device(ForwardBackend backend, AtomicInteger runs) implements ForwardBackend {
    static List<Device> several(ForwardBackend backend) {
      return IntStream.range(0, DEVICES)
          .mapToObj(i -> new Device(backend, new AtomicInteger()))
          .toList();
    }

    @Override
    public String name() {
      return backend.name();
    }

    @Override
    public String version() {
      return backend.version();
    }

    @Override
    public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
      return counting(ForwardSession.class, backend.open(model, options));
    }

    @Override
    public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
      return counting(GradientSession.class, backend.openGradients(model, options));
    }

    private <T> T counting(Class<T> type, T of) {
      Object proxy =
          Proxy.newProxyInstance(
              type.getClassLoader(),
              new Class<?>[] {type},
              (self, method, arguments) -> {
                if (method.getName().equals("run")) {
                  runs.incrementAndGet();
                }
                try {
                  Object found = method.invoke(of, arguments);
                  return method.getName().equals("batch")
                      ? counting(wild(method.getReturnType()), found)
                      : found;
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
      return type.cast(proxy);
    }

    @SuppressWarnings("unchecked") // what a method returns is of its type
    private static Class<Object> wild(Class<?> type) {
      return (Class<Object>) type;
    }
  }

  private static DealtBackend dealt(List<Device> devices) {
    return new DealtBackend(List.copyOf(devices));
  }

  @ParameterizedTest
  @CsvSource({"MASKS, 4", "MASKS, 1", "MASKS, 16", "EXAMPLES, 2", "EXAMPLES, 1", "EXAMPLES, 8"})
  void shouldDealRowsAndExamples(BatchOrder order, int batch) throws IOException {
    Path one = folder.resolve("one");
    Path several = folder.resolve("several");
    CollectRequest plain =
        request(one, TinyModel.withLogitsAndScale(), design(), 3, 61, false, order, batch);
    Collector.run(plain, Progress.NONE);
    List<Device> devices = Device.several(new OrtCpuBackend());
    Collector.run(
        new CollectRequest(
            several,
            plain.model(),
            plain.design(),
            plain.firstRow(),
            plain.rows(),
            plain.source(),
            plain.examples(),
            plain.labels(),
            false,
            plain.settings().backend(dealt(devices), plain.settings().backendReport())),
        Progress.NONE);
    assertSameBytes(several, one);
    assertThat(devices).allSatisfy(device -> assertThat(device.runs.get()).isPositive());
  }

  @ParameterizedTest
  @CsvSource({"10, .3, 4", "7, .5, 1", "12, 1, 7"})
  void shouldDealGradientPasses(int passes, double soft, int batch) throws IOException {
    Path one = folder.resolve("one");
    Path several = folder.resolve("several");
    Collector.run(GradientTesting.request(one, 0, passes, soft, batch), Progress.NONE);
    List<Device> devices = Device.several(new AnalyticGradients());
    Collector.run(
        GradientTesting.request(several, 0, 0, passes, soft, batch, dealt(devices)), Progress.NONE);
    assertSameBytes(several, one);
    assertThat(devices).allSatisfy(device -> assertThat(device.runs.get()).isPositive());
  }
}
