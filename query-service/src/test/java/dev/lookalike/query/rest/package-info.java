@NullMarked
package dev.lookalike.query.rest;

import org.jspecify.annotations.NullMarked;
