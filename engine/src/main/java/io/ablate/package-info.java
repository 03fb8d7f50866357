/**
 * The embedding API: {@link io.ablate.Ablate} opens a model and attributes predictions; {@link
 * io.ablate.Attribution} is the result. Everything else is reachable for those who need more.
 *
 * <p>It works in any class loader, and in several of one process. ONNX Runtime registers a shutdown
 * hook, so that a class loader that has run passes stays until the process ends.
 */
@NullMarked
package io.ablate;

import org.jspecify.annotations.NullMarked;
