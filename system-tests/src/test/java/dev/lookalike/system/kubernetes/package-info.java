/**
 * Holds k8s/ against the types of Kubernetes and of operators, and to our policies; applies it to a
 * real API server.
 */
@NullMarked
package dev.lookalike.system.kubernetes;

import org.jspecify.annotations.NullMarked;
