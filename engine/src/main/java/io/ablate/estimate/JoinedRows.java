package io.ablate.estimate;

import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.MaskMatrix;

/**
 * Ordinary rows and gradient passes as one regression: passes with 0/1 masks first, then the
 * ordinary rows about the same intercept, then passes with soft entries about another.
 *
 * @param centred examples × rows, each group less its mean
 * @param hardMeans per example, mean output of the 0/1 rows
 * @param softMeans per example, mean output of the soft rows
 */
record JoinedRows(Design design, double[][] centred, double[] hardMeans, double[] softMeans) {

  static JoinedRows of(TrainingData data, GradientData gradients, LinearAlgebra algebra) {
    int passes = gradients.passes();
    int hardPasses = gradients.hardPasses();
    int n = data.columns();
    MaskMatrix hard = new MaskMatrix(hardPasses + data.rows(), n);
    float[][] soft = new float[passes - hardPasses][];
    int[] target = new int[passes];
    int nextHard = 0;
    int nextSoft = 0;
    for (int r = 0; r < passes; r++) {
      float[] mask = gradients.masks()[r];
      if (gradients.isHard(r)) {
        for (int i = 0; i < n; i++) {
          hard.set(nextHard, i, mask[i] == 1);
        }
        target[r] = nextHard++;
      } else {
        soft[nextSoft] = mask;
        target[r] = hard.rows() + nextSoft++;
      }
    }
    int width = hard.wordsPerRow();
    System.arraycopy(
        data.masks().words(), 0, hard.words(), hardPasses * width, data.rows() * width);
    Design design = new Design(algebra, hard, soft);
    int examples = data.examples();
    double[][] centred = new double[examples][design.rows()];
    double[] hardMeans = new double[examples];
    double[] softMeans = new double[examples];
    for (int e = 0; e < examples; e++) {
      for (int r = 0; r < passes; r++) {
        centred[e][target[r]] = gradients.outputs()[e][r];
      }
      System.arraycopy(data.outputs()[e], 0, centred[e], hardPasses, data.rows());
      hardMeans[e] = PooledOutputs.centre(centred[e], 0, hard.rows());
      softMeans[e] = PooledOutputs.centre(centred[e], hard.rows(), design.rows());
    }
    return new JoinedRows(design, centred, hardMeans, softMeans);
  }

  /** The intercept of 0/1 rows where there are any, else of soft ones. */
  double intercept(int example, double[] theta) {
    return design.hardRows() > 0
        ? hardMeans[example] - design.hardMeanTimes(theta)
        : softMeans[example] - design.softMeanTimes(theta);
  }
}
