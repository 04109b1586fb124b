/**
 * The layout of the log: names of topics, keys and partitions of records, versions, upload tokens,
 * and the reader of the registry of collections. Shared because services that disagreed on any of
 * these would lose images.
 */
@NullMarked
package dev.lookalike.log;

import org.jspecify.annotations.NullMarked;
