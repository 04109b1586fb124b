package dev.lookalike.query.search;

import dev.lookalike.service.error.RefusedException;

/** A search that ends with a refusal, while others of its batch go on. */
record Refused(RefusedException why) implements Checked, Embedded {}
