package dev.lookalike.query.search;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.log.Versions;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.ImageVersion;
import java.net.URLEncoder;

/**
 * Where ingest-service shows images.
 *
 * @param base where whoever shows the images reaches it, without a slash at the end
 */
public record ContentUrls(String base) {
  public ContentUrls {
    base = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
  }

  String content(Collection collection, String imageId, ImageVersion version) {
    return content(collection, imageId) + "?version=" + Versions.text(version);
  }

  String thumbnail(Collection collection, String imageId, ImageVersion version) {
    return content(collection, imageId) + "?variant=thumbnail&version=" + Versions.text(version);
  }

  /** By id: a name may come to mean another collection, and a URL may be cached for ever. */
  private String content(Collection collection, String imageId) {
    return base
        + "/v1/collections/"
        + encoded(collection.getId())
        + "/images/"
        + encoded(imageId)
        + "/content";
  }

  private static String encoded(String segment) {
    return URLEncoder.encode(segment, UTF_8).replace("+", "%20");
  }
}
