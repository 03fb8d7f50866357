/** JMH benchmarks, and the gate on what masks may cost. Each checks its result before it counts. */
@NullMarked
package io.ablate.benchmarks;

import org.jspecify.annotations.NullMarked;
