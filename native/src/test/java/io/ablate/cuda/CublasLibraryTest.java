package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.cuda.DenseLibrary.Part;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.nativelib.LibraryUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.Arrays;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What cuBLAS is asked for, through JCublas, of a library of that name that computes on the
 * processor as NVIDIA's documentation says.
 */
class CublasLibraryTest {
  private final Device device = new HostDevice().device();
  private final DeviceScope scope = device.scope();
  private int madeCurrent;

  @SuppressWarnings("NullAway.Init")
  private CublasLibrary library;

  @BeforeAll
  @SuppressWarnings("restricted") // JCublas then finds it loaded
  static void load() {
    SymbolLookup.libraryLookup(EmulationBuild.cublas(), Arena.global());
  }

  @BeforeEach
  void open() throws LibraryUnavailableException {
    library = CublasLibrary.open(new CUstream(), () -> madeCurrent++);
  }

  @AfterEach
  void close() {
    library.close();
    scope.close();
    device.close();
  }

  @Test
  void shouldPassTheCheckOfEveryLibrary() {
    assertThat(library.describe()).isEqualTo("cuBLAS 12.6.4");
    assertThat(CheckedLibrary.wrong(device, library)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,1,false,false",
    "3,5,7,false,false",
    "3,5,7,true,false",
    "3,5,7,false,true",
    "3,5,7,true,true",
    "40,1,33,true,false",
    "1,40,33,false,true"
  })
  void shouldMultiplyAsTheReference(int m, int n, int k, boolean transposeA, boolean transposeB) {
    double[] a = KernelContract.random(m * k, 1);
    double[] b = KernelContract.random(k * n, 2);
    double[] c = KernelContract.random(m * n, 3);
    DeviceArray left = transposeA ? scope.copy("a", a, k, m) : scope.copy("a", a, m, k);
    DeviceArray right = transposeB ? scope.copy("b", b, n, k) : scope.copy("b", b, k, n);
    DeviceArray target = scope.copy("c", c, m, n);
    int before = madeCurrent;
    library.multiply(
        transposeA, transposeB, m, n, k, .5, Part.of(left), Part.of(right), 2, Part.of(target));
    assertThat(madeCurrent).isEqualTo(before + 1);
    new EjmlLinearAlgebra().multiply(transposeA, transposeB, m, n, k, .5, a, b, 2, c);
    assertThat(device.readDoubles(target)).containsExactly(c, within(1e-14));
  }

  /** As a solve in blocks asks for it: from a row on, and some columns. */
  @ParameterizedTest
  @CsvSource({"1,1,0,0", "9,4,0,0", "9,4,3,1", "33,40,32,39"})
  void shouldSolveWithinALargerMatrix(int n, int sides, int row, int column) {
    double[] l = KernelContract.random(n * n, 4);
    for (int i = 0; i < n; i++) {
      l[i * n + i] = 3;
    }
    double[] b = KernelContract.random(n * sides, 5);
    DeviceArray factor = scope.copy("l", l, n, n);
    for (boolean transposed : new boolean[] {false, true}) {
      DeviceArray right = scope.copy("b", b, n, sides);
      library.solve(
          transposed,
          n - row,
          sides - column,
          Part.of(factor, row, row),
          Part.of(right, row, column));
      double[] found = device.readDoubles(right);
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < sides; j++) {
          double sum = found[i * sides + j];
          if (i >= row && j >= column) {
            sum *= l[i * n + i];
            for (int k = transposed ? i + 1 : row; k < (transposed ? n : i); k++) {
              sum += l[transposed ? k * n + i : i * n + k] * found[k * sides + j];
            }
          }
          assertThat(sum).isEqualTo(b[i * sides + j], within(1e-12));
        }
      }
    }
  }

  @Test
  void shouldNameWhatItRefuses() {
    DeviceArray array = scope.copy("a", new double[6], 2, 3);
    Part whole = Part.of(array);
    assertThatThrownBy(() -> library.multiply(false, false, 2, 3, 3, 1, whole, whole, 0, whole))
        .hasMessage("3 x 3 from element 0 on are not within a F64 [2, 3]");
    assertThatThrownBy(() -> library.solve(false, 2, 2, Part.of(array, 0, 2), whole))
        .hasMessage("2 x 2 from element 2 on are not within a F64 [2, 3]");
    // Two rows that begin at the same place are within the array, and no matrix.
    Part flat = new Part(array, 0, 0);
    assertThatThrownBy(() -> library.solve(false, 1, 1, flat, flat))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Arrays.stream(device.readDoubles(array)).sum()).isZero();
  }
}
