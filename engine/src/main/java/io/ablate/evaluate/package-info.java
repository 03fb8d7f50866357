/** Scores of component models on held-out masks, and how many passes each method needs. */
@NullMarked
package io.ablate.evaluate;

import org.jspecify.annotations.NullMarked;
