package io.ablate.estimate;

import java.util.Arrays;

/**
 * Symmetric matrices of one size, one per layer, as upper triangles. Four are gone through at once:
 * their sums, each in the order of its entries, need not wait for each other. Thread-safe.
 */
final class PackedKernels {
  private static final int SIDE_BY_SIDE = 4;

  private final int rows;
  private final double[][] packed;

  /**
   * @param kernels per layer, rows × rows
   */
  PackedKernels(int rows, double[][] kernels) {
    this.rows = rows;
    this.packed = new double[kernels.length][];
    for (int g = 0; g < kernels.length; g++) {
      packed[g] = pack(kernels[g], rows);
    }
  }

  private static double[] pack(double[] full, int rows) {
    double[] packed = new double[rows * (rows + 1) / 2];
    int at = 0;
    for (int a = 0; a < rows; a++) {
      System.arraycopy(full, a * rows + a, packed, at, rows - a);
      at += rows - a;
    }
    return packed;
  }

  int count() {
    return packed.length;
  }

  /** Mean of the diagonal of every matrix. */
  double[] meanDiagonal() {
    double[] mean = new double[packed.length];
    for (int g = 0; g < mean.length; g++) {
      int at = 0;
      for (int a = 0; a < rows; a++) {
        mean[g] += packed[g][at] / rows;
        at += rows - a;
      }
    }
    return mean;
  }

  /** The one at an index, the last one beyond it. */
  private double[] at(int g) {
    return packed[Math.min(g, packed.length - 1)];
  }

  /**
   * Adds Σ_g by_g K_g.
   *
   * @param upper rows × rows; the upper triangle is added to
   */
  void addTo(double[] upper, double[] by) {
    for (int g = 0; g < packed.length; g += SIDE_BY_SIDE) {
      addFour(upper, Arrays.copyOfRange(by, g, g + SIDE_BY_SIDE), g);
    }
  }

  /** One after the other in every entry; factors of those that are not there are 0. */
  private void addFour(double[] upper, double[] by, int g) {
    double[] first = at(g);
    double[] second = at(g + 1);
    double[] third = at(g + 2);
    double[] fourth = at(g + 3);
    int at = 0;
    for (int a = 0; a < rows; a++) {
      for (int b = a * rows + a; b < (a + 1) * rows; b++, at++) {
        double sum = upper[b] + by[0] * first[at];
        sum += by[1] * second[at];
        sum += by[2] * third[at];
        upper[b] = sum + by[3] * fourth[at];
      }
    }
  }

  /** The sum of the products of every matrix's upper triangle with another one. */
  double[] products(double[] upper) {
    double[] sums = new double[packed.length];
    for (int g = 0; g < packed.length; g += SIDE_BY_SIDE) {
      double[] four = fourProducts(upper, g);
      System.arraycopy(four, 0, sums, g, Math.min(SIDE_BY_SIDE, packed.length - g));
    }
    return sums;
  }

  private double[] fourProducts(double[] upper, int g) {
    double[] first = at(g);
    double[] second = at(g + 1);
    double[] third = at(g + 2);
    double[] fourth = at(g + 3);
    double ofFirst = 0;
    double ofSecond = 0;
    double ofThird = 0;
    double ofFourth = 0;
    int at = 0;
    for (int a = 0; a < rows; a++) {
      for (int b = a * rows + a; b < (a + 1) * rows; b++, at++) {
        double here = upper[b];
        ofFirst += here * first[at];
        ofSecond += here * second[at];
        ofThird += here * third[at];
        ofFourth += here * fourth[at];
      }
    }
    return new double[] {ofFirst, ofSecond, ofThird, ofFourth};
  }

  /** K_g x of every matrix. */
  double[][] times(double[] x) {
    double[][] products = new double[packed.length][];
    for (int g = 0; g < packed.length; g += SIDE_BY_SIDE) {
      double[][] four = fourTimes(x, g);
      System.arraycopy(four, 0, products, g, Math.min(SIDE_BY_SIDE, packed.length - g));
    }
    return products;
  }

  private double[][] fourTimes(double[] x, int g) {
    double[] first = at(g);
    double[] second = at(g + 1);
    double[] third = at(g + 2);
    double[] fourth = at(g + 3);
    double[][] products = new double[SIDE_BY_SIDE][rows];
    int at = 0;
    for (int a = 0; a < rows; a++, at++) {
      double here = x[a];
      double ofFirst = first[at] * here;
      double ofSecond = second[at] * here;
      double ofThird = third[at] * here;
      double ofFourth = fourth[at] * here;
      int row = at - a;
      for (int b = a + 1; b < rows; b++) {
        double there = x[b];
        ofFirst += first[row + b] * there;
        ofSecond += second[row + b] * there;
        ofThird += third[row + b] * there;
        ofFourth += fourth[row + b] * there;
      }
      products[0][a] += ofFirst;
      products[1][a] += ofSecond;
      products[2][a] += ofThird;
      products[3][a] += ofFourth;
      // The same entries below the diagonal.
      addBelow(products[0], first, row, a, here);
      addBelow(products[1], second, row, a, here);
      addBelow(products[2], third, row, a, here);
      addBelow(products[3], fourth, row, a, here);
      at += rows - a - 1;
    }
    return products;
  }

  private void addBelow(double[] product, double[] packed, int row, int a, double factor) {
    for (int b = a + 1; b < rows; b++) {
      product[b] += packed[row + b] * factor;
    }
  }
}
