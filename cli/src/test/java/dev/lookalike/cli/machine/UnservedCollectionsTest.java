package dev.lookalike.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UnservedCollectionsTest {
  private static final String DIGEST = "0123456789abcdef0123456789abcdef";

  @Test
  void namesTheFolderThatIsMissing() {
    assertThat(UnservedCollections.pinned("shop", "clip", DIGEST))
        .contains("shop", "clip (digest 0123456789ab)", "lookalike up --model FOLDER_OF_clip");
  }

  /** The model never had a folder, so none can be given. */
  @Test
  void sendsNobodyAfterTheFolderOfTheModelThatWasBuiltIn() {
    assertThat(UnservedCollections.pinned("default", "descriptor", DIGEST))
        .contains("was built into earlier versions", "its images stay")
        .contains("lookalike collection rename default default-descriptor")
        .doesNotContain("--model");
  }
}
