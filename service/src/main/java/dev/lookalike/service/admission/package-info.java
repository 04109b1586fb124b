/**
 * Bounds what requests bring into memory, before it is read: one way, by the policy of each
 * service.
 */
@NullMarked
package dev.lookalike.service.admission;

import org.jspecify.annotations.NullMarked;
