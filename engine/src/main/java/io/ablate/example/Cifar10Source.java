package io.ablate.example;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * CIFAR-10's binary format: 10,000 records of one label byte and 3,072 bytes of pixels, the red
 * plane first, then green and blue, each row by row.
 *
 * @see <a href="https://www.cs.toronto.edu/~kriz/cifar.html">the format's description</a>
 */
final class Cifar10Source implements ExampleSource {
  static final String FOLDER = "cifar-10-batches-bin";
  static final String TEST_FILE = "test_batch.bin";
  static final int RECORDS = 10_000;

  private static final int SIDE = 32;
  private static final int PLANE = SIDE * SIDE;
  private static final int RECORD = 1 + 3 * PLANE;
  private static final int CLASSES = 10;

  /** Length of each of the six files. */
  static final long FILE_BYTES = (long) RECORDS * RECORD;

  private final Path file;
  private final FileChannel channel;
  private final ModelInput model;
  private final String description;

  /**
   * @param place the folder of the binary files, the folder that holds {@value #FOLDER}, or one
   *     binary file
   */
  Cifar10Source(Path place, ModelInput model) {
    this.file = find(place);
    this.model = model;
    this.description = "cifar10:" + place + " (" + file.getFileName() + ")";
    int classes = model.classes().size();
    if (classes > 0 && classes != CLASSES) {
      throw new BadInputException(
          Problem.of("the model was not made for CIFAR-10")
              .at(description)
              .expected(CLASSES + " classes")
              .found(classes));
    }
    try {
      long size = Files.size(file);
      if (size != FILE_BYTES) {
        throw new BadInputException(
            Problem.of("not a complete CIFAR-10 binary file")
                .at(file)
                .expected(FILE_BYTES + " bytes (10000 records of 3073)")
                .found(size + " bytes")
                .remedy("fetch it anew with: ablate fetch cifar10"));
      }
      channel = FileChannel.open(file, StandardOpenOption.READ);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
  }

  private static Path find(Path place) {
    if (Files.isRegularFile(place)) {
      return place;
    }
    for (Path folder : new Path[] {place, place.resolve(FOLDER)}) {
      Path file = folder.resolve(TEST_FILE);
      if (Files.isRegularFile(file)) {
        return file;
      }
    }
    throw new BadInputException(
        Problem.of("no CIFAR-10 binary files")
            .at(place)
            .expected(TEST_FILE + ", there or in " + FOLDER)
            .found(Files.isDirectory(place) ? "neither" : "no such folder")
            .remedy("fetch them with: ablate fetch cifar10"));
  }

  @Override
  public int size() {
    return RECORDS;
  }

  @Override
  public Example load(int index) {
    ExampleSelection.requireWithin(index, size(), description);
    ByteBuffer record = ByteBuffer.allocate(RECORD);
    try {
      while (record.hasRemaining()) {
        if (channel.read(record, (long) index * RECORD + record.position()) < 0) {
          throw new IOException("file ended early");
        }
      }
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
    int label = record.get(0) & 0xff;
    if (label >= CLASSES) {
      throw new BadInputException(
          Problem.of("label out of range")
              .at(file + ", record " + index)
              .expected("0 to 9")
              .found(label));
    }
    byte[] pixels = new byte[3 * PLANE];
    for (int i = 0; i < PLANE; i++) {
      for (int c = 0; c < 3; c++) {
        pixels[i * 3 + c] = record.get(1 + c * PLANE + i);
      }
    }
    String name = file.getFileName() + " image " + index;
    return model.example(index, name, label, new PixelImage(SIDE, SIDE, 3, pixels), false);
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
  }
}
