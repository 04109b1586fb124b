/** How every service reads HTTP requests: bodies limited in size, nothing unknown ignored. */
@NullMarked
package dev.lookalike.service.rest;

import org.jspecify.annotations.NullMarked;
