/** Models of this machine: listed, added from a folder, pulled from a hub. */
@NullMarked
package dev.lookalike.cli.models;

import org.jspecify.annotations.NullMarked;
