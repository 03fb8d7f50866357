package io.ablate.ort;

/** A call of ONNX Runtime that failed; the message is ONNX Runtime's own. */
final class OrtStatusException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OrtStatusException(String message) {
    super(message);
  }
}
