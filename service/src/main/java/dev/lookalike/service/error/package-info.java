/** How every service refuses a request: one table of codes, one form of answer. */
@NullMarked
package dev.lookalike.service.error;

import org.jspecify.annotations.NullMarked;
