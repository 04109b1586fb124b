/** Holds k8s/ against the types of Kubernetes and of operators, and to our policies. */
@NullMarked
package dev.lookalike.system.kubernetes;

import org.jspecify.annotations.NullMarked;
