package io.ablate.estimate;

import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;

/** What the engine's estimators are made of, for tests of other implementations of it. */
public final class EstimateOracles {
  private EstimateOracles() {}

  /** X̃ᵀX̃. */
  public static double[] gram(MaskMatrix masks) {
    return new CentredMasks(new EjmlLinearAlgebra(), masks).gram();
  }

  /** X̃X̃ᵀ. */
  public static double[] kernel(MaskMatrix masks) {
    return new CentredMasks(new EjmlLinearAlgebra(), masks).kernel();
  }

  /** A network trained by Adam. */
  public static final class Network {
    private final ReluNetwork network;

    public Network(int inputs, int units, long seed, long[] inputSeeds) {
      network = new ReluNetwork(inputs, units);
      network.initialise(seed, inputSeeds);
    }

    public void step(int[][] ones, float[] target, int[] order, int from, int to, float rate) {
      network.step(ones, target, order, from, to, rate);
    }

    public double error(int[][] ones, float[] target, int[] order, int from, int to) {
      return network.error(ones, target, order, from, to);
    }

    public double[] extract() {
      return network.extract();
    }
  }

  /** Networks under a path norm. */
  public static final class PathNorm {
    private final PathNormNetworks networks;

    /** Rows list what the masks keep. */
    public PathNorm(int[][] ones, int columns, float[][] target, double[][] scale) {
      networks = new PathNormNetworks(new SparseRows(ones, columns, false), target, scale);
    }

    public void train(float pathNorm, float decay, int passes) {
      networks.train(pathNorm, decay, passes);
    }

    public double curvature(int example) {
      return networks.curvature(example);
    }

    public double[] extract(int example) {
      return networks.extract(example);
    }
  }
}
