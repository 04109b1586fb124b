/**
 * Who may ask for what: the table of a service's endpoints, and the gates before both protocols.
 */
@NullMarked
package dev.lookalike.service.access;

import org.jspecify.annotations.NullMarked;
