/** What reads and writes topics: the registry, images, embeddings, classifiers, labels. */
@NullMarked
package dev.lookalike.embed.log;

import org.jspecify.annotations.NullMarked;
