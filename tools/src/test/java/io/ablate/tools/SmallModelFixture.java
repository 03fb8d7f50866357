package io.ablate.tools;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A small model, four examples and a place for a store, for tests of commands. */
abstract class SmallModelFixture {
  @TempDir Path temp;
  Path model;
  String data;
  Path store;

  @BeforeEach
  void layOut() throws IOException {
    model = Cli.model(temp, 1);
    data = Cli.data(temp, 4);
    store = temp.resolve("store");
  }

  /** A command line that collects 40 rows of two examples. */
  Object[] collect(Path of) {
    return collect(of, data, "0-1", 40, store);
  }

  static Object[] collect(Path of, String data, String examples, int masks, Path out) {
    return new Object[] {
      "collect", of, "--data", data, "--examples", examples, "--masks", masks, "--out", out
    };
  }
}
