/** What a device computes, against the processor; then how fast it is, against what it can do. */
@org.jspecify.annotations.NullMarked
package io.ablate.benchmarks.gpu;
