package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.InputFile;
import io.ablate.base.Problem;
import io.ablate.base.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * One ONNX model, checked to be of a version that Ablate knows. Immutable and thread-safe.
 *
 * <p>The weights of a model that was read are views of the file's bytes: they are held once. All
 * that is not understood (operators, domains, functions, metadata, unknown fields) is kept.
 */
public final class OnnxModel {
  /** Oldest and newest version of the default operator set that is read. */
  public static final int MIN_OPSET = 11;

  public static final int MAX_OPSET = 22;

  private static final int MIN_IR = 3;
  private static final int MAX_IR = 13;

  private final ModelProto proto;
  private final @Nullable Path source;
  private final @Nullable Path folder;
  private final @Nullable String sha256;
  private final int opset;

  private OnnxModel(
      ModelProto proto, @Nullable Path source, @Nullable Path folder, @Nullable String sha256) {
    this.proto = proto;
    this.source = source;
    this.folder = folder;
    this.sha256 = sha256;
    this.opset = check(proto, source == null ? "model in memory" : source.toString());
  }

  /**
   * Reads a model file. External data files are only looked at when a weight is asked for.
   *
   * @throws BadInputException if the file is missing, unreadable, not an ONNX model, without a
   *     graph, or of a version outside opset 11–22
   */
  public static OnnxModel read(Path file) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(InputFile.require(file));
    } catch (OutOfMemoryError e) {
      throw new BadInputException(
          Problem.of("model file does not fit into memory")
              .at(file)
              .remedy("raise the heap (-Xmx), or save the model with external data"),
          e);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
    Path folder = file.toAbsolutePath().getParent();
    return new OnnxModel(parseProto(bytes, file.toString()), file, folder, Sha256.of(bytes));
  }

  /** A model from bytes that the caller no longer changes; it has no file and no external data. */
  public static OnnxModel parse(byte[] bytes) {
    return new OnnxModel(parseProto(bytes, "model in memory"), null, null, Sha256.of(bytes));
  }

  /** A model made in memory. */
  public static OnnxModel of(ModelProto proto) {
    return new OnnxModel(proto, null, null, null);
  }

  /** The same origin (file, folder of external data, digest) with other content. */
  public OnnxModel with(ModelProto edited) {
    return new OnnxModel(edited, source, folder, sha256);
  }

  public ModelProto proto() {
    return proto;
  }

  /** A fresh mutable view of the graph; editing it does not change this model. */
  public OnnxGraph graph() {
    return new OnnxGraph(this);
  }

  /** Version of the default operator set. */
  public int opset() {
    return opset;
  }

  /** The file that the model was read from; null if it was made in memory. */
  public @Nullable Path source() {
    return source;
  }

  /** Folder that external data is relative to; null if the model has no external data. */
  public @Nullable Path externalFolder() {
    return hasExternalData() ? folder : null;
  }

  /** The folder of the file that the model was read from, whether it has external data or not. */
  @Nullable Path folder() {
    return folder;
  }

  /** Whether an initialiser of the main graph lies in a file of its own. */
  public boolean hasExternalData() {
    return proto.getGraph().getInitializerList().stream().anyMatch(ExternalData::isExternal);
  }

  /** Digest of the file or bytes that the model was read from, or of what it serialises to. */
  public String sha256() {
    return sha256 != null ? sha256 : Sha256.of(toBytes());
  }

  /**
   * The serialised model; external data stays external (see {@link #externalFolder()}).
   *
   * @throws BadInputException if it exceeds protobuf's 2 GiB
   */
  public byte[] toBytes() {
    if (proto.getSerializedSize() < 0) {
      throw tooLarge();
    }
    return proto.toByteArray();
  }

  /**
   * Writes the model atomically. In the folder that it came from, references to external data are
   * kept; elsewhere the external data is taken into the file.
   *
   * @throws BadInputException if the file cannot be written or its external data not be read
   */
  public void write(Path file) {
    Path target = file.toAbsolutePath().normalize().getParent();
    boolean keeps = folder == null || folder.normalize().equals(target) || !hasExternalData();
    ModelProto written = keeps ? proto : ExternalData.embed(proto, folder);
    if (written.getSerializedSize() < 0) {
      throw tooLarge();
    }
    AtomicFile.write(file, written::writeTo);
  }

  private static BadInputException tooLarge() {
    return new BadInputException(
        Problem.of("model exceeds the 2 GiB of an ONNX file")
            .remedy("keep its weights external, and write it into the folder it came from"));
  }

  private static ModelProto parseProto(byte[] bytes, String where) {
    try {
      CodedInputStream in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
      in.enableAliasing(true);
      ModelProto proto = ModelProto.parseFrom(in);
      in.checkLastTagWas(0);
      return proto;
    } catch (InvalidProtocolBufferException e) {
      throw new BadInputException(
          Problem.of("not an ONNX model")
              .at(where)
              .expected("a model serialised with protobuf")
              .found(bytes.length + " bytes that do not parse (" + e.getMessage() + ")")
              .remedy("the file may be cut off or of another format"),
          e);
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory cannot fail", e);
    }
  }

  private static int check(ModelProto proto, String where) {
    if (!proto.hasGraph() || proto.getGraph().getNodeCount() == 0) {
      throw new BadInputException(
          Problem.of("not an ONNX model")
              .at(where)
              .expected("a graph with nodes")
              .found(proto.hasGraph() ? "an empty graph" : "no graph"));
    }
    long ir = proto.getIrVersion();
    if (ir < MIN_IR || ir > MAX_IR) {
      throw new BadInputException(
          Problem.of("unsupported ONNX IR version")
              .at(where)
              .expected(MIN_IR + " to " + MAX_IR)
              .found(ir)
              .remedy("export the model again with a current exporter"));
    }
    for (OperatorSetIdProto set : proto.getOpsetImportList()) {
      if (isDefaultDomain(set.getDomain())) {
        long version = set.getVersion();
        if (version < MIN_OPSET || version > MAX_OPSET) {
          throw new BadInputException(
              Problem.of("unsupported ONNX opset")
                  .at(where)
                  .expected(MIN_OPSET + " to " + MAX_OPSET)
                  .found(version)
                  .remedy("export the model with an opset in this range, 17 for instance"));
        }
        return (int) version;
      }
    }
    throw new BadInputException(
        Problem.of("no opset of the default ONNX domain")
            .at(where)
            .expected("an opset_import of the domain '' or 'ai.onnx'")
            .found(
                proto.getOpsetImportList().stream().map(OperatorSetIdProto::getDomain).toList()));
  }

  public static boolean isDefaultDomain(String domain) {
    return domain.isEmpty() || domain.equals("ai.onnx");
  }
}
