package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.hipparchus.linear.LUDecomposition;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;
import org.junit.jupiter.api.Test;

class LayerMeansTest {
  private static final int ROWS = 14;
  private static final int COLUMNS = 23;
  private static final int EXAMPLES = 3;
  private static final double SHARE = .1;

  private final int[] layerOfColumn = new int[COLUMNS];
  private final double[][] scale = new double[EXAMPLES][COLUMNS];
  private final double[][] outputs = new double[EXAMPLES][ROWS];
  private final HierarchicalPrior prior = new HierarchicalPrior(new double[] {.3, .05, .8}, .4);

  /** The oracle is the posterior of μ over all outputs at once, in dense matrices. */
  @Test
  void shouldEqualThePosteriorUnderAllOutputsAtOnce() {
    MaskMatrix masks = draw();
    int layers = prior.layerVariance().length;
    RealMatrix sums = MatrixUtils.createRealMatrix(EXAMPLES * ROWS, layers);
    RealMatrix covariance =
        MatrixUtils.createRealIdentityMatrix(EXAMPLES * ROWS).scalarMultiply(prior.noise());
    RealVector y = MatrixUtils.createRealVector(new double[EXAMPLES * ROWS]);
    RealMatrix centred = centred(masks);
    for (int e = 0; e < EXAMPLES; e++) {
      RealMatrix variances = MatrixUtils.createRealMatrix(COLUMNS, COLUMNS);
      for (int i = 0; i < COLUMNS; i++) {
        int g = layerOfColumn[i];
        variances.setEntry(i, i, prior.layerVariance()[g] * scale[e][i] * scale[e][i]);
        for (int row = 0; row < ROWS; row++) {
          int at = e * ROWS + row;
          sums.setEntry(at, g, sums.getEntry(at, g) + centred.getEntry(row, i) * scale[e][i]);
        }
      }
      RealMatrix block = centred.multiply(variances).multiply(centred.transpose());
      for (int a = 0; a < ROWS; a++) {
        y.setEntry(e * ROWS + a, outputs[e][a]);
        for (int b = 0; b < ROWS; b++) {
          int at = e * ROWS + a;
          int to = e * ROWS + b;
          covariance.setEntry(at, to, covariance.getEntry(at, to) + block.getEntry(a, b));
        }
      }
    }
    RealMatrix variance =
        MatrixUtils.createRealDiagonalMatrix(prior.layerVariance()).scalarMultiply(SHARE);
    RealMatrix all = covariance.add(sums.multiply(variance).multiply(sums.transpose()));
    RealVector expected =
        variance.multiply(sums.transpose()).operate(new LUDecomposition(all).getSolver().solve(y));

    LayerMeans found = means(masks);
    for (int g = 0; g < layers; g++) {
      assertThat(found.ofLayer()[g]).isCloseTo(expected.getEntry(g), within(1e-11));
    }
    double[] ofComponents = found.ofComponents(new Layers(layerOfColumn), scale[1]);
    for (int i = 0; i < COLUMNS; i++) {
      assertThat(ofComponents[i]).isEqualTo(found.ofLayer()[layerOfColumn[i]] * scale[1][i]);
    }
  }

  @Test
  void shouldBeZeroWithoutOutputsThatVary() {
    MaskMatrix masks = draw();
    for (double[] example : outputs) {
      Arrays.fill(example, 0);
    }
    assertThat(means(masks).ofLayer()).containsOnly(0);
  }

  private LayerMeans means(MaskMatrix masks) {
    FitContext context = EstimatorProperties.CONTEXT;
    Layers layers = new Layers(layerOfColumn);
    Design design = new Design(context.algebra(), masks, new float[0][]);
    return LayerMeans.of(
        PooledOutputs.of(design, outputs, scale, layers, 1000, context),
        scale,
        prior,
        layers,
        context);
  }

  private MaskMatrix draw() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < COLUMNS; i++) {
      layerOfColumn[i] = i % prior.layerVariance().length;
    }
    for (int e = 0; e < EXAMPLES; e++) {
      for (int i = 0; i < COLUMNS; i++) {
        scale[e][i] = Math.exp(random.nextGaussian());
      }
      for (int row = 0; row < ROWS; row++) {
        outputs[e][row] = random.nextGaussian();
      }
      PooledOutputs.centre(outputs[e], 0, ROWS);
    }
    return SyntheticData.masks(ROWS, COLUMNS, 5);
  }

  private static RealMatrix centred(MaskMatrix masks) {
    RealMatrix centred = MatrixUtils.createRealMatrix(ROWS, COLUMNS);
    for (int i = 0; i < COLUMNS; i++) {
      double mean = 0;
      for (int row = 0; row < ROWS; row++) {
        mean += masks.get(row, i) ? 1.0 / ROWS : 0;
      }
      for (int row = 0; row < ROWS; row++) {
        centred.setEntry(row, i, (masks.get(row, i) ? 1 : 0) - mean);
      }
    }
    return centred;
  }
}
