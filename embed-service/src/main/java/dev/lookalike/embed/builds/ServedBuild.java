package dev.lookalike.embed.builds;

import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;

/** A build that this instance serves. */
public record ServedBuild(Collection collection, Build build, Embedder embedder) {}
