package io.ablate.linalg;

/** The reference passes its own contract. */
class EjmlLinearAlgebraTest extends LinearAlgebraContract {
  @Override
  protected LinearAlgebra algebra() {
    return new EjmlLinearAlgebra();
  }
}
