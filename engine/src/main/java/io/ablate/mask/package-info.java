/** Addressable masks: row i of a design is a pure function of the seed and i. */
@NullMarked
package io.ablate.mask;

import org.jspecify.annotations.NullMarked;
