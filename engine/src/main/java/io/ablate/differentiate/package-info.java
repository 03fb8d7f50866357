/** Reverse-mode differentiation of ONNX graphs: the gradient of a row's output by its mask. */
@NullMarked
package io.ablate.differentiate;

import org.jspecify.annotations.NullMarked;
