/**
 * ONNX Runtime through its C interface, by the foreign function interface: what its Java classes
 * cannot do, bind tensors in given memory once and compute on a device that the caller chose. The
 * library is the one that those classes loaded.
 */
@NullMarked
package io.ablate.ort;

import org.jspecify.annotations.NullMarked;
