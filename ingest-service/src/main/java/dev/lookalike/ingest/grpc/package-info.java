/** The gRPC contract. */
@NullMarked
package dev.lookalike.ingest.grpc;

import org.jspecify.annotations.NullMarked;
