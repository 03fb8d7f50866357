package io.ablate.benchmarks.gpu;

import io.ablate.benchmarks.gpu.Chain.Operation;
import io.ablate.benchmarks.gpu.Results.Measurement;
import io.ablate.forward.Precision;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** What the machine can do: copying, and products of matrices by precision. Measured once. */
final class Rates {
  /** A kind of product, and the precisions of passes that compute by it. */
  private enum Product {
    FLOAT32("float32", false, false),
    TF32("TF32", false, true),
    FLOAT16("float16", true, true);

    private final String label;
    private final boolean half;
    private final boolean tf32;

    Product(String label, boolean half, boolean tf32) {
      this.label = label;
      this.half = half;
      this.tf32 = tf32;
    }

    static Product of(Precision precision) {
      return switch (precision.label()) {
        case "fp32" -> FLOAT32;
        case "tf32" -> TF32;
        default -> FLOAT16; // bfloat16 is multiplied as fast
      };
    }
  }

  private final Place place;
  private final int side;
  private final Results results;
  private final Map<Product, Double> products = new HashMap<>();
  private double copying = Double.NaN;
  private boolean measured;

  Rates(Place place, int side, Results results) {
    this.place = place;
    this.side = side;
    this.results = results;
  }

  /** GB/s, what is read and what is written together; NaN where it could not be measured. */
  double copying() {
    measure();
    return copying;
  }

  /** GFLOP/s of products in float32; NaN where they could not be measured. */
  double float32() {
    return products(Precision.FP32);
  }

  /** GFLOP/s of products in a precision; NaN where they could not be measured. */
  double products(Precision precision) {
    measure();
    return products.getOrDefault(Product.of(precision), Double.NaN);
  }

  /** Measures, unless that was done. */
  void measure() {
    if (measured) {
      return;
    }
    measured = true;
    double bytes = 2.0 * Float.BYTES * side * side; // read once, written once
    copying = rate("copying", bytes, "GB/s", new Chain(place, Operation.ADD, side, false, false));
    for (Product product : Product.values()) {
      if (product == Product.FLOAT32 || place.isDevice()) {
        products.put(
            product,
            rate(
                "matrix products, " + product.label,
                2.0 * side * side * side,
                "GFLOP/s",
                new Chain(place, Operation.PRODUCT, side, product.half, product.tf32)));
      }
    }
  }

  private double rate(String what, double work, String unit, Chain chain) {
    double[] rate = {Double.NaN};
    results.attempt(
        what,
        () -> {
          rate[0] = 1e-9 * work / chain.seconds();
          results.measured(
              new Measurement(
                  what,
                  rate[0],
                  unit,
                  String.format(Locale.ROOT, "what the machine can do, side %d", side)));
        });
    return rate[0];
  }
}
