/** The ONNX models that come with Ablate. */
@org.jspecify.annotations.NullMarked
package io.ablate.models;
