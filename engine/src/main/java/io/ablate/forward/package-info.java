/** Ablated forward passes in fused batches, behind one interface; ONNX Runtime on the CPU. */
@NullMarked
package io.ablate.forward;

import org.jspecify.annotations.NullMarked;
