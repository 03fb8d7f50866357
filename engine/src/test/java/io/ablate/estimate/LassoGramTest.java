package io.ablate.estimate;

class LassoGramTest extends LassoRowsContract {
  @Override
  boolean byGram() {
    return true;
  }
}
