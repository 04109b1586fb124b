/**
 * What a folder says of its model: files, processor, labels. Nothing of it is checked against the
 * graph yet.
 */
@NullMarked
package dev.lookalike.embed.model.folder;

import org.jspecify.annotations.NullMarked;
