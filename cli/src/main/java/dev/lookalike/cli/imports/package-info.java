/** Imports folders of images; resumable. */
@NullMarked
package dev.lookalike.cli.imports;

import org.jspecify.annotations.NullMarked;
