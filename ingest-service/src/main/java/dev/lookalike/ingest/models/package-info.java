/** What the embed service is asked: which models it serves. */
@NullMarked
package dev.lookalike.ingest.models;

import org.jspecify.annotations.NullMarked;
