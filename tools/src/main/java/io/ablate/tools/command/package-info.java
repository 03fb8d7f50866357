/** One class per command, and the options that commands share. */
@NullMarked
package io.ablate.tools.command;

import org.jspecify.annotations.NullMarked;
