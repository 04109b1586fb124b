/** How every service reads requests over HTTP: bodies bounded, and nothing unknown passed over. */
@NullMarked
package dev.lookalike.service.rest;

import org.jspecify.annotations.NullMarked;
