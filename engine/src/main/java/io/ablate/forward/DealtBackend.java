package io.ablate.forward;

import io.ablate.base.Problem;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.MaskDesign;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A backend on several devices that compute alike: what is asked for {@linkplain
 * ForwardSession#everywhere everywhere} is dealt to all of them, a whole batch to each, so that
 * every row has the bits that one device would give it; the rest is done by the first.
 */
public final class DealtBackend implements ForwardBackend {
  private final List<ForwardBackend> devices;

  /**
   * @param devices the same backend on every device, at least one
   */
  public DealtBackend(List<ForwardBackend> devices) {
    if (devices.isEmpty()) {
      throw new IllegalArgumentException("no devices");
    }
    this.devices = List.copyOf(devices);
  }

  @Override
  public String name() {
    return devices.getFirst().name();
  }

  /** That of one device: how many there are leaves no trace in what is stored. */
  @Override
  public String version() {
    return devices.getFirst().version();
  }

  @Override
  public Optional<Problem> whyNot(InstrumentedModel model, ForwardOptions options) {
    return devices.getFirst().whyNot(model, options);
  }

  @Override
  public boolean accelerates(Precision precision) {
    return devices.getFirst().accelerates(precision);
  }

  @Override
  public int batchRows(ForwardOptions options) {
    return devices.getFirst().batchRows(options);
  }

  @Override
  public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
    return new Forward(each(devices, backend -> backend.open(model, options)));
  }

  @Override
  public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
    return new Gradients(each(devices, backend -> backend.openGradients(model, options)));
  }

  /** One of every device; all or none. */
  private static <T, R extends AutoCloseable> List<R> each(List<T> all, Function<T, R> make) {
    List<R> made = new ArrayList<>();
    try {
      all.forEach(one -> made.add(make.apply(one)));
      return made;
    } catch (RuntimeException e) {
      for (R one : made) {
        try {
          one.close();
        } catch (Exception second) {
          e.addSuppressed(second);
        }
      }
      throw e;
    }
  }

  private record Forward(List<ForwardSession> sessions) implements ForwardSession {
    @Override
    public InstrumentedModel model() {
      return sessions.getFirst().model();
    }

    @Override
    public ForwardBatch batch(BatchShape shape) {
      return sessions.getFirst().batch(shape);
    }

    @Override
    public ForwardBatch everywhere(BatchOrder order, int size) {
      BatchShape shape = BatchShape.of(order, size);
      return new DealtForwardBatch(order, size, each(sessions, session -> session.batch(shape)));
    }

    @Override
    public MaskDesign drawing(MaskDesign design) {
      return sessions.getFirst().drawing(design);
    }

    @Override
    public float[] activationScale(float[] example) {
      return sessions.getFirst().activationScale(example);
    }

    @Override
    public void close() {
      sessions.forEach(ForwardSession::close);
    }
  }

  private record Gradients(List<GradientSession> sessions) implements GradientSession {
    @Override
    public DifferentiatedModel model() {
      return sessions.getFirst().model();
    }

    @Override
    public GradientBatch batch(int rows) {
      return sessions.getFirst().batch(rows);
    }

    @Override
    public GradientBatch everywhere(int rows) {
      return new DealtGradientBatch(rows, each(sessions, session -> session.batch(rows)));
    }

    @Override
    public void close() {
      sessions.forEach(GradientSession::close);
    }
  }
}
