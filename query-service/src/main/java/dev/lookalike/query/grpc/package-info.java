/** The contract as gRPC. */
@NullMarked
package dev.lookalike.query.grpc;

import org.jspecify.annotations.NullMarked;
