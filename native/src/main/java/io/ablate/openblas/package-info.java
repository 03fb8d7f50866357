/** Dense linear algebra by OpenBLAS, through the foreign function and memory interface. */
@NullMarked
package io.ablate.openblas;

import org.jspecify.annotations.NullMarked;
