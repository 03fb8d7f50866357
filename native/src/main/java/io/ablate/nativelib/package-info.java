/** Finding, checking, extracting and loading the shared libraries that lie on the class path. */
@NullMarked
package io.ablate.nativelib;

import org.jspecify.annotations.NullMarked;
