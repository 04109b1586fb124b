@org.jspecify.annotations.NullMarked
package dev.lookalike.training;
