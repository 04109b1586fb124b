package dev.lookalike.cli.evaluate;

/**
 * What searches of the running system gave.
 *
 * @param recallAt10 share of the ten neighbours of exact search that the index finds, 0 to 1
 * @param photo searches with a file: upload, embedding, search
 * @param vector searches with an embedding, or an image of the collection: search alone
 * @param exact the same, compared with every image
 */
record SearchReport(double recallAt10, Latencies photo, Latencies vector, Latencies exact) {}
