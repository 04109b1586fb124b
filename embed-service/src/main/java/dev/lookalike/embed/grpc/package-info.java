/** The gRPC service. */
@NullMarked
package dev.lookalike.embed.grpc;

import org.jspecify.annotations.NullMarked;
