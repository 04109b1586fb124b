/**
 * Untrusted bytes to canonical image, as pure functions: no clock, no configuration, no log. Every
 * failure is a value with a stable reason.
 *
 * <p>{@link dev.lookalike.imaging.Canonicalizer} is the only decoder of foreign bytes in the
 * product; everything behind it reads images that were written here.
 */
@NullMarked
package dev.lookalike.imaging;

import org.jspecify.annotations.NullMarked;
