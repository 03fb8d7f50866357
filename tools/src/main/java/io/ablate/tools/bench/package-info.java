/** Comparing benchmark results: has something become slower, or worse? */
@NullMarked
package io.ablate.tools.bench;

import org.jspecify.annotations.NullMarked;
