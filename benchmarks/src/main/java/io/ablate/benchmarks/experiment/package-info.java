/** How many passes each method needs: experiments that a file describes and that can be resumed. */
@org.jspecify.annotations.NullMarked
package io.ablate.benchmarks.experiment;
