/**
 * Kernels in machine code made at run time, for the extents of a layer: x86-64 with AVX2 and FMA.
 */
@NullMarked
package io.ablate.jit;

import org.jspecify.annotations.NullMarked;
