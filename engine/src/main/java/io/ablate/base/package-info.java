/** What every station shares: errors, atomic files, the {@code .npy} format, JSON, progress. */
@NullMarked
package io.ablate.base;

import org.jspecify.annotations.NullMarked;
