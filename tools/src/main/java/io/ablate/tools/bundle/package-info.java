/** What makes bundles for other machines smaller. */
@org.jspecify.annotations.NullMarked
package io.ablate.tools.bundle;
