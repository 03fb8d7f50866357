package io.ablate.example;

import io.ablate.example.ShapeCanvas.Paint;

/** Random colours and textures. */
final class ShapePaints {
  private static final int LATTICE = 5;

  private ShapePaints() {}

  static double[] colour(ShapeRandom random) {
    return new double[] {random.uniform(30, 225), random.uniform(30, 225), random.uniform(30, 225)};
  }

  /**
   * A colour at about the given distance from another, mostly towards the side that has more room.
   */
  static double[] contrasting(double[] from, double distance, ShapeRandom random) {
    double[] direction = new double[3];
    double squared = 0;
    for (int c = 0; c < 3; c++) {
      double sign = from[c] < 127.5 ? 1 : -1;
      direction[c] = random.uniform(0.1, 1) * (random.chance(0.8) ? sign : -sign);
      squared += direction[c] * direction[c];
    }
    double scale = distance * StrictMath.sqrt(3 / squared);
    double[] to = new double[3];
    for (int c = 0; c < 3; c++) {
      to[c] = Math.max(0, Math.min(255, from[c] + scale * direction[c]));
    }
    return to;
  }

  /**
   * Smooth blotches: random values on a coarse lattice, bilinear between them, the same for the
   * three channels.
   */
  static Paint blotches(double[] colour, double strength, int size, ShapeRandom random) {
    double[] lattice = new double[(LATTICE + 1) * (LATTICE + 1)];
    for (int i = 0; i < lattice.length; i++) {
      lattice[i] = strength * random.bell();
    }
    double step = (double) size / LATTICE;
    double tilt = random.uniform(0, 2 * StrictMath.PI);
    double tiltX = strength / size * 2 * StrictMath.cos(tilt);
    double tiltY = strength / size * 2 * StrictMath.sin(tilt);
    return (x, y, channel) -> {
      int column = Math.min(LATTICE - 1, (int) (x / step));
      int row = Math.min(LATTICE - 1, (int) (y / step));
      double right = x / step - column;
      double down = y / step - row;
      int corner = row * (LATTICE + 1) + column;
      double above = lattice[corner] + right * (lattice[corner + 1] - lattice[corner]);
      int below = corner + LATTICE + 1;
      double under = lattice[below] + right * (lattice[below + 1] - lattice[below]);
      double gradient = tiltX * (x - size / 2.0) + tiltY * (y - size / 2.0);
      return colour[channel] + above + down * (under - above) + gradient;
    };
  }

  /** Soft stripes between two colours. */
  static Paint stripes(double[] first, double[] second, ShapeRandom random) {
    double angle = random.uniform(0, StrictMath.PI);
    double period = random.uniform(3, 9);
    double acrossX = StrictMath.cos(angle) / period;
    double acrossY = StrictMath.sin(angle) / period;
    double phase = random.uniform();
    return (x, y, channel) -> {
      double wave = x * acrossX + y * acrossY + phase;
      // A triangle wave: exact arithmetic, and as good a texture as a sine.
      double share = Math.abs(2 * (wave - StrictMath.floor(wave)) - 1);
      return first[channel] + share * (second[channel] - first[channel]);
    };
  }
}
