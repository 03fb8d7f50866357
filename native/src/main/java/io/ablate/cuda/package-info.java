/**
 * NVIDIA devices: a probe, memory in scopes, launches, and one typed wrapper per kernel of {@code
 * src/main/cuda}. Wrappers know only {@link io.ablate.cuda.Device}, whose driver is CUDA's or, in
 * tests, an emulation: argument order and launch shapes are written once.
 */
@NullMarked
package io.ablate.cuda;

import org.jspecify.annotations.NullMarked;
