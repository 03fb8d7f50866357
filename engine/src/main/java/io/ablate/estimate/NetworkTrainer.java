package io.ablate.estimate;

/**
 * Trains the two-layer networks of ReLU extraction, several side by side on the same rows. {@link
 * #reference} in plain Java is what every other implementation must agree with, up to the rounding
 * of single precision. Thread-safe; what it makes is for one thread at a time.
 *
 * <p>A network's result does not depend on those that train beside it.
 */
public interface NetworkTrainer {
  /** The one that is always there. */
  static NetworkTrainer reference() {
    return JavaNetworkTrainer.INSTANCE;
  }

  /** For manifests and reports: {@code "java"}, {@code "cuda"}, … */
  String name();

  /**
   * How many examples to hand over in one call.
   *
   * @param examples how many there are
   * @param usual what suits the processor's cache
   * @param floats what the networks of one example hold, in numbers of 4 bytes
   */
  int examplesTogether(int examples, int usual, long floats);

  /** How many calls may run at once where a fit may use so many threads. */
  int callsAtOnce(int threads);

  /**
   * New networks φ(z) = w₂ᵀσ(W₁z + b₁) + b₂ to be trained by Adam (Kingma, Ba 2015) on squared
   * error.
   *
   * @param target networks × rows, about 0 and of deviation 1
   * @param start their weights before the first step
   * @param rate Adam's
   */
  AdamNetworks adam(SparseRows rows, float[][] target, NetworkStart start, float rate);

  /**
   * New networks that {@link PathNormNetworks} describes.
   *
   * @param target networks × rows, about 0 and of deviation 1
   * @param scale c, networks × columns
   */
  RegularisedNetworks pathNorm(SparseRows rows, float[][] target, double[][] scale);

  /** Networks under training by Adam, each in an order of its own. */
  interface AdamNetworks extends AutoCloseable {
    /**
     * A pass over rows 0 to {@code rows − 1} of every order, by batches.
     *
     * @param orders networks × rows; a network whose order is null stands still
     * @param batch rows to a step, at most 32
     */
    void epoch(int[][] orders, int rows, int batch);

    /**
     * Mean squared errors over rows {@code from} to {@code to − 1} of every order; of no meaning
     * where that is null.
     */
    double[] errors(int[][] orders, int from, int to);

    /** w₂ᵀW₁ of every network, networks × columns. */
    double[][] extract();

    /** Frees what they hold. */
    @Override
    void close();
  }

  /** Networks under training with a path norm. */
  interface RegularisedNetworks extends AutoCloseable {
    /** Back to where training starts. */
    void restart();

    /** Goes on from the present weights, for so many passes over the rows. */
    void train(float pathNorm, float decay, int passes);

    /** w₂ᵀW₁ of every network, networks × columns. */
    double[][] extract();

    /** Frees what they hold. */
    @Override
    void close();
  }
}
