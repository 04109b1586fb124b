/** Access control: the table of a service's endpoints, and the checks for both protocols. */
@NullMarked
package dev.lookalike.service.access;

import org.jspecify.annotations.NullMarked;
