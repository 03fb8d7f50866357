/** Which implementation does which work, why, and what would mend a missing one. */
@NullMarked
package io.ablate.backend;

import org.jspecify.annotations.NullMarked;
