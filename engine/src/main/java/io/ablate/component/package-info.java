/** What a component is, and the rules that find components in a model. */
@NullMarked
package io.ablate.component;

import org.jspecify.annotations.NullMarked;
