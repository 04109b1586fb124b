/** What every service says when it does not do what it is asked: one table, one form of answer. */
@NullMarked
package dev.lookalike.service.error;

import org.jspecify.annotations.NullMarked;
