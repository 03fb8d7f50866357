package io.ablate.cuda;

/**
 * Where an operation on matrices of the host is done when nobody asked for the device by name. It
 * must be worth the way: arguments and results are copied for every operation.
 *
 * <p>The rule is arithmetic, not measured: pageable memory crosses PCIe at 5 GB/s or more, and the
 * cores of a host do some 50·10⁹ operations a second. From {@value #OPERATIONS_PER_BYTE} operations
 * for each byte copied, copying takes less than a third of what the host would compute for. Fewer
 * than 10⁸ operations are 2 ms of the host's time, which some hundred launches take as well.
 *
 * @param operationsPerByte least operations for each byte copied
 * @param operations least operations
 */
record ProductPlacement(double operationsPerByte, double operations) {
  private static final double OPERATIONS_PER_BYTE = 32;

  /** The rule of this class. */
  static final ProductPlacement BY_ARITHMETIC = new ProductPlacement(OPERATIONS_PER_BYTE, 1e8);

  /** Everything on the device. */
  static final ProductPlacement ALWAYS = new ProductPlacement(0, 0);

  boolean onDevice(double operations, double bytes) {
    return operations >= this.operations && operations >= operationsPerByte * bytes;
  }
}
