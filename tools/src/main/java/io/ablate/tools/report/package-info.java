/** The files of a comparison: JSON, CSV, SVG and a self-contained HTML page. */
@NullMarked
package io.ablate.tools.report;

import org.jspecify.annotations.NullMarked;
