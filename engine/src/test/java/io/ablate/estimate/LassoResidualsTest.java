package io.ablate.estimate;

class LassoResidualsTest extends LassoRowsContract {
  @Override
  boolean byGram() {
    return false;
  }
}
