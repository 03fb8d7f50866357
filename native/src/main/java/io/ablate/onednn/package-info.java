/** Fused ablated forward passes on the CPU, by oneDNN through Java's foreign function interface. */
@NullMarked
package io.ablate.onednn;

import org.jspecify.annotations.NullMarked;
