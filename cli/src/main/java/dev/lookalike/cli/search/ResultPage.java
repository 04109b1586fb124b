package dev.lookalike.cli.search;

import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** A page with the embedded pictures of a search: it needs no server, script or other file. */
final class ResultPage {

  /** A query picture larger than this is named but not shown, so that the page stays small. */
  private static final int LARGEST_PICTURE = 4 << 20;

  private ResultPage() {}

  /**
   * One hit.
   *
   * @param thumbnail a JPEG; not copied
   */
  record Tile(String name, double similarity, String labels, byte[] thumbnail) {}

  static String html(
      String collection, String model, List<QueryPicture> pictures, List<Tile> tiles) {
    StringBuilder page = new StringBuilder(HEAD);
    page.append("<h1>Lookalike</h1>\n<p>Collection <b>").append(escaped(collection));
    page.append("</b>, model <b>").append(escaped(model)).append("</b>, ");
    page.append(tiles.size()).append(tiles.size() == 1 ? " image" : " images").append("</p>\n");
    if (!pictures.isEmpty()) {
      page.append("<section class=\"query\">\n");
      for (QueryPicture picture : pictures) {
        boolean shown = !picture.mediaType().isEmpty() && picture.bytes().length <= LARGEST_PICTURE;
        figure(
            page,
            shown ? picture.mediaType() : "",
            picture.bytes(),
            picture.name(),
            "<b>query</b>");
      }
      page.append("</section>\n");
    }
    page.append("<section>\n");
    for (Tile tile : tiles) {
      String similarity = String.format(Locale.ROOT, "%.4f", tile.similarity());
      String caption =
          tile.labels().isEmpty() ? similarity : similarity + "<br>" + escaped(tile.labels());
      figure(page, "image/jpeg", tile.thumbnail(), tile.name(), caption);
    }
    return page.append("</section>\n</body>\n</html>\n").toString();
  }

  private static void figure(
      StringBuilder page, String mediaType, byte[] bytes, String name, String caption) {
    page.append("<figure>");
    if (!mediaType.isEmpty()) {
      page.append("<img alt=\"").append(escaped(name)).append("\" src=\"data:");
      page.append(mediaType).append(";base64,");
      page.append(Base64.getEncoder().encodeToString(bytes)).append("\">");
    }
    page.append("<figcaption>").append(escaped(name)).append("<br>");
    page.append(caption).append("</figcaption></figure>\n");
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static final String HEAD =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
      <title>Lookalike: search results</title>
      <style>
      :root { color-scheme: light dark; }
      body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px; padding: 0 1rem; }
      section { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 1rem; }
      .query { margin-bottom: 2rem; }
      figure { margin: 0; }
      img { width: 100%; height: 190px; object-fit: contain; background: #8882; border-radius: 6px; }
      figcaption { font-size: 13px; overflow-wrap: anywhere; padding-top: .3rem; }
      </style>
      </head>
      <body>
      """;
}
