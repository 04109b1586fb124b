/** The Ingest service of the gRPC contract. */
@NullMarked
package dev.lookalike.ingest.rpc;

import org.jspecify.annotations.NullMarked;
