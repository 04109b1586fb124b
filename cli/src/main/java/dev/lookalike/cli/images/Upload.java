package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.terminal.Json;
import java.io.FileNotFoundException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * An image to upload to ingest-service.
 *
 * @param attributes a JSON object, as in docs/contracts.md
 */
public record Upload(Path file, ObjectNode attributes, List<String> labels) {

  /** HTTP servers refuse much longer headers; beyond this the body is multipart. */
  private static final int LONGEST_HEADER = 4_000;

  /** Sends the file with PUT or POST. */
  public Answer send(Rest rest, String method, URI address) throws FileNotFoundException {
    String header = Json.asciiLine(attributes);
    if (header.length() > LONGEST_HEADER) {
      return sendMultipart(rest, method, address);
    }
    String query =
        labels.stream().map(l -> "label=" + Rest.escaped(l)).collect(Collectors.joining("&"));
    URI target = query.isEmpty() ? address : URI.create(address + "?" + query);
    BodyPublisher body = BodyPublishers.ofFile(file);
    return attributes.isEmpty()
        ? rest.send(method, target, "application/octet-stream", body)
        : rest.send(
            method, target, "application/octet-stream", body, "Lookalike-Attributes", header);
  }

  private Answer sendMultipart(Rest rest, String method, URI address) throws FileNotFoundException {
    String boundary = "lookalike-" + UUID.randomUUID();
    StringBuilder head = new StringBuilder();
    part(head, boundary, "attributes", "application/json", Json.line(attributes));
    for (String label : labels) {
      part(head, boundary, "label", "text/plain; charset=utf-8", label);
    }
    head.append("--").append(boundary).append("\r\nContent-Disposition: form-data; ");
    head.append(
        "name=\"image\"; filename=\"image\"\r\nContent-Type: application/octet-stream\r\n\r\n");
    return rest.send(
        method,
        address,
        "multipart/form-data; boundary=" + boundary,
        BodyPublishers.concat(
            BodyPublishers.ofString(head.toString()),
            BodyPublishers.ofFile(file),
            BodyPublishers.ofString("\r\n--" + boundary + "--\r\n")));
  }

  private static void part(
      StringBuilder body, String boundary, String name, String type, String value) {
    body.append("--").append(boundary).append("\r\n");
    body.append("Content-Disposition: form-data; name=\"").append(name).append("\"\r\n");
    body.append("Content-Type: ").append(type).append("\r\n\r\n").append(value).append("\r\n");
  }
}
