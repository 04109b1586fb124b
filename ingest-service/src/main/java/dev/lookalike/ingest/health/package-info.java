/** Whether the service can do its work, and why not. */
@NullMarked
package dev.lookalike.ingest.health;

import org.jspecify.annotations.NullMarked;
