package io.ablate.estimate;

class JavaLassoSolverTest extends LassoSolverContract {
  @Override
  protected LassoSolver solver() {
    return LassoSolver.reference();
  }
}
