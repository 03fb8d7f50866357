/** Dense linear algebra behind one interface, with EJML as the reference. */
@NullMarked
package io.ablate.linalg;

import org.jspecify.annotations.NullMarked;
