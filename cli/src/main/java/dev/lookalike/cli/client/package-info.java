/** The REST interfaces of the services, as the commands use them. */
@NullMarked
package dev.lookalike.cli.client;

import org.jspecify.annotations.NullMarked;
