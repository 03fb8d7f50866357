package io.ablate.forward;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.example.Example;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import io.ablate.onnx.OnnxModel;

/**
 * Checks that a model treats the rows of a batch apart: two different rows give the same outputs
 * together as each alone. A graph whose batch was fixed may hold constants that mix them up.
 */
public final class BatchCheck {
  /** Of sums of float32 in another order, far below what a mixed-up row makes. */
  private static final double TOLERANCE = 1e-3;

  private BatchCheck() {}

  /**
   * Runs two masks and two examples in every arrangement of a batch.
   *
   * @param first an example
   * @param second another one; may be the same
   * @throws BadInputException naming the model if rows influence each other
   */
  public static void verify(ForwardSession session, Example first, Example second) {
    int columns = session.model().components().size();
    // Many components ablated: the two masks differ everywhere in the model.
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(1, 0.7, columns), 0, 2);
    Example[] examples = {first, second};
    float[][] alone = new float[2][2];
    try (ForwardBatch single = session.batch(new BatchShape(1, 1))) {
      for (int m = 0; m < 2; m++) {
        single.setMask(0, masks.words(), m * masks.wordsPerRow());
        for (int e = 0; e < 2; e++) {
          single.setExample(0, examples[e].input(), examples[e].label());
          single.run();
          alone[m][e] = single.output(0);
        }
      }
    }
    OnnxModel model = session.model().model();
    for (BatchShape shape :
        new BatchShape[] {new BatchShape(2, 2), new BatchShape(2, 1), new BatchShape(1, 2)}) {
      try (ForwardBatch pair = session.batch(shape)) {
        for (int m = 0; m < shape.masks(); m++) {
          pair.setMask(m, masks.words(), m * masks.wordsPerRow());
        }
        for (int e = 0; e < shape.examples(); e++) {
          pair.setExample(e, examples[e].input(), examples[e].label());
        }
        pair.run();
        for (int row = 0; row < 2; row++) {
          float expected = alone[shape.masks() == 1 ? 0 : row][shape.examples() == 1 ? 0 : row];
          requireSame(model, shape, row, expected, pair.output(row));
        }
      }
    }
  }

  private static void requireSame(
      OnnxModel model, BatchShape shape, int row, float expected, float found) {
    boolean same =
        Float.isFinite(expected)
            ? Math.abs(expected - found) <= TOLERANCE * (1 + Math.abs(expected))
            : !Float.isFinite(found);
    if (!same) {
      throw new BadInputException(
          Problem.of("the model mixes the rows of a batch")
              .at(
                  (model.source() == null ? "model in memory" : model.source())
                      + ", row "
                      + row
                      + " of "
                      + shape.masks()
                      + " masks and "
                      + shape.examples()
                      + " examples")
              .expected(expected + " as for the row alone")
              .found(found)
              .remedy("export the model with a dynamic batch axis"));
    }
  }
}
