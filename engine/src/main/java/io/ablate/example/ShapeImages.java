package io.ablate.example;

import io.ablate.example.ShapeCanvas.Paint;
import io.ablate.example.ShapeCanvas.Region;
import java.util.List;
import java.util.Locale;

/**
 * A procedurally drawn set of 32 × 32 colour images in ten classes of shapes: placed, turned,
 * stretched, coloured and textured at random, on a blotchy or striped ground, among smaller shapes
 * and lines, partly covered, noisy.
 *
 * <p>Image {@code index} of a split is a pure function of (seed, split, index), and its pixels are
 * the same on every machine. Its label is {@code index mod 10}. Thread-safe.
 */
public final class ShapeImages {
  /** Width and height in pixels. */
  public static final int SIZE = 32;

  /** Changes whenever any pixel does. */
  public static final int VERSION = 1;

  /** Images of the test split that readers offer; the splits themselves have no end. */
  public static final int TEST_IMAGES = 10_000;

  /** The seed of the bundled data, on which the bundled model was trained. */
  public static final long SEED = 20261122;

  private static final List<ShapeOutline> OUTLINES = List.of(ShapeOutline.values());

  /** Names of the classes by label. */
  public static final List<String> CLASSES =
      OUTLINES.stream().map(o -> o.name().toLowerCase(Locale.ROOT)).toList();

  /** Images to train on, or to test with; they share no image. */
  public enum Split {
    TRAIN(0),
    TEST(1);

    private final int stream;

    Split(int stream) {
      this.stream = stream;
    }
  }

  private final long seed;

  public ShapeImages(long seed) {
    this.seed = seed;
  }

  /** The label of an image: 0 … 9. */
  public static int label(int index) {
    return Math.floorMod(index, OUTLINES.size());
  }

  /**
   * Draws one image.
   *
   * @return {@code SIZE × SIZE × 3} bytes, 8-bit RGB, row by row
   */
  public byte[] pixels(Split split, int index) {
    ShapeRandom random = new ShapeRandom(seed, split.stream, index);
    ShapeCanvas canvas = new ShapeCanvas(SIZE);
    double[] ground = ShapePaints.colour(random);
    canvas.fill((x, y) -> true, groundPaint(ground, random));
    int distractors = random.below(4);
    for (int i = 0; i < distractors; i++) {
      drawDistractor(canvas, ground, random);
    }
    drawTarget(canvas, OUTLINES.get(label(index)), ground, random);
    canvas.addNoise(random.uniform(2, 24), random);
    return canvas.toPixels();
  }

  private static Paint groundPaint(double[] ground, ShapeRandom random) {
    double strength = random.uniform(2, 28);
    if (random.chance(0.3)) {
      double[] other = ShapePaints.contrasting(ground, random.uniform(8, 40), random);
      return ShapePaints.stripes(ground, other, random);
    }
    return ShapePaints.blotches(ground, strength, SIZE, random);
  }

  private static void drawDistractor(ShapeCanvas canvas, double[] ground, ShapeRandom random) {
    double[] colour = ShapePaints.contrasting(ground, random.uniform(20, 90), random);
    double x = random.uniform(0, SIZE);
    double y = random.uniform(0, SIZE);
    if (random.chance(0.4)) {
      canvas.fill(bar(x, y, random.uniform(0.5, 1.2), random), solid(colour));
    } else {
      ShapeOutline outline = OUTLINES.get(random.below(OUTLINES.size()));
      canvas.fill(placed(outline, x, y, random.uniform(2, 4), random), solid(colour));
    }
  }

  private static void drawTarget(
      ShapeCanvas canvas, ShapeOutline outline, double[] ground, ShapeRandom random) {
    double radius = random.uniform(7.5, 13.5);
    double x = SIZE / 2.0 + random.uniform(-1, 1) * (SIZE / 2.0 + 1 - radius);
    double y = SIZE / 2.0 + random.uniform(-1, 1) * (SIZE / 2.0 + 1 - radius);
    double[] colour = ShapePaints.contrasting(ground, random.uniform(34, 120), random);
    Paint paint =
        random.chance(0.35)
            ? ShapePaints.stripes(
                colour, ShapePaints.contrasting(colour, random.uniform(10, 50), random), random)
            : ShapePaints.blotches(colour, random.uniform(0, 20), SIZE, random);
    canvas.fill(placed(outline, x, y, radius, random), paint);
    if (random.chance(0.5)) {
      // A bar over part of the shape, at random in the ground's colour or in another.
      double[] cover =
          random.chance(0.5)
              ? ground
              : ShapePaints.contrasting(ground, random.uniform(20, 90), random);
      double barX = x + random.uniform(-0.8, 0.8) * radius;
      double barY = y + random.uniform(-0.8, 0.8) * radius;
      canvas.fill(bar(barX, barY, random.uniform(0.06, 0.18) * radius, random), solid(cover));
    }
  }

  private static Paint solid(double[] colour) {
    return (x, y, channel) -> colour[channel];
  }

  /** A straight band through a point, without ends. */
  private static Region bar(double x, double y, double halfWidth, ShapeRandom random) {
    double angle = random.uniform(0, StrictMath.PI);
    double acrossX = StrictMath.cos(angle);
    double acrossY = StrictMath.sin(angle);
    return (u, v) -> Math.abs((u - x) * acrossX + (v - y) * acrossY) <= halfWidth;
  }

  /** The outline moved, turned and somewhat stretched along a random direction. */
  private static Region placed(
      ShapeOutline outline, double x, double y, double radius, ShapeRandom random) {
    double turn = random.uniform(0, 2 * StrictMath.PI);
    double cos = StrictMath.cos(turn);
    double sin = StrictMath.sin(turn);
    double stretch = random.uniform(0.9, 1.12);
    double lean = random.uniform(-0.13, 0.13);
    return (u, v) -> {
      double dx = (u - x) / radius;
      double dy = (v - y) / radius;
      double along = (cos * dx + sin * dy) * stretch;
      double across = (cos * dy - sin * dx) / stretch + lean * along;
      return along * along + across * across <= 1 && outline.contains(along, across);
    };
  }
}
