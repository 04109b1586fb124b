package dev.lookalike.service.admission;

import dev.lookalike.service.error.RefusedException;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.Optional;

/** How much a service takes in at once, and what it says and counts of the rest. */
public interface AdmissionPolicy {
  /** Requests that hold or await a place, at most. */
  int maxRequests();

  /** Bytes that they hold, at most; one alone is always let in. */
  long maxBytes();

  /** What a request of unknown length counts. */
  long largest();

  /** What each byte of a request takes: itself, and what is made of it. */
  int factor();

  /** Longest time for a body or a message to arrive. */
  Duration readTimeout();

  /** Longest pause in the middle of a message. */
  Duration stallTimeout();

  /** What is said where there is no place. */
  String full();

  /** Longest body of an HTTP request; a longer one is refused with TOO_MANY_BYTES. */
  long largestBody();

  /**
   * Whether HTTP bodies are given a place before a resource is reached; false where the resources
   * take the places themselves.
   */
  boolean admitsBodies();

  /**
   * Whether messages of a method may be compressed: what they become is not known before they are
   * read.
   */
  boolean takesCompressed(MethodDescriptor<?, ?> method);

  /**
   * What messages of a method may cost.
   *
   * @return empty where the method takes the places itself
   */
  Optional<MessageLimit> limit(MethodDescriptor<?, ?> method);

  /** Told of each call that is refused while its message arrives. */
  default void refused(MethodDescriptor<?, ?> method, RefusedException reason) {}

  /**
   * Bounds of one message.
   *
   * @param free up to so many bytes need no place
   * @param most bytes, at most; frames' overhead included
   */
  record MessageLimit(long free, long most) {}
}
