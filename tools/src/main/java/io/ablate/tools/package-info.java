/** The {@code ablate} command line. */
@NullMarked
package io.ablate.tools;

import org.jspecify.annotations.NullMarked;
