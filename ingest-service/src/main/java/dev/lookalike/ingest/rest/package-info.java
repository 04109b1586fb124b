/** The HTTP contract: resources and their JSON. */
@NullMarked
package dev.lookalike.ingest.rest;

import org.jspecify.annotations.NullMarked;
