package io.ablate.benchmarks;

import io.ablate.backend.Backends;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What the estimators ask of a matrix backend, at their sizes; docs/linalg.md has the figures. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xmx8g", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 1) // one call is seconds of loops: compiled early on
@Measurement(iterations = 3)
public class LinearAlgebraBenchmark {
  private static final int EXAMPLES = 100;

  @Param({"openblas", "ejml"})
  public String algebra = "ejml";

  @Param({"2"})
  public int threads;

  /** Components, n. */
  @Param({"1200"})
  public int columns;

  /** Masks, m. */
  @Param({"2000"})
  public int rows;

  private LinearAlgebra backend = Backends.linearAlgebra("ejml", 1).backend();
  private MaskMatrix masks = new MaskMatrix(1, 1);
  private double[] outputs = {};
  private double[] dense = {};
  private double[] definite = {};
  private double[] matrix = {};
  private double[] right = {};

  @Setup(Level.Trial)
  public void checkBackend() {
    backend = Backends.linearAlgebra(algebra, threads).backend();
    masks = MaskMatrix.of(new BernoulliMasks(1, 0.9, columns), 0, rows);
    SplittableRandom random = new SplittableRandom(2);
    outputs = random.doubles((long) rows * EXAMPLES, -1, 1).toArray();
    dense = random.doubles((long) columns * columns, -1, 1).toArray();
    double[] gram = backend.gram(masks);
    long common = 0;
    for (int row = 0; row < rows; row++) {
      common += masks.get(row, 0) && masks.get(row, columns - 1) ? 1 : 0;
    }
    Check.that(gram[columns - 1] == common, "gram counts " + gram[columns - 1]);
    definite = gram;
    for (int i = 0; i < columns; i++) {
      definite[i * columns + i] += 0.1 * rows;
    }
    double[] known = random.doubles(columns, -1, 1).toArray();
    double[] solved = new double[columns];
    backend.multiply(false, false, columns, 1, columns, 1, definite, known, 0, solved);
    Check.that(
        backend.solvePositiveDefinite(definite.clone(), columns, solved, 1), "positive definite");
    for (int i = 0; i < columns; i++) {
      Check.that(Math.abs(solved[i] - known[i]) < 1e-8, "solution " + i + ": " + solved[i]);
    }
  }

  @Setup(Level.Invocation)
  public void renewArguments() {
    matrix = definite.clone(); // overwritten by solvers
    right = Arrays.copyOf(outputs, columns * EXAMPLES);
  }

  @Benchmark
  public double[] gram() {
    return backend.gram(masks);
  }

  @Benchmark
  public double[] transposeTimes() {
    return backend.transposeTimes(masks, outputs, EXAMPLES);
  }

  @Benchmark
  public double[] multiply() {
    backend.multiply(false, false, columns, columns, columns, 1, dense, definite, 0, matrix);
    return matrix;
  }

  @Benchmark
  public boolean cholesky() {
    return backend.solvePositiveDefinite(matrix, columns, right, EXAMPLES);
  }

  @Benchmark
  public double[] eigen() {
    return backend.symmetricEigen(matrix, columns);
  }
}
