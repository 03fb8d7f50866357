package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.UnsafeByteOperations;
import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.InputFile;
import io.ablate.base.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Weights that lie in files beside the model, confined to the model's folder. */
final class ExternalData {
  private ExternalData() {}

  static boolean isExternal(TensorProto tensor) {
    return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
  }

  /**
   * Reads the bytes of one external tensor, and only them.
   *
   * @throws BadInputException if the location leaves the folder, the file is missing, or offset and
   *     length do not fit the file or the tensor's shape
   */
  static ByteBuffer read(TensorProto tensor, @Nullable Path folder) {
    String where = "initialiser " + tensor.getName();
    Path file = locate(tensor, folder, where);
    long expected = Tensors.byteSize(tensor);
    long offset = number(tensor, "offset", 0, where);
    try (FileChannel channel = FileChannel.open(InputFile.require(file), StandardOpenOption.READ)) {
      long length = number(tensor, "length", channel.size() - offset, where);
      if (offset < 0 || length < 0 || offset > channel.size() - length) {
        throw new BadInputException(
            Problem.of("external data beyond the end of its file")
                .at(file + " of " + where)
                .expected("at least " + offset + " + " + length + " bytes")
                .found(channel.size() + " bytes"));
      }
      if (length != expected) {
        throw new BadInputException(
            Problem.of("external data of the wrong length")
                .at(file + " of " + where)
                .expected(expected + " bytes for shape " + tensor.getDimsList())
                .found(length + " bytes"));
      }
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(length));
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, offset + bytes.position()) < 0) {
          throw new IOException("file became shorter while it was read");
        }
      }
      return bytes.flip();
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
  }

  /** The model with all external initialisers of its main graph taken in. */
  static ModelProto embed(ModelProto model, @Nullable Path folder) {
    ModelProto.Builder embedded = model.toBuilder();
    GraphProto.Builder graph = embedded.getGraphBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto tensor = graph.getInitializer(i);
      if (isExternal(tensor)) {
        graph.setInitializer(
            i,
            tensor.toBuilder()
                .clearExternalData()
                .clearDataLocation()
                .setRawData(UnsafeByteOperations.unsafeWrap(read(tensor, folder))));
      }
    }
    return embedded.build();
  }

  private static Path locate(TensorProto tensor, @Nullable Path folder, String where) {
    String location = entry(tensor, "location");
    if (location == null || folder == null) {
      throw new BadInputException(
          Problem.of(location == null ? "external data without a location" : "model has no folder")
              .at(where)
              .remedy("read the model from its file, with its external data beside it"));
    }
    try {
      Path file = folder.resolve(location).normalize();
      boolean inside = !Path.of(location).isAbsolute() && file.startsWith(folder.normalize());
      if (inside && Files.exists(file)) {
        inside = file.toRealPath().startsWith(folder.toRealPath());
      }
      if (!inside) {
        throw new BadInputException(
            Problem.of("external data outside the model's folder")
                .at(where)
                .expected("a file under " + folder)
                .found(location));
      }
      return file;
    } catch (InvalidPathException e) {
      throw new BadInputException(
          Problem.of("external data with an impossible location").at(where).found(location), e);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(folder.resolve(location), e), e);
    }
  }

  private static long number(TensorProto tensor, String key, long otherwise, String where) {
    String text = entry(tensor, key);
    try {
      return text == null ? otherwise : Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new BadInputException(
          Problem.of("external data with an unreadable " + key)
              .at(where)
              .expected("a number of bytes")
              .found(text == null ? "nothing" : text),
          e);
    }
  }

  private static @Nullable String entry(TensorProto tensor, String key) {
    return tensor.getExternalDataList().stream()
        .filter(e -> e.getKey().equals(key))
        .map(StringStringEntryProto::getValue)
        .findFirst()
        .orElse(null);
  }
}
