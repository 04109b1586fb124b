/** Models: folders of them, their graphs, and the runtime. Here, settings and what can go wrong. */
@NullMarked
package dev.lookalike.embed.model;

import org.jspecify.annotations.NullMarked;
