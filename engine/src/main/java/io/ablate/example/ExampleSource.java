package io.ablate.example;

/** The examples that a DATA argument names, by position. Not thread-safe. */
public interface ExampleSource extends AutoCloseable {
  /** Number of examples; their positions are 0 … size − 1. */
  int size();

  /**
   * Reads one example.
   *
   * @throws io.ablate.base.UsageException if there is no example at that position
   * @throws io.ablate.base.BadInputException if it cannot be read or does not suit the model
   */
  Example load(int index);

  /** One line for manifests and reports: the same for the same DATA. */
  String describe();

  @Override
  void close();
}
