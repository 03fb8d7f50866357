/** Estimators: from pairs (mask, output) to linear component models. */
@NullMarked
package io.ablate.estimate;

import org.jspecify.annotations.NullMarked;
