/**
 * The component dataset on disk: masks, outputs, completed rows, manifest; resumable, mergeable.
 */
@NullMarked
package io.ablate.dataset;

import org.jspecify.annotations.NullMarked;
