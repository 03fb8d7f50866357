package io.ablate.estimate;

import java.util.Arrays;

/** Networks on the processor: {@link ReluNetwork} and {@link PathNormNetworks}. */
final class JavaNetworkTrainer implements NetworkTrainer {
  static final JavaNetworkTrainer INSTANCE = new JavaNetworkTrainer();

  private JavaNetworkTrainer() {}

  @Override
  public String name() {
    return "java";
  }

  @Override
  public int examplesTogether(int examples, int usual, long floats) {
    return usual;
  }

  @Override
  public int callsAtOnce(int threads) {
    return threads;
  }

  @Override
  public AdamNetworks adam(SparseRows rows, float[][] target, NetworkStart start, float rate) {
    ReluNetwork[] networks = new ReluNetwork[target.length];
    Arrays.setAll(
        networks,
        i -> {
          ReluNetwork network = new ReluNetwork(rows.columns(), start.units());
          network.start(start.weights(i));
          return network;
        });
    return new OneByOne(networks, rows.ones(), target, rate);
  }

  @Override
  public RegularisedNetworks pathNorm(SparseRows rows, float[][] target, double[][] scale) {
    return new PathNormNetworks(rows, target, scale);
  }

  private record OneByOne(ReluNetwork[] networks, int[][] ones, float[][] target, float rate)
      implements AdamNetworks {

    @Override
    public void epoch(int[][] orders, int rows, int batch) {
      for (int i = 0; i < networks.length; i++) {
        for (int from = 0; orders[i] != null && from < rows; from += batch) {
          networks[i].step(ones, target[i], orders[i], from, Math.min(rows, from + batch), rate);
        }
      }
    }

    @Override
    public double[] errors(int[][] orders, int from, int to) {
      double[] errors = new double[networks.length];
      for (int i = 0; i < networks.length; i++) {
        if (orders[i] != null) {
          errors[i] = networks[i].error(ones, target[i], orders[i], from, to);
        }
      }
      return errors;
    }

    @Override
    public double[][] extract() {
      return Arrays.stream(networks).map(ReluNetwork::extract).toArray(double[][]::new);
    }

    @Override
    public void close() {}
  }
}
