/** Reading, editing and writing ONNX graphs through the protobuf classes of the format. */
@NullMarked
package io.ablate.onnx;

import org.jspecify.annotations.NullMarked;
