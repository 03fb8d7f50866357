/** A model plus one mask input plus the output function: the instrumented model. */
@NullMarked
package io.ablate.instrument;

import org.jspecify.annotations.NullMarked;
