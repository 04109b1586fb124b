package dev.lookalike.cli.evaluate;

/**
 * The results of searches in the running system.
 *
 * @param recallAt10 share of the ten exact nearest neighbours that the index finds, 0 to 1
 * @param photo searches with a file: upload, embedding, search
 * @param vector searches with an embedding or an image of the collection: search only
 * @param exact the same, compared with every image
 */
record SearchReport(double recallAt10, Latencies photo, Latencies vector, Latencies exact) {}
