package dev.lookalike.cli.imports;

import java.nio.file.Path;

/**
 * A file to import.
 *
 * @param name path relative to the imported folder, with slashes
 * @param size in bytes
 * @param modified milliseconds since the epoch
 */
public record FolderFile(String name, Path path, long size, long modified) {}
