/** What collections were taught: their classifiers, and the labels that these say. */
@NullMarked
package dev.lookalike.embed.teaching;

import org.jspecify.annotations.NullMarked;
