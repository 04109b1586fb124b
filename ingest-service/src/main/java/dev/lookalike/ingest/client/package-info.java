/** Clients of other services: the query service, the embed service. */
@NullMarked
package dev.lookalike.ingest.client;

import org.jspecify.annotations.NullMarked;
