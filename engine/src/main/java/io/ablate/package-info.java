/**
 * The embedding API: {@link io.ablate.Ablate} opens a model and attributes predictions; {@link
 * io.ablate.Attribution} is the result. Everything else is reachable for those who need more.
 */
@NullMarked
package io.ablate;

import org.jspecify.annotations.NullMarked;
