/** Limits the memory that requests take, before they are read, by the policy of each service. */
@NullMarked
package dev.lookalike.service.admission;

import org.jspecify.annotations.NullMarked;
