/** Which collection, build and index answer, and the builds that are followed. No Kafka here. */
@NullMarked
package dev.lookalike.query.catalog;

import org.jspecify.annotations.NullMarked;
