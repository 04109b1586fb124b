/**
 * What stands before every endpoint of a service, over HTTP and gRPC alike: who asks and what that
 * opens, and what becomes of bodies that nobody reads.
 */
@NullMarked
package dev.lookalike.edge;

import org.jspecify.annotations.NullMarked;
