package io.ablate.example;

/** The shapes, each within the unit disk; y points down. The order is the order of the labels. */
enum ShapeOutline {
  CIRCLE {
    @Override
    boolean contains(double x, double y) {
      return x * x + y * y <= 0.81;
    }
  },
  SQUARE {
    @Override
    boolean contains(double x, double y) {
      return Math.abs(x) <= 0.78 && Math.abs(y) <= 0.78;
    }
  },
  TRIANGLE {
    @Override
    boolean contains(double x, double y) {
      return inPolygon(TRIANGLE_CORNERS, x, y);
    }
  },
  STAR {
    @Override
    boolean contains(double x, double y) {
      return inPolygon(STAR_CORNERS, x, y);
    }
  },
  CROSS {
    @Override
    boolean contains(double x, double y) {
      double nearer = Math.min(Math.abs(x), Math.abs(y));
      double farther = Math.max(Math.abs(x), Math.abs(y));
      return nearer <= 0.3 && farther <= 0.95;
    }
  },
  RING {
    @Override
    boolean contains(double x, double y) {
      double squared = x * x + y * y;
      return squared <= 0.86 && squared >= 0.27;
    }
  },
  CRESCENT {
    @Override
    boolean contains(double x, double y) {
      return x * x + y * y <= 0.94 && (x - 0.45) * (x - 0.45) + y * y > 0.56;
    }
  },
  HEART {
    @Override
    boolean contains(double x, double y) {
      // Two disks above a triangle.
      double sideways = Math.abs(x);
      return (sideways - 0.45) * (sideways - 0.45) + (y + 0.3) * (y + 0.3) <= 0.25
          || (y >= -0.3 && sideways <= (0.95 - y) * 0.76);
    }
  },
  ARROW {
    @Override
    boolean contains(double x, double y) {
      boolean shaft = Math.abs(y) <= 0.24 && x >= -0.95 && x <= 0.15;
      boolean head = x >= 0.05 && Math.abs(y) <= (0.98 - x) * 0.8;
      return shaft || head;
    }
  },
  HEXAGON {
    @Override
    boolean contains(double x, double y) {
      return inPolygon(HEXAGON_CORNERS, x, y);
    }
  };

  private static final double[] TRIANGLE_CORNERS = corners(3, 1.0, 1.0);
  private static final double[] STAR_CORNERS = corners(10, 1.0, 0.42);
  private static final double[] HEXAGON_CORNERS = corners(6, 0.93, 0.93);

  abstract boolean contains(double x, double y);

  /** Corners on two alternating radii, beginning at the top: x0, y0, x1, y1, … */
  private static double[] corners(int count, double even, double odd) {
    double[] corners = new double[2 * count];
    for (int i = 0; i < count; i++) {
      double angle = 2 * StrictMath.PI * i / count;
      double radius = i % 2 == 0 ? even : odd;
      corners[2 * i] = radius * StrictMath.sin(angle);
      corners[2 * i + 1] = -radius * StrictMath.cos(angle);
    }
    return corners;
  }

  private static boolean inPolygon(double[] corners, double x, double y) {
    boolean inside = false;
    double fromX = corners[corners.length - 2];
    double fromY = corners[corners.length - 1];
    for (int i = 0; i < corners.length; i += 2) {
      double toX = corners[i];
      double toY = corners[i + 1];
      if (fromY > y != toY > y && x < fromX + (toX - fromX) * (y - fromY) / (toY - fromY)) {
        inside = !inside;
      }
      fromX = toX;
      fromY = toY;
    }
    return inside;
  }
}
